"""An edited handling.bpmn over running cases: deadlines keep their days, drafts survive, the unsafe edit is refused."""

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import clock, config, db, deadlines, definitions, migration, operate, tasks
from engine.access import Actor
from engine.cases.models import Case, Draft
from engine.errors import Conflict, Forbidden, Invalid
from engine.packages.models import MigrationResult
from engine.work.models import Deadline, History, Instance, Subscription, Task
from tests import factories, people

Clock = Callable[[str], object]
WHY = "办理流程修订"
OPINION = config.ROOT / "processes" / "opinion"
REMINDER = """
      <bpmn:boundaryEvent id="early_reminder" name="提早催办" attachedToRef="answer" cancelActivity="false" lianxin:role="reminder" lianxin:article="12">
        <bpmn:outgoing>early_1</bpmn:outgoing>
        <bpmn:timerEventDefinition id="early_timer">
          <bpmn:timeDate xsi:type="bpmn:tFormalExpression">at(working_days(received_on, 5), '09:00')</bpmn:timeDate>
        </bpmn:timerEventDefinition>
      </bpmn:boundaryEvent>
      <bpmn:sendTask id="early_send" name="提早催办" lianxin:role="reminder" lianxin:article="12" lianxin:operation="supervision.remind">
        <bpmn:extensionElements><lianxin:argument name="days_before" value="5" /></bpmn:extensionElements>
        <bpmn:incoming>early_1</bpmn:incoming>
        <bpmn:outgoing>early_2</bpmn:outgoing>
      </bpmn:sendTask>
      <bpmn:endEvent id="early_sent"><bpmn:incoming>early_2</bpmn:incoming></bpmn:endEvent>
      <bpmn:sequenceFlow id="early_1" sourceRef="early_reminder" targetRef="early_send" />
      <bpmn:sequenceFlow id="early_2" sourceRef="early_send" targetRef="early_sent" />
"""


def bare(text: str) -> str:
    """Without the drawing: the edits below need not draw."""
    text = re.sub(r"<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", "", text, flags=re.S)
    return re.sub(r"<bpmn:flowNodeRef>.*?</bpmn:flowNodeRef>", "", text)


def edited(**edits: Callable[[str], str]) -> dict[str, bytes]:
    files = definitions.read_folder(OPINION)
    for name, edit in edits.items():
        text = files[f"{name}.bpmn"].decode()
        changed = edit(bare(text))
        assert changed != bare(text), "the edit found nothing"
        files[f"{name}.bpmn"] = changed.encode()
    return files


def renamed_limit(text: str) -> str:
    """The limit step gets another name and another id."""
    text = text.replace('id="limit" name="期限届满"', 'id="answer_due" name="答复期限届满"')
    return text.replace('sourceRef="limit"', 'sourceRef="answer_due"')


def added_reminder(text: str) -> str:
    return text.replace('<bpmn:userTask id="extension_consent"', REMINDER + '<bpmn:userTask id="extension_consent"', 1)


def inserted_step(text: str) -> str:
    """A second look after the check of the feedback."""
    text = text.replace(
        '<bpmn:userTask id="letter"',
        '<bpmn:userTask id="second_look" name="复核" lianxin:role="letter" lianxin:article="11" lianxin:pool="studio" lianxin:form="letter"'
        ' lianxin:operation="letter.confirm"><bpmn:incoming>second_1</bpmn:incoming><bpmn:outgoing>second_2</bpmn:outgoing></bpmn:userTask>'
        '<bpmn:sequenceFlow id="second_2" sourceRef="second_look" targetRef="copy_fork" /><bpmn:userTask id="letter"', 1)  # fmt: skip
    text = text.replace(
        "<bpmn:incoming>feedback_ok_to_copy_fork</bpmn:incoming>", "<bpmn:incoming>second_2</bpmn:incoming>"
    )
    return text.replace(
        'sourceRef="feedback_ok" targetRef="copy_fork"', 'sourceRef="feedback_ok" targetRef="second_look"'
    )


def safe(text: str) -> str:
    return inserted_step(added_reminder(renamed_limit(text)))


def without_report(text: str) -> str:
    """In opinion.bpmn every running case has passed: the ledger line is written elsewhere."""
    text = re.sub(r'<bpmn:serviceTask id="report_out".*?</bpmn:serviceTask>', "", text, flags=re.S)
    text = re.sub(r'<bpmn:sequenceFlow id="\w+" sourceRef="report_out" targetRef="review_street" />', "", text)
    return text.replace("report_out", "review_street")


