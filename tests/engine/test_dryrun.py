"""推演: the real engine in a sandbox with a calendar one can move; scenarios guard a publish; the live house stays as it
was (P5)."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from engine import clock, config, db, definitions, drafting, dryrun
from engine.bpmn import Refused
from engine.dryrun import acts
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.scenarios.models import DryRun, Scenario
from engine.workdays import operations as workdays
from tests import factories, people

FILES = definitions.read_folder(config.ROOT / "processes" / "opinion")
LIMIT = b'id="limit_timer">\n          <bpmn:timeDate xsi:type="bpmn:tFormalExpression">working_days(received_on, '
START = clock.at(date(2026, 2, 9), 9)  # the spring festival and its make-up Saturdays lie ahead
RECEIVED = list(dryrun.PRESETS[1][2])
DAY_11 = [*RECEIVED, {"do": "wait", "day": 11}]


def changed(old: bytes, new: bytes, file: str = "handling.bpmn") -> dict[str, bytes]:
    """The factory's files with one text replaced."""
    assert old in FILES[file]
    return FILES | {file: FILES[file].replace(old, new)}


def shorter() -> dict[str, bytes]:
    """The unit has eight working days."""
    return changed(LIMIT + b"extended_answer_limit if extended else answer_limit", LIMIT + b"8")


@pytest.fixture
def installed(session: Session, cast: people.Cast) -> people.Cast:
    """The cast, the calendar and the procedure."""
    workdays.import_factory(session, config.ROOT / "processes" / "calendars")
    definitions.import_factory(session, config.ROOT / "processes")
    return cast


def played(session: Session, files: dict[str, bytes], walk: list[acts.Act]) -> dryrun.Play:
    return dryrun.play(dryrun.stage(session, "opinion", files), START, walk)


def rows(database: Engine) -> Counter[str]:
    """How many rows every table has."""
    with db.reading(database) as session:
        return Counter({
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in db.Base.metadata.sorted_tables
        })  # fmt: skip


def test_after_eleven_working_days_the_escalation_fires_and_nothing_live_is_touched(database, at):
    at("2026-03-02 09:00")
    cast = factories.prepared(database)
    with db.transaction(database) as session:
        factories.handled(session, replace(cast, session=session), reflected_on="2026-03-02")
    before = rows(database)
    with db.transaction(database) as session:
        actor = replace(cast, session=session).actor("procedure_administrator")
        run = dryrun.begin(session, actor, "opinion", version=None, starts_at=START, walk=RECEIVED)
        on = dryrun.stage(session, "opinion", drafting.files(session, actor, "opinion"))
        play = dryrun.perform(actor, run, on, {"do": "wait", "day": "11"}, len(RECEIVED))
        sight = dryrun.see(play)
    assert [item.name for item in sight.waiting] == ["承办并书面反馈", "督办：同级组织部门"]
    # ten working days from 9 February, five days off at the festival, Saturdays 14 and 28 worked
    assert sight.waiting[0].due_on == date(2026, 2, 28) and sight.waiting[0].days == 10
    assert (sight.day_words, clock.local(sight.now).date()) == ("收到后第11个工作日", date(2026, 3, 2))
    assert [row.act for row in sight.history][-3:] == ["reminded", "reminded", "overdue"]
    assert "沙头角街道党工委组织部门" in [notice.to for notice in sight.notices if "督办" in notice.subject]
    assert rows(database) - before == Counter({"dry_runs": 1}) and before - rows(database) == Counter()


def test_the_factory_scenarios_are_brought_in_once(session, installed):
    assert dryrun.import_factory(session, config.ROOT / "processes") == 27
    known = dryrun.scenarios(session, "opinion")
    dryrun.delete(session, installed.actor("procedure_administrator"), known[3])
    session.flush()
    assert dryrun.import_factory(session, config.ROOT / "processes") == 0, "what was deleted stays away"
    assert len(dryrun.scenarios(session, "opinion")) == 26


def test_the_factory_scenarios_hold_and_pass_every_element(sqlite):
    """The sandbox is the same beside both databases: once is enough."""
    with db.transaction(sqlite) as session:
        factories.install(session)
        dryrun.import_factory(session, config.ROOT / "processes")
        _hold_and_pass_every_element(session)


