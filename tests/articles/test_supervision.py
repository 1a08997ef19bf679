"""第十二条 督办：reminders, the ladder, slips, the delegate's board, who follows; and 代理 and 交接 of the people who do it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from functools import partial

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from engine import casefile, clock, db, deadlines, deputies, desk, intake, supervising, tasks
from engine.cases.models import Case
from engine.errors import Conflict, Forbidden, Invalid, LianxinError
from engine.handlings.models import Handling, Reminder, Supervision
from engine.notices.models import Notice
from engine.organisation.absences import AbsenceForm
from engine.organisation.models import Post
from engine.parameters.models import Parameter
from engine.supervision.models import Slip
from engine.work.models import History, Task
from tests import factories
from tests.moments import moment
from tests.people import SINCE, Cast

Clock = Callable[[str], object]
ANSWER = factories.STEPS["answered"][2]


@contextmanager
def within(session: Session) -> Iterator[Session]:
    """The sweep of a worker, inside the test's own transaction."""
    with session.begin_nested():
        yield session


def sweep(session: Session) -> int:
    return deadlines.sweep(partial(within, session)).fired


def brought(session: Session, cast: Cast, tier: str) -> Case:
    """A case at a unit of that tier."""
    case = factories.registered(session, cast)
    for name in ("signed", "reported"):
        factories.step(session, cast, case, name)
    for below, who in (("street", "street_clerk"), ("district", "district_clerk")):
        if tier == below:
            break
        factories.act(session, cast, case, who, "tier_review", decision="escalate", basis="超出本级管理权限")
    factories.refer(session, cast, case, f"{tier}_unit", f"{tier}_clerk")
    return case


def acts(session: Session, case: Case, *wanted: str) -> list[str]:
    rows = session.scalars(select(History.act).where(History.case_id == case.id).order_by(History.id))
    return [act for act in rows if act in wanted]


# R69 ----------------------------------------------------------------- a limit passes: 督办 by itself, rung by rung
def test_r69_at_the_end_of_the_day_the_case_is_red_and_supervised_once_whoever_restarts(
    database: Engine, at: Clock
) -> None:
    """Due 2026-03-05: 督办 at the department of the same tier at 03-06 00:00, the upper one at 03-13 00:00."""
    at("2026-02-13 10:00")
    with db.transaction(database) as session:
        cast = factories.install(session)
        case_id = factories.handled(session, cast).id
    at("2026-03-05 23:59")
    deadlines.sweep(partial(db.transaction, database))
    with db.reading(database) as session:
        assert session.scalars(select(Supervision)).all() == []
    at("2026-03-06 03:00")  # the beat is three hours late, and the first worker dies after the act, before the commit
    with pytest.raises(ZeroDivisionError), db.transaction(database) as dying:
        1 / (sweep(dying) * 0)
    for _ in range(3):
        deadlines.sweep(partial(db.transaction, database))
    with db.reading(database) as session:
        here = replace(cast, session=session)
        raised = session.scalars(select(Supervision)).one()
        assert (raised.step, raised.organisation_id) == (0, cast.department("street").id)
        assert (raised.due_at, raised.fired_at) == (moment("2026-03-06"), moment("2026-03-06 03:00"))
        (row,) = desk.inbox(session, here.actor("street_clerk"), "supervision").rows
        assert (row.case_id, row.lamp.colour, row.overdue, row.supervised) == (case_id, "red", True, True)
        told = session.execute(
            select(Notice.organisation_id, Notice.duty, Notice.person_id).where(Notice.kind == "overdue")
        ).all()
        assert sorted(map(tuple, told), key=str) == sorted(
            [(cast.unit("street").id, "head", None), (None, "", cast.id("delegate")), (cast.studio.id, "", None)],
            key=str,
        )
        handling = session.scalars(select(Handling)).one()
        assert (handling.unit_id, handling.state) == (cast.unit("street").id, "open")  # the unit stays responsible
    at("2026-03-13 00:00")
    for _ in range(2):
        deadlines.sweep(partial(db.transaction, database))
    with db.reading(database) as session:
        rungs = session.scalars(select(Supervision).order_by(Supervision.step)).all()
        assert [row.organisation_id for row in rungs] == [cast.department("street").id, cast.department("district").id]
        boxes = session.scalars(select(Task.organisation_id).where(Task.role == "supervision")).all()
        assert Counter(boxes) == Counter(row.organisation_id for row in rungs)


