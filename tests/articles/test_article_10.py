"""第十条 受理制度：street, district, city — each refers to its own units or escalates, and nobody skips a rung."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import casefile, db, deadlines, tasks
from engine.cases.models import Case
from engine.errors import Invalid, LianxinError
from engine.handlings.models import Review
from engine.work.models import History, Task
from tests import factories
from tests.people import Cast

CLERKS = {"street": "street_clerk", "district": "district_clerk", "city": "city_clerk"}
TIERS = tuple(CLERKS)


def brought_to(session: Session, cast: Cast, tier: str) -> Case:
    """A case that waits for the organisation department of a tier."""
    case = factories.registered(session, cast)
    for name in ("signed", "reported"):
        factories.step(session, cast, case, name)
    for below in TIERS[: TIERS.index(tier)]:
        escalate(session, cast, case, below)
    return case


def escalate(session: Session, cast: Cast, case: Case, tier: str) -> None:
    factories.act(session, cast, case, CLERKS[tier], "tier_review", decision="escalate", basis="超出本级管理权限")


def test_the_studio_reports_to_the_streets_department(session: Session, cast: Cast) -> None:
    """「社区党代表工作室应及时将《市党代表社情民意登记表》整理汇总后，报街道党工委组织部门」"""
    case = brought_to(session, cast, "street")
    task = factories.open_task(session, case, "tier_review")
    assert (case.tier, task.organisation_id) == ("street", cast.department("street").id)
    assert case.sent_street_at is not None


@pytest.mark.parametrize("tier", TIERS)
def test_each_department_refers_to_a_unit_of_its_own_tier(session: Session, cast: Cast, tier: str) -> None:
    """「应当根据管理权限，及时将意见建议转交街道（区、市）有关部门办理」"""
    case = brought_to(session, cast, tier)
    for other in set(TIERS) - {tier}:
        with pytest.raises(Invalid, match="非本级单位"), session.begin_nested():
            factories.refer(session, cast, case, f"{other}_unit", CLERKS[tier])
    factories.refer(session, cast, case, f"{tier}_unit", CLERKS[tier])
    task = factories.open_task(session, case, "answer")
    assert task.organisation_id == cast.unit(tier).id
    review = session.scalars(select(Review).order_by(Review.id.desc())).first()
    assert (review.tier, review.decision, review.basis) == (tier, "refer", "属本级管理权限")


@pytest.mark.parametrize(("tier", "above"), [*pairwise(TIERS), ("city", "committee")])
def test_or_escalates_to_the_next_tier(session: Session, cast: Cast, tier: str, above: str) -> None:
    """「或上报区委组织部」「或上报市委组织部」「或上报市委」"""
    case = brought_to(session, cast, tier)
    escalate(session, cast, case, tier)
    assert case.tier == above
    open_roles = set(session.scalars(select(Task.role).where(Task.case_id == case.id)))
    assert open_roles == {"committee_instruction" if above == "committee" else "tier_review"}


def test_refer_or_escalate_exactly_one_with_its_basis(session: Session, cast: Cast) -> None:
    case = brought_to(session, cast, "street")
    for form in (
        {"decision": "refer"},
        {"decision": "escalate", "basis": " "},
        {"decision": "both", "basis": "依据"},
        {},
    ):
        with pytest.raises(Invalid), session.begin_nested():
            factories.act(session, cast, case, "street_clerk", "tier_review", **form)


def test_the_table_of_competences_only_proposes(session: Session, cast: Cast) -> None:
    """「根据管理权限」: jurisdiction.dmn proposes unit or tier with its reason, the department decides."""
    case = brought_to(session, cast, "street")
    task = factories.open_task(session, case, "tier_review")
    tasks.claim(session, cast.actor("street_clerk"), task.id)
    view = tasks.load(session, cast.actor("street_clerk"), task.id)
    assert view.proposal["unit_id"] == str(cast.unit("street").id)
    assert "第十条" in view.proposal["proposal_reason"]
    escalate(session, cast, case, "street")
    assert case.tier == "district"


@pytest.mark.parametrize(
    ("decision", "outcome"), [("unit", "tier_review"), ("department", "tier_review"), ("file", "")]
)
def test_the_committee_instructs_or_files(session: Session, cast: Cast, decision: str, outcome: str) -> None:
    """「或上报市委」: the measures are silent on what follows; A8 settles it."""
    case = brought_to(session, cast, "city")
    escalate(session, cast, case, "city")
    form = {"decision": decision, "instruction": "请认真研究。", "leader": "魏书记", "instructed_on": "2026-02-13"}
    if decision == "unit":
        form["unit_id"] = str(cast.unit("city").id)
    factories.act(session, cast, case, "committee_clerk", "committee_instruction", **form)
    open_roles = set(session.scalars(select(Task.role).where(Task.case_id == case.id)))
    assert open_roles == ({outcome} if outcome else set())
    assert (case.tier, case.state) == (("city", "awaiting_referral") if outcome else ("committee", "filed"))


def test_in_time_is_a_target_of_three_working_days_per_tier(database: Engine, at: Callable[[str], object]) -> None:
    """「及时」: a hint to the department, never a breach of the unit (A12, R49)."""
    at("2026-03-02 10:00")
    with db.transaction(database) as session:
        case_id = brought_to(session, factories.install(session), "street").id
    at("2026-03-05 23:59")
    assert deadlines.sweep(lambda: db.transaction(database)).fired == 0
    at("2026-03-06 00:00")
    assert deadlines.sweep(lambda: db.transaction(database)).fired == 1
    with db.reading(database) as session:
        acts = list(session.scalars(select(History.act).where(History.case_id == case_id)))
        assert acts.count("transit_late") == 1
        assert "overdue" not in acts


def test_the_whole_path_stands_on_one_page(session: Session, cast: Cast) -> None:
    """One number, one case, every hop with who and when (R55, R56); the next street's clerk does not know it (R54)."""
    case = brought_to(session, cast, "city")
    factories.refer(session, cast, case, "city_unit", "city_clerk")
    file = casefile.load(session, cast.actor("liaison"), case.id)
    done = [row.act for row in file.history]
    assert [act for act in done if act in ("reported", "escalated", "referred")] == [
        "reported", "escalated", "escalated", "referred",
    ]  # fmt: skip
    assert file.case.number == "沙头角街道沙头角社区2026001"
    for who in ("second_street_clerk", "far_clerk", "outsider"):
        with pytest.raises(LianxinError):
            casefile.load(session, cast.actor(who), case.id)