def active_removed(text: str) -> str:
    """The answer itself under another id: unsafe for whoever waits at it."""
    return text.replace('id="answer"', 'id="reply"').replace('"answer"', '"reply"').replace('lianxin:role="reply"', 'lianxin:role="answer"').replace(
        'lianxin:form="reply"', 'lianxin:form="answer"')  # fmt: skip


def shorter(text: str) -> str:
    return text.replace(
        "<bpmn:timeDate xsi:type=\"bpmn:tFormalExpression\">working_days(received_on, extended_answer_limit if extended else answer_limit)</bpmn:timeDate>",
        "<bpmn:timeDate xsi:type=\"bpmn:tFormalExpression\">working_days(received_on, extended_answer_limit if extended else 8)</bpmn:timeDate>",
    )  # fmt: skip


def settle(database: Engine, count: int) -> Actor:
    """`count` cases with the unit, two of three signed for, every second with a draft."""
    with db.transaction(database) as session:
        cast = factories.install(session)
        unit = cast.actor("unit_clerk")
        for number in range(count):
            case = factories.handled(session, cast)
            task = factories.open_task(session, case, "answer")
            if number % 3:
                tasks.claim(session, unit, task.id)
                if number % 2:
                    tasks.save_draft(session, unit, task.id, {"text": f"草稿{number}"})
        return cast.actor("procedure_administrator")


def version(session: Session, files: Mapping[str, bytes]) -> int:
    """Published without the lint of articles: what administrators do is theirs, the rules of migration are the test."""
    return definitions.operations.publish(session, "opinion", files, reason=WHY).id


def carried(
    database: Engine, actor: Actor, files: Mapping[str, bytes], **options: Any
) -> tuple[int, int, Counter[str]]:
    """(batch, new version, outcomes) of the whole way over."""
    with db.transaction(database) as session:
        new = version(session, files)
        batch = migration.prepare(session, actor, options.pop("source", 1), new, WHY, **options).id
    return batch, new, migration.run(partial(db.transaction, database), actor, batch)


def due(session: Session, *roles: str) -> set[tuple[int | None, str, datetime]]:
    query = select(Deadline.case_id, Deadline.role, Deadline.due_at).where(Deadline.role.in_(roles or ("limit",)))
    return {tuple(row) for row in session.execute(query)}  # type: ignore[misc]


def held(session: Session) -> list[Any]:
    columns = (
        Task.id,
        Task.token,
        Task.assignee_id,
        Task.claimed_at,
        Task.created_at,
        Task.due_on,
        Task.organisation_id,
    )
    drafts = [
        tuple(row)
        for row in session.execute(select(Draft.task_id, Draft.person_id, Draft.data["text"]).order_by(Draft.id))
    ]
    return [*(tuple(row) for row in session.execute(select(*columns).order_by(Task.id))), *map(str, drafts)]


def go_over(database: Engine, at: Clock, count: int) -> None:
    at("2026-02-13 10:00")
    actor = settle(database, count)
    at("2026-02-26 09:00")
    with db.transaction(database) as session:
        before, limits, others = held(session), due(session), due(session, "supervision_limit")
    _, new, outcomes = carried(database, actor, edited(handling=safe, opinion=without_report))
    assert outcomes == {"moved": count}
    with db.transaction(database) as session:
        assert held(session) == before
        assert due(session) == limits and len(limits) == count
        assert due(session, "supervision_limit") == others
        assert set(session.scalars(select(Instance.package_id))) == {new}
        named = {
            tuple(row)
            for row in session.execute(select(Deadline.element_id, Deadline.name).where(Deadline.role == "limit"))
        }
        assert named == {("answer_due", "答复期限届满")}
        early = session.scalars(select(Deadline).where(Deadline.element_id == "early_reminder")).all()
        assert len(early) == count and {clock.local(row.due_at).isoformat() for row in early} == {
            "2026-02-27T09:00:00+08:00"
        }
        rows = session.scalars(select(History).where(History.act == "migrated")).all()
        assert {(row.actor_name, row.result, row.opinion) for row in rows} == {("管流程", "第 1 版 → 第 2 版", WHY)}
        assert len(rows) == count
        fates = Counter(
            (fate["element_id"], fate["what"])
            for row in session.scalars(select(MigrationResult))
            for fate in row.deadlines
        )
        assert fates[("answer_due", "stays")] == fates[("early_reminder", "new")] == count


def test_sixty_running_cases_go_over(database: Engine, at: Clock) -> None:
    go_over(database, at, 60)


