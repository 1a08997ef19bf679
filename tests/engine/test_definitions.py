"""Versions of procedures: published, compared, restored, deleted while unused; procedures that begin by themselves."""

import json
import re
import threading
from collections.abc import Callable, Mapping
from contextvars import copy_context
from datetime import date, datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from engine import bpmn, catalogue, clock, config, db, deadlines, definitions, instances, starts, upkeep
from engine.cases.models import Case
from engine.catalogue import staff
from engine.catalogue.act import Act
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.organisation.models import Post
from engine.packages import operations
from engine.packages.difference import differences
from engine.packages.models import Package, PackageFile, StartSchedule
from engine.work.models import Deadline, History, Incident, Instance, Task
from tests import factories, people
from tests.moments import moment

Clock = Callable[[str], object]
OPINION = config.ROOT / "processes" / "opinion"
WHY = "试行满一年，修订"


@pytest.fixture
def cast(session: Session) -> people.Cast:
    return factories.install(session)


def files(**edits: Callable[[str], str]) -> dict[str, bytes]:
    """The factory edition with some of its files edited: name with `__` for `/` and without suffix."""
    found = definitions.read_folder(OPINION)
    for name, edit in edits.items():
        path = next(path for path in found if path.rpartition(".")[0].replace("/", "__") == name)
        text = found[path].decode()
        assert edit(text) != text, "the edit found nothing"
        found[path] = edit(text).encode()
    return found


def titled(text: str) -> str:
    return text.replace("承办并书面反馈", "承办并答复")


def publish(session: Session, cast: people.Cast, edition: Mapping[str, bytes], **options: Any) -> Package:
    return definitions.publish(
        session, "opinion", edition, WHY, author=cast.actor("procedure_administrator"), **options
    )


# ------------------------------------------------------------------------------------------------ versions


def test_a_version_is_published_with_author_reason_and_day(session: Session, cast: people.Cast, at: Clock) -> None:
    at("2026-03-02 09:00")
    second = publish(session, cast, files(handling=titled), effective_from=date(2026, 3, 9))
    assert (second.version, second.reason, second.effective_from) == (2, WHY, date(2026, 3, 9))
    assert definitions.package(session, "opinion").version == 1
    first, case = definitions.package(session, "opinion"), factories.registered(session, cast)
    at("2026-03-09 09:00")
    assert definitions.package(session, "opinion").version == 2
    factories.registered(session, cast)
    shown = definitions.versions(session, cast.actor("auditor"), "opinion")
    assert [(row.package.version, row.author_name, row.running, row.started, row.current) for row in shown] == [
        (2, "管流程", 1, 1, True), (1, "", 1, 1, False),
    ]  # fmt: skip
    assert session.scalars(select(Instance.package_id).where(Instance.case_id == case.id)).one() == first.id
    session.execute(update(Instance).where(Instance.case_id == case.id).values(status="ended"))
    assert [(row.running, row.started) for row in definitions.versions(session, cast.actor("auditor"), "opinion")] == [
        (1, 1),
        (0, 1),
    ]


def test_what_publishing_asks_for(session: Session, cast: people.Cast, at: Clock) -> None:
    at("2026-03-02 09:00")
    for role in ("system_administrator", "auditor", "street_head"):
        with pytest.raises(Forbidden, match="发布流程"):
            definitions.publish(session, "opinion", files(handling=titled), WHY, author=cast.actor(role))
    with pytest.raises(Invalid, match="理由"):
        definitions.publish(
            session, "opinion", files(handling=titled), " ", author=cast.actor("procedure_administrator")
        )
    with pytest.raises(Invalid, match="生效日"):
        publish(session, cast, files(handling=titled), effective_from=date(2026, 3, 1))
    with pytest.raises(Conflict, match="第 1 版的文件完全相同"):
        publish(session, cast, files())
    with pytest.raises(bpmn.Refused, match="承办"):
        publish(
            session, cast, files(handling=lambda text: text.replace('lianxin:form="answer"', 'lianxin:form="lost"'))
        )
    assert session.scalars(select(Package.version).where(Package.key == "opinion")).all() == [1]
    with pytest.raises(Forbidden, match="查看流程版本"):
        definitions.versions(session, cast.actor("street_head"), "opinion")
    with pytest.raises(NotFound):
        definitions.versions(session, cast.actor("auditor"), "no_such")


