"""What procedure administrators do to a running case: with reason, with a row in the history, never silently."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session

from engine import bpmn, clock, db, deadlines, definitions, instances, operate, tasks, upkeep
from engine.access import Verb, may
from engine.bpmn import CannotMove
from engine.cases.models import Case, Draft
from engine.catalogue.act import Act
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.handlings.models import Handling, Supervision
from engine.ledger.models import LedgerEntry
from engine.notices.models import Notice
from engine.organisation.models import Post
from engine.work import operations as work
from engine.work.models import Deadline, History, Incident, Instance, Subscription, Task, Withdrawal
from tests import factories, people
from tests.moments import moment

Clock = Callable[[str], object]
WHY = "单位合并，重新安排"


@pytest.fixture
def cast(session: Session) -> people.Cast:
    return factories.install(session)


def instance(session: Session, case: Case) -> Instance:
    return session.scalars(select(Instance).where(Instance.case_id == case.id)).one()


def acts(session: Session, case: Case) -> list[tuple[str, str, str]]:
    query = select(History).where(History.case_id == case.id, History.opinion == WHY).order_by(History.id)
    return [(row.act, row.actor_name, row.result) for row in session.scalars(query)]


def roles(session: Session, case: Case) -> list[str]:
    return sorted(session.scalars(select(Task.role).where(Task.case_id == case.id)))


def sweep(database: Engine) -> int:
    return deadlines.sweep(partial(db.transaction, database)).fired


# ------------------------------------------------------------------------------------------------ who


def test_only_procedure_administrators_and_only_with_a_reason(session: Session, cast: people.Cast) -> None:
    case = factories.handled(session, cast)
    holders = {role for role in people.ROLES if may(cast.actor(role), Verb.INSTANCE_OPERATE)}
    assert holders == {"procedure_administrator", "second_procedure_administrator"}
    assert not may(cast.actor("procedure_administrator"), Verb.CASE_READ)
    for role in ("system_administrator", "street_head", "outsider"):
        with pytest.raises(Forbidden, match="干预办理"):
            operate.suspend(session, cast.actor(role), instance(session, case).id, WHY)
    with pytest.raises(Invalid, match="理由"):
        operate.suspend(session, cast.actor("procedure_administrator"), instance(session, case).id, "  ")
    with pytest.raises(NotFound):
        operate.suspend(session, cast.actor("procedure_administrator"), 999, WHY)


# ------------------------------------------------------------------------------------------------ suspend, resume


def test_a_suspended_case_accepts_nothing(session: Session, cast: people.Cast) -> None:
    case = factories.handled(session, cast)
    answer = factories.open_task(session, case, "answer")
    tasks.claim(session, cast.actor("unit_clerk"), answer.id)
    operate.suspend(session, cast.actor("procedure_administrator"), answer.instance_id, WHY)
    who, _, form = factories.STEPS["answered"]
    refused: list[Callable[[], Any]] = [
        lambda: tasks.complete(session, cast.actor(who), answer.id, form),
        lambda: tasks.request_extension(
            session, cast.actor(who), answer.id, {"reason": "情况复杂", "work_done": "已现场核查"}
        ),
        lambda: operate.message(session, cast.actor("procedure_administrator"), case.number, "terminate", WHY),
        lambda: operate.skip(session, cast.actor("procedure_administrator"), answer.id, WHY),
        lambda: operate.suspend(session, cast.actor("procedure_administrator"), answer.instance_id, WHY),
    ]
    for attempt in refused:
        with pytest.raises(Conflict, match="挂起|暂停"), session.begin_nested():
            attempt()
    assert roles(session, case) == ["answer"]
    operate.resume(session, cast.actor("procedure_administrator"), answer.instance_id, WHY)
    tasks.complete(session, cast.actor(who), answer.id, form)
    assert roles(session, case) == ["feedback_check"]
    assert [row[:2] for row in acts(session, case)] == [("suspended", "管流程"), ("resumed", "管流程")]


def test_a_suspended_case_cannot_be_taken_back(session: Session, cast: people.Cast) -> None:
    case = factories.handled(session, cast)
    operate.suspend(session, cast.actor("procedure_administrator"), instance(session, case).id, WHY)
    assert session.scalars(select(Withdrawal)).one()
    with pytest.raises(Conflict), session.begin_nested():
        tasks.withdraw(session, cast.actor("street_clerk"), case.id)
    operate.resume(session, cast.actor("procedure_administrator"), instance(session, case).id, WHY)
    tasks.withdraw(session, cast.actor("street_clerk"), case.id)
    assert roles(session, case) == ["tier_review"]


def test_what_became_due_while_suspended_fires_on_resuming_with_its_true_time(database: Engine, at: Clock) -> None:
    at("2026-02-13 10:00")
    with db.transaction(database) as session:
        cast = factories.install(session)
        case = factories.handled(session, cast)
        number = instance(session, case).id
        operate.suspend(session, cast.actor("procedure_administrator"), number, WHY)
        administrator = cast.actor("procedure_administrator")
    at("2026-03-09 08:00")
    assert sweep(database) == 0
    with db.transaction(database) as session:
        assert upkeep.check_stuck(session) == 0
        operate.resume(session, administrator, number, WHY)
    assert sweep(database) == 5  # the targets of receipt and plan, two reminders, the limit
    with db.transaction(database) as session:
        raised = session.scalars(select(Supervision)).one()
        assert (raised.due_at, raised.fired_at) == (moment("2026-03-06"), moment("2026-03-09 08:00"))
    assert sweep(database) == 0


def test_resuming_asks_the_calendar_again(session: Session, cast: people.Cast, at: Clock) -> None:
    at("2026-02-13 10:00")
    case = factories.handled(session, cast)
    number = instance(session, case).id
    operate.suspend(session, cast.actor("procedure_administrator"), number, WHY)
    session.execute(update(Handling).values(extended=True))  # a fact that changed meanwhile
    operate.resume(session, cast.actor("procedure_administrator"), number, WHY)
    task = factories.open_task(session, case, "answer")
    assert task.due_on is not None and task.due_on.isoformat() == "2026-04-02"
    assert ("deadline_moved", "管流程", "2026-03-05 → 2026-04-02") in acts(session, case)


# ------------------------------------------------------------------------------------------------ cancel


@pytest.mark.parametrize("suspended", [False, True])
def test_cancel_ends_everything_and_marks_the_case(session: Session, cast: people.Cast, suspended: bool) -> None:
    case = factories.handled(session, cast)
    if suspended:
        operate.suspend(session, cast.actor("procedure_administrator"), instance(session, case).id, WHY)
    told = len(session.scalars(select(Notice)).all())
    operate.cancel(session, cast.actor("procedure_administrator"), instance(session, case).id, WHY)
    for table in (Task, Deadline, Subscription, Withdrawal):
        assert not session.scalars(select(table).where(table.case_id == case.id)).all()
    assert (case.state, case.outcome, case.outcome_reason) == ("terminated", "terminated", WHY) and case.closed_at
    assert (instance(session, case).status, instance(session, case).state) == ("ended", None)
    assert [row.state for row in session.scalars(select(Handling))] == ["ended"]
    assert len(session.scalars(select(Notice)).all()) > told
    ended = session.scalars(select(History).where(History.act == "task_ended", History.case_id == case.id)).all()
    assert [row.element_id for row in ended] == ["answer"]
    assert upkeep.check_stuck(session) == 0
    with pytest.raises(Conflict, match="已经结束"):
        operate.cancel(session, cast.actor("procedure_administrator"), instance(session, case).id, WHY)


# ------------------------------------------------------------------------------------------------ move, skip, back


def test_a_move_says_first_what_goes_and_comes_and_then_does_it(session: Session, cast: people.Cast, at: Clock) -> None:
    at("2026-02-13 10:00")
    case = factories.handled(session, cast)
    row, task = instance(session, case), factories.open_task(session, case, "answer")
    administrator = cast.actor("procedure_administrator")
    standing = {place.element_id: place.token for place in operate.tokens(session, administrator, row.id)}
    assert list(standing) == ["review_street", "review_handling", "period", "answer"]
    period = standing["period"]
    counted = (row.revision, len(session.scalars(select(History)).all()), len(session.scalars(select(Deadline)).all()))
    verb = partial(operate.move, session, administrator, row.id, period, "feedback_check", WHY)
    effects = operate.rehearse(session, verb)
    assert [item.element_id for item in effects.tasks_gone] == ["answer"]
    assert [item.element_id for item in effects.tasks_new] == ["feedback_check"]
    due = {
        item.element_id: clock.local(item.due_at - timedelta(seconds=1)).date().isoformat()
        for item in effects.timers_gone
    }
    assert due["limit"] == "2026-03-05" and len(due) == 6
    assert [item.name for item in effects.subscriptions_gone] == ["extension_requested"]
    assert (instance(session, case).revision, len(session.scalars(select(History)).all()),
            len(session.scalars(select(Deadline)).all())) == counted  # fmt: skip
    assert factories.open_task(session, case, "answer").id == task.id
    assert verb() == effects
    assert roles(session, case) == ["feedback_check"] and case.state == "awaiting_check"
    assert acts(session, case) == [("moved", "管流程", "办理期间 → 审核书面反馈")]


def _run(session: Session, row: Instance) -> bpmn.Run:
    return instances.restored(session, row, Act(session, session.get_one(Case, row.case_id), row.id))


def test_back_to_an_earlier_step_and_never_into_a_block(session: Session, cast: people.Cast) -> None:
    administrator = cast.actor("procedure_administrator")
    case = factories.registered(session, cast)
    factories.step(session, cast, case, "signed")
    task = factories.open_task(session, case, "report")
    earlier = [
        place.element_id
        for place in operate.places(session, administrator, task.instance_id, task.token)
        if place.earlier
    ]
    assert earlier == ["sign", "amend"]
    operate.go_back(session, administrator, task.instance_id, task.token, "sign", WHY)
    assert roles(session, case) == ["signature"] and case.state == "awaiting_signature"
    assert acts(session, case) == [("sent_back", "管流程", "报街道组织部门 → 党代表签名确认")]
    task = factories.open_task(session, case, "signature")
    operate.move(session, administrator, task.instance_id, task.token, "ledger", WHY)  # written once all the same
    assert session.scalars(select(LedgerEntry.case_id)).all() == [case.id]
    for name in ("signed", "reported", "referred", "answered", "accepted", "rated_by_reporter", "rated_by_delegate"):
        factories.step(session, cast, case, name)
    task = factories.open_task(session, case, "rating_department")
    for refused in (lambda: operate.go_back, lambda: operate.move):
        with pytest.raises(CannotMove, match="等待汇合，不能退回|并行步骤不会再有"), session.begin_nested():
            refused()(session, administrator, task.instance_id, task.token, "rating_reporter", WHY)
    session.expire_all()
    with pytest.raises(CannotMove, match="等待汇合，不能退回|不在"), session.begin_nested():
        operate.go_back(session, administrator, task.instance_id, task.token, "rating_consultation", WHY)
    assert roles(session, case) == ["rating_department"]


def test_a_skipped_step_leaves_no_trace_of_its_operation(session: Session, cast: people.Cast) -> None:
    case = factories.handled(session, cast)
    factories.step(session, cast, case, "answered")
    task = factories.open_task(session, case, "feedback_check")
    tasks.claim(session, cast.actor("street_clerk"), task.id)
    tasks.save_draft(session, cast.actor("street_clerk"), task.id, {"opinion": "同意"})
    administrator = cast.actor("procedure_administrator")
    effects = operate.skip(session, administrator, task.id, WHY, {"decision": "accept"})
    assert "rating_reporter" in roles(session, case) and len(effects.tasks_new) >= 1
    assert not session.scalars(select(Draft).where(Draft.task_id == task.id)).all()
    assert "feedback_accepted" not in session.scalars(select(History.act)).all()
    ended = session.scalars(select(History).where(History.act == "task_ended", History.case_id == case.id)).all()
    assert ended == [] and acts(session, case)[0][0] == "skipped"
    with pytest.raises(Conflict, match="不在办理中"):
        operate.skip(session, administrator, task.id, WHY)


# ------------------------------------------------------------------------------------------------ messages


def test_a_message_finds_its_case_by_number(session: Session, cast: people.Cast) -> None:
    cases = [factories.handled(session, cast) for _ in range(2)]
    administrator = cast.actor("procedure_administrator")
    assert operate.message(session, administrator, cases[0].number, "extension_requested", WHY) == 1
    assert [roles(session, case) for case in cases] == [["answer", "extension_consent"], ["answer"]]
    with pytest.raises(NotFound):
        operate.message(session, administrator, "没有这个编号", "extension_requested", WHY)
    with pytest.raises(Conflict, match="没有等待"):
        operate.message(session, administrator, cases[0].number, "no_such_message", WHY)


SIGNAL = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:lianxin="urn:lianxin:bpmn" id="d">
  <bpmn:signal id="sg" name="holiday_over" />
  <bpmn:process id="waiting" isExecutable="true">
    <bpmn:startEvent id="s" />
    <bpmn:intermediateCatchEvent id="w" name="等候">
      <bpmn:signalEventDefinition signalRef="sg" />
    </bpmn:intermediateCatchEvent>
    <bpmn:userTask id="u" name="继续" lianxin:pool="studio" lianxin:role="report" />
    <bpmn:endEvent id="e" />
    <bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="w" />
    <bpmn:sequenceFlow id="f2" sourceRef="w" targetRef="u" />
    <bpmn:sequenceFlow id="f3" sourceRef="u" targetRef="e" />
  </bpmn:process>
</bpmn:definitions>"""


