"""第十条 受理制度: street, district, city — own units or the next tier, transit targets, returns, sub-items, joined cases
(R49–R58, R105)."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import casefile, db, deadlines, desk, printing, tasks, tracking
from engine.cases.models import Case
from engine.desk.rows import Item, rows
from engine.errors import Conflict, Invalid, LianxinError, NotFound
from engine.feedback.models import Copy, Feedback
from engine.handlings.models import Handling, Review
from engine.notices.models import Notice
from engine.organisation.models import Organisation
from engine.ratings.models import Rating
from engine.work.models import Deadline, History, Instance, Task
from tests import factories
from tests.people import Cast

At = Callable[[str], object]
CLERKS = {"street": "street_clerk", "district": "district_clerk", "city": "city_clerk"}
TIERS = tuple(CLERKS)


def brought_to(session: Session, cast: Cast, tier: str, **changes: str) -> Case:
    """A case that waits for the organisation department of a tier."""
    case = factories.registered(session, cast, **changes)
    for name in ("signed", "reported"):
        factories.step(session, cast, case, name)
    for below in TIERS[: TIERS.index(tier)]:
        escalate(session, cast, case, below)
    return case


def escalate(session: Session, cast: Cast, case: Case, tier: str) -> None:
    factories.act(session, cast, case, CLERKS[tier], "tier_review", decision="escalate", basis="超出本级管理权限")


def reviewed(session: Session, cast: Cast, case: Case, who: str, role: str = "tier_review") -> Task:
    """The case's review, taken by this person."""
    task = factories.open_task(session, case, role)
    tasks.claim(session, cast.actor(who), task.id)
    session.flush()
    return task


def acts(session: Session, case: Case) -> list[str]:
    return list(session.scalars(select(History.act).where(History.case_id == case.id).order_by(History.id)))


def sent_to(session: Session, case: Case) -> list[str]:
    """Whom the answer was copied to, beside the department it goes to."""
    query = select(Copy.addressee).where(Copy.case_id == case.id, Copy.addressee != "department")
    return sorted(session.scalars(query))


def answer(session: Session, cast: Cast, task: Task, who: str, text: str) -> None:
    tasks.claim(session, cast.actor(who), task.id)
    form = factories.STEPS["answered"][2] | {"text": text}
    tasks.complete(session, cast.actor(who), task.id, form)


def rate(session: Session, cast: Cast, case: Case) -> None:
    for name in ("rated_by_reporter", "rated_by_delegate", "rated_by_department"):
        factories.step(session, cast, case, name)


# ------------------------------------------------------------------------------------------------ R48, R49


def test_r48_the_studio_reports_to_the_streets_department(session: Session, cast: Cast) -> None:
    """「社区党代表工作室应及时将《市党代表社情民意登记表》整理汇总后，报街道党工委组织部门」"""
    case = brought_to(session, cast, "street")
    task = factories.open_task(session, case, "tier_review")
    assert (case.tier, task.organisation_id) == ("street", cast.department("street").id)
    assert case.sent_street_at is not None
    told = session.scalars(select(Notice.organisation_id).where(Notice.kind == "reported")).all()
    assert told == [cast.department("street").id]


def test_r49_not_reported_in_three_working_days_is_yellow_at_studio_and_street(database: Engine, at: At) -> None:
    """「及时」: signed 03-02, not reported by 03-05 24:00; no breach of anybody (A12)."""
    at("2026-03-02 10:00")
    with db.transaction(database) as session:
        cast = factories.install(session)
        case = factories.registered(session, cast)
        factories.step(session, cast, case, "signed")
        case_id, studio, street = case.id, cast.studio.id, cast.department("street").id
        liaison, clerk = cast.actor("liaison"), cast.actor("street_clerk")
    at("2026-03-05 23:59")
    assert deadlines.sweep(lambda: db.transaction(database)).fired == 0
    at("2026-03-06 00:00")
    assert deadlines.sweep(lambda: db.transaction(database)).fired == 1
    with db.reading(database) as session:
        told = session.scalars(select(Notice.organisation_id).where(Notice.kind == "transit_late")).all()
        assert set(told) == {studio, street}
        for actor in (liaison, clerk):
            file = casefile.load(session, actor, case_id)
            assert file.limit is not None and file.limit.lamp.colour == "yellow"
            assert (file.limit.lamp.words, file.overdue) == ("黄·转办逾时1个工作日", False)
        assert desk.boxes(session, liaison)["overdue"] == 0
        assert desk.boxes(session, liaison)["due_soon"] == 1
        (row,) = desk.inbox(session, liaison, "due_soon").rows
        assert row.lamp is not None and (row.lamp.colour, row.overdue) == ("yellow", False)
        done = session.scalars(select(History.act).where(History.case_id == case_id)).all()
        assert done.count("transit_late") == 1 and "overdue" not in done
        assert not session.scalars(select(Handling)).all()


