"""Working days against the State Council notices: every receipt date 2010–2026, the cases of R60–R73, and properties.

The brute force below shares nothing with engine/calendar.py but the CSV file: it marks a strip of days and walks it.
"""

import copy
import csv
import json
import pickle
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import calendar as calendar_module
from engine.calendar import FACTORY, Calendar, DayRow, WorkingDate, factory_statutory, read_statutory
from engine.errors import Invalid, Misconfigured
from engine.workdays.factory import read_rows

ROWS = read_rows(FACTORY)
CALENDAR = Calendar(ROWS)
FIRST, LAST = date(2010, 1, 1), date(2026, 12, 31)
# Off once by an amendment, never statutory: the parade of 2015, the prolonged Spring Festival of 2020.
ONCE = {date(2015, 9, 3), date(2020, 1, 31), date(2020, 2, 1), date(2020, 2, 2)}
DATES = st.dates(date(2010, 1, 1), date(2035, 12, 31))


def d(text: str) -> date:
    return date.fromisoformat(text)


def strip(known_on: str = "9999-12-31") -> list[bool]:
    """Working or not for each day from 2010-01-01 to 2026-12-31: weekends, then the file's lines by day of issue."""
    days = [(FIRST + timedelta(i)).isoweekday() not in (6, 7) for i in range((LAST - FIRST).days + 1)]
    with (FACTORY / "state_council.csv").open(encoding="utf-8") as file:
        lines = [line.rstrip("\n").split(",") for line in file][1:]
    for day, kind, _notice, issued in sorted(lines, key=lambda line: line[3]):
        if issued <= known_on:
            days[(d(day) - FIRST).days] = kind == "work"
    return days


def walk(days: list[bool], received: date, n: int) -> date | None:
    """The n-th working day after receipt, None if it lies beyond the notices."""
    place = (received - FIRST).days
    while n:
        place += 1
        if place == len(days):
            return None
        n -= days[place]
    return FIRST + timedelta(place)


@pytest.mark.parametrize("n", [10, 30])
def test_every_receipt_date_agrees_with_the_notices(n: int) -> None:
    days = strip()
    beyond = 0
    for i in range(len(days)):
        received = FIRST + timedelta(i)
        expected, limit = walk(days, received, n), CALENDAR.limit(received, n)
        if expected is None:
            beyond += 1
            assert limit.provisional, received
            assert limit.due > LAST
        else:
            assert (limit.due, limit.provisional) == (expected, False), received
        counted = [day.count for day in limit.explanation if day.working]
        assert counted == list(range(1, n + 1))
        assert limit.explanation[-1].date == limit.due
        assert limit.explanation[0].date == received + timedelta(1)
    assert 10 <= beyond <= 50


@pytest.mark.parametrize(
    "known_on", ["2013-12-10", "2015-05-12", "2019-03-21", "2019-03-22", "2020-01-25", "2020-01-26"]
)
def test_on_any_day_of_knowledge_the_notices_of_that_day_count(known_on: str) -> None:
    days, calendar = strip(known_on), Calendar(ROWS, known_on=d(known_on))
    covered = max(notice.year or 0 for notice in calendar.notices())
    for i in range((date(covered, 12, 31) - FIRST).days + 1):
        assert calendar.day(FIRST + timedelta(i)).working == days[i]


@pytest.mark.parametrize(
    ("received", "n", "due"),
    [
        ("2026-02-13", 10, "2026-03-05"),  # R60
        ("2026-02-13", 30, "2026-04-02"),  # R61
        ("2026-02-09", 10, "2026-02-28"),  # a make-up Saturday
        ("2026-03-06", 10, "2026-03-20"),
        ("2026-03-07", 10, "2026-03-20"),
        ("2026-03-08", 10, "2026-03-20"),
        ("2026-02-14", 10, "2026-03-06"),
        ("2026-09-18", 10, "2026-10-09"),  # R70
        ("2026-10-09", -3, "2026-09-29"),
        ("2026-10-09", -1, "2026-10-08"),
        ("2026-03-05", -3, "2026-03-02"),
        ("2026-03-05", -1, "2026-03-04"),
        ("2026-03-05", 5, "2026-03-12"),  # R69
        ("2026-03-07", 0, "2026-03-07"),
        ("2026-11-23", 10, "2026-12-07"),  # R73
    ],
)
def test_limits_of_the_requirements(received: str, n: int, due: str) -> None:
    result = CALENDAR.working_days(d(received), n)
    assert result == d(due)
    assert result.basis == {"received": received, "days": n, "due": due, "provisional": False}


