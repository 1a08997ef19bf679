"""A resident's look at the own case: right, wrong, locked, and nothing that tells whether a number exists (R92)."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import tasks, tracking
from engine.cases.models import Case, Signature, TrackingAttempt
from engine.errors import Conflict
from tests import factories, people

HOME, OTHER = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def house(session: Session, at) -> people.Cast:
    at("2026-03-02 09:00")
    return factories.install(session)


@pytest.fixture
def case(session: Session, house: people.Cast) -> Case:
    return factories.registered(session, house, reflected_on="2026-03-02")


def test_number_and_last_four_digits_open_the_case(session, case):
    assert tracking.find(session, case.number, "1234", HOME) == case.id


def test_full_width_digits_and_blanks_count_as_the_usual_ones(session, case):
    wide = case.number.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
    assert tracking.find(session, f" {wide} ", "１２３４", HOME) == case.id


def test_without_a_phone_the_code_of_copy_one_opens_it(session, house):
    case = factories.registered(session, house, reflected_on="2026-03-02", reporter_phone="")
    assert len(case.query_code) == 6
    assert tracking.find(session, case.number, case.query_code, HOME) == case.id
    assert tracking.find(session, case.number, "", HOME) is None


def test_five_wrong_ones_lock_the_number_for_fifteen_minutes(session, case, at):
    for attempt in range(5):
        assert tracking.find(session, case.number, "0000", f"192.0.2.{attempt + 10}") is None
    assert tracking.find(session, case.number, "1234", HOME) is None, "locked although the code is right"
    at("2026-03-02 09:14")
    assert tracking.find(session, case.number, "1234", HOME) is None
    at("2026-03-02 09:16")
    assert tracking.find(session, case.number, "1234", HOME) == case.id


def test_four_wrong_ones_do_not_lock(session, case):
    for _ in range(4):
        tracking.find(session, case.number, "0000", HOME)
    assert tracking.find(session, case.number, "1234", HOME) == case.id


def test_five_wrong_ones_lock_the_address_whatever_the_numbers(session, case):
    for number in range(5):
        assert tracking.find(session, f"沙头角街道沙头角社区2099{number:03}", "1234", HOME) is None
    assert tracking.find(session, case.number, "1234", HOME) is None
    assert tracking.find(session, case.number, "1234", OTHER) == case.id


def test_a_success_does_not_forgive_the_address(session, case, house):
    """Otherwise somebody who knows one number could try others for ever."""
    for _ in range(4):
        tracking.find(session, "别的编号2026001", "1111", HOME)
    assert tracking.find(session, case.number, "1234", HOME) == case.id
    tracking.find(session, "别的编号2026002", "1111", HOME)
    assert tracking.find(session, case.number, "1234", HOME) is None


def test_unknown_numbers_are_counted_like_known_ones_and_not_stored(session, case):
    for number in (case.number, "没有这个编号2026001"):
        tracking.find(session, number, "0000", HOME)
    stored = session.query(TrackingAttempt).all()
    assert sorted(row.wrong for row in stored) == [1, 1, 2]
    assert all(len(row.subject) == 64 for row in stored)


def test_old_counters_are_forgotten(session, case, at):
    tracking.find(session, case.number, "0000", HOME)
    at("2026-03-04 09:00")
    tracking.find(session, "别的编号2026001", "0000", OTHER)
    assert session.query(TrackingAttempt).count() == 2


def test_the_page_says_who_has_it_until_when_and_nothing_personal(session, house):
    case = factories.handled(session, house, reflected_on="2026-03-02")
    seen = tracking.view(session, case.id)
    assert (seen.holder, seen.due_on.isoformat(), seen.overdue) == ("沙头角街道城管科", "2026-03-16", False)
    assert [rung.name for rung in seen.rungs] == ["沙头角社区党代表工作室", "沙头角街道"]
    assert seen.rungs[-1].here
    for private in (case.reporter_name, case.reporter_phone, case.reporter_address, "1234"):
        assert private not in repr(seen)


def test_an_answer_shows_only_once_it_is_accepted(session, house):
    case = factories.handled(session, house, reflected_on="2026-03-02")
    factories.step(session, house, case, "answered")
    assert tracking.view(session, case.id).answers == []
    factories.step(session, house, case, "accepted")
    assert [answer.unit for answer in tracking.view(session, case.id).answers] == ["沙头角街道城管科"]


def test_the_reporter_chooses_one_of_four_grades_once(session, house):
    case = factories.handled(session, house, reflected_on="2026-03-02")
    assert tracking.view(session, case.id).grades == []
    for name in ("answered", "accepted"):
        factories.step(session, house, case, name)
    assert [label for _, label in tracking.view(session, case.id).grades] == ["非常满意", "满意", "基本满意", "不满意"]
    tasks.complete_as_reporter(session, case, {"grade": "satisfied", "method": "online"})
    assert tracking.view(session, case.id).grades == []
    made = select(Signature.method).where(Signature.case_id == case.id, Signature.purpose == "rating")
    assert session.scalars(made).all() == ["online"], "nobody typed a name"
    with pytest.raises(Conflict):
        tasks.complete_as_reporter(session, case, {"grade": "dissatisfied", "method": "online"})