def test_a_signal_reaches_all_who_wait_and_reports_the_suspended(database: Engine) -> None:
    with db.transaction(database) as session:
        cast = factories.install(session)
        administrator = cast.actor("procedure_administrator")
        package = definitions.operations.publish(session, "pause", {"waiting.bpmn": SIGNAL.encode()}, reason="试")
        cases = [factories.registered(session, cast) for _ in range(3)]
        for case in cases:
            instances.start(session, package.id, "waiting", Act(session, case, 0), {})
        last = session.scalars(select(Instance).order_by(Instance.id.desc())).first()
        assert last is not None
        operate.suspend(session, administrator, last.id, WHY)
    delivered = operate.signal(partial(db.transaction, database), administrator, "holiday_over", WHY, {"year": 2026})
    assert [(row.case_number, bool(row.problem)) for row in delivered] == [
        (cases[0].number, False), (cases[1].number, False), (cases[2].number, True),
    ]  # fmt: skip
    assert "暂停" in delivered[2].problem
    with db.transaction(database) as session:
        assert len(session.scalars(select(Task).where(Task.element_id == "u")).all()) == 2
        assert len(session.scalars(select(Subscription).where(Subscription.message == "holiday_over")).all()) == 1
        assert operate.message.__name__ == "message"
        with pytest.raises(Conflict, match="没有等待"):  # a message of that name is not a signal
            operate.message(session, administrator, cases[0].number, "holiday_over", WHY)