def test_r69_an_answer_given_back_opens_the_same_rung_again_and_nobody_is_told_twice(
    session: Session, cast: Cast, at: Clock
) -> None:
    """What was no answer never stopped the clock (R68): the rung is open again, raised and told once."""
    at("2026-02-13 10:00")
    case = factories.handled(session, cast)
    at("2026-03-06 00:00")
    sweep(session)
    at("2026-03-06 10:00")
    factories.step(session, cast, case, "answered")
    assert session.scalars(select(Supervision)).one().closed_at is not None
    factories.act(session, cast, case, "street_clerk", "feedback_check", decision="return", opinion="未回应诉求。")
    sweep(session)
    raised = session.scalars(select(Supervision)).one()
    assert (raised.step, raised.closed_at, raised.due_at) == (0, None, moment("2026-03-06"))
    assert factories.open_task(session, case, "supervision").organisation_id == cast.department("street").id
    assert session.scalars(select(History.act).where(History.act == "overdue")).all() == ["overdue"]
    told = session.scalars(select(Notice.kind).where(Notice.kind.in_(("overdue", "supervision")))).all()
    assert Counter(told) == {"overdue": 3, "supervision": 1}


LADDERS = {
    "district": [("district", ""), ("city", ""), ("city", "head")],
    "city": [("city", ""), ("city", "head"), ("committee", "")],
}


@pytest.mark.parametrize("tier", LADDERS)
def test_r69_who_supervises_a_unit_of_a_district_and_of_the_city(
    session: Session, cast: Cast, at: Clock, tier: str
) -> None:
    """区委组织部 → 市委组织部 → its head; 市委组织部 → its head → 市委: +0, +5, +10 working days, once each (§0)."""
    case = brought(session, cast, tier)
    for when in ("2026-03-06 00:00", "2026-03-13 00:00", "2026-03-20 00:00", "2026-04-20 00:00"):
        at(when)
        sweep(session)
    rows = session.scalars(select(Supervision).order_by(Supervision.step)).all()
    organisations = {**cast.organisations, "committee": cast.organisations["committee-440300"]}
    named = [(organisations.get(name) or cast.department(name), duty) for name, duty in LADDERS[tier]]
    assert [(row.organisation_id, row.duty) for row in rows] == [(place.id, duty) for place, duty in named]
    opened = session.execute(
        select(Task.organisation_id, Task.duty).where(Task.role == "supervision", Task.case_id == case.id)
    ).all()
    assert Counter(map(tuple, opened)) == Counter((place.id, duty) for place, duty in named)


def test_r69_delivered_feedback_closes_the_ladder_and_every_slip(session: Session, cast: Cast, at: Clock) -> None:
    case = factories.handled(session, cast)
    at("2026-03-06 08:00")
    sweep(session)
    task = session.scalars(select(Task).where(Task.role == "supervision")).one()
    tasks.claim(session, cast.actor("street_clerk"), task.id)
    for who in ("street_clerk", "street_head", "unit_clerk"):  # in the hands of one, still a matter of all three
        assert desk.boxes(session, cast.actor(who))["supervision"] == 1
    supervising.order(session, cast.actor("district_clerk"), case.id, {"instruction": "请说明原因。"})
    done = tasks.complete(session, cast.actor("street_clerk"), task.id, {"instruction": "请三日内报送办理方案。"})
    number = session.scalars(select(Slip.number).where(Slip.text == "请三日内报送办理方案。")).one()
    assert done.next == (f"已下发督办通知单，文号 {number}。",)
    supervising.opine(session, cast.actor("delegate"), case.id, "请抓紧。")
    assert desk.boxes(session, cast.actor("unit_clerk"))["supervision"] == 1
    factories.step(session, cast, case, "answered")
    assert session.scalars(select(Task).where(Task.role == "supervision")).all() == []
    assert None not in set(session.scalars(select(Supervision.closed_at)))
    assert None not in set(session.scalars(select(Slip.closed_at)))
    assert desk.boxes(session, cast.actor("unit_clerk"))["supervision"] == 0
    tasks.withdraw(session, cast.actor("unit_clerk"), case.id)  # the unit takes its answer back: all is open again
    session.expire_all()
    assert set(session.scalars(select(Slip.closed_at))) == {None}