def test_of_two_who_publish_at_once_one_reads_why(database: Engine) -> None:
    with db.transaction(database) as session:
        cast = factories.install(session)
        administrator = cast.actor("procedure_administrator")
    editions = [files(handling=lambda text, n=n: text.replace("承办并书面反馈", f"承办并答复{n}")) for n in range(4)]
    start, outcomes = threading.Barrier(4), []

    def go(edition: Mapping[str, bytes]) -> None:
        start.wait()
        try:
            with db.transaction(database) as session:
                definitions.publish(session, "opinion", edition, WHY, author=administrator)
            outcomes.append("published")
        except Conflict as taken:
            outcomes.append(taken.message)

    threads = [threading.Thread(target=copy_context().run, args=(go, edition)) for edition in editions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.transaction(database) as session:
        versions = session.scalars(
            select(Package.version).where(Package.key == "opinion").order_by(Package.version)
        ).all()
    assert versions == list(range(1, 2 + outcomes.count("published"))) and len(outcomes) == 4
    assert {text for text in outcomes if text != "published"} <= {
        "刚刚有人发布了新的一版，请先查看它的改动，再决定是否发布。"
    }


def test_a_used_version_stays_and_an_unused_one_may_go(session: Session, cast: people.Cast) -> None:
    administrator = cast.actor("procedure_administrator")
    with pytest.raises(Conflict, match="唯一的版本"):
        definitions.delete_version(session, administrator, 1)
    second = publish(session, cast, files(handling=titled))
    case = factories.registered(session, cast)
    session.execute(update(Instance).where(Instance.case_id == case.id).values(status="ended", state=None))
    with pytest.raises(Conflict, match="第 2 版已有案件使用"):
        definitions.delete_version(session, administrator, second.id)
    third = publish(session, cast, files())
    third_id = third.id
    with pytest.raises(Forbidden):
        definitions.delete_version(session, cast.actor("auditor"), third_id)
    definitions.delete_version(session, administrator, third_id)
    assert not session.scalars(select(PackageFile).where(PackageFile.package_id == third_id)).all()
    assert definitions.package(session, "opinion").id == second.id
    with pytest.raises(NotFound):
        definitions.delete_version(session, administrator, third_id)


def test_what_was_comes_back_as_a_new_version(session: Session, cast: people.Cast) -> None:
    publish(session, cast, files(handling=titled))
    third = definitions.restore(session, cast.actor("procedure_administrator"), 1, "试行不成功")
    assert (third.version, third.checksum) == (3, session.get_one(Package, 1).checksum)
    assert definitions.files(session, third.id) == definitions.files(session, 1)
    assert definitions.differences(session, cast.actor("procedure_administrator"), 1, third.id) == []


def test_a_changed_file_is_noticed(session: Session, cast: people.Cast) -> None:
    assert definitions.intact(session, 1)
    row = session.scalars(select(PackageFile).where(PackageFile.path == "handling.bpmn")).one()
    row.content = row.content.replace(b"answer_limit", b"answer_limie", 1)
    session.flush()
    assert not definitions.intact(session, 1)


# ------------------------------------------------------------------------------------------------ differences


def words(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[tuple[str, str, str]]:
    return [(change.kind, change.element, change.sentence) for change in differences(old, new)]


def ten(text: str) -> str:
    return text.replace(
        ">working_days(received_on, extended_answer_limit if extended else answer_limit)<",
        ">working_days(received_on, extended_answer_limit if extended else 10)<",
    )


def form(**changes: Any) -> Callable[[str], str]:
    def edit(text: str) -> str:
        schema = json.loads(text)
        for name, change in changes.items():
            change(schema) if callable(change) else schema.update({name: change})
        return json.dumps(schema, ensure_ascii=False)

    return edit


def rename_contact(schema: Any) -> None:
    schema["properties"]["contact"]["title"] = "联系人"


def add_field(schema: Any) -> None:
    schema["properties"]["finished_on"] = {"title": "办结日期", "type": "string", "x-widget": "date"}
    schema["required"].append("finished_on")


def drop_field(schema: Any) -> None:
    del schema["properties"]["suggested_unit"]


def relax(schema: Any) -> None:
    schema["required"].remove("decision")


DIFFERENCES: dict[str, tuple[Callable[[], dict[str, bytes]], Callable[[], dict[str, bytes]], list[tuple[str, str, str]]]] = {
    "nothing": (files, files, []),
    "a limit in days": (
        lambda: files(handling=ten), lambda: files(handling=lambda text: ten(text).replace("extended else 10)", "extended else 8)")),
        [("limit", "limit", "时限“期限届满”的期限由 10 个工作日改为 8 个工作日。")],
    ),
    "a name": (files, lambda: files(handling=titled), [("renamed", "answer", "办理环节“承办并书面反馈”改名为“承办并答复”。")]),
    "people": (
        files,
        lambda: files(handling=lambda text: text.replace('lianxin:pool="handling_department" lianxin:form="feedback_check"',
                                                         'lianxin:pool="street_department" lianxin:form="feedback_check"')),
        [("pool", "feedback_check", "办理环节“审核书面反馈”的办理人员由“承办单位的同级组织部门”改为“街道组织部门”。")],
    ),
    "a role": (
        files, lambda: files(handling=lambda text: text.replace('lianxin:role="letter"', 'lianxin:role="feedback"')),
        [("role", "letter", "办理环节“送达纸质答复”的在办法中的角色由“letter”改为“feedback”。")],
    ),
    "a condition": (
        files, lambda: files(handling=lambda text: text.replace("'declined' or outcome == 'recalled'<", "'declined'<")),
        [("condition", "period_outcome_to_handling_declined",
          "从“退件或收回？”到“已退回”的条件由“outcome == 'declined' or outcome == 'recalled'”改为“outcome == 'declined'”。")],
    ),
    "a default": (
        files, lambda: files(handling=lambda text: text.replace('default="letter_needed_to_letter_done"', "")),
        [("default", "letter_needed_to_letter_done", "从“需要纸质送达吗？”到“letter_done”不再是默认流向。")],
    ),
    "a field": (
        files, lambda: files(forms__answer=form(a=add_field, b=drop_field, c=rename_contact, d=relax)),
        [
            ("field", "decision", "表单“承办并书面反馈”的栏目“处理”由必填改为选填。"),
            ("field", "contact", "表单“承办并书面反馈”的栏目“联系人及电话”改名为“联系人”。"),
            ("field", "finished_on", "表单“承办并书面反馈”新增栏目“办结日期”，必填。"),
            ("field", "suggested_unit", "表单“承办并书面反馈”删去栏目“建议承办单位”。"),
        ],
    ),
    "a notice": (
        files, lambda: files(notices__reminder__subject=lambda _: "请抓紧办理：{number}", notices__reminder__body=lambda text: text + "。"),
        [("notice", "reminder", "通知 reminder 的正文有改动。"),
         ("notice", "reminder", "通知 reminder 的标题由“催办：{number} 还剩 {days} 个工作日”改为“请抓紧办理：{number}”。")],
    ),
    "a lane": (
        files, lambda: files(handling=lambda text: text.replace('name="社区党代表工作室"', 'name="社区工作室"')),
        [("lane", "letter", "“送达纸质答复”的泳道由“社区党代表工作室”改为“社区工作室”。")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENCES)
def test_what_changed_is_said_in_words(name: str) -> None:
    old, new, said = DIFFERENCES[name]
    assert words(old(), new()) == said


def test_a_step_added_removed_and_moved() -> None:
    flow = '<bpmn:sequenceFlow id="{0}_{1}" sourceRef="{0}" targetRef="{1}" />'

    def drawn(*steps: str) -> dict[str, bytes]:
        tasks = "".join(f'<bpmn:userTask id="{step}" name="{step.upper()}" />' for step in steps)
        path = ["s", *steps, "e"]
        flows = "".join(flow.format(source, target) for source, target in zip(path, path[1:], strict=False))
        body = f'<bpmn:startEvent id="s" name="开始" />{tasks}<bpmn:endEvent id="e" name="结束" />{flows}'
        return {"p.bpmn": (
            '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d">'
            f'<bpmn:process id="p" name="流程" isExecutable="true">{body}</bpmn:process></bpmn:definitions>'
        ).encode()}  # fmt: skip

    assert words(drawn("a", "b", "c"), drawn("a", "x", "b", "c")) == [("added", "x", "在“A”之后新增办理环节“X”。")]
    assert words(drawn("a", "b", "c"), drawn("a", "c")) == [("removed", "b", "删去办理环节“B”。")]
    assert words(drawn("a", "b", "c"), drawn("a", "c", "b")) == [
        ("moved", "c", "办理环节“C”改到“A”之后（原在“B”之后）。"),
        ("moved", "b", "办理环节“B”改到“C”之后（原在“A”之后）。"),
        ("moved", "e", "结束事件“结束”改到“B”之后（原在“C”之后）。"),
    ]
    found = differences(drawn("a"), {})
    assert [(change.kind, change.before, change.after, change.file) for change in found] == [
        ("removed", "流程", None, "p.bpmn")
    ]


def test_rules_of_a_decision_table() -> None:
    edition = files()
    text = edition["jurisdiction.dmn"].decode()
    first = text.index("<rule ") if "<rule " in text else text.index("<dmn:rule ")
    end = (
        text.index("</rule>", first) + len("</rule>")
        if "<rule " in text
        else text.index("</dmn:rule>", first) + len("</dmn:rule>")
    )
    without = edition | {"jurisdiction.dmn": (text[:first] + text[end:]).encode()}
    ((kind, _, sentence),) = words(edition, without)
    assert kind == "rule" and sentence.startswith("删去决策表“管理权限建议”原第 1 条规则：") and "→" in sentence
    ((kind, _, sentence),) = words(without, edition)
    assert kind == "rule" and sentence.startswith("决策表“管理权限建议”第 1 条规则是新增的：")


def test_who_compares_and_what(session: Session, cast: people.Cast) -> None:
    second = publish(session, cast, files(handling=titled))
    changes = definitions.differences(session, cast.actor("auditor"), 1, second.id)
    assert [(change.before, change.after, change.file) for change in changes] == [
        ("承办并书面反馈", "承办并答复", "handling.bpmn")
    ]
    with pytest.raises(Forbidden):
        definitions.differences(session, cast.actor("street_head"), 1, second.id)
    other = operations.publish(session, "other", files(), reason="试")
    with pytest.raises(Invalid, match="同一流程"):
        definitions.differences(session, cast.actor("auditor"), 1, other.id)


# ------------------------------------------------------------------------------------------------ by themselves


def diagram(event: str, name: str = "每年一次", element: str = "yearly") -> dict[str, bytes]:
    """A procedure that begins by itself and then waits for a time."""
    return {
        "year.bpmn": f"""<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d">
      <bpmn:message id="m" name="collect" />
      <bpmn:process id="year" name="年度汇总" isExecutable="true">
        <bpmn:startEvent id="{element}" name="{name}">{event}</bpmn:startEvent>
        <bpmn:intermediateCatchEvent id="wait"><bpmn:timerEventDefinition><bpmn:timeDuration>P400D</bpmn:timeDuration>
        </bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>
        <bpmn:endEvent id="e" />
        <bpmn:sequenceFlow id="f1" sourceRef="{element}" targetRef="wait" />
        <bpmn:sequenceFlow id="f2" sourceRef="wait" targetRef="e" />
      </bpmn:process></bpmn:definitions>""".encode()
    }


def timer(kind: str, text: str) -> str:
    return f"<bpmn:timerEventDefinition><bpmn:{kind}>{text}</bpmn:{kind}></bpmn:timerEventDefinition>"


def store(database: Engine, edition: Mapping[str, bytes], key: str = "year", **options: Any) -> int:
    with db.transaction(database) as session:
        return operations.publish(session, key, edition, reason="试", **options).id


def sweep(database: Engine) -> starts.Swept:
    return starts.sweep(partial(db.transaction, database))


def started(database: Engine) -> list[tuple[int, datetime | None]]:
    with db.transaction(database) as session:
        rows = session.scalars(select(History).where(History.act == "started").order_by(History.id))
        return [(row.instance_id or 0, row.due_at) for row in rows]


def schedule(database: Engine) -> list[tuple[str, datetime | None, int]]:
    with db.transaction(database) as session:
        rows = session.scalars(select(StartSchedule).order_by(StartSchedule.id))
        return [(row.element_id, row.due_at, row.fired) for row in rows]


def test_a_cycle_starts_one_instance_each_time_and_makes_up_for_missed_ones_once(database: Engine, at: Clock) -> None:
    at("2026-03-02 09:00")
    store(database, diagram(timer("timeCycle", "R/P7D")))
    assert sweep(database) == starts.Swept(0, 0, False)
    assert schedule(database) == [("yearly", moment("2026-03-09 09:00"), 0)]
    at("2026-03-09 09:00")
    assert [sweep(database).started for _ in range(3)] == [1, 0, 0]
    at("2026-04-01 12:00")
    assert [sweep(database).started for _ in range(2)] == [1, 0]
    assert started(database) == [(1, moment("2026-03-09 09:00")), (2, moment("2026-03-16 09:00"))]
    assert schedule(database) == [("yearly", moment("2026-04-06 09:00"), 2)]
    with db.transaction(database) as session:
        assert session.scalars(select(Instance.case_id)).all() == [None, None]
        assert upkeep.check_stuck(session) == 0
    at("2027-06-01 09:00")
    assert deadlines.sweep(partial(db.transaction, database)).fired == 2  # their own deadlines, without a case
    with db.transaction(database) as session:
        assert set(session.scalars(select(Instance.status))) == {"ended"}


def test_a_date_starts_once_and_never_again(database: Engine, at: Clock) -> None:
    at("2026-03-02 09:00")
    store(database, diagram(timer("timeDate", "2026-12-20T09:00")))
    sweep(database)
    at("2027-01-05 08:00")
    assert [sweep(database).started for _ in range(2)] == [1, 0]
    assert started(database) == [(1, moment("2026-12-20 09:00"))]
    assert schedule(database) == [("yearly", None, 1)]


def test_many_sweeps_at_once_start_it_once(database: Engine, at: Clock) -> None:
    at("2026-03-02 09:00")
    for number in range(3):
        store(database, diagram(timer("timeDate", "2026-03-03T09:00")), key=f"year{number}")
    at("2026-03-04 09:00")
    begin, done = threading.Barrier(4), []

    def look() -> None:
        begin.wait()
        done.append(sweep(database).started)

    threads = [threading.Thread(target=copy_context().run, args=(look,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.append(sweep(database).started)
    assert sum(done) == 3 and len(started(database)) == 3


def test_the_schedule_follows_the_version_in_force(database: Engine, at: Clock) -> None:
    at("2026-03-02 09:00")
    store(database, diagram(timer("timeCycle", "R/P7D")))
    sweep(database)
    at("2026-03-04 10:00")
    second = store(database, diagram(timer("timeCycle", "R/P7D"), name="每周一次"))
    store(database, diagram(timer("timeCycle", "R/P1D")), effective_from=date(2026, 3, 12))
    sweep(database)
    assert schedule(database) == [("yearly", moment("2026-03-09 09:00"), 0)]  # kept its rhythm
    at("2026-03-09 09:30")
    sweep(database)
    with db.transaction(database) as session:
        assert session.scalars(select(Instance.package_id)).all() == [second]
    at("2026-03-12 08:00")
    sweep(database)
    assert schedule(database) == [("yearly", moment("2026-03-13 00:00"), 1)]  # another rhythm, from its day on
    store(database, diagram(""))
    sweep(database)
    assert schedule(database) == []


def test_a_start_that_fails_is_an_incident_and_holds_nobody_up(database: Engine, at: Clock) -> None:
    at("2026-03-02 09:00")
    broken = {
        "year.bpmn": diagram(timer("timeDate", "2026-03-03T09:00"))["year.bpmn"].replace(b"P400D", b"no_such_name")
    }
    store(database, broken, key="broken")
    store(database, diagram(timer("timeDate", "2026-03-03T09:00")))
    at("2026-03-04 09:00")
    assert sweep(database) == starts.Swept(1, 1, False)
    assert sweep(database) == starts.Swept(0, 0, False)
    with db.transaction(database) as session:
        incident = session.scalars(select(Incident)).one()
        assert (incident.cause, incident.element_id, incident.case_id) == ("start_failed", "yearly", None)
        assert session.scalar(select(func.count()).select_from(Instance)) == 1
    at("2026-03-04 09:10")
    assert sweep(database).failed == 1
    assert sweep(database).failed == 0
    with db.transaction(database) as session:
        starts.retry_now(session, "year", "yearly")
    assert sweep(database).failed == 1


def test_a_message_starts_what_begins_with_it(session: Session, cast: people.Cast) -> None:
    message = '<bpmn:messageEventDefinition messageRef="m" />'
    operations.publish(session, "year", diagram(message), reason="试")
    administrator = cast.actor("procedure_administrator")
    (instance,) = starts.by_message(session, administrator, "collect", "年底了", {"year": 2026})
    assert (instance.case_id, instance.process_id, instance.status) == (None, "year", "open")
    row = session.scalars(select(History).where(History.act == "started")).one()
    assert (row.actor_name, row.opinion, row.element_id) == ("管流程", "年底了", "yearly")
    act = Act(session, instances.case_of(session, instance), instance.id)
    assert instances.restored(session, instance, act).data["year"] == 2026
    with pytest.raises(Conflict, match="没有以"):
        starts.by_message(session, administrator, "no_such", "年底了")
    with pytest.raises(Forbidden):
        starts.by_message(session, cast.actor("street_head"), "collect", "年底了")


def test_the_opinion_procedure_begins_with_people_only(database: Engine) -> None:
    with db.transaction(database) as session:
        factories.install(session)
    assert sweep(database) == starts.Swept(0, 0, False) and schedule(database) == []
    with db.transaction(database) as session:
        assert not session.scalars(select(Case)).all() and not session.scalars(select(Task)).all()
        assert not session.scalars(select(Deadline)).all()
        assert clock.now()


def test_pools_and_lanes_without_people_are_told(session: Session, cast: people.Cast) -> None:
    """What nobody in this installation could ever do: a lane without people is an error, an empty pool a remark."""
    assert set(staff.HOLDERS) | {staff.DELEGATE} == set(catalogue.POOLS)
    assert catalogue.staffed(session) == set(catalogue.POOLS)
    drawn = files()
    asked = partial(definitions.check, "opinion", drawn)
    assert not asked(people=catalogue.staffed(session))
    for row in session.scalars(select(Post).where(Post.organisation_id == cast.organisations["committee-440300"].id)):
        row.ends_on = date(2020, 1, 1)
    session.flush()
    assert set(catalogue.POOLS) - catalogue.staffed(session) == {"committee"}
    found = asked(people=catalogue.staffed(session))
    assert {(item.code, item.severity) for item in found} == {("pool.nobody", "warning")}
    drawn["opinion.bpmn"] = re.sub(rb' lianxin:pool="[^"]*"', b"", drawn["opinion.bpmn"])
    assert not [item for item in asked() if item.code == "lane.nobody"]
    assert [item for item in asked(people=catalogue.staffed(session)) if item.code == "lane.nobody"]
