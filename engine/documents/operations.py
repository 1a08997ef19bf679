"""Giving document numbers (文号): 「沙头角城管函〔2026〕3号」, one series per organisation, kind of paper and year."""

import re
from datetime import date, datetime
from functools import cache
from typing import Protocol, cast

from sqlalchemy import Executable, Table, bindparam
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from engine import clock
from engine.batch import rows
from engine.documents.models import DocumentNumber

# kind of paper → the sign before the year
SIGNS = {"referral": "转", "reply": "函", "supervision": "督", "receipt": "收"}
_PLACE = re.compile(r"^(.{2,}?)(?:街道|新区|区|市)")
_OFFICE = re.compile(r"(?:管理局|管理处|办公室|委员会|分局|中心|大队|局|科|办|所|站|队|处)$")
_numbers = cast(Table, DocumentNumber.__table__)


class Issuer(Protocol):
    """Whose number it is: an organisation, or what an act knows of one."""

    @property
    def id(self) -> int:
        """Its id."""

    @property
    def name(self) -> str:
        """Its full name."""


def next_number(session: Session, organisation: Issuer, kind: str, at: datetime | date) -> str:
    """The organisation's next number for a paper of this `kind` (one of SIGNS) in the year of `at`; gap-free: the
    counter stays locked until the transaction ends, and goes back with it. KeyError for an unknown kind."""
    sign, year = SIGNS[kind], (clock.local(at) if isinstance(at, datetime) else at).year
    series = {"organisation_id": organisation.id, "kind": kind, "year": year}
    ((number,),) = rows(session, _counting(session.get_bind().dialect.name), series)
    return f"{code(organisation.name)}{sign}〔{year}〕{number}号"


@cache
def _counting(dialect: str) -> Executable:
    """Count a series on by one, from 1, and say where it stands."""
    series = ("organisation_id", "kind", "year")
    make = pg_insert if dialect == "postgresql" else sqlite_insert
    first = make(_numbers).values({name: bindparam(name) for name in series} | {"last": 1})
    return first.on_conflict_do_update(index_elements=series, set_={"last": _numbers.c.last + 1}).returning(
        _numbers.c.last
    )


def code(name: str) -> str:
    """The sign of an organisation on its papers, from its name: place and matter without street, district or office.

    >>> code("沙头角街道城管科"), code("盐田区委组织部"), code("沙头角街道党工委组织部门")
    ('沙头角城管', '盐田组', '沙头角组')
    """
    place = _PLACE.match(name)
    stem, rest = (place[1], name[place.end() :]) if place else ("", name)
    if "组织部" in rest:
        return f"{stem}组"
    return stem + (_OFFICE.sub("", rest) or rest)
