"""Working days: State Council notices as dated rows, limits counted from them, and every limit explained day by day.

Implements article 11 (10 or 30 working days 自收到来文之日起) with day zero = the day of receipt. Pure functions; the
rows come from engine/workdays: the database, or the factory edition in processes/calendars.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

from engine import clock
from engine.config import ROOT
from engine.errors import Invalid, Misconfigured

Kind = Literal["off", "work"]
Scope = Literal["national", "city"]

FACTORY = ROOT / "processes" / "calendars"
MAX_DAYS = 2000
# The same few limits are asked for again and again; a runaway caller must not fill the memory.
MAX_COUNTED = 4096
# An annual notice lists 25 to 40 days, an amendment at most 6: anything above this covers its year.
ANNUAL_ROWS = 10
ONE_DAY = timedelta(days=1)
# Where a field is called `date`, the type needs another name.
Date: TypeAlias = date


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day named by one notice. `notice` is its number, empty where it has none; city rows overlay national ones."""

    date: date
    kind: Kind
    notice: str
    issued: Date
    scope: Scope = "national"


@dataclass(frozen=True, slots=True)
class Notice:
    """A known notice: its number or title, its day of issue, the year it covers (None: an amendment), its days."""

    name: str
    number: str
    issued: date
    year: int | None
    days: int
    scope: Scope


@dataclass(frozen=True, slots=True)
class Day:
    """What one calendar date is and why. `count` numbers it inside a limit, None where it is not counted."""

    date: date
    working: bool
    reason: str
    notice: str | None
    provisional: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A counted limit; `explanation` holds every date from the day after receipt to the due date."""

    received: date
    days: int
    due: date
    provisional: bool
    explanation: tuple[Day, ...]


class WorkingDate(date):
    """A due date that carries how it was counted: `basis` = {received, days, due, provisional}, JSON-able."""

    basis: dict[str, Any]

    def __new__(cls, year: int, month: int, day: int, basis: Mapping[str, Any] | None = None) -> Self:
        """A date as usual; dates derived from it by arithmetic carry no basis."""
        self = super().__new__(cls, year, month, day)
        self.basis = dict(basis or {})
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles keep the basis (date's own would lose it)."""
        return type(self), (self.year, self.month, self.day, self.basis)


@dataclass(frozen=True)
class Regulation:
    """One revision of 全国年节及纪念日放假办法: names with (month, day) or with days relative to a movable festival."""

    title: str
    issued: date
    in_force: date
    fixed: tuple[tuple[str, int, int], ...]
    movable: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Statutory:
    """The regulation's revisions, oldest first, and the dates of the movable festivals by (year, name)."""

    regulations: tuple[Regulation, ...]
    festivals: Mapping[tuple[int, str], date]

    def days(self, year: int, known_on: date | None) -> dict[date, str]:
        """Statutory days of a year by name, under the revision in force that year and issued by `known_on`."""
        regulation = self.regulations[0]
        for revision in self.regulations:
            if revision.in_force <= date(year, 1, 1) and (known_on is None or revision.issued <= known_on):
                regulation = revision
        days = {date(year, month, day): name for name, month, day in regulation.fixed}
        for name, offset in regulation.movable:
            if festival := self.festivals.get((year, name)):
                days.setdefault(festival + timedelta(days=offset), name)
        return dict(sorted(days.items()))