def _hold_and_pass_every_element(session):
    assert dryrun.failing(session, "opinion", FILES) == []
    on = dryrun.stage(session, "opinion", FILES)
    outcomes = [dryrun.run(on, one) for one in dryrun.scenarios(session, "opinion")]
    # a consultation is called on the page of a case, beside the procedure that a dry run walks
    uncovered = {one.name: one.uncovered for one in dryrun.coverage(on, outcomes) if one.uncovered}
    assert set(uncovered) == {"三方协商", "商定事项"}
    only_one = dryrun.coverage(on, outcomes[:1])
    one = next(one for one in only_one if one.name == "承办与反馈")
    assert 0 < one.percent < 100 and "申请延期" in [name for _, name, _ in one.uncovered]


def test_a_recorded_scenario_names_the_first_difference_and_blocks_the_publish(session, installed):
    actor = installed.actor("procedure_administrator")
    run = dryrun.begin(session, actor, "opinion", version=1, starts_at=START, walk=DAY_11)
    proposed = dryrun.proposals(played(session, FILES, run.acts))
    escalation = [item for item in proposed if item.element == "limit_supervise"]
    assert [dryrun.text(item) for item in escalation] == ["第11个工作日应进入“督办：同级组织部门”"]
    with pytest.raises(Invalid):
        dryrun.keep(session, actor, run, "空的", [])
    dryrun.keep(session, actor, run, "第11日督办", escalation)
    with pytest.raises(Invalid):
        dryrun.keep(session, actor, run, "第11日督办", escalation)
    assert dryrun.failing(session, "opinion", FILES) == []
    broken = dryrun.failing(session, "opinion", shorter())
    assert [row.sentence for row in broken] == ["第11个工作日应进入“督办：同级组织部门”，现在是第9个工作日。"]
    editing = drafting.open_draft(session, actor, "opinion")
    drafting.save_file(session, actor, "opinion", "handling.bpmn", shorter()["handling.bpmn"], editing.revision)
    with pytest.raises(Conflict, match="第11日督办"), session.begin_nested():
        drafting.publish(session, actor, "opinion", "缩短期限", None)
    # unsaying it lets the publish through
    kept = session.scalars(select(Scenario)).one()
    dryrun.delete(session, actor, kept)
    session.flush()
    assert drafting.publish(session, actor, "opinion", "缩短期限", None).version == 2


def test_what_is_missing_is_said_before_what_cannot_be_done_after_it(session, installed):
    """Without the timer nobody can act on its supervision either: the sentence names the step that did not come."""
    walk = [*DAY_11, {"do": "complete", "element": "limit_supervise", "form": {"instruction": "请说明原因。"}}]
    expected = dryrun.proposals(played(session, FILES, walk))
    later = changed(LIMIT + b"extended_answer_limit if extended else answer_limit", LIMIT + b"40")
    play = played(session, later, walk)
    assert play.failed and "没有等待办理" in play.failed.error
    steps = [item for item in expected if item.what == "step"]
    checked = dryrun.check(play, steps)
    assert dryrun.first_difference(play, checked) == "第11个工作日应进入“督办：同级组织部门”，现在没有。"
    assert dryrun.first_difference(play, dryrun.check(play, steps[:2])).startswith(
        "第6步“办理“督办：同级组织部门””没有走通"
    )


def test_one_goes_on_goes_back_and_is_refused_with_sentences(session, installed):
    actor, on = installed.actor("procedure_administrator"), dryrun.stage(session, "opinion", FILES)
    run = dryrun.begin(session, actor, "opinion", version=None, starts_at=START, walk=RECEIVED)
    with pytest.raises(Invalid) as wrong:
        dryrun.perform(actor, run, on, {"do": "complete", "element": "answer", "form": {"decision": "answer"}}, 4)
    assert "text" in wrong.value.errors and len(run.acts) == 4
    with pytest.raises(Conflict, match="另一个页面"):
        dryrun.perform(actor, run, on, {"do": "wait", "event": "1"}, 3)
    dryrun.perform(actor, run, on, {"do": "wait", "event": "1"}, 4)
    assert dryrun.see(dryrun.play(on, START, run.acts)).day_words == "收到后第2个工作日"
    with pytest.raises(Conflict, match="不能倒退"):
        dryrun.perform(actor, run, on, {"do": "wait", "date": "2026-02-10"}, 5)
    for senseless in ({"do": "vote"}, {"do": "wait"}, {"do": "wait", "day": "9999"}, {"do": "wait", "date": "soon"}):
        with pytest.raises(Invalid):
            dryrun.perform(actor, run, on, senseless, 5)
    extend = {"do": "extend", "form": {"reason": "须专家评审。", "work_done": "已现场勘查。"}}
    dryrun.perform(actor, run, on, extend, 5)
    consent = {"do": "complete", "element": "extension_consent", "form": {"decision": "consent"}}
    sight = dryrun.see(dryrun.perform(actor, run, on, consent, 6))
    assert [item.days for item in sight.waiting] == [30]
    dryrun.undo(actor, run, 2)
    assert len(run.acts) == 5
    assert [item.days for item in dryrun.see(dryrun.play(on, START, run.acts)).waiting] == [10]
    with pytest.raises(NotFound):
        dryrun.load(session, installed.actor("auditor"), "opinion", run.id)
    with pytest.raises(Forbidden):
        dryrun.begin(session, installed.actor("auditor"), "opinion", version=None, starts_at=START, walk=[])


