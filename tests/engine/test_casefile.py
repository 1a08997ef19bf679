"""The case page's facts: path, tracked items, live diagram, why a date is that date (I3, I7, R55, R56, R75)."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from engine import casefile, tasks
from engine.cases.models import Case
from engine.errors import NotFound
from tests import factories, people

At = Callable[[Any], datetime]


@pytest.fixture
def cast(session: Session, at: At) -> people.Cast:
    at("2026-03-02 09:00")
    return factories.install(session)


def _hops(session: Session, cast: people.Cast, case: Case) -> list[tuple[str, int]]:
    path = casefile.load(session, cast.actor("city_clerk"), case.id).path
    assert sum(hop.days for hop in path.hops) == path.total
    return [(hop.holder, hop.days) for hop in path.hops]


def test_path_through_two_tiers_adds_up(session: Session, cast: people.Cast, at: At) -> None:
    case = factories.registered(session, cast, reflected_on="2026-03-02")
    at("2026-03-03 10:00")
    for name in ("signed", "reported"):
        factories.step(session, cast, case, name)
    at("2026-03-05 10:00")
    factories.act(session, cast, case, "street_clerk", "tier_review", decision="escalate", basis="超出街道管理权限")
    at("2026-03-09 10:00")
    factories.refer(session, cast, case, unit="district_unit", who="district_clerk")
    at("2026-03-12 10:00")
    assert _hops(session, cast, case) == [
        ("沙头角社区党代表工作室", 1),
        (cast.department("street").name, 2),
        (cast.department("district").name, 2),
        ("盐田区城管局", 3),
    ]


def test_path_goes_back_with_a_returned_answer_and_with_a_withdrawal(
    session: Session, cast: people.Cast, at: At
) -> None:
    case = factories.handled(session, cast, reflected_on="2026-03-02")
    at("2026-03-04 10:00")
    factories.step(session, cast, case, "answered")
    assert _hops(session, cast, case)[-1] == (cast.department("street").name, 0)
    tasks.withdraw(session, cast.actor("unit_clerk"), case.id)
    assert _hops(session, cast, case)[-1] == ("沙头角街道城管科", 0)
    task = factories.open_task(session, case, "answer")
    tasks.complete(session, cast.actor("unit_clerk"), task.id, factories.STEPS["answered"][2])
    at("2026-03-05 10:00")
    factories.act(session, cast, case, "street_clerk", "feedback_check", decision="return", opinion="没有回答问题")
    assert [holder for holder, _days in _hops(session, cast, case)][-2:] == [
        cast.department("street").name,
        "沙头角街道城管科",
    ]


def test_four_tracked_items(session: Session, cast: people.Cast, at: At) -> None:
    case = factories.handled(session, cast, reflected_on="2026-03-02")

    def tracked() -> dict[str, tuple[bool, bool]]:
        file = casefile.load(session, cast.actor("street_clerk"), case.id)
        return {item.name: (item.there, item.late) for item in file.tracked}

    assert tracked() == {
        "办理方案": (False, False),
        "办理人员": (False, False),
        "办理时限": (True, False),
        "办理结果": (False, False),
    }
    at("2026-03-06 10:00")  # the fourth working day: nobody was named
    assert tracked()["办理人员"] == (False, True)
    factories.step(session, cast, case, "answered")
    assert tracked()["办理人员"] == (True, False)
    assert tracked()["办理时限"] == (True, False)
    assert tracked()["办理结果"] == (True, False)


def test_one_instance_and_one_current_step_per_drawing(session: Session, cast: people.Cast) -> None:
    case = factories.registered(session, cast, reflected_on="2026-03-02")
    for name in ("signed", "reported"):
        factories.step(session, cast, case, name)
    factories.act(session, cast, case, "street_clerk", "tier_review", decision="escalate", basis="超出街道管理权限")
    actor = cast.actor("district_clerk")
    outer = casefile.diagram(session, actor, case.id)
    assert outer["current"] == ["review_district"]
    assert outer["xml"].startswith("<?xml")
    assert {act["element"] for act in outer["done"]} >= {"sign", "report", "review_street"}
    assert casefile.diagram(session, actor, case.id, "tier_review")["current"] == ["review"]
    assert outer["tabs"][0] == ("opinion", "意见建议办理")


def test_an_ended_case_stands_nowhere(session: Session, cast: people.Cast) -> None:
    case = factories.handled(session, cast, reflected_on="2026-03-02")
    for name in ("answered", "accepted", "rated_by_reporter", "rated_by_delegate", "rated_by_department"):
        factories.step(session, cast, case, name)
    assert case.state == "closed"
    assert casefile.diagram(session, cast.actor("street_clerk"), case.id)["current"] == []
    file = casefile.load(session, cast.actor("street_clerk"), case.id)
    assert file.limit is None
    assert file.path.hops[-1].until is not None
    assert not file.may_terminate


def test_why_counts_from_the_units_receipt(session: Session, cast: people.Cast, at: At) -> None:
    at("2026-02-13 15:00")
    case = factories.handled(session, cast, reflected_on="2026-02-13")
    task = factories.open_task(session, case, "answer")
    why = casefile.why(session, cast.actor("unit_clerk"), task.id)
    assert (why.limit.received_on, why.limit.days, why.limit.due_on) == (date(2026, 2, 13), 10, date(2026, 3, 5))
    assert why.counted.due == why.limit.due_on
    assert why.counted.explanation[0].date == date(2026, 2, 14)
    assert casefile.why_of_case(session, cast.actor("liaison"), case.id).limit == why.limit


def test_nobody_else_learns_anything(session: Session, cast: people.Cast) -> None:
    case = factories.handled(session, cast, reflected_on="2026-03-02")
    task = factories.open_task(session, case, "answer")
    stranger = cast.actor("second_street_clerk")
    for look in (
        lambda: casefile.load(session, stranger, case.id),
        lambda: casefile.why(session, stranger, task.id),
        lambda: casefile.why_of_case(session, stranger, case.id),
        lambda: casefile.diagram(session, stranger, case.id),
        lambda: casefile.mark_copies_read(session, stranger, case.id),
        lambda: casefile.load(session, stranger, 999),
    ):
        with pytest.raises(NotFound):
            look()
