"""The lamp beside a limit: green, yellow within three working days, red after 24:00 (R70)."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from engine import clock, config
from engine.calendar import Calendar
from engine.workdays import factory, lamps

At = Callable[[Any], datetime]
DUE = clock.end_of(date(2026, 3, 5))  # a Thursday


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return Calendar(factory.read_rows(config.ROOT / "processes" / "calendars"))


@pytest.mark.parametrize(
    ("now", "colour", "words"),
    [
        ("2026-02-27 10:00", "green", "绿·剩余5个工作日"),  # Saturday 02-28 is a make-up working day
        ("2026-03-02 10:00", "yellow", "黄·临期3个工作日"),
        ("2026-03-05 00:00", "yellow", "黄·今日到期"),
        ("2026-03-05 23:59", "yellow", "黄·今日到期"),
        ("2026-03-06 00:00", "red", "红·逾期1个工作日"),
        ("2026-03-08 12:00", "red", "红·逾期1个工作日"),  # the weekend adds nothing
        ("2026-03-10 09:00", "red", "红·逾期3个工作日"),
    ],
)
def test_lamp(calendar: Calendar, at: At, now: str, colour: str, words: str) -> None:
    at(now)
    lamp = lamps.lamp(calendar, DUE)
    assert (lamp.colour, lamp.words) == (colour, words)


def test_late_on_a_day_off_is_said_without_a_zero(calendar: Calendar, at: At) -> None:
    at("2026-03-07 09:00")
    assert lamps.lamp(calendar, clock.end_of(date(2026, 3, 6))).words == "红·逾期不足1个工作日"


def test_soon_until_agrees_with_the_lamp_every_day(calendar: Calendar, at: At) -> None:
    for day in range(1, 32):
        now = at(f"2026-03-{day:02} 10:00")
        for due_day in range(1, 32):
            due = clock.end_of(date(2026, 3, due_day))
            soon = now < due <= lamps.soon_until(calendar)
            assert soon == (lamps.lamp(calendar, due).colour == "yellow"), (day, due_day)