# ------------------------------------------------------------------------------------------------ incidents


def test_incidents_by_cause(session: Session, cast: people.Cast, at: Clock) -> None:
    cases = [factories.registered(session, cast) for _ in range(3)]
    for day, case in enumerate(cases, start=1):
        at(f"2026-03-0{day} 09:00")
        work.raise_incident(session, "timer_failed", f"第{day}次", case_id=case.id, process_id="handling",
                            element_id="limit" if day < 3 else "first_reminder_due")  # fmt: skip
    at("2026-03-05 09:00")
    work.raise_incident(session, "stuck", "停住", case_id=cases[0].id)
    session.flush()
    failed, stuck = operate.groups(session, cast.actor("procedure_administrator"))
    assert (failed.cause, failed.count, failed.cases, failed.message) == ("timer_failed", 3, 3, "第3次")
    assert [(place.element_id, place.count) for place in failed.places] == [("limit", 2), ("first_reminder_due", 1)]
    assert (failed.first_seen, failed.last_seen) == (moment("2026-03-01 09:00"), moment("2026-03-03 09:00"))
    assert (stuck.cause, stuck.count) == ("stuck", 1)
    with pytest.raises(Forbidden):
        operate.groups(session, cast.actor("street_clerk"))


def test_a_retry_reports_what_truly_remains(database: Engine, at: Clock) -> None:
    at("2026-02-13 10:00")
    with db.transaction(database) as session:
        cast = factories.install(session)
        case = factories.handled(session, cast)
        number, administrator = instance(session, case).id, cast.actor("procedure_administrator")
        tokens = {row.id: row.token for row in session.scalars(select(Deadline).where(Deadline.instance_id == number))}
        session.execute(update(Deadline).where(Deadline.role == "limit").values(token="broken"))
    at("2026-03-06 00:00")
    deadlines.sweep(partial(db.transaction, database))
    with db.transaction(database) as session:
        incident = session.scalars(select(Incident)).one()
        tried = operate.retry(session, administrator, incident.id, WHY)
        assert (tried.fired, tried.solved, tried.still_due) == (0, False, 1)
        assert "期限届满" in tried.problem and [row.id for row in tried.open_incidents] == [incident.id]
        assert session.scalars(select(Deadline.failures).where(Deadline.role == "limit")).one() == 2
    with db.transaction(database) as session:
        for row in session.scalars(select(Deadline).where(Deadline.token == "broken")):
            row.token = tokens[row.id]
        tried = operate.retry(session, administrator, incident.id, WHY)
        assert (tried.fired, tried.solved, tried.problem) == (1, True, "")
        assert session.scalars(select(Supervision)).one().due_at == moment("2026-03-06")
        row = session.scalars(select(History).where(History.act == "incident")).one()
        assert (row.actor_name, row.opinion, row.element_id) == ("管流程", WHY, "limit")
        with pytest.raises(Conflict, match="不能重试"):
            operate.retry(session, administrator, incident.id, WHY)


