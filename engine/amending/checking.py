"""Is a notice plausible? Errors stop it; warnings are for the two people who answer for it.

The yardstick fits every annual notice from 2010 to 2026: the weekdays turned into days off, less the weekend days
worked, are exactly the statutory days of the year (11; 13 from 2025 on).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from engine.calendar import ANNUAL_ROWS, Calendar, DayRow, Kind, Notice, Scope, factory_statutory

FIRST_YEAR = 2008
WEEKDAYS = "一二三四五六日"
SPILL = timedelta(days=7)  # 2018-12-29 stands in the notice of 2019


@dataclass(frozen=True)
class Remark:
    """`level` error or warning, and the sentence."""

    level: str
    sentence: str


@dataclass(frozen=True)
class Draft:
    """A notice as it would be recorded."""

    number: str
    issued: date
    scope: Scope
    days: Mapping[date, Kind]

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "Draft":
        """The notice an amendment holds (engine.amendments)."""
        days: dict[date, Kind] = {date.fromisoformat(day): kind for day, kind in content["days"].items()}
        scope: Scope = "city" if content["scope"] == "city" else "national"
        return cls(content["number"], date.fromisoformat(content["issued"]), scope, days)

    @property
    def year(self) -> int:
        """The year most of its days lie in."""
        years = [(day + SPILL).year for day in self.days]
        return max(sorted(set(years)), key=years.count) if years else self.issued.year

    @property
    def annual(self) -> bool:
        """Does it arrange a whole year, as engine.calendar decides it?"""
        return self.scope == "national" and sum(day.year == self.year for day in self.days) > ANNUAL_ROWS

    @property
    def rows(self) -> list[DayRow]:
        """Its days as the calendar takes them."""
        return [DayRow(day, kind, self.number, self.issued, self.scope) for day, kind in sorted(self.days.items())]


def remarks(draft: Draft, calendar: Calendar, today: date) -> list[Remark]:
    """Everything worth saying about a notice before it is released; `calendar` as it stands without it."""
    found = [Remark("error", sentence) for sentence in _errors(draft, calendar.notices(), today)]
    warnings = [*_days(draft), *_annual(draft), *_overlap(draft, calendar)] if draft.days else []
    return found + [Remark("warning", sentence) for sentence in warnings]


def changes(draft: Draft, before: Calendar, after: Calendar) -> list[str]:
    """What it changes, day by day, in words; days that stay as they are do not appear."""
    said = []
    for day in sorted(draft.days):
        old, new = before.day(day), after.day(day)
        if old.working != new.working:
            words = ("由放假改为上班", "由上班改为放假")[old.working]
            said.append(f"{_named(day)}{words}（原为{old.reason}）")
    return said


def _errors(draft: Draft, notices: Sequence[Notice], today: date) -> Iterator[str]:
    if not draft.days:
        yield "没有任何一天。请逐日写明放假或上班，也可以粘贴通知原文。"
        return
    if draft.issued > today:
        yield f"印发日期 {draft.issued} 在今天之后，请检查。"
    if draft.scope == "city" and not draft.number:
        yield "本市的工作日调整请写明文号或文件名称。"
    if any((notice.number, notice.issued) == (draft.number, draft.issued) for notice in notices):
        name = draft.number or "没有文号的通知"
        yield f"{draft.issued} 印发的“{name}”已经发布，不能再改。如国务院或本市另有调整，请录入较晚印发的那份通知。"
    wrong = [day for day in draft.days if (day + SPILL).year not in (draft.year, draft.year + 1)]
    if wrong or draft.year < FIRST_YEAR or abs(draft.year - draft.issued.year) > 2:
        far = "、".join(map(str, sorted(wrong)[:3])) or f"{draft.year}年"
        yield f"日期与年度不符：{far}。一份通知只安排一个年度，并在前一年或当年印发，请检查年份。"


def _days(draft: Draft) -> Iterator[str]:
    for day, kind in sorted(draft.days.items()):
        if kind == "work" and day.weekday() < 5:
            yield f"{_named(day)}写作上班，但它本来不是周末。调休上班日应在周六或周日，请核对。"
    if draft.year != (draft.issued + timedelta(days=400)).year and draft.year != draft.issued.year:
        yield f"通知在{draft.issued.year}年印发，安排的是{draft.year}年，请核对印发日期。"


def _annual(draft: Draft) -> Iterator[str]:
    if not draft.annual:
        if draft.scope == "national":
            yield "只有少数几天，按对已有安排的调整处理，不作为全年安排。"
        return
    statutory = factory_statutory().days(draft.year, draft.issued)
    missing = [f"{name}（{day}）" for day, name in statutory.items() if draft.days.get(day) != "off"]
    if missing:
        yield f"没有放假的法定节假日：{'、'.join(missing)}，请核对。"
    off = sum(kind == "off" and day.weekday() < 5 for day, kind in draft.days.items())
    worked = sum(kind == "work" and day.weekday() >= 5 for day, kind in draft.days.items())
    lawful = _lawful(draft)
    if off - worked != lawful:
        yield (
            f"天数对不上：平日放假{off}天，减去周末上班{worked}天，应等于法定节假日{lawful}天，现在相差"
            f"{abs(off - worked - lawful)}天，可能有漏录或多录的日期。"
        )


def _lawful(draft: Draft) -> int:
    """Statutory days by name: a day that is 中秋节 and 国庆节 at once counts twice (2020)."""
    regulations = factory_statutory().regulations
    valid = [one for one in regulations if one.in_force <= date(draft.year, 1, 1) and one.issued <= draft.issued]
    regulation = valid[-1] if valid else regulations[0]
    return len(regulation.fixed) + len(regulation.movable)


def _overlap(draft: Draft, calendar: Calendar) -> Iterator[str]:
    earlier = [notice for notice in calendar.notices() if notice.year == draft.year and notice.scope == "national"]
    if draft.annual and earlier:
        yield f"{draft.year}年已有全年安排：{earlier[-1].name}。两份都说到的日期，以较晚印发的为准。"
    other: dict[str, list[str]] = {}
    for day, kind in sorted(draft.days.items()):
        known = calendar.day(day)
        if known.notice and known.working != (kind == "work"):
            other.setdefault(known.notice, []).append(str(day))
    for name, days in other.items():
        yield f"与“{name}”不同的日期：{'、'.join(days[:8])}{'等' if len(days) > 8 else ''}。"
    after = Calendar([*calendar.rows(), *draft.rows])
    silent = [str(day) for day, kind in draft.days.items() if after.day(day).working != (kind == "work")]
    if silent:
        yield f"这些日期以另一份印发更晚的通知（或本市的调整）为准，不会改变：{'、'.join(sorted(silent)[:8])}。"


def _named(day: date) -> str:
    return f"{day}（周{WEEKDAYS[day.weekday()]}）"