def test_beyond_the_notices_a_limit_is_provisional() -> None:
    """R73: 暂定 by the statutory days; no crash."""
    limit = CALENDAR.limit(d("2026-11-23"), 30)
    assert (limit.due, limit.provisional) == (d("2027-01-05"), True)
    reasons = {day.date: day.reason for day in limit.explanation}
    assert reasons[d("2027-01-01")] == "暂按法定节假日：元旦"
    assert CALENDAR.working_days(d("2026-11-19"), 30) == d("2026-12-31")
    assert CALENDAR.working_days(d("2026-11-19"), 30).basis["provisional"] is False
    assert CALENDAR.limit(d("2027-03-01"), 0).provisional


def test_a_gap_year_makes_every_limit_through_it_provisional() -> None:
    calendar = Calendar(row for row in ROWS if row.issued != d("2014-12-16"))  # no annual notice for 2015
    assert calendar.limit(d("2014-12-01"), 10).provisional is False
    assert calendar.limit(d("2014-12-25"), 10).provisional is True
    assert calendar.limit(d("2015-12-25"), 10).provisional is True
    assert calendar.limit(d("2016-01-05"), 10).provisional is False
    amended = calendar.day(d("2015-09-06"))  # the amendment of that year still counts
    assert (amended.working, amended.notice, amended.provisional) == (True, "国发明电〔2015〕1号", True)


def test_an_amendment_moves_a_limit_when_it_becomes_known() -> None:
    """R72: 2019-03-22 changed May Day; 2020-01-26 prolonged the Spring Festival, undoing a make-up Saturday."""
    then = Calendar(ROWS, known_on=d("2019-03-15"))
    assert then.working_days(d("2019-03-15"), 30) == d("2019-04-29")
    now = CALENDAR.limit(d("2019-03-15"), 30)
    assert (now.due, now.provisional) == (d("2019-04-28"), False)
    assert now.explanation[-1].reason == "国办发明电〔2019〕3号：调休上班"

    received = Calendar(ROWS, known_on=d("2020-01-25")).working_days(d("2020-02-05"), -10)
    before, after = Calendar(ROWS, known_on=d("2020-01-25")), Calendar(ROWS, known_on=d("2020-01-26"))
    assert before.working_days(received, 10) == d("2020-02-05")
    assert after.working_days(received, 10) == d("2020-02-07")
    assert before.day(d("2020-02-01")).working is True
    assert after.day(d("2020-02-01")).reason == "国办发明电〔2020〕1号：放假"


def test_of_two_notices_the_latest_issued_wins_in_any_order_of_rows() -> None:
    forwards, backwards = Calendar(ROWS), Calendar(reversed(ROWS))
    assert all(
        forwards.day(FIRST + timedelta(i)) == backwards.day(FIRST + timedelta(i)) for i in range((LAST - FIRST).days)
    )


def test_reasons_are_sentences_a_citizen_can_check() -> None:
    reason = {day: CALENDAR.day(d(day)).reason for day in ("2026-03-07", "2026-03-09", "2025-10-01", "2026-02-14")}
    assert reason == {
        "2026-03-07": "周末",
        "2026-03-09": "工作日",
        "2025-10-01": "国办发明电〔2024〕12号：放假",
        "2026-02-14": "国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）：调休上班",
    }
    estimated = [CALENDAR.day(d(f"2027-{day}")).reason for day in ("05-01", "05-02", "05-03", "05-04", "05-05")]
    assert estimated == ["暂按法定节假日：劳动节"] * 2 + ["暂按法定节假日补休"] * 2 + ["工作日"]


def test_notices_know_the_year_they_cover() -> None:
    annual = {notice.year for notice in CALENDAR.notices() if notice.year}
    assert annual == set(range(2010, 2027))
    amendments = [notice.issued for notice in CALENDAR.notices() if notice.year is None]
    assert amendments == [d("2015-05-13"), d("2019-03-22"), d("2020-01-26")]
    # 国办发明电〔2011〕45号 begins with the last day of 2011 and is the notice of 2012
    assert [n.year for n in CALENDAR.notices() if n.number == "国办发明电〔2011〕45号"] == [2012]
    assert CALENDAR.notices()[-1].name == "国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）"
    assert max(n.issued for n in Calendar(ROWS, known_on=d("2020-01-26")).notices()) == d("2020-01-26")


