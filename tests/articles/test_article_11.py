"""第十一条 反馈制度：written, to the department of the same tier, copied to three; 10 days, 30 with consent.

The limits themselves, their timers and the extension are in tests/engine/test_limits.py; here is who answers whom.
"""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import tasks
from engine.cases.models import Case
from engine.errors import LianxinError
from engine.feedback.models import Copy, Feedback
from engine.handlings.models import Handling
from engine.notices.models import Notice
from engine.work.models import Task
from tests import factories
from tests.people import Cast

ANSWER = factories.STEPS["answered"][2]
Clock = Callable[[str], object]


def answered(session: Session, cast: Cast, **changes: str) -> Case:
    case = factories.handled(session, cast, **changes)
    factories.step(session, cast, case, "answered")
    return case


def copies(session: Session, case: Case) -> dict[str, tuple[str, str]]:
    """Addressee → (channel, state)."""
    rows = session.scalars(select(Copy).where(Copy.case_id == case.id))
    return {row.addressee: (row.channel, row.state) for row in rows}


def test_the_limit_counts_from_receipt_not_from_the_sign_for(session: Session, cast: Cast, at: Clock) -> None:
    """「应自收到来文之日起，在10个工作日内答复」: the day of receipt is day 0; signing for it later gains nothing (A3)."""
    case = factories.handled(session, cast)
    at("2026-02-25 10:00")
    task = factories.open_task(session, case, "answer")
    tasks.claim(session, cast.actor("unit_clerk"), task.id)
    handling = session.scalars(select(Handling)).one()
    assert (handling.received_on, task.due_on) == (date(2026, 2, 13), date(2026, 3, 5))
    assert handling.signed_at is not None


def test_only_the_unit_in_charge_answers(session: Session, cast: Cast) -> None:
    """「谁主管、谁反馈」: no department, head office or other unit writes in its name (R65)."""
    case = factories.handled(session, cast)
    task = factories.open_task(session, case, "answer")
    for who in ("street_clerk", "street_head", "school_clerk", "city_unit_clerk", "liaison", "delegate"):
        with pytest.raises(LianxinError), session.begin_nested():
            tasks.claim(session, cast.actor(who), task.id)
        with pytest.raises(LianxinError), session.begin_nested():
            tasks.complete(session, cast.actor(who), task.id, ANSWER)
    factories.step(session, cast, case, "answered")
    feedback = session.scalars(select(Feedback)).one()
    assert (feedback.author_id, feedback.text) == (cast.id("unit_clerk"), ANSWER["text"])


@pytest.mark.parametrize("tier", ["street", "district"])
def test_the_unit_reports_to_the_department_of_its_own_tier(session: Session, cast: Cast, tier: str) -> None:
    """「由相关承办单位向同级组织部门书面反馈」"""
    case = factories.registered(session, cast)
    for name in ("signed", "reported"):
        factories.step(session, cast, case, name)
    if tier == "district":
        factories.act(session, cast, case, "street_clerk", "tier_review", decision="escalate", basis="超出权限")
    factories.refer(session, cast, case, f"{tier}_unit", f"{tier}_clerk")
    who = {"street": "unit_clerk", "district": "district_unit_clerk"}[tier]
    factories.act(session, cast, case, who, "answer", **ANSWER)
    check = factories.open_task(session, case, "feedback_check")
    assert check.organisation_id == cast.department(tier).id
    told = session.scalars(select(Notice.organisation_id).where(Notice.kind == "feedback_delivered")).all()
    assert told == [cast.department(tier).id]


def test_reporter_delegate_and_studio_each_get_a_copy(session: Session, cast: Cast) -> None:
    """「同时抄送反映人、市党代表和党代表工作室」「谁提出、反馈谁」"""
    case = answered(session, cast)
    assert copies(session, case) == {}  # not before the department has accepted it
    factories.step(session, cast, case, "accepted")
    assert copies(session, case) == {
        "reporter": ("sms", "pending"), "delegate": ("inbox", "delivered"), "studio": ("inbox", "delivered"),
    }  # fmt: skip
    assert session.scalars(select(Notice.address).where(Notice.kind == "feedback_copy_reporter")).one() == "13800001234"


def test_a_reporter_without_mobile_phone_gets_paper(session: Session, cast: Cast) -> None:
    """The case goes on only when the studio has said how the letter was delivered (R66)."""
    case = answered(session, cast, reporter_phone="0755-25550000")
    factories.step(session, cast, case, "accepted")
    assert copies(session, case)["reporter"] == ("letter", "pending")
    assert set(session.scalars(select(Task.role).where(Task.case_id == case.id))) == {"letter"}
    factories.act(
        session, cast, case, "liaison", "letter", method="in_person", delivered_on="2026-02-13", proof="陈某某签收"
    )
    assert copies(session, case)["reporter"] == ("letter", "delivered")
    assert "rating_reporter" in set(session.scalars(select(Task.role).where(Task.case_id == case.id)))


def test_an_answer_that_is_none_goes_back_and_the_clock_was_never_stopped(
    session: Session, cast: Cast, at: Clock
) -> None:
    """Submitted on day 8, returned on day 9, answered on day 11: late by one (R68, A5)."""
    case = factories.handled(session, cast)
    at("2026-03-03 10:00")
    factories.step(session, cast, case, "answered")
    at("2026-03-04 10:00")
    factories.act(session, cast, case, "street_clerk", "feedback_check", decision="return", opinion="未回应诉求。")
    assert factories.open_task(session, case, "answer").due_on == date(2026, 3, 5)
    at("2026-03-06 10:00")
    factories.step(session, cast, case, "answered")
    factories.step(session, cast, case, "accepted")
    states = session.scalars(select(Feedback.state).order_by(Feedback.id)).all()
    assert states == ["returned", "accepted"]
    handling = session.scalars(select(Handling)).one()
    assert handling.first_due_on == date(2026, 3, 5)
    assert handling.answered_at is not None