def test_r49_every_tier_has_its_own_target(session: Session, cast: Cast, at: At) -> None:
    """Three working days from arrival at each tier; nothing of it counts against the unit."""
    case = brought_to(session, cast, "street")  # Friday 2026-02-13
    first = factories.open_task(session, case, "tier_review").due_on
    at("2026-02-25 10:00")
    escalate(session, cast, case, "street")
    second = factories.open_task(session, case, "tier_review").due_on
    assert [first.isoformat(), second.isoformat()] == ["2026-02-25", "2026-02-28"]  # a Saturday at work
    at("2026-03-09 10:00")  # far too late
    factories.refer(session, cast, case, "district_unit", "district_clerk")
    task = factories.open_task(session, case, "answer")
    assert task.due_on.isoformat() == "2026-03-23"
    file = casefile.load(session, cast.actor("district_clerk"), case.id)
    assert file.limit is not None and file.limit.lamp.colour == "green"


# ------------------------------------------------------------------------------------------------ R50–R53


@pytest.mark.parametrize("tier", TIERS)
def test_r50_r51_r52_each_department_refers_to_a_unit_of_its_own_tier(session: Session, cast: Cast, tier: str) -> None:
    """「应当根据管理权限，及时将意见建议转交街道（区、市）有关部门办理」 — also when the page was bypassed."""
    case = brought_to(session, cast, tier)
    task = reviewed(session, cast, case, CLERKS[tier])
    far = Organisation(
        code="far_unit", kind="unit", tier="district", place_id=cast.places["光明区"].id, name="光明区城管局"
    )
    session.add(far)
    session.flush()
    offered = {label for _, label in tasks.options(session, "units", case, task)}
    assert cast.unit(tier).name in offered and far.name not in offered
    form = {"decision": "refer", "unit_id": str(far.id), "basis": "属本级管理权限"}
    with pytest.raises(Invalid, match="非本级单位"), session.begin_nested():
        factories.act(session, cast, case, CLERKS[tier], "tier_review", **form)
    for other in {*TIERS, "second_street"} - {tier}:
        unit = cast.organisations[f"{other}_unit"]
        assert unit.name not in offered
        with pytest.raises(Invalid, match="非本级单位") as refused, session.begin_nested():
            factories.refer(session, cast, case, f"{other}_unit", CLERKS[tier])
        assert unit.name in refused.value.errors["unit_id"]
    factories.refer(session, cast, case, f"{tier}_unit", CLERKS[tier])
    assert factories.open_task(session, case, "answer").organisation_id == cast.unit(tier).id
    review = session.scalars(select(Review).order_by(Review.id.desc())).first()
    assert (review.tier, review.decision, review.basis) == (tier, "refer", "属本级管理权限")


@pytest.mark.parametrize(("tier", "above"), list(pairwise(TIERS)))
def test_r51_or_escalates_to_the_next_tier_and_keeps_reading(
    session: Session, cast: Cast, tier: str, above: str
) -> None:
    """「或上报区委组织部」「或上报市委组织部」: the next rung's inbox, the lower one still reads (R50)."""
    case = brought_to(session, cast, tier)
    escalate(session, cast, case, tier)
    assert case.tier == above
    stands_at(session, cast, case, "tier_review", CLERKS[above])
    assert casefile.load(session, cast.actor(CLERKS[tier]), case.id).case.id == case.id
    assert not desk.inbox(session, cast.actor(CLERKS[tier]), "todo").rows


def stands_at(session: Session, cast: Cast, case: Case, role: str, who: str) -> None:
    """Nothing else of the case is open, and it lies in this person's box."""
    assert session.scalars(select(Task.role).where(Task.case_id == case.id)).all() == [role]
    assert [row.case_id for row in desk.inbox(session, cast.actor(who), "receipt").rows] == [case.id]


def test_r52_the_city_reports_to_the_city_committee(session: Session, cast: Cast) -> None:
    """「转交市有关部门或上报市委」: the committee's inbox; there is nothing above it."""
    case = brought_to(session, cast, "city")
    escalate(session, cast, case, "city")
    assert case.tier == "committee"
    stands_at(session, cast, case, "committee_instruction", "committee_clerk")
    assert casefile.load(session, cast.actor("city_clerk"), case.id).case.id == case.id