# R69 ----------------------------------------------------------------------------------------------- slips of people
@pytest.mark.parametrize(
    ("when", "colour"),
    [("2026-03-05 23:00", "blue"), ("2026-03-06 00:00", "yellow"), ("2026-03-12 23:59", "yellow"),
     ("2026-03-13 00:00", "red")],
)  # fmt: skip
def test_r69_a_slip_is_blue_before_the_limit_yellow_after_it_red_from_the_second_rung(
    sqlite: Engine, at: Clock, when: str, colour: str
) -> None:
    at("2026-02-13 10:00")
    with db.transaction(sqlite) as session:
        cast = factories.install(session)
        case = factories.handled(session, cast)
        at(when)
        sent = {"instruction": "请三日内报送办理方案。", "required_on": "2026-03-20"}
        slip = supervising.order(session, cast.actor("street_clerk"), case.id, sent)
        assert (slip.colour, slip.required_on, slip.unit_id) == (colour, date(2026, 3, 20), cast.unit("street").id)


def test_r69_a_slip_has_a_number_a_day_and_the_units_reply(session: Session, cast: Cast, at: Clock) -> None:
    case = factories.handled(session, cast)
    at("2026-03-06 08:00")
    sweep(session)
    factories.act(
        session, cast, case, "street_clerk", "supervision", instruction="请说明原因。", required_on="2026-03-10"
    )
    slip = session.scalars(select(Slip)).one()
    assert (slip.kind, slip.colour, slip.required_on) == ("order", "yellow", date(2026, 3, 10))
    assert slip.number == "沙头角组督〔2026〕1号"
    second = supervising.order(session, cast.actor("street_head"), case.id, {"instruction": "请再次说明。"})
    assert second.number == "沙头角组督〔2026〕2号"
    with pytest.raises(Invalid), session.begin_nested():
        supervising.order(
            session, cast.actor("street_clerk"), case.id, {"instruction": "请说明。", "required_on": "2026-03-05"}
        )
    for who in ("school_clerk", "street_clerk", "delegate", "district_unit_clerk"):
        with pytest.raises(LianxinError), session.begin_nested():
            supervising.reply(session, cast.actor(who), slip.id, "已办。")
    supervising.reply(session, cast.actor("unit_clerk"), slip.id, "因雨停工，下周一完工后书面反馈。")
    assert (slip.reply, slip.replied_name) == ("因雨停工，下周一完工后书面反馈。", "陈城管")
    with pytest.raises(Conflict, match="不需要再回复"), session.begin_nested():
        supervising.reply(session, cast.actor("unit_head"), slip.id, "再说一遍。")
    told = session.scalars(select(Notice.organisation_id).where(Notice.kind == "supervision_replied")).all()
    assert told == [cast.department("street").id]
    assert acts(session, case, "supervision_noted", "ordered", "supervision_replied") == [
        "supervision_noted", "ordered", "supervision_replied",
    ]  # fmt: skip
    supervising.reply(session, cast.actor("unit_clerk"), second.id, "已于今晨复工。")
    for who in ("street_clerk", "unit_clerk"):  # every slip is replied to, the ladder stands until the answer
        assert desk.boxes(session, cast.actor(who))["supervision"] == 1