class Calendar:
    """Working days as the notices issued by `known_on` make them (None: every notice given)."""

    def __init__(
        self, rows: Iterable[DayRow], *, known_on: date | None = None, statutory: Statutory | None = None
    ) -> None:
        self.known_on = known_on
        self._statutory = statutory or factory_statutory()
        known = self._known = [row for row in rows if known_on is None or row.issued <= known_on]
        self._notices = _notices(known)
        self._covered = {notice.year for notice in self._notices.values()}
        # Later issued wins, a city overlay wins over the nation; sorting is stable, so of equals the later row wins.
        self._rows = {row.date: row for row in sorted(known, key=lambda row: (row.scope == "city", row.issued))}
        self._estimates: dict[int, dict[date, str]] = {}
        self._counted: dict[tuple[date, int], WorkingDate] = {}

    def notices(self) -> tuple[Notice, ...]:
        """The notices known, oldest first."""
        return tuple(sorted(self._notices.values(), key=lambda notice: (notice.issued, notice.number)))

    def rows(self) -> list[DayRow]:
        """Every known row, also those another one outweighs."""
        return list(self._known)

    def covers(self, year: int) -> bool:
        """Is there an annual notice of this year?"""
        return year in self._covered

    def day(self, day: date) -> Day:
        """Whether a date is a working day and on what ground; provisional in a year without an annual notice."""
        day = _plain(day)
        provisional = day.year not in self._covered
        if row := self._rows.get(day):
            name = self._notices[_key(row)].name
            reason = f"{name}：{'调休上班' if row.kind == 'work' else '放假'}"
            return Day(day, row.kind == "work", reason, name, provisional)
        if provisional and (estimate := self._estimate(day.year).get(day)):
            return Day(day, False, estimate, None, True)
        weekend = day.weekday() >= 5
        return Day(day, not weekend, "周末" if weekend else "工作日", None, provisional)

    def limit(self, received: date, n: int) -> Limit:
        """Count n working days from the day of receipt, which is day zero (negative n: backwards), explaining each day.

        Provisional as soon as one of the days, or the due date, lies in a year without a known annual notice.
        Raises Invalid for anything but a date and a whole number up to MAX_DAYS either way.
        """
        received, n = _plain(received), _whole(n)
        days: list[Day] = []
        due, counted = received, 0
        while counted < abs(n):
            due = _next(due, 1 if n > 0 else -1)
            day = self.day(due)
            counted += day.working
            days.append(replace(day, count=counted) if day.working else day)
        provisional = any(day.provisional for day in days) or self.day(due).provisional
        return Limit(received, n, due, provisional, tuple(days))

    def working_days(self, received: date, n: int) -> WorkingDate:
        """The n-th working day after receipt (article 11; the limit ends at 24:00 of it); n=0 is the day itself."""
        known = self._counted.get((received, n)) if type(received) is date and type(n) is int else None
        if known is not None:
            return WorkingDate(known.year, known.month, known.day, known.basis)
        limit = self.limit(received, n)
        basis = {
            "received": limit.received.isoformat(),
            "days": limit.days,
            "due": limit.due.isoformat(),
            "provisional": limit.provisional,
        }
        if len(self._counted) >= MAX_COUNTED:
            self._counted.clear()
        due = self._counted[limit.received, limit.days] = WorkingDate(
            limit.due.year, limit.due.month, limit.due.day, basis
        )
        return WorkingDate(due.year, due.month, due.day, basis)

    def between(self, start: date, end: date) -> int:
        """Working days after `start` up to and including `end`; if `end` is earlier, minus those from `end` to the day
        before `start`. So between(d, working_days(d, n)) == n for every n."""
        start, end = _plain(start), _plain(end)
        first, last = start.toordinal(), end.toordinal()
        days = range(first + 1, last + 1) if last >= first else range(last, first)
        worked = sum(self._working(date.fromordinal(day)) for day in days)
        return worked if last >= first else -worked

    def _working(self, day: date) -> bool:
        if row := self._rows.get(day):
            return row.kind == "work"
        if day.weekday() >= 5:
            return False
        return day.year in self._covered or day not in self._estimate(day.year)

    def _estimate(self, year: int) -> dict[date, str]:
        """Days off to expect: the statutory days, those on a weekend made up on the next ordinary weekday."""
        if (known := self._estimates.get(year)) is not None:
            return known
        statutory = self._statutory.days(year, self.known_on)
        days = {day: f"暂按法定节假日：{name}" for day, name in statutory.items()}
        for day in statutory:
            if day.weekday() >= 5:
                while day.weekday() >= 5 or day in days:
                    day += ONE_DAY  # noqa: PLW2901 - walks on to the free weekday
                days[day] = "暂按法定节假日补休"
        self._estimates[year] = days
        return days


def read_statutory(file: Path) -> Statutory:
    """The regulation's revisions and the festivals from statutory.toml; Misconfigured if it cannot be used."""
    try:
        text = tomllib.loads(file.read_text(encoding="utf-8"))
        festivals = {
            (int(year), name): date.fromisoformat(f"{int(year):04}-{day}")
            for year, names in text["festivals"].items()
            for name, day in names.items()
        }
        regulations = sorted((_regulation(entry) for entry in text["regulation"]), key=lambda entry: entry.in_force)
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Misconfigured(f"法定节假日文件 {file.name} 无法使用：{error}") from error
    if not regulations:
        raise Misconfigured(f"法定节假日文件 {file.name} 中没有任何一次修订。")
    return Statutory(tuple(regulations), festivals)


@cache
def factory_statutory() -> Statutory:
    """The statutory days shipped with this release; they change with a release only, so once per process is right."""
    return read_statutory(FACTORY / "statutory.toml")


def _regulation(entry: Mapping[str, Any]) -> Regulation:
    fixed = [(name, *map(int, day.split("-"))) for name, days in entry["fixed"].items() for day in days]
    for _name, month, day in fixed:
        date(2001, month, day)  # refuse impossible days here, not years later
    movable = [(name, int(offset)) for name, offsets in entry["movable"].items() for offset in offsets]
    return Regulation(entry["title"], entry["issued"], entry["in_force"], tuple(fixed), tuple(movable))


def _key(row: DayRow) -> tuple[str, date, Scope]:
    return row.notice, row.issued, row.scope


def _notices(rows: Iterable[DayRow]) -> dict[tuple[str, date, Scope], Notice]:
    years: dict[tuple[str, date, Scope], Counter[int]] = {}
    for row in rows:
        years.setdefault(_key(row), Counter())[row.date.year] += 1
    return {key: _notice(*key, counted) for key, counted in years.items()}


def _notice(number: str, issued: date, scope: Scope, years: Counter[int]) -> Notice:
    year, in_year = years.most_common(1)[0]
    annual = scope == "national" and in_year > ANNUAL_ROWS
    title = "国务院办公厅关于{}年部分节假日安排的通知" if scope == "national" else "本市关于{}年工作日调整的通知"
    name = number or f"{title.format(year)}（{issued.isoformat()}）"
    return Notice(name, number, issued, year if annual else None, years.total(), scope)


def _plain(day: date) -> date:
    if isinstance(day, datetime):
        if day.tzinfo is None:
            raise Invalid("计算工作日需要日期，或带时区的时间。")
        return clock.local(day).date()
    if not isinstance(day, date):
        raise Invalid(f"计算工作日需要日期，而不是“{day}”。")
    return date(day.year, day.month, day.day) if isinstance(day, WorkingDate) else day


def _whole(n: int) -> int:
    if isinstance(n, bool) or not isinstance(n, int):
        raise Invalid(f"工作日数应为整数，而不是“{n}”。")
    if abs(n) > MAX_DAYS:
        raise Invalid(f"工作日数不能超过 {MAX_DAYS}。")
    return n


def _next(day: date, step: int) -> date:
    try:
        return day + step * ONE_DAY
    except OverflowError as error:
        raise Invalid("日期超出可计算的范围，请检查年份。") from error