def test_r50_refer_or_escalate_exactly_one_with_its_basis(session: Session, cast: Cast) -> None:
    case = brought_to(session, cast, "street")
    for form in (
        {"decision": "refer"},
        {"decision": "escalate", "basis": " "},
        {"decision": "both", "basis": "依据"},
        {},
    ):
        with pytest.raises(Invalid), session.begin_nested():
            factories.act(session, cast, case, "street_clerk", "tier_review", **form)
    factories.refer(session, cast, case)
    assert session.scalars(select(Task.role).where(Task.case_id == case.id)).all() == ["answer"]  # both: impossible


def test_r50_the_table_of_competences_only_proposes(session: Session, cast: Cast) -> None:
    """「根据管理权限」: jurisdiction.dmn proposes unit or tier with its reason, the department decides."""
    case = brought_to(session, cast, "street")
    task = reviewed(session, cast, case, "street_clerk")
    view = tasks.load(session, cast.actor("street_clerk"), task.id)
    assert (view.proposal["unit_id"], view.values["unit_id"]) == (str(cast.unit("street").id),) * 2
    assert "第十条" in view.proposal["proposal_reason"]
    beside = tasks.review_of(session, cast.actor("street_clerk"), task, case)
    assert beside is not None
    assert [(unit.name, unit.fits) for unit in beside.candidates] == [
        ("沙头角街道城管科", True), ("沙头角街道教育科", False),
    ]  # fmt: skip
    escalate(session, cast, case, "street")
    assert case.tier == "district"
    other = brought_to(session, cast, "street", matter="construction")
    task = reviewed(session, cast, other, "street_clerk")
    proposed = tasks.load(session, cast.actor("street_clerk"), task.id).proposal
    assert (proposed["decision"], proposed["proposed_tier"]) == ("escalate", "district")


@pytest.mark.parametrize(
    ("decision", "outcome"), [("unit", "tier_review"), ("department", "tier_review"), ("file", "")]
)
def test_r53_the_committee_instructs_or_files(session: Session, cast: Cast, decision: str, outcome: str) -> None:
    """「或上报市委」: the measures are silent on what follows (A8). The transfer carries text, leader and date, and the
    unit's limit starts when it receives."""
    case = brought_to(session, cast, "city")
    escalate(session, cast, case, "city")
    form = {"decision": decision, "instruction": "请认真研究。", "leader": "魏书记", "instructed_on": "2026-02-12"}
    if decision == "unit":
        form["unit_id"] = str(cast.unit("city").id)
    factories.act(session, cast, case, "committee_clerk", "committee_instruction", **form)
    open_roles = set(session.scalars(select(Task.role).where(Task.case_id == case.id)))
    assert open_roles == ({outcome} if outcome else set())
    assert (case.tier, case.state) == (("city", "awaiting_referral") if outcome else ("committee", "filed"))
    order = session.scalars(select(Review).order_by(Review.id.desc())).first()
    assert (order.leader, order.instructed_on.isoformat(), order.decision) == ("魏书记", "2026-02-12", decision)
    if not outcome:
        return
    task = reviewed(session, cast, case, "city_clerk")
    values = tasks.load(session, cast.actor("city_clerk"), task.id).values
    assert values["basis"] == "市委批示（魏书记，2026-02-12）：请认真研究。"
    assert values.get("unit_id") == form.get("unit_id")
    with pytest.raises(Conflict, match="批示"), session.begin_nested():
        tasks.send_down(session, cast.actor("city_clerk"), task.id, {"reason": "属区级"})
    tasks.complete(session, cast.actor("city_clerk"), task.id, values | {"unit_id": str(cast.unit("city").id)})
    handling = session.scalars(select(Handling)).one()
    assert handling.received_on.isoformat() == "2026-02-13"
    review = session.scalars(select(Review).order_by(Review.id.desc())).first()
    assert "请认真研究。" in review.basis
    assert handling.document_number == "深圳组转〔2026〕1号"


# ------------------------------------------------------------------------------------------------ R54–R56, R105