def test_a_city_notice_overlays_the_nation_and_covers_no_year() -> None:
    """A31: a local shift stands above the national calendar, even an amended one."""
    city = DayRow(d("2026-03-09"), "off", "深府办函〔2026〕1号", d("2026-01-05"), "city")
    later = DayRow(d("2026-03-09"), "work", "国办发明电〔2026〕1号", d("2026-03-01"))
    calendar = Calendar([*ROWS, city, later])
    assert calendar.day(d("2026-03-09")).reason == "深府办函〔2026〕1号：放假"
    assert calendar.working_days(d("2026-03-06"), 10) == d("2026-03-23")
    many = [
        DayRow(d("2027-01-01") + timedelta(i), "off", "深府办函〔2027〕1号", d("2026-12-01"), "city") for i in range(12)
    ]
    assert Calendar([*ROWS, *many]).limit(d("2027-02-01"), 1).provisional


# ------------------------------------------------------------------ years without a notice


@pytest.mark.parametrize("year", range(2027, 2036))
def test_estimated_years_agree_with_the_package_holidays(year: int) -> None:
    theirs = {day for day in holidays.country_holidays("CN", years=year) if day.weekday() < 5}
    ours = [date(year, 1, 1) + timedelta(i) for i in range(365)]
    assert {day for day in ours if day.weekday() < 5 and not CALENDAR.day(day).working} == theirs
    assert not any(CALENDAR.day(day).working for day in ours if day.weekday() >= 5)


@pytest.mark.parametrize("year", range(2010, 2027))
def test_statutory_days_are_off_in_every_notice(year: int) -> None:
    named = holidays.country_holidays("CN", years=year, observed=False, language="zh_CN")
    statutory = {day for day, name in named.items() if not name.startswith("休息日")} - ONCE
    assert len(statutory) >= 10
    assert set(factory_statutory().days(year, None)) == statutory
    assert [day for day in sorted(statutory) if CALENDAR.day(day).working] == []


def test_the_regulation_is_the_one_known_and_in_force() -> None:
    statutory = factory_statutory()
    assert d("2013-02-09") in statutory.days(2013, None)  # 除夕 2013, under the revision of 2007
    assert d("2024-02-09") not in statutory.days(2024, None)  # not 2024
    assert d("2025-01-28") in statutory.days(2025, None)  # again from 2025
    assert d("2025-01-28") not in statutory.days(2025, d("2024-11-09"))
    assert d("2025-05-02") in statutory.days(2025, d("2024-11-10"))


def test_without_any_known_notice_everything_is_estimated() -> None:
    calendar = Calendar(ROWS, known_on=d("2009-01-01"))
    limit = calendar.limit(d("2010-02-08"), 10)
    assert limit.provisional
    # 除夕 Sat 02-13 and 初一 Sun 02-14 are made up after 初二 Mon 02-15
    assert [day.date.day for day in limit.explanation if "补休" in day.reason] == [16, 17]
    assert calendar.notices() == ()


@pytest.mark.parametrize("year", [1, 1949, 2007, 2101, 2500, 9998])
def test_no_year_crashes(year: int) -> None:
    limit = CALENDAR.limit(date(year, 9, 20), 10)
    assert limit.provisional
    assert CALENDAR.day(date(year, 10, 1)).reason == "暂按法定节假日：国庆节"


# ------------------------------------------------------------------ properties


@given(DATES, st.integers(-60, 120))
def test_between_is_the_inverse_of_working_days(received: date, n: int) -> None:
    assert CALENDAR.between(received, CALENDAR.working_days(received, n)) == n


@given(DATES, st.integers(0, 100), st.integers(0, 100))
def test_counting_on_is_counting_together(received: date, first: int, second: int) -> None:
    assert CALENDAR.working_days(CALENDAR.working_days(received, first), second) == CALENDAR.working_days(
        received, first + second
    )


@given(DATES, st.integers(0, 40), st.integers(-60, 120))
def test_later_receipt_never_ends_earlier(received: date, later: int, n: int) -> None:
    assert CALENDAR.working_days(received, n) <= CALENDAR.working_days(received + timedelta(later), n)
    assert CALENDAR.working_days(received, n) <= CALENDAR.working_days(received, n + 1)