def test_a_draft_that_may_not_be_published_is_still_tried_out(session, installed):
    """Twelve working days: article 11 forbids the publish, but the drawing runs, and shows what would come of it."""
    on = dryrun.stage(
        session, "opinion", changed(LIMIT + b"extended_answer_limit if extended else answer_limit", LIMIT + b"12")
    )
    assert any("第十一条" in finding.message for finding in on.laid.findings)
    play = dryrun.play(on, START, DAY_11)
    assert "督办：同级组织部门" not in [item.name for item in dryrun.see(play).waiting]
    with pytest.raises(Refused):
        dryrun.stage(session, "opinion", FILES | {"handling.bpmn": b"<!DOCTYPE a><a/>"})
    assert dryrun.failing(session, "opinion", FILES | {"handling.bpmn": b"no diagram"}) == []


def test_a_diagram_that_breaks_stops_the_walk_at_its_act(session, installed):
    broken = changed(b"extended_answer_limit if extended else answer_limit", b"1 // 0")
    play = played(session, broken, RECEIVED)
    assert play.failed and play.failed.label == "办理“受理审查”" and play.failed.error
    assert [item.name for item in dryrun.see(play).waiting] == ["受理审查"]


def test_past_cases_on_a_draft_with_another_limit(session, installed, at):
    actor = installed.actor("procedure_administrator")
    at("2026-02-09 10:00")
    answered = factories.handled(session, installed, reflected_on="2026-02-09")
    factories.registered(session, installed, reflected_on="2026-02-09")
    at("2026-02-11 15:00")
    factories.step(session, installed, answered, "answered")
    at("2026-02-12 15:00")
    session.flush()
    ids = dryrun.candidates(session, actor, "opinion", 50)
    same = [dryrun.replay(session, actor, dryrun.stage(session, "opinion", FILES), one) for one in ids]
    assert [(row.outcome, row.dues) for row in same] == [("same", ()), ("same", ())]
    on = dryrun.stage(session, "opinion", shorter())
    moved = [dryrun.replay(session, actor, on, one) for one in ids]
    assert [row.outcome for row in moved] == ["same", "due"]
    due = moved[1].dues[0]
    assert (due.name, due.old, due.new) == ("承办并书面反馈", date(2026, 2, 28), date(2026, 2, 26))
    assert moved[1].number == answered.number
    other = changed(b"decision == 'decline'", b"decision == 'answer'")
    gone = dryrun.replay(session, actor, dryrun.stage(session, "opinion", other), ids[1])
    assert gone.outcome == "way" and "原来进入“审核书面反馈”" in gone.sentence
    with pytest.raises(Forbidden):
        dryrun.candidates(session, installed.actor("street_head"), "opinion", 5)


def test_a_procedure_of_another_key_and_the_oldest_runs_go(session, installed):
    diagram = (
        FILES["rating.bpmn"]
        .replace(b'lianxin:pool="delegate"', b'lianxin:pool="studio"')
        .replace(b'"rating"', b'"vote"')
    )
    files = {"vote.bpmn": diagram, **{path: data for path, data in FILES.items() if path.startswith("forms/")}}
    play = dryrun.play(dryrun.stage(session, "vote", files), START, [{"do": "start"}])
    assert play.failed is None, play.failed
    assert {item.name for item in dryrun.see(play).waiting} == {"反映人评价", "市党代表评价", "街道组织部门评定"}
    actor = installed.actor("procedure_administrator")
    for _ in range(22):
        dryrun.begin(session, actor, "opinion", version=None, starts_at=START, walk=[])
    assert session.scalar(select(func.count()).select_from(DryRun)) == 20