def test_r54_the_next_street_knows_nothing_of_it(session: Session, cast: Cast) -> None:
    case = brought_to(session, cast, "street")
    task = factories.open_task(session, case, "tier_review")
    for who in ("second_street_clerk", "far_clerk", "next_liaison", "unit_clerk", "other_delegate", "outsider"):
        for look in (
            lambda actor: casefile.load(session, actor, case.id),
            lambda actor: tasks.load(session, actor, task.id),
            lambda actor: tasks.choices(session, actor, task.id),
        ):
            with pytest.raises(LianxinError) as refused:
                look(cast.actor(who))
            assert refused.value.__class__ is not Conflict


def test_r55_street_district_unit_and_the_days_add_up(session: Session, cast: Cast, at: At) -> None:
    """Each hop with who and when; the segments add up to the total."""
    at("2026-03-02 09:00")
    case = brought_to(session, cast, "street", reflected_on="2026-03-02")
    at("2026-03-05 10:00")
    escalate(session, cast, case, "street")
    at("2026-03-09 10:00")
    factories.refer(session, cast, case, "district_unit", "district_clerk")
    at("2026-03-12 10:00")
    path = casefile.load(session, cast.actor("liaison"), case.id).path
    assert [(hop.holder, hop.days, hop.by) for hop in path.hops if hop.days] == [
        (cast.department("street").name, 3, "王经办"),
        (cast.department("district").name, 2, "盐经办"),
        ("盐田区城管局", 3, ""),
    ]
    assert sum(hop.days for hop in path.hops) == path.total == 8
    assert [hop.until for hop in path.hops[:-1]] == [hop.since for hop in path.hops[1:]]


def test_r56_two_escalations_then_a_referral_are_one_number_and_one_instance(session: Session, cast: Cast) -> None:
    case = brought_to(session, cast, "city")
    factories.refer(session, cast, case, "city_unit", "city_clerk")
    assert len(session.scalars(select(Instance).where(Instance.case_id == case.id)).all()) == 1
    assert case.number == "沙头角街道沙头角社区2026001"
    actor = cast.actor("city_clerk")
    assert casefile.diagram(session, actor, case.id)["current"] == ["review_city"]
    assert casefile.diagram(session, actor, case.id, "tier_review")["current"] == ["review_handling"]
    assert casefile.diagram(session, actor, case.id, "handling")["current"] == ["answer"]


@pytest.mark.parametrize(("tier", "ticks"), [("street", (True, False, False)), ("city", (True, True, True))])
def test_r105_ticks_are_cumulative(session: Session, cast: Cast, tier: str, ticks: tuple[bool, ...]) -> None:
    case = brought_to(session, cast, tier)
    assert printing.annex2(session, cast.actor("liaison"), case.id).ticks == ticks


def test_r105_on_the_spot_ticks_nothing(session: Session, cast: Cast) -> None:
    case = factories.registered(
        session, cast, settlement="on_the_spot", spot_answer="已当场修复。", spot_grade="very_satisfied"
    )
    factories.step(session, cast, case, "signed")
    assert printing.annex2(session, cast.actor("liaison"), case.id).ticks == (False, False, False)


# ------------------------------------------------------------------------------------------------ R57


def decline(session: Session, cast: Cast, case: Case, who: str, **more: str) -> None:
    factories.act(session, cast, case, who, "answer", decision="decline", reason="不属本单位职责。", **more)


def test_r57_declined_on_day_two_a_fresh_limit_and_the_total_shown(session: Session, cast: Cast, at: At) -> None:
    case = brought_to(session, cast, "street")
    factories.refer(session, cast, case)
    at("2026-02-24 17:00")  # working day 1 is Saturday the 14th (make-up), day 2 the 24th
    decline(session, cast, case, "unit_clerk", suggested_unit="沙头角街道教育科")
    task = reviewed(session, cast, case, "street_clerk")
    view = tasks.load(session, cast.actor("street_clerk"), task.id)
    assert view.values["unit_id"] == str(cast.organisations["street_school_unit"].id)  # as the unit suggested
    assert view.values["basis"] == "沙头角街道城管科退件，建议由沙头角街道教育科承办：不属本单位职责。"
    beside = tasks.review_of(session, cast.actor("street_clerk"), task, case)
    assert [(row.unit, row.reason, row.suggested, row.days) for row in beside.declined] == [
        ("沙头角街道城管科", "不属本单位职责。", "沙头角街道教育科", 2)
    ]
    factories.refer(session, cast, case, "street_school_unit")
    assert factories.open_task(session, case, "answer").due_on.isoformat() == "2026-03-09"
    at("2026-02-27 09:00")
    with pytest.raises(Invalid, match="2 个工作日"), session.begin_nested():
        decline(session, cast, case, "school_clerk")
    path = casefile.load(session, cast.actor("street_clerk"), case.id).path
    assert (path.first_received_on.isoformat(), path.since_receipt, path.transfers) == ("2026-02-13", 5, 2)