def test_r69_a_person_urges_and_it_is_counted(session: Session, cast: Cast, at: Clock) -> None:
    """催办 by studio and organisation departments; told to the unit, once a day each, shown with the case."""
    case = factories.handled(session, cast)
    for who in ("delegate", "unit_clerk", "next_liaison", "second_street_clerk", "far_clerk", "system_administrator"):
        with pytest.raises(LianxinError), session.begin_nested():
            supervising.urge(session, cast.actor(who), case.id)
    supervising.urge(session, cast.actor("liaison"), case.id, "反映人今天又来询问。")
    supervising.urge(session, cast.actor("street_clerk"), case.id)
    with pytest.raises(Conflict, match="今天已由王经办"), session.begin_nested():
        supervising.urge(session, cast.actor("street_head"), case.id)
    at("2026-02-24 09:00")
    supervising.urge(session, cast.actor("street_head"), case.id)
    rows = session.scalars(select(History).where(History.act == "urged").order_by(History.id)).all()
    assert [row.result for row in rows] == ["第 1 次", "第 2 次", "第 3 次"]
    bodies = session.scalars(
        select(Notice.body).where(Notice.kind == "urged", Notice.organisation_id.is_not(None))
    ).all()
    assert len(bodies) == 3
    assert "反映人今天又来询问" in bodies[0]
    seen = casefile.load(session, cast.actor("liaison"), case.id)
    assert casefile.board(session, cast.actor("liaison"), seen).urged == 3
    factories.step(session, cast, case, "answered")
    with pytest.raises(Conflict, match="没有承办单位"), session.begin_nested():
        supervising.urge(session, cast.actor("liaison"), case.id)


def test_r69_an_overdue_handling_is_taken_back_where_the_tier_allows_it(
    session: Session, cast: Cast, at: Clock
) -> None:
    """收回改派: off unless the parameter says from how many working days; the first unit's lateness stays."""
    case = factories.handled(session, cast)
    at("2026-03-16 08:00")
    sweep(session)
    with pytest.raises(Conflict, match="没有启用"), session.begin_nested():
        supervising.recall(session, cast.actor("street_clerk"), case.id, "久拖不办。")
    session.add(Parameter(name="recall_street", value=7, effective_from=SINCE, set_at=clock.now()))
    session.flush()
    with pytest.raises(Conflict, match="2026-03-17"), session.begin_nested():
        supervising.recall(session, cast.actor("street_clerk"), case.id, "久拖不办。")
    at("2026-03-17 08:00")
    with pytest.raises(Conflict, match="转交本件"), session.begin_nested():
        supervising.recall(session, cast.actor("district_clerk"), case.id, "久拖不办。")
    file = casefile.load(session, cast.actor("street_clerk"), case.id)
    assert casefile.board(session, cast.actor("street_clerk"), file).may_recall
    supervising.recall(session, cast.actor("street_clerk"), case.id, "久拖不办，改由教育科牵头。")
    assert (case.state, set(session.scalars(select(Task.role)))) == ("awaiting_referral", {"tier_review"})
    factories.refer(session, cast, case, "street_school_unit")
    first, second = session.scalars(select(Handling).order_by(Handling.id)).all()
    assert (first.state, first.first_due_on, second.received_on) == ("recalled", date(2026, 3, 5), date(2026, 3, 17))
    late = session.scalars(select(Supervision).where(Supervision.handling_id == first.id)).all()
    assert [row.step for row in late] == [0, 1]  # the first unit was late, and that stays
    assert factories.open_task(session, case, "answer").due_on == date(2026, 3, 31)
    told = set(session.execute(select(Notice.organisation_id, Notice.person_id).where(Notice.kind == "recalled")))
    assert told == {(cast.unit("street").id, None), (cast.studio.id, None), (None, cast.id("delegate"))}
    casefile.load(session, cast.actor("unit_clerk"), case.id)  # the first unit still reads what it had
    assert acts(session, case, "referred", "recalled") == ["referred", "recalled", "referred"]