@pytest.mark.slow
def test_two_hundred_running_cases_go_over(sqlite: Engine, at: Clock) -> None:
    started = time.perf_counter()
    go_over(sqlite, at, 200)
    assert time.perf_counter() - started < 40


def test_the_new_version_is_what_runs_from_then_on(database: Engine, at: Clock) -> None:
    at("2026-02-13 10:00")
    actor = settle(database, 1)
    carried(database, actor, edited(handling=safe))
    at("2026-02-27 09:00")
    assert deadlines.sweep(partial(db.transaction, database)).fired == 3  # the targets of receipt and plan, a reminder
    with db.transaction(database) as session:
        cast = Cast(session)
        case = session.scalars(select(Case)).one()
        reminded = session.scalars(select(History).where(History.act == "reminded")).one()
        assert reminded.element_id == "early_send" or reminded.element_name == "提早催办"
        factories.step(session, cast, case, "answered")
        factories.step(session, cast, case, "accepted")
        assert session.scalars(select(Task.element_id)).all() == ["second_look"]


def Cast(session: Session) -> people.Cast:  # noqa: N802
    """The cast of a database that is settled already."""
    from_login = {person.login: person for person in session.scalars(select(people.Person))}
    organisations = {row.code: row for row in session.scalars(select(people.Organisation))}
    return people.Cast(session, from_login, organisations, {}, {})


# ------------------------------------------------------------------------------------------------ what stays


def test_the_one_unsafe_edit_is_refused_with_element_and_reason(database: Engine, at: Clock) -> None:
    at("2026-02-13 10:00")
    actor = settle(database, 6)
    with db.transaction(database) as session:
        cast = Cast(session)
        answered = session.scalars(select(Case).order_by(Case.id)).first()
        assert answered is not None
        who, _, form = factories.STEPS["answered"]
        task = factories.open_task(session, answered, "answer")
        tasks.claim(session, cast.actor(who), task.id)
        tasks.complete(session, cast.actor(who), task.id, form)  # this one has passed the removed step
        before, number = held(session), answered.number
    files = edited(handling=active_removed)
    with db.transaction(database) as session:
        new = version(session, files)
        plan = migration.plan(session, actor, 1, new)
        assert (plan.running, [(one.element_id, one.name, one.count) for one in plan.missing]) == (
            6,
            [("answer", "承办并书面反馈", 5)],
        )
        assert plan.proposals["handling/answer"] == "reply"
        looked = migration.forecast(session, actor, 1, new)
        assert {row.case_number: row.moves for row in looked}[number] and sum(row.moves for row in looked) == 1
        reasons = {(refusal.element_id, refusal.reason) for row in looked for refusal in row.refusals}
        assert reasons == {("answer", "正在办理的“承办并书面反馈”在新版本中已删除，请为它指定新版本中对应的环节。")}
        assert held(session) == before
        batch = migration.prepare(session, actor, 1, new, WHY).id
    assert migration.run(partial(db.transaction, database), actor, batch) == {"moved": 1, "refused": 5}
    with db.transaction(database) as session:
        assert held(session) == before
        refused = session.scalars(select(MigrationResult).where(MigrationResult.outcome == "refused")).all()
        assert {row.element_id for row in refused} == {"answer"} and all("已删除" in row.reason for row in refused)
        mapping = {"handling/answer": "reply"}
        again = migration.prepare(session, actor, 1, new, WHY, mapping)
    assert migration.run(partial(db.transaction, database), actor, again.id) == {"moved": 5}
    with db.transaction(database) as session:
        assert held(session) == before
        assert Counter(session.scalars(select(Task.element_id))) == {"reply": 5, "feedback_check": 1}


def test_a_changed_limit_is_counted_again_and_shown_before(database: Engine, at: Clock) -> None:
    at("2026-02-13 10:00")
    actor = settle(database, 2)
    at("2026-02-26 09:00")
    files = edited(handling=shorter)
    with db.transaction(database) as session:
        new = version(session, files)
        fates = {fate.element_id: fate for fate in migration.forecast(session, actor, 1, new)[0].deadlines}
        limit = fates["limit"]
        days = [clock.local(moment).date().isoformat() for moment in (limit.old, limit.new) if moment]
        assert (limit.what, days) == ("moved", ["2026-03-06", "2026-03-04"])
        assert {fate.what for name, fate in fates.items() if name != "limit"} == {"stays"}
        batch = migration.prepare(session, actor, 1, new, WHY).id
    migration.run(partial(db.transaction, database), actor, batch)
    with db.transaction(database) as session:
        assert set(session.scalars(select(Task.due_on))) == {date(2026, 3, 3)}