def test_r57_the_third_transfer_tells_the_upper_tier(session: Session, cast: Cast) -> None:
    case = brought_to(session, cast, "street")
    upper = select(Notice.organisation_id).where(Notice.kind == "transferred_again")
    for number, (unit, who) in enumerate(
        (("street_unit", "unit_clerk"), ("street_school_unit", "school_clerk"), ("street_unit", "unit_clerk")), start=1
    ):
        factories.refer(session, cast, case, unit)
        told = list(session.scalars(upper))
        assert told == ([cast.department("district").id] if number == 3 else [])
        if number < 3:
            decline(session, cast, case, who)
    assert acts(session, case).count("transfer_alert") == 1


def test_r57_sending_down_is_an_exception_with_its_reason(session: Session, cast: Cast, at: At) -> None:
    """下转 (A14): to the next lower tier, logged; escalated again it is back at the same review, one tick each."""
    case = brought_to(session, cast, "street")
    task = reviewed(session, cast, case, "street_clerk")
    with pytest.raises(Conflict, match="最低一级"), session.begin_nested():
        tasks.send_down(session, cast.actor("street_clerk"), task.id, {"reason": "退"})
    escalate(session, cast, case, "street")
    task = reviewed(session, cast, case, "district_clerk")
    with pytest.raises(Invalid), session.begin_nested():
        tasks.send_down(session, cast.actor("district_clerk"), task.id, {"reason": " "})
    at("2026-02-14 09:00")
    tasks.send_down(session, cast.actor("district_clerk"), task.id, {"reason": "路灯属街道维护。"})
    task = factories.open_task(session, case, "tier_review")
    assert (case.tier, task.organisation_id) == ("street", cast.department("street").id)
    assert (task.due_on.isoformat(), case.arrived_on.isoformat()) == ("2026-02-26", "2026-02-14")
    row = session.scalars(select(History).where(History.act == "sent_down")).one()
    assert (row.opinion, row.actor_name) == ("路灯属街道维护。", "盐经办")
    told = session.scalars(select(Notice).where(Notice.kind == "sent_down")).one()
    assert told.organisation_id == cast.department("street").id and "路灯属街道维护。" in told.body
    ticked = case.sent_district_at
    escalate(session, cast, case, "street")
    assert (case.tier, case.sent_district_at) == ("district", ticked)
    escalate(session, cast, case, "district")
    assert case.tier == "city"
    assert casefile.diagram(session, cast.actor("city_clerk"), case.id)["current"] == ["review_city"]
    assert len(session.scalars(select(Instance)).all()) == 1


# ------------------------------------------------------------------------------------------------ R58 分项


