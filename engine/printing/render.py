"""Papers as HTML: Jinja without Flask, so that a worker prints what a page shows. Everything is escaped, nothing is
fetched."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from engine import clock
from engine.cases import labels
from engine.organisation.labels import TIERS

TEMPLATES = Path(__file__).parent / "templates"
WORDS: Mapping[str, Mapping[str, str]] = {
    "channel": labels.CHANNELS,
    "gender": labels.GENDERS,
    "grade": labels.GRADES,
    "matter": labels.MATTERS,
    "result": labels.RESULTS,
    "settlement": labels.SETTLEMENTS,
    "state": labels.STATES,
    "tier": TIERS,
}


@dataclass(frozen=True)
class Paper:
    """Something to print: `sheets` are its A4 pages as <article>s, `filename` is without extension, `notes` tell the
    person at the printer what to know about it."""

    title: str
    filename: str
    sheets: Markup
    case_id: int | None = None
    notes: str = "A4 纸。请在打印时选择“实际大小”。"


def word(code: object, table: str) -> str:
    """The word for a code; a code without one is shown as it is, so that it is noticed."""
    return "" if code in (None, "") else WORDS[table].get(str(code), str(code))


def day(value: date | datetime | None) -> date | None:
    """The calendar day in Shenzhen."""
    return clock.local(value).date() if isinstance(value, datetime) else value


def prose(value: date | datetime | None, blank: str = "") -> str:
    """2026年3月4日; `blank` where there is none."""
    found = day(value)
    return f"{found.year}年{found.month}月{found.day}日" if found else blank


def minute(value: datetime | None, blank: str = "") -> str:
    """2026年3月4日 09:30."""
    return f"{prose(value)} {clock.local(value):%H:%M}" if value else blank


def picture(image: bytes | None) -> str:
    """The address of a drawn signature inside the paper itself; "" where there is none."""
    return f"data:image/png;base64,{base64.b64encode(image).decode()}" if image else ""


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"word": word, "prose": prose, "minute": minute, "picture": picture}
    return made


def sheets(template: str, **facts: Any) -> Markup:
    """The <article>s of a template of ours, filled in."""
    return Markup(_environment().get_template(template).render(**facts))  # noqa: S704  # escaped by the environment


@cache
def style() -> str:
    """The one style sheet of all papers, on screen and in PDF."""
    return (TEMPLATES / "paper.css").read_text(encoding="utf-8")