# R70, R71 ------------------------------------------------------------------------------------------------- reminders
@pytest.mark.parametrize(
    ("received", "first", "second"),
    [("2026-02-13 10:00", "2026-03-02 09:00", "2026-03-04 09:00"),
     ("2026-09-18 10:00", "2026-09-29 09:00", "2026-10-08 09:00")],
)  # fmt: skip
def test_r70_three_and_one_working_days_before_once_each(
    session: Session, at: Clock, received: str, first: str, second: str
) -> None:
    """Due 2026-03-05 and, over the National Day, 2026-10-09."""
    at(received)
    cast = factories.install(session)
    factories.handled(session, cast, reflected_on=received[:10])
    for when in (first, second):
        for hour in ("08:59", "09:00", "09:01", "18:00"):
            before = len(session.scalars(select(Reminder)).all())
            at(f"{when[:11]}{hour}")
            sweep(session)
            assert len(session.scalars(select(Reminder)).all()) - before == (hour == "09:00")
    rows = session.scalars(select(Reminder).order_by(Reminder.id)).all()
    assert [(row.days_before, row.due_at, row.sent) for row in rows] == [
        (3, moment(first), True), (1, moment(second), True),
    ]  # fmt: skip
    told = session.scalars(select(Notice.organisation_id).where(Notice.kind == "reminder")).all()
    assert told == [cast.unit("street").id] * 2


def test_r70_answered_in_between_there_is_no_second(session: Session, cast: Cast, at: Clock) -> None:
    case = factories.handled(session, cast)
    at("2026-03-02 09:00")
    sweep(session)
    at("2026-03-03 10:00")
    factories.step(session, cast, case, "answered")
    at("2026-03-20 10:00")
    sweep(session)
    assert acts(session, case, "reminded", "reminder_superseded", "overdue") == ["reminded"]


def test_r71_stopped_from_the_fourth_to_the_seventh_the_escalation_has_its_true_time(
    session: Session, cast: Cast, at: Clock
) -> None:
    case = factories.handled(session, cast)
    at("2026-03-04 09:30")
    sweep(session)
    at("2026-03-07 11:00")
    assert sweep(session) > 0
    assert sweep(session) == 0
    row = session.scalars(select(History).where(History.act == "overdue", History.case_id == case.id)).one()
    assert (row.due_at, row.at) == (moment("2026-03-06"), moment("2026-03-07 11:00"))
    assert datetime.fromisoformat(row.data["fired_at"]) == moment("2026-03-07 11:00")


def test_r70_r71_what_a_standstill_made_pointless_is_recorded_and_not_sent(
    session: Session, cast: Cast, at: Clock
) -> None:
    """Nothing ran from before the second reminder until after the limit: its row says why it was not sent, and has the
    time it was due; the supervision has its own."""
    case = factories.handled(session, cast)
    at("2026-03-02 09:00")
    sweep(session)
    at("2026-03-07 11:00")
    sweep(session)
    rows = session.scalars(select(Reminder).order_by(Reminder.id)).all()
    assert [(row.days_before, row.sent, row.reason, row.due_at) for row in rows] == [
        (3, True, "", moment("2026-03-02 09:00")), (1, False, "已逾期", moment("2026-03-04 09:00")),
    ]  # fmt: skip
    assert acts(session, case, "reminded", "reminder_superseded") == ["reminded", "reminder_superseded"]
    assert len(session.scalars(select(Notice).where(Notice.kind == "reminder")).all()) == 1
    raised = session.scalars(select(Supervision)).one()
    assert (raised.due_at, raised.fired_at) == (moment("2026-03-06"), moment("2026-03-07 11:00"))