def test_r58_sub_items_each_with_its_own_unit_and_limit(session: Session, cast: Cast, at: At) -> None:
    """One form, two matters, no new number: the case is answered when both are; one of them may come back alone."""
    case = brought_to(session, cast, "street")
    task = reviewed(session, cast, case, "street_clerk")
    clerk = cast.actor("street_clerk")
    units = [str(cast.organisations[name].id) for name in ("street_unit", "street_school_unit")]
    form = {"basis": "两件事分属两科", "text_1": "转运点噪音", "unit_1": units[0], "text_2": "校门口积水"}
    for wrong in ({"unit_2": ""}, {"unit_2": str(cast.unit("city").id)}, {"unit_2": units[1], "basis": ""}):
        with pytest.raises(Invalid) as refused, session.begin_nested():
            tasks.split(session, clerk, task.id, form | wrong)
        assert set(refused.value.errors) == ({"basis"} if "basis" in wrong else {"unit_2"})
    tasks.split(session, clerk, task.id, form | {"unit_2": units[1]})
    first, second = session.scalars(select(Handling).order_by(Handling.id))
    assert [(row.item, row.item_text, str(row.unit_id)) for row in (first, second)] == [
        (1, "转运点噪音", units[0]), (2, "校门口积水", units[1]),
    ]  # fmt: skip
    assert [row.document_number for row in (first, second)] == ["沙头角组转〔2026〕1号", "沙头角组转〔2026〕2号"]
    opened = {row.handling_id: row for row in session.scalars(select(Task).where(Task.role == "answer"))}
    assert {key: str(row.organisation_id) for key, row in opened.items()} == {first.id: units[0], second.id: units[1]}
    at("2026-02-24 09:00")
    tasks.claim(session, cast.actor("unit_clerk"), opened[first.id].id)
    assert (first.signed_at is not None, second.signed_at) == (True, None)
    extend = {"reason": "需多部门勘查", "work_done": "已到现场"}
    tasks.request_extension(session, cast.actor("unit_clerk"), opened[first.id].id, extend)
    factories.act(session, cast, case, "delegate", "extension_consent", decision="consent")
    dues = {
        row.handling_id: row.due_on.isoformat() for row in session.scalars(select(Task).where(Task.role == "answer"))
    }
    assert dues == {first.id: "2026-04-02", second.id: "2026-03-05"}  # each its own limit
    file = casefile.load(session, cast.actor("delegate"), case.id)  # 全程跟踪 of every item
    followed = [(one.handling.item, one.unit, one.limit and one.limit.due_on.isoformat()) for one in file.tracks]
    assert followed == [(1, "沙头角街道城管科", "2026-04-02"), (2, "沙头角街道教育科", "2026-03-05")]
    assert [[item.there for item in one.items] for one in file.tracks] == [
        [False, True, True, False], [False, False, True, False],
    ]  # fmt: skip
    seen = tracking.view(session, case.id)
    assert [(part.number, part.text, part.due_on.isoformat()) for part in seen.parts if part.due_on] == [
        (1, "转运点噪音", "2026-04-02"), (2, "校门口积水", "2026-03-05"),
    ]  # fmt: skip
    assert seen.holder == "沙头角街道城管科、沙头角街道教育科"
    (line,) = rows(session, [Item(case.id)])
    assert line.unit == seen.holder
    tasks.claim(session, cast.actor("school_clerk"), opened[second.id].id)
    declined = {"decision": "decline", "reason": "不属教育科。"}
    tasks.complete(session, cast.actor("school_clerk"), opened[second.id].id, declined)
    again = reviewed(session, cast, case, "street_clerk", "referral")
    assert (again.element_id, again.handling_id) == ("item_review", second.id)
    tasks.complete(session, clerk, again.id, {"unit_id": units[0], "basis": "市政积水属城管科"})
    third = session.scalars(select(Handling).order_by(Handling.id.desc())).first()
    assert (third.item, third.item_text, third.received_on.isoformat()) == (2, "校门口积水", "2026-02-24")
    waiting = {row.handling_id: row for row in session.scalars(select(Task).where(Task.role == "answer"))}
    assert set(waiting) == {first.id, third.id}
    assert waiting[third.id].due_on.isoformat() == "2026-03-09"
    tasks.complete(session, cast.actor("unit_clerk"), waiting[first.id].id, factories.STEPS["answered"][2])
    factories.step(session, cast, case, "accepted")
    assert (first.state, third.state) == ("answered", "open")
    assert not session.scalars(select(Task).where(Task.role == "rating_reporter")).all()
    answer(session, cast, waiting[third.id], "unit_clerk", "积水点已疏通。")
    factories.step(session, cast, case, "accepted")
    assert sent_to(session, case) == ["delegate", "delegate", "reporter", "reporter", "studio", "studio"]
    invited = session.scalars(select(Notice).where(Notice.kind == "rating_invitation")).all()
    assert len(invited) == 1
    rate(session, cast, case)
    assert (case.state, case.number) == ("closed", "沙头角街道沙头角社区2026001")
    assert factories.registered(session, cast).sequence == 2
    assert session.scalars(select(Rating.case_id)).all() == [case.id]
    page = printing.annex2(session, cast.actor("liaison"), case.id)
    assert page.unit == "沙头角街道城管科"
    assert page.result_text.startswith("（1）沙头角街道城管科：经现场核查")
    assert page.result_text.endswith("（2）沙头角街道城管科：积水点已疏通。")