def test_the_way_back_is_open_until_somebody_acts(database: Engine, at: Clock) -> None:
    at("2026-02-13 10:00")
    actor = settle(database, 4)
    with db.transaction(database) as session:
        before, limits = held(session), due(session, "limit", "reminder", "supervision_limit")
        states = session.scalars(select(Instance.state).order_by(Instance.id)).all()
    batch, _, _ = carried(database, actor, edited(handling=lambda text: shorter(safe(text))))
    with db.transaction(database) as session:
        assert held(session) != before
        cast = Cast(session)
        case = session.scalars(select(Case).order_by(Case.id)).first()
        assert case is not None
        factories.step(session, cast, case, "answered")
    stayed = migration.undo_batch(partial(db.transaction, database), actor, batch, WHY)
    assert [(instance, "新的办理动作" in problem) for instance, problem in stayed] == [(1, True)]
    with db.transaction(database) as session:
        assert set(before) - set(held(session)) == {before[0]}  # the task that was done
        assert session.scalars(select(Instance.package_id).order_by(Instance.id)).all() == [2, 1, 1, 1]
        assert session.scalars(select(Instance.state).order_by(Instance.id)).all()[1:] == states[1:]
        rest = due(session, "limit", "reminder", "supervision_limit")
        assert {row for row in limits if row[0] != case.id} == {row for row in rest if row[0] != case.id}
        outcomes = Counter(session.scalars(select(MigrationResult.outcome)))
        assert outcomes == {"undone": 3, "moved": 1}
        with pytest.raises(Conflict):
            migration.undo(session, actor, 2, WHY)
        assert len(session.scalars(select(History).where(History.act == "migration_undone")).all()) == 3


def test_a_suspended_case_goes_over_and_stays_suspended(database: Engine, at: Clock) -> None:
    at("2026-02-13 10:00")
    actor = settle(database, 1)
    with db.transaction(database) as session:
        operate.suspend(session, actor, 1, WHY)
    assert carried(database, actor, edited(handling=safe))[2] == {"moved": 1}
    with db.transaction(database) as session:
        row = session.scalars(select(Instance)).one()
        assert (row.status, row.package_id) == ("suspended", 2)


def test_a_batch_goes_on_where_it_was_broken_off(database: Engine, at: Clock) -> None:
    at("2026-02-13 10:00")
    actor = settle(database, 4)
    with db.transaction(database) as session:
        new = version(session, edited(handling=safe))
        batch = migration.prepare(session, actor, 1, new, WHY).id
        session.scalars(select(Instance).where(Instance.id == 2)).one().state = b"\x01broken"
    opened = 0

    def begin() -> Any:
        nonlocal opened
        opened += 1
        if opened == 3:
            raise KeyboardInterrupt
        return db.transaction(database)

    with pytest.raises(KeyboardInterrupt):
        migration.run(begin, actor, batch)
    with db.transaction(database) as session:
        assert Counter(session.scalars(select(MigrationResult.outcome))) == {"moved": 1, "waiting": 3}
    assert migration.run(partial(db.transaction, database), actor, batch) == {"moved": 3, "refused": 1}
    assert migration.run(partial(db.transaction, database), actor, batch) == {"moved": 3, "refused": 1}
    with db.transaction(database) as session:
        refused = session.scalars(select(MigrationResult).where(MigrationResult.outcome == "refused")).one()
        assert refused.instance_id == 2 and "状态" in refused.reason
        assert len(session.scalars(select(History).where(History.act == "migrated")).all()) == 3


def test_a_removed_message_is_no_longer_waited_for(database: Engine, at: Clock) -> None:
    at("2026-02-13 10:00")
    actor = settle(database, 1)

    def renamed(text: str) -> str:
        return text.replace('name="extension_requested" />', 'name="more_time" />')

    carried(database, actor, edited(handling=renamed))
    with db.transaction(database) as session:
        assert "more_time" in set(session.scalars(select(Subscription.message)))
        assert "extension_requested" not in set(session.scalars(select(Subscription.message)))


def test_who_may_and_between_what(session: Session) -> None:
    cast = factories.install(session)
    new = version(session, edited(handling=safe))
    with pytest.raises(Forbidden, match="换用新版流程"):
        migration.plan(session, cast.actor("system_administrator"), 1, new)
    actor = cast.actor("procedure_administrator")
    with pytest.raises(Invalid, match="同一流程"):
        migration.plan(session, actor, 1, 1)
    with pytest.raises(Invalid, match="理由"):
        migration.prepare(session, actor, 1, new, " ")