# R74 --------------------------------------------------------------------------------------------- 市党代表主动跟踪督办
def test_r74_the_delegates_word_reaches_unit_and_department_and_stands_in_the_history(
    session: Session, cast: Cast
) -> None:
    case = factories.handled(session, cast)
    slip = supervising.opine(session, cast.actor("delegate"), case.id, "请先控制夜间作业，再谈长远。")
    for who in ("unit_clerk", "street_clerk"):
        (row,) = desk.inbox(session, cast.actor(who), "supervision").rows
        assert row.case_id == case.id
        assert "市党代表督办意见" in {one.subject.partition("：")[0] for one in desk.messages(
            session, cast.actor(who), unread=True
        ).rows}  # fmt: skip
    row = session.scalars(select(History).where(History.act == "opined")).one()
    assert (row.actor_name, row.opinion) == ("戴代表", "请先控制夜间作业，再谈长远。")
    supervising.reply(session, cast.actor("unit_clerk"), slip.id, "今晚起二十一时停止作业。")
    assert session.scalars(
        select(Notice.person_id).where(Notice.kind == "supervision_replied", Notice.person_id.is_not(None))
    ).all() == [cast.id("delegate")]
    for who in ("other_delegate", "liaison", "street_clerk"):
        with pytest.raises(LianxinError), session.begin_nested():
            supervising.opine(session, cast.actor(who), case.id, "替代表说话")
    with pytest.raises(Invalid), session.begin_nested():
        supervising.opine(session, cast.actor("delegate"), case.id, "  ")


# R76 ------------------------------------------------------------------------------------------ all four levels follow
@pytest.mark.parametrize(
    ("who", "reads"),
    [("liaison", True), ("delegate", True), ("street_clerk", True), ("district_clerk", True), ("city_clerk", True),
     ("city_unit_clerk", True), ("next_liaison", False), ("second_street_clerk", False), ("far_clerk", False),
     ("unit_clerk", False), ("district_unit_clerk", False), ("other_delegate", False), ("auditor", False),
     ("outsider", False)],
)  # fmt: skip
def test_r76_a_case_at_a_city_unit_is_read_by_all_four_levels_of_its_area(
    sqlite_scene: tuple[Session, Cast, Case], who: str, reads: bool
) -> None:
    """「市、区、街道组织部门和社区党代表工作室」 see its state; nobody else of another area does (R54)."""
    session, cast, case = sqlite_scene
    if reads:
        file = casefile.load(session, cast.actor(who), case.id)
        assert (file.case.state, [step.where for step in file.steps]) == ("awaiting_receipt", ["深圳市城管局"])
        return
    with pytest.raises(LianxinError):
        casefile.load(session, cast.actor(who), case.id)


@pytest.fixture(scope="module")
def sqlite_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, Cast, Case]]:
    """One case at a city unit, looked at by everybody."""
    engine = db.connect(f"sqlite:///{tmp_path_factory.mktemp('read') / 'read.sqlite3'}")
    db.Base.metadata.create_all(engine)
    with clock.frozen(moment("2026-02-13 10:00")), Session(engine, expire_on_commit=False) as session:
        cast = factories.install(session)
        yield session, cast, brought(session, cast, "city")
    engine.dispose()


# I14 ----------------------------------------------------------------------------------------------------------- 代理
def away(session: Session, cast: Cast, who: str, deputy: str, first: str, last: str, by: str = "") -> None:
    form = AbsenceForm(cast.id(who), cast.id(deputy), date.fromisoformat(first), date.fromisoformat(last), "外出学习")
    deputies.set_deputy(session, cast.actor(by or who), form)


def test_i14_the_deputy_does_existing_tasks_and_history_reads_in_whose_place(
    session: Session, cast: Cast, at: Clock
) -> None:
    held = factories.handled(session, cast)
    task = factories.open_task(session, held, "answer")
    tasks.claim(session, cast.actor("unit_clerk"), task.id)
    away(session, cast, "unit_clerk", "unit_head", "2026-02-23", "2026-02-27")
    assert desk.inbox(session, cast.actor("unit_head"), "in_hand").rows == []  # not yet
    at("2026-02-23 09:00")
    row = desk.inbox(session, cast.actor("unit_head"), "in_hand").rows[0]
    assert (row.task_id, row.deputy_for) == (task.id, "陈城管")
    assert desk.boxes(session, cast.actor("unit_head"))["in_hand"] == 1
    view = tasks.load(session, cast.actor("unit_head"), task.id)
    assert (view.may_complete, view.deputy_for) == (True, "陈城管")
    with pytest.raises(LianxinError), session.begin_nested():
        tasks.complete(session, cast.actor("school_head"), task.id, ANSWER)
    tasks.complete(session, cast.actor("unit_head"), task.id, ANSWER)
    done = session.scalars(select(History).where(History.act == "answered")).one()
    assert (done.actor_name, done.on_behalf_of) == ("程科长", "陈城管")