def test_r58_the_limit_of_each_item_ends_by_itself(session: Session, cast: Cast, at: At) -> None:
    """Supervision of the late item is closed by its own answer only; a case with one matter names no item anywhere."""
    single = factories.handled(session, cast)
    assert not session.scalars(select(Task.handling_id).where(Task.handling_id.is_not(None))).all()
    assert session.scalars(select(Handling.item).where(Handling.case_id == single.id)).one() is None
    case = brought_to(session, cast, "street")
    task = reviewed(session, cast, case, "street_clerk")
    units = [str(cast.organisations[name].id) for name in ("street_unit", "street_school_unit")]
    form = {"basis": "两件事", "text_1": "甲", "unit_1": units[0], "text_3": "乙", "unit_3": units[1]}
    tasks.split(session, cast.actor("street_clerk"), task.id, form)
    limits = session.scalars(select(Deadline).where(Deadline.case_id == case.id, Deadline.role == "limit")).all()
    assert len(limits) == 2
    tasks.withdraw(session, cast.actor("street_clerk"), case.id)  # nobody signed yet: everything is as before
    assert factories.open_task(session, case, "tier_review").id == task.id
    states = session.scalars(select(Handling.state).where(Handling.case_id == case.id)).all()
    assert states == ["withdrawn", "withdrawn"]
    factories.refer(session, cast, case)
    assert session.scalars(select(Task).where(Task.case_id == case.id)).one().handling_id is None


# ------------------------------------------------------------------------------------------------ R58 并案


def test_r58_merge_three_one_answer_three_feedback_sets_three_ratings(session: Session, cast: Cast) -> None:
    lead, *others = [brought_to(session, cast, "street", reporter_name=name) for name in ("甲某", "乙某", "丙某")]
    clerk = cast.actor("street_clerk")
    task = reviewed(session, cast, lead, "street_clerk")
    offered = tasks.choices(session, clerk, task.id)
    assert {choice.case.id for choice in offered.members} == {case.id for case in others}
    assert all(choice.words == "很相似" for choice in offered.members)
    with pytest.raises(Invalid, match="理由"), session.begin_nested():
        tasks.merge(session, clerk, task.id, [others[0].id], " ")
    tasks.merge(session, clerk, task.id, [case.id for case in others], "同一处垃圾转运点")
    assert {case.state for case in others} == {"merged"}
    assert casefile.diagram(session, clerk, others[0].id, "merged")["current"] == ["merged_wait"]
    assert not session.scalars(select(Task).where(Task.case_id.in_([case.id for case in others]))).all()
    factories.refer(session, cast, lead)
    seen, joined = (tracking.view(session, case.id) for case in (lead, others[0]))
    assert (joined.holder, joined.due_on) == (seen.holder, seen.due_on) and joined.due_on
    ours, theirs = rows(session, [Item(lead.id), Item(others[0].id)])
    assert (theirs.unit, theirs.due_on) == (ours.unit, ours.due_on)
    answer(session, cast, factories.open_task(session, lead, "answer"), "unit_clerk", "已调整作业时间。")
    factories.step(session, cast, lead, "accepted")
    written = session.scalars(select(Feedback.text)).all()
    assert written == ["已调整作业时间。"] * 3
    assert acts(session, lead).count("answered") == 1
    assert all("answered" not in acts(session, case) for case in others)
    for case in (lead, *others):
        assert sent_to(session, case) == ["delegate", "reporter", "studio"]
        rate(session, cast, case)
        assert (case.state, case.grade) == ("closed", "satisfied")
    assert len(session.scalars(select(Rating)).all()) == 3
    own = session.scalars(select(Handling).where(Handling.case_id == others[0].id)).one()
    source = session.scalars(select(Handling).where(Handling.case_id == lead.id)).one()
    assert (own.lead_handling_id, own.unit_id, own.received_on) == (source.id, source.unit_id, source.received_on)
    assert printing.annex2(session, cast.actor("liaison"), others[0].id).result_text == "已调整作业时间。"


def test_r58_the_likely_ones_are_offered_and_the_others_only_to_who_looks_for_them(
    session: Session, cast: Cast
) -> None:
    """Three forms of the street in its inbox, one of them about the same matter."""
    alike, unlike = (
        brought_to(session, cast, "street", **said)
        for said in (
            {"summary": "深盐路路口垃圾转运点夜里作业，噪音扰民。"},
            {"content": "社区图书室周末不开门，盼延长开放时间。", "summary": "图书室周末不开门。"},
        )
    )
    under_way = brought_to(session, cast, "street", content="老人食堂午餐供应不足。", summary="老人食堂供应不足。")
    factories.refer(session, cast, under_way)
    case = brought_to(session, cast, "street")
    clerk, task = cast.actor("street_clerk"), reviewed(session, cast, case, "street_clerk")
    offered = tasks.choices(session, clerk, task.id)
    assert ([choice.case.id for choice in offered.members], offered.leads) == ([alike.id], [])
    found = tasks.choices(session, clerk, task.id, "图书室")
    assert [(choice.case.id, choice.words) for choice in found.members] == [(unlike.id, "")]
    found = tasks.choices(session, clerk, task.id, under_way.number)
    assert ([choice.case.id for choice in found.leads], found.members) == ([under_way.id], [])