def test_an_empty_pool_is_looked_up_again(session: Session, cast: people.Cast) -> None:
    case = factories.registered(session, cast)
    everybody = update(Post).where(Post.organisation_id == cast.unit("street").id)
    session.execute(everybody.values(ends_on=clock.today() - timedelta(days=1)))
    for name in ("signed", "reported", "referred"):
        factories.step(session, cast, case, name)
    incident = session.scalars(select(Incident)).one()
    task = factories.open_task(session, case, "answer")
    assert (incident.cause, task.duty) == ("empty_pool", "head")
    administrator = cast.actor("procedure_administrator")
    tried = operate.retry(session, administrator, incident.id, WHY)
    assert not tried.solved and [row.id for row in tried.open_incidents] == [incident.id]
    session.execute(everybody.values(ends_on=None))
    assert operate.retry(session, administrator, incident.id, WHY).solved
    assert (task.duty, task.organisation_id) == ("", cast.unit("street").id)


def test_a_stuck_case_is_moved_on_and_the_incident_goes(session: Session, cast: people.Cast) -> None:
    case = factories.registered(session, cast)
    for table in (Task, Deadline, Subscription):
        session.execute(delete(table).where(table.case_id == case.id))
    assert upkeep.check_stuck(session) == 1
    incident = session.scalars(select(Incident)).one()
    administrator = cast.actor("procedure_administrator")
    assert not operate.retry(session, administrator, incident.id, WHY).solved
    row = instance(session, case)
    token = _run(session, row).tasks()[0].token
    operate.move(session, administrator, row.id, token, "report", WHY)
    assert operate.retry(session, administrator, incident.id, WHY).solved
