"""Calendar files (ICS): events with their first and last day. Only this module knows the library.

Nothing repeats: a rule like FREQ=SECONDLY would be a bomb, and holidays have none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import icalendar

from engine import clock
from engine.calendar import Kind
from engine.errors import Invalid

MAX_EVENTS = 1500
# Apple's feeds say it apart from the title
SPECIAL = {"WORK-HOLIDAY": "off", "ALTERNATE-WORKDAY": "work"}


@dataclass(frozen=True)
class Event:
    """One event; `wrong` says why it cannot be used, `kind` is set where the file says it in a field of its own."""

    line: int
    title: str
    text: str
    first: date
    last: date
    kind: Kind | None = None
    wrong: str = ""


def events(text: str) -> Iterator[Event]:
    """The events of a file in its order; Invalid when it is none or has too many."""
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if line.strip().upper() == "BEGIN:VEVENT"]
    if len(lines) > MAX_EVENTS:
        raise Invalid(f"日历文件里有{len(lines)}项日程，超过{MAX_EVENTS}项，请只导出一个年度的安排。")
    try:
        parsed = icalendar.Calendar.from_ical(text.strip())
        found = list(parsed.walk("VEVENT"))
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, RecursionError) as error:
        raise Invalid("日历文件已损坏，无法读取。请重新下载，或直接粘贴通知原文。") from error
    if len(found) != len(lines):
        raise Invalid("日历文件已损坏，日程没有写完整。请重新下载，或直接粘贴通知原文。")
    for line, event in zip(lines, found, strict=True):
        yield _event(line, event)


def _event(line: int, event: Any) -> Event:
    title, text = _text(event, "SUMMARY"), _text(event, "DESCRIPTION")[:500]
    special = SPECIAL.get(_text(event, "X-APPLE-SPECIAL-DAY").upper())
    nothing = clock.MEASURES_IN_FORCE
    if any(name in event for name in ("RRULE", "RDATE", "EXRULE")):
        return Event(line, title, text, nothing, nothing, wrong="是重复日程，不能导入，请逐日写明。")
    try:
        first, last = _days(event)
    except (ValueError, TypeError, AttributeError, OverflowError, KeyError, icalendar.InvalidCalendar):
        return Event(line, title, text, nothing, nothing, wrong="没有可用的起止日期。")
    return Event(line, title, text, first, last, kind="work" if special == "work" else "off" if special else None)


def _text(event: icalendar.Event, name: str) -> str:
    value = event.get(name, "")
    return str(value[0] if isinstance(value, list) and value else value).strip()


def _days(event: Any) -> tuple[date, date]:
    """First and last day; an end at midnight, and the end of a whole-day event, is the day after the last."""
    start = event["DTSTART"].dt
    if "DTEND" in event:
        end = event["DTEND"].dt
    elif "DURATION" in event:
        end = start + event["DURATION"].dt
    else:
        end = start + timedelta(days=0 if isinstance(start, datetime) else 1)
    first, last = _day(start), _day(end)
    midnight = not isinstance(end, datetime) or (_local(end).hour, _local(end).minute) == (0, 0)
    return first, last - timedelta(days=1) if midnight and last > first else last


def _local(moment: datetime) -> datetime:
    return clock.local(moment) if moment.tzinfo else moment


def _day(value: date) -> date:
    return _local(value).date() if isinstance(value, datetime) else value