def test_r58_what_is_said_about_a_delegates_work_is_joined_with_nothing_else(session: Session, cast: Cast) -> None:
    """「对代表本人履行职责的意见建议」 (article 3): not with another matter, and not with another delegate's."""
    about = brought_to(session, cast, "street", matter="party")
    same, other = brought_to(session, cast, "street", matter="party"), brought_to(session, cast, "street")
    clerk, task = cast.actor("street_clerk"), reviewed(session, cast, about, "street_clerk")
    assert [choice.case.id for choice in tasks.choices(session, clerk, task.id).members] == [same.id]
    (found,) = tasks.choices(session, clerk, task.id, other.number).members
    assert "不与其他事项并案" in found.barred
    with pytest.raises(Conflict, match="党建与代表履职"), session.begin_nested():
        tasks.merge(session, clerk, task.id, [other.id], "同一事项")
    factories.refer(session, cast, other)
    with pytest.raises(Conflict, match="党建与代表履职"), session.begin_nested():
        tasks.join(session, clerk, task.id, other.id, "同一事项")
    same.delegate_id = cast.delegates["other_delegate"].id
    session.flush()
    with pytest.raises(Conflict, match="同一市党代表"), session.begin_nested():
        tasks.merge(session, clerk, task.id, [same.id], "同一事项")
    same.delegate_id = about.delegate_id
    session.flush()
    tasks.merge(session, clerk, task.id, [same.id], "同一事项")
    assert same.merged_into_id == about.id


def test_r58_unmerge_before_the_answer_only(session: Session, cast: Cast, at: At) -> None:
    lead, one, two = (brought_to(session, cast, "street", reporter_name=name) for name in ("甲某", "乙某", "丙某"))
    clerk = cast.actor("street_clerk")
    factories.refer(session, cast, lead)
    for case in (one, two):  # the other way: into a case a unit handles already
        task = reviewed(session, cast, case, "street_clerk")
        assert lead.id in {choice.case.id for choice in tasks.choices(session, clerk, task.id).leads}
        tasks.join(session, clerk, task.id, lead.id, "同一事项")
    with pytest.raises(LianxinError), session.begin_nested():
        tasks.separate(session, cast.actor("second_street_clerk"), one.id, "不是一回事")
    at("2026-02-24 10:00")
    tasks.separate(session, clerk, one.id, "不是一回事")
    task = factories.open_task(session, one, "tier_review")
    assert (one.merged_into_id, one.state, task.due_on.isoformat()) == (None, "awaiting_referral", "2026-02-27")
    assert session.scalars(select(History.opinion).where(History.act == "separated")).all() == ["不是一回事"]
    assert lead.leads  # the third still waits
    with pytest.raises(Conflict), session.begin_nested():
        tasks.join(session, clerk, reviewed(session, cast, one, "street_clerk").id, two.id, "二次并案")
    answer(session, cast, factories.open_task(session, lead, "answer"), "unit_clerk", "已调整。")
    with pytest.raises(Conflict, match="已经答复"), session.begin_nested():
        tasks.separate(session, clerk, two.id, "晚了")
    task = reviewed(session, cast, one, "street_clerk")
    with pytest.raises(Conflict, match="已经答复"), session.begin_nested():
        tasks.join(session, clerk, task.id, lead.id, "晚了")
    factories.step(session, cast, lead, "accepted")
    assert two.state == "delivering"  # his copy of the common answer is on its way (R66)
    assert not session.scalars(select(Copy).where(Copy.case_id == one.id)).all()


def test_r58_a_leading_case_that_ends_lets_the_others_go(session: Session, cast: Cast) -> None:
    lead, one = (brought_to(session, cast, "street", reporter_name=name) for name in ("甲某", "乙某"))
    task = reviewed(session, cast, lead, "street_clerk")
    tasks.merge(session, cast.actor("street_clerk"), task.id, [one.id], "同一事项")
    tasks.terminate(session, cast.actor("street_clerk"), lead.id, {"kind": "withdrawn", "reason": "反映人撤回。"})
    assert (one.merged_into_id, one.state, lead.leads) == (None, "awaiting_referral", False)
    assert factories.open_task(session, one, "tier_review").organisation_id == cast.department("street").id
    with pytest.raises(NotFound):
        tasks.choices(session, cast.actor("far_clerk"), factories.open_task(session, one, "tier_review").id)