def test_i14_a_duty_nobody_else_holds_goes_to_the_deputy_and_is_back_when_the_days_are_over(
    session: Session, cast: Cast, at: Clock
) -> None:
    away(session, cast, "liaison", "secretary", "2026-02-13", "2026-02-20")
    form = factories.FORM | {"delegate_id": str(cast.delegates["delegate"].id)}
    other = intake.register(session, cast.actor("secretary"), cast.studio.id, form)
    registered = session.scalars(select(History).where(History.act == "registered", History.case_id == other.id)).one()
    assert (registered.actor_name, registered.on_behalf_of) == ("石书记", "李联络")
    case = factories.registered(session, cast)
    factories.step(session, cast, case, "signed")
    report = factories.open_task(session, case, "report")
    row = desk.inbox(session, cast.actor("secretary"), "receipt").rows[0]
    assert (row.task_id, row.deputy_for, row.claimable) == (report.id, "李联络", True)
    tasks.claim(session, cast.actor("secretary"), report.id)
    assert report.assignee_id == cast.id("liaison")
    claimed = session.scalars(select(History).where(History.act == "claimed")).one()
    assert (claimed.actor_name, claimed.on_behalf_of) == ("石书记", "李联络")
    at("2026-02-21 00:00")  # the last day has passed: nothing has to be given back
    assert desk.boxes(session, cast.actor("secretary"))["todo"] == 0
    with pytest.raises(LianxinError), session.begin_nested():
        tasks.complete(session, cast.actor("secretary"), report.id, {"decision": "report"})
    tasks.complete(session, cast.actor("liaison"), report.id, {"decision": "report"})
    assert case.tier == "street"


def test_i14_what_cannot_be_arranged_is_refused_with_its_sentence(session: Session, cast: Cast, at: Clock) -> None:
    away(session, cast, "unit_clerk", "unit_head", "2026-02-20", "2026-02-27")
    refused = [
        ("unit_clerk", "unit_head", "2026-02-27", "2026-03-05", "", Conflict, "已设置代理"),
        ("unit_head", "unit_clerk", "2026-02-26", "2026-03-05", "", Conflict, "正代理他人"),
        ("street_clerk", "unit_head", "2026-03-02", "2026-03-05", "", Invalid, "有 1 处"),
        ("street_clerk", "street_clerk", "2026-03-02", "2026-03-05", "", Invalid, "有 1 处"),
        ("street_clerk", "street_head", "2026-03-05", "2026-03-02", "", Invalid, "有 1 处"),
        ("street_clerk", "street_head", "2026-01-05", "2026-02-02", "", Invalid, "有 1 处"),
        ("delegate", "street_head", "2026-03-02", "2026-03-05", "", Invalid, "须由本人办理，不能代理"),
        ("auditor", "system_administrator", "2026-03-02", "2026-03-05", "", Forbidden, "设置代理"),
        ("street_clerk", "street_head", "2026-03-02", "2026-03-05", "street_colleague", Forbidden, "设置代理"),
    ]
    for who, deputy, first, last, by, kind, said in refused:
        with pytest.raises(kind, match=said), session.begin_nested():
            away(session, cast, who, deputy, first, last, by)
    for by in ("street_head", "system_administrator"):  # the head and the system administrator may, for others
        away(session, cast, "street_clerk", "street_colleague", "2026-03-02", "2026-03-05", by)
        (row,) = deputies.page(session, cast.actor("street_clerk")).listed
        deputies.end(session, cast.actor(by), row.absence.id)
        session.delete(row.absence)