@given(DATES, st.integers(-60, 120))
def test_the_explanation_counts_exactly_n_days_and_skips_none(received: date, n: int) -> None:
    limit = CALENDAR.limit(received, n)
    step = timedelta(1 if n > 0 else -1)
    assert [day.date for day in limit.explanation] == [received + step * (i + 1) for i in range(len(limit.explanation))]
    assert sum(day.count is not None for day in limit.explanation) == abs(n)
    assert n == 0 or (limit.explanation[-1].date == limit.due and limit.explanation[-1].working)
    assert limit.provisional == any(
        not 2010 <= day.year <= 2026 for day in [limit.due, *(x.date for x in limit.explanation)]
    )


@given(DATES, DATES)
def test_between_agrees_with_day(start: date, end: date) -> None:
    start, end = start.replace(year=2025 + start.year % 3, day=min(start.day, 28)), end.replace(year=2026, day=1)
    if start <= end:
        days = (start + timedelta(i) for i in range(1, (end - start).days + 1))
        assert CALENDAR.between(start, end) == sum(CALENDAR.day(day).working for day in days)
    else:
        days = (end + timedelta(i) for i in range((start - end).days))
        assert CALENDAR.between(start, end) == -sum(CALENDAR.day(day).working for day in days)


@settings(max_examples=60)
@given(DATES, st.integers(0, 40), DATES)
def test_knowing_more_never_unsettles_a_limit_that_no_later_notice_touches(received: date, n: int, known: date) -> None:
    then = Calendar(ROWS, known_on=known).limit(received, n)
    later = {row.date for row in ROWS if row.issued > known}
    if not then.provisional and not any(day.date in later for day in then.explanation):
        assert CALENDAR.limit(received, n) == then


# ------------------------------------------------------------------ values and refusals


def test_a_working_date_is_a_date_and_keeps_its_basis_when_copied() -> None:
    due = CALENDAR.working_days(d("2026-02-13"), 10)
    assert isinstance(due, date)
    assert json.loads(json.dumps(due.basis))["days"] == 10
    for twin in (copy.copy(due), copy.deepcopy(due), pickle.loads(pickle.dumps(due))):
        assert (twin, twin.basis, type(twin)) == (due, due.basis, WorkingDate)
    assert (due + timedelta(1)).basis == {}
    assert due.isoformat() == "2026-03-05"
    assert type(CALENDAR.limit(due, 1).received) is date


def test_a_moment_counts_by_its_date_in_shenzhen() -> None:
    moment = datetime(2026, 2, 12, 16, 30, tzinfo=UTC)  # 00:30 of the 13th
    assert CALENDAR.working_days(moment, 10) == d("2026-03-05")


@pytest.mark.parametrize("n", [2001, -2001, 1.0, True, "10", None])
def test_an_impossible_count_is_refused(n: object) -> None:
    with pytest.raises(Invalid, match="工作日数"):
        CALENDAR.working_days(d("2026-02-13"), n)  # type: ignore[arg-type]


@pytest.mark.parametrize("received", ["2026-02-13", None, datetime(2026, 2, 13)])  # the last is naive on purpose
def test_an_impossible_receipt_is_refused(received: object) -> None:
    with pytest.raises(Invalid, match="需要日期"):
        CALENDAR.working_days(received, 10)  # type: ignore[arg-type]


def test_the_end_of_time_is_refused_in_words() -> None:
    for received, n in ((date.max, 1), (date.min, -1), (date(9999, 12, 20), 30)):
        with pytest.raises(Invalid, match="日期超出"):
            CALENDAR.limit(received, n)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("2026-13-01,off,x,2026-01-01", "第2行"),
        ("2026-01-01,maybe,x,2026-01-01", "off 或 work"),
        ("2026-01-01,off", "日期"),
    ],
)
def test_a_broken_factory_file_names_the_line(tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "broken.csv").write_text(f"date,kind,notice,issued\n{line}\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match=words):
        read_rows(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "regulation = []\n[festivals]\n", "not toml", "[[regulation]]\ntitle='x'\n[festivals]\n"]
)
def test_a_broken_regulation_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "statutory.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured, match="法定节假日"):
        read_statutory(tmp_path / "statutory.toml")


def test_the_factory_file_is_complete() -> None:
    with (FACTORY / "state_council.csv").open(encoding="utf-8") as file:
        assert len(list(csv.reader(file))) == len(ROWS) + 1 == 579
    assert calendar_module.MAX_DAYS == 2000
