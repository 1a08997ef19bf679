"""第十二条 督办评议制度：tracking by all four levels, the ledger, and one grade of three parties.

The reminders and the ladder with their times are in tests/engine/test_limits.py.
"""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import casefile
from engine.cases.models import Case
from engine.errors import Invalid, LianxinError
from engine.ledger.models import LedgerEntry
from engine.ratings.models import Opinion, Rating
from engine.work.models import Task
from tests import factories
from tests.people import Cast


def accepted(session: Session, cast: Cast, **changes: str) -> Case:
    """A case whose answer was accepted and copied: the rating begins."""
    case = factories.handled(session, cast, **changes)
    factories.step(session, cast, case, "answered")
    factories.step(session, cast, case, "accepted")
    return case


def rate(session: Session, cast: Cast, case: Case, reporter: str, delegate: str, department: str) -> None:
    form = {"grade": reporter, "method": "phone"} | (
        {"remark": "三次去电无人接听"} if reporter == "unreachable" else {}
    )
    factories.act(session, cast, case, "liaison", "rating_reporter", **form)
    factories.act(session, cast, case, "delegate", "rating_delegate", grade=delegate)
    factories.act(session, cast, case, "street_head", "rating_department", grade=department)


def test_studio_and_departments_of_all_three_tiers_follow_the_case(session: Session, cast: Cast) -> None:
    """「市、区、街道组织部门和社区党代表工作室要对承办单位的…办理结果进行全程跟踪」 (R76), each in its own area (R54)."""
    case = factories.handled(session, cast)
    for who in ("liaison", "delegate", "street_clerk", "district_clerk", "city_clerk", "unit_clerk"):
        assert casefile.load(session, cast.actor(who), case.id).case.id == case.id
    for who in ("next_liaison", "second_street_clerk", "far_clerk", "city_unit_clerk", "other_delegate", "auditor"):
        with pytest.raises(LianxinError):
            casefile.load(session, cast.actor(who), case.id)


def test_every_registered_form_has_its_line_in_the_ledger(session: Session, cast: Cast) -> None:
    """「在社区党代表工作室设立《意见建议办理情况跟踪明细帐》」: on-the-spot and void ones too (R32, R78)."""
    factories.handled(session, cast)
    spot = factories.registered(
        session, cast, settlement="on_the_spot", spot_answer="已当场修复。", spot_grade="satisfied"
    )
    factories.step(session, cast, spot, "signed")
    void = factories.registered(session, cast)
    factories.act(session, cast, void, "delegate", "signature", decision="return", reason="重复。")
    factories.act(session, cast, void, "liaison", "amendment", decision="void", reason="重复登记。")
    lines = session.scalars(select(LedgerEntry).order_by(LedgerEntry.sequence)).all()
    assert [(line.studio_id, line.year, line.sequence) for line in lines] == [
        (cast.studio.id, 2026, n) for n in (1, 2, 3)
    ]
    assert [spot.state, void.state] == ["closed", "void"]


def test_the_streets_department_leads_the_rating_whoever_handled(session: Session, cast: Cast) -> None:
    """「由街道组织部门商市党代表和基层党员群众共同对承办单位的办理情况评定等级」 (R79)"""
    case = factories.registered(session, cast)
    for name in ("signed", "reported"):
        factories.step(session, cast, case, name)
    factories.act(session, cast, case, "street_clerk", "tier_review", decision="escalate", basis="属区级权限")
    factories.refer(session, cast, case, "district_unit", "district_clerk")
    factories.act(session, cast, case, "district_unit_clerk", "answer", **factories.STEPS["answered"][2])
    factories.act(session, cast, case, "district_clerk", "feedback_check", decision="accept")
    assert factories.open_task(session, case, "rating_reporter").organisation_id == cast.studio.id
    assert factories.open_task(session, case, "rating_delegate").person_id == cast.id("delegate")
    for name in ("rated_by_reporter", "rated_by_delegate"):
        factories.step(session, cast, case, name)
    task = factories.open_task(session, case, "rating_department")
    assert (task.organisation_id, task.duty) == (cast.department("street").id, "head")


def test_three_parties_act_and_one_of_four_grades_is_registered(session: Session, cast: Cast) -> None:
    """「共同对承办单位的办理情况评定等级并登记在册」 (R80, R81)"""
    case = accepted(session, cast)
    assert "rating_department" not in set(session.scalars(select(Task.role).where(Task.case_id == case.id)))
    with pytest.raises(Invalid), session.begin_nested():
        factories.act(session, cast, case, "delegate", "rating_delegate", grade="unreachable")
    with pytest.raises(Invalid), session.begin_nested():
        factories.act(session, cast, case, "liaison", "rating_reporter", grade="excellent", method="phone")
    rate(session, cast, case, "very_satisfied", "very_satisfied", "very_satisfied")
    assert (case.state, case.grade) == ("closed", "very_satisfied")
    opinions = session.scalars(select(Opinion).order_by(Opinion.id)).all()
    assert {(row.party, row.name) for row in opinions} == {
        ("reporter", "陈某某"), ("delegate", "戴代表"), ("department", "赵部长"),
    }  # fmt: skip
    assert all(row.at is not None for row in opinions)


@pytest.mark.parametrize(("agreed", "grade"), [("fairly_satisfied", "fairly_satisfied"), ("none", "dissatisfied")])
def test_disagreement_leads_to_consultation(session: Session, cast: Cast, agreed: str, grade: str) -> None:
    """One of them 不满意: consultation; without agreement the reporter's grade stands, the others are kept (R82, A10)."""
    case = accepted(session, cast)
    rate(session, cast, case, "dissatisfied", "satisfied", "satisfied")
    assert case.state == "rating_disagreed"
    factories.act(session, cast, case, "street_head", "rating_consultation", grade=agreed, remark="三方面谈。")
    assert (case.state, case.grade) == ("closed", grade)
    rating = session.scalars(select(Rating)).one()
    assert rating.agreed is (agreed != "none")
    assert len(session.scalars(select(Opinion)).all()) == 3


def test_an_unreachable_reporter_is_marked_and_the_others_finish(session: Session, cast: Cast) -> None:
    """Recorded as 无法联系 with a remark; no grade is invented for him (R81)."""
    case = accepted(session, cast)
    rate(session, cast, case, "unreachable", "satisfied", "satisfied")
    assert (case.state, case.grade) == ("closed", "satisfied")
    assert session.scalars(select(Opinion.grade).where(Opinion.party == "reporter")).one() == "unreachable"