def test_i14_a_delegates_own_acts_have_no_deputy(session: Session, cast: Cast, at: Clock) -> None:
    """Signature and consent are the delegate's (R63), also of one who works in an office and has a deputy there."""
    session.add(
        Post(person_id=cast.id("delegate"), organisation_id=cast.department("street").id, duty="staff", starts_on=SINCE)
    )
    session.flush()
    away(session, cast, "delegate", "street_colleague", "2026-02-13", "2026-02-27")
    assert deputies.page(session, cast.actor("delegate")).delegate
    case = factories.registered(session, cast)
    signature = factories.open_task(session, case, "signature")
    assert desk.boxes(session, cast.actor("street_colleague"))["todo"] == 0
    with pytest.raises(Conflict, match="须由戴代表本人办理，不能代理"), session.begin_nested():
        tasks.complete(session, cast.actor("street_colleague"), signature.id, {"decision": "sign"})
    for name in ("signed", "reported"):
        factories.step(session, cast, case, name)
    factories.step(session, cast, case, "referred")
    with pytest.raises(LianxinError), session.begin_nested():
        supervising.opine(session, cast.actor("street_colleague"), case.id, "替代表说话")


def test_i14_the_inbox_of_a_deputy_costs_no_statement_more(session: Session, cast: Cast) -> None:
    sent: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *given: sent.append(given[2]))
    counts = []
    desk.inbox(session, cast.actor("unit_head"), "todo")  # what a process reads once
    for _ in range(2):
        session.flush()
        sent.clear()
        actor = cast.actor("unit_head")
        desk.boxes(session, actor)
        desk.inbox(session, actor, "todo")
        counts.append(len(sent))
        away(session, cast, "unit_clerk", "unit_head", "2026-02-13", "2026-02-27") if len(counts) == 1 else None
    assert counts[0] == counts[1]


# I14 ----------------------------------------------------------------------------------------------------------- 交接
def test_i14_all_a_leaver_holds_goes_to_several_in_one_act(session: Session, cast: Cast, at: Clock) -> None:
    cases = [factories.handled(session, cast) for _ in range(5)]
    for case in cases:
        tasks.claim(session, cast.actor("unit_clerk"), factories.open_task(session, case, "answer").id)
    tasks.save_draft(
        session, cast.actor("unit_clerk"), factories.open_task(session, cases[0], "answer").id, {"text": "写了一半"}
    )
    session.add(
        Post(person_id=cast.id("outsider"), organisation_id=cast.unit("street").id, duty="staff", starts_on=SINCE)
    )
    session.flush()
    for by in ("unit_clerk", "school_head", "street_head"):
        with pytest.raises(Forbidden), session.begin_nested():
            deputies.hand_over(session, cast.actor(by), cast.id("unit_clerk"), [cast.id("unit_head")])
    with pytest.raises(Invalid, match="接手"), session.begin_nested():
        deputies.hand_over(session, cast.actor("unit_head"), cast.id("unit_clerk"), [])
    to = [cast.id("unit_head"), cast.id("outsider"), cast.id("school_clerk")]
    done = deputies.hand_over(session, cast.actor("system_administrator"), cast.id("unit_clerk"), to)
    session.expire_all()
    assert Counter(row.to for row in done) == {"程科长": 3, "魏外人": 2}  # nobody of another unit gets one
    holders = Counter(session.scalars(select(Task.assignee_id).where(Task.role == "answer")))
    assert holders == {cast.id("unit_head"): 3, cast.id("outsider"): 2}
    assert set(session.scalars(select(Handling.handler_id))) == {cast.id("unit_head"), cast.id("outsider")}
    rows = session.scalars(select(History).where(History.act == "handed_over")).all()
    assert {row.case_id for row in rows} == {case.id for case in cases}
    assert {row.result for row in rows} == {"陈城管 → 程科长", "陈城管 → 魏外人"}
    first = factories.open_task(session, cases[0], "answer")
    who = "unit_head" if first.assignee_id == cast.id("unit_head") else "outsider"
    assert tasks.load(session, cast.actor(who), first.id).values["text"] == "写了一半"
    tasks.complete(session, cast.actor(who), first.id, ANSWER)
    assert deputies.leaver(session, cast.actor("unit_head"), cast.id("unit_clerk")).held == []
    seen = deputies.leaver(session, cast.actor("system_administrator"), cast.id("delegate"))
    assert [row.personal for row in seen.held] == [True] * len(seen.held)
