"""How values are written: 2026年3月4日 in prose, 2026-03-04 in tables."""

from datetime import date, datetime

from flask import Flask

from engine import clock
from engine.cases import masking
from engine.cases.masking import Contact
from engine.workdays import lamps
from web.words import word


def _day(value: date | datetime | None) -> date | None:
    return clock.local(value).date() if isinstance(value, datetime) else value


def prose(value: date | datetime | None) -> str:
    """2026年3月4日."""
    day = _day(value)
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def table_day(value: date | datetime | None) -> str:
    """2026-03-04, in Shenzhen; — where there is none."""
    day = _day(value)
    return day.isoformat() if day else "—"


def table_time(value: datetime | None) -> str:
    """2026-03-04 09:30, in Shenzhen; — where there is none."""
    return clock.local(value).strftime("%Y-%m-%d %H:%M") if value else "—"


def weekday(value: date) -> str:
    """星期三."""
    return f"星期{'一二三四五六日'[value.weekday()]}"


def last_day(value: datetime) -> date:
    """The day a limit belongs to: 24:00 belongs to the day it ends."""
    return lamps.last_day(value)


def masked(text: str, contact: Contact) -> str:
    """A text with the telephone numbers in it masked, unless the person may see the reporter's."""
    return text if contact.full else masking.numbers(text)


def set_up(app: Flask) -> None:
    """Make the filters known to every template."""
    app.add_template_filter(word, "word")
    app.add_template_filter(prose, "prose")
    app.add_template_filter(table_day, "day")
    app.add_template_filter(table_time, "time")
    app.add_template_filter(weekday, "weekday")
    app.add_template_filter(last_day, "last_day")
    app.add_template_filter(masked, "masked")
    app.add_template_filter(masking.phone, "masked_phone")
    app.add_template_filter(masking.mail, "masked_mail")
