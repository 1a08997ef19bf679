"""Article 10: street → district → city → city committee and back, in one instance with one number (R50–R57, R117)."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import tasks
from engine.cases.models import Case
from engine.errors import Conflict, Invalid, LianxinError, NotFound
from engine.handlings.models import Handling
from engine.notices.models import Notice
from engine.work.models import Deadline, History, Instance, Task
from tests import factories
from tests.people import Cast


@pytest.fixture
def cast(session: Session, at: Callable[[str], object]) -> Cast:
    at("2026-02-13 10:00")
    return factories.install(session)


def reported(session: Session, cast: Cast, **changes: str) -> Case:
    case = factories.registered(session, cast, **changes)
    factories.step(session, cast, case, "signed")
    factories.step(session, cast, case, "reported")
    return case


def escalate(session: Session, cast: Cast, case: Case, who: str) -> None:
    factories.act(session, cast, case, who, "tier_review", decision="escalate", basis="超出本级管理权限")


def test_up_to_the_committee_and_back_to_a_city_unit(session: Session, cast: Cast) -> None:
    case = reported(session, cast)
    for who, tier in (("street_clerk", "district"), ("district_clerk", "city"), ("city_clerk", "committee")):
        escalate(session, cast, case, who)
        assert case.tier == tier
    city_unit = cast.organisations["city_unit"]
    factories.act(
        session, cast, case, "committee_clerk", "committee_instruction", decision="unit", unit_id=str(city_unit.id),
        instruction="请市城管局牵头研究解决，两周内报结果。", leader="魏书记", instructed_on="2026-02-13",
    )  # fmt: skip
    assert (case.tier, case.number) == ("city", "沙头角街道沙头角社区2026001")
    view = tasks.load(session, cast.actor("city_clerk"), factories.open_task(session, case, "tier_review").id)
    assert (view.values["decision"], view.values["unit_id"]) == ("refer", str(city_unit.id))
    with pytest.raises(Invalid, match="批示"), session.begin_nested():
        escalate(session, cast, case, "city_clerk")
    factories.refer(session, cast, case, "city_unit", "city_clerk")
    task = factories.open_task(session, case, "answer")
    assert (task.organisation_id, task.due_on.isoformat()) == (city_unit.id, "2026-03-05")
    assert len(session.scalars(select(Instance)).all()) == 1
    assert case.sent_street_at and case.sent_district_at and case.sent_city_at


def test_a_unit_of_another_tier_or_place_is_refused(session: Session, cast: Cast) -> None:
    case = reported(session, cast)
    for unit in ("city_unit", "district_unit", "second_street_unit"):
        with pytest.raises(Invalid), session.begin_nested():
            factories.refer(session, cast, case, unit)
    with pytest.raises(LianxinError):
        factories.refer(session, cast, case, "street_unit", who="district_clerk")


def test_each_officer_sees_only_her_own_place(session: Session, cast: Cast) -> None:
    case = reported(session, cast)
    task = factories.open_task(session, case, "tier_review")
    for who in ("second_street_clerk", "far_clerk", "next_liaison", "unit_clerk", "other_delegate", "outsider"):
        with pytest.raises(LianxinError) as refused:
            tasks.load(session, cast.actor(who), task.id)
        assert refused.value.__class__ is not Conflict
    for who in ("street_clerk", "district_clerk", "city_clerk", "liaison", "delegate"):
        assert tasks.load(session, cast.actor(who), task.id).case.id == case.id


def test_decline_within_two_working_days_goes_back_to_the_department(
    session: Session, cast: Cast, at: Callable[[str], object]
) -> None:
    case = reported(session, cast)
    factories.step(session, cast, case, "referred")
    at("2026-02-24 17:00")  # working day 1 is Saturday the 14th (make-up), day 2 the 24th
    factories.act(session, cast, case, "unit_clerk", "answer", decision="decline", reason="属教育科职责。")
    assert factories.open_task(session, case, "tier_review")
    assert not session.scalars(select(Deadline).where(Deadline.role == "limit")).all()
    factories.refer(session, cast, case, "street_school_unit")
    assert factories.open_task(session, case, "answer").due_on.isoformat() == "2026-03-09"
    at("2026-02-27 09:00")
    with pytest.raises(Invalid, match="2 个工作日"):
        factories.act(session, cast, case, "school_clerk", "answer", decision="decline", reason="不属本科室。")
    states = session.scalars(select(Handling.state).order_by(Handling.id)).all()
    assert states == ["declined", "open"]


def test_withdraw_before_the_next_person_signed_restores_everything(
    session: Session, cast: Cast, at: Callable[[str], object]
) -> None:
    case = reported(session, cast)
    before = factories.open_task(session, case, "tier_review")
    kept = (before.id, before.created_at, before.due_at)
    state = case.state
    factories.step(session, cast, case, "referred")
    at("2026-02-14 09:00")
    tasks.withdraw(session, cast.actor("street_clerk"), case.id)
    session.expire_all()
    after = factories.open_task(session, case, "tier_review")
    assert (after.id, after.created_at, after.due_at) == kept
    assert after.assignee_id == cast.id("street_clerk")
    assert case.state == state
    assert session.scalars(select(Handling.state)).all() == ["withdrawn"]
    assert not session.scalars(select(Task).where(Task.role == "answer")).all()
    assert session.scalars(select(Notice.state).where(Notice.kind == "referral")).all() == ["withdrawn"]
    factories.step(session, cast, case, "referred")
    assert factories.open_task(session, case, "answer").due_on.isoformat() == "2026-03-06"


def test_withdraw_is_refused_once_the_next_person_signed(session: Session, cast: Cast) -> None:
    case = reported(session, cast)
    factories.step(session, cast, case, "referred")
    task = factories.open_task(session, case, "answer")
    with pytest.raises(Conflict):
        tasks.withdraw(session, cast.actor("street_colleague"), case.id)  # not her act
    tasks.claim(session, cast.actor("unit_clerk"), task.id)
    with pytest.raises(Conflict, match="已签收"):
        tasks.withdraw(session, cast.actor("street_clerk"), case.id)


def test_the_loser_of_a_claim_reads_who_won(session: Session, cast: Cast) -> None:
    case = reported(session, cast)
    task = factories.open_task(session, case, "tier_review")
    tasks.claim(session, cast.actor("street_clerk"), task.id)
    with pytest.raises(Conflict, match="王经办"):
        tasks.claim(session, cast.actor("street_colleague"), task.id)
    with pytest.raises(Conflict, match="王经办"):
        tasks.complete(session, cast.actor("street_colleague"), task.id, {"decision": "escalate", "basis": "超出权限"})
    task_id = task.id
    factories.step(session, cast, case, "referred")
    with pytest.raises(Conflict, match="王经办"):
        tasks.load(session, cast.actor("street_colleague"), task_id)
    with pytest.raises(NotFound):
        tasks.load(session, cast.actor("far_clerk"), task_id)


def test_terminate_ends_every_open_task_and_tells_the_reporter(session: Session, cast: Cast) -> None:
    case = reported(session, cast)
    factories.step(session, cast, case, "referred")
    form = {"kind": "court", "reason": "反映人已就同一事项提起诉讼。", "referred_to": "盐田区人民法院"}
    with pytest.raises(LianxinError):
        tasks.terminate(session, cast.actor("second_street_clerk"), case.id, form)
    tasks.terminate(session, cast.actor("street_clerk"), case.id, form)
    assert (case.state, case.outcome) == ("terminated", "terminated")
    assert "盐田区人民法院" in case.outcome_reason
    assert not session.scalars(select(Task)).all()
    assert not session.scalars(select(Deadline)).all()
    sms = select(Notice).where(Notice.kind == "terminated", Notice.channel == "sms")
    assert session.scalars(sms).one().address == "13800001234"
    ended = session.scalars(select(History.element_name).where(History.act == "task_ended")).all()
    assert len(ended) == 1  # the unit's open step left its row


def test_on_the_spot_needs_no_street_and_starts_no_limit(session: Session, cast: Cast) -> None:
    case = factories.registered(
        session, cast, settlement="on_the_spot", spot_answer="已当场联系物业修复路灯。", spot_grade="very_satisfied"
    )
    factories.step(session, cast, case, "signed")
    assert (case.state, case.outcome, case.grade) == ("closed", "on_the_spot", "very_satisfied")
    assert not session.scalars(select(Deadline)).all()


def test_amended_content_must_be_signed_again(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    factories.act(session, cast, case, "delegate", "signature", decision="return", reason="请补充具体位置。")
    first = case.content_hash
    changed = factories.FORM | {"content": factories.FORM["content"] + "具体在沙深路1号楼下。"}
    factories.act(session, cast, case, "liaison", "amendment", **(changed | {"decision": "resubmit"}))
    assert case.content_hash != first
    factories.step(session, cast, case, "signed")
    factories.step(session, cast, case, "reported")
    assert case.tier == "street"


def test_void_keeps_the_number(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    factories.act(session, cast, case, "delegate", "signature", decision="return", reason="重复登记。")
    factories.act(session, cast, case, "liaison", "amendment", decision="void", reason="与上一号重复登记。")
    assert (case.state, case.outcome_reason) == ("void", "与上一号重复登记。")
    assert factories.registered(session, cast).number == "沙头角街道沙头角社区2026002"
