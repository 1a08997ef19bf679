"""Is there anybody? One existence query, whatever the size of the pool."""

from typing import Any, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Exists,
    Integer,
    Select,
    String,
    Table,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session

from engine import clock
from engine.organisation import queries
from engine.organisation.models import Person, Post

posts, people = cast(Table, Post.__table__), cast(Table, Person.__table__)


def holders(organisation: ColumnElement[int], duty: str | BindParameter[str]) -> Exists:
    """The condition that an active person holds `duty` ("" = any) in that organisation on the day `today`."""
    today = bindparam("today", type_=Date)
    held: Select[Any] = (
        select(literal_column("1"))
        .select_from(posts.join(people, people.c.id == posts.c.person_id))
        .where(posts.c.organisation_id == organisation, people.c.active)
        .where(posts.c.starts_on <= today, or_(posts.c.ends_on.is_(None), posts.c.ends_on >= today))
    )
    return exists(held if isinstance(duty, str) and not duty else held.where(posts.c.duty == duty))


_PLACE: BindParameter[int] = bindparam("organisation", type_=Integer)
_ANYBODY, _ANY_HOLDER = select(holders(_PLACE, "")), select(holders(_PLACE, bindparam("duty", type_=String)))


def has_members(session: Session, organisation_id: int, duty: str = "") -> bool:
    """Does an active person hold `duty` ("" = any duty) there today? Acting liaisons count as liaisons (R12)."""
    asked = {"organisation": organisation_id, "today": clock.today()}
    found = session.execute(_ANY_HOLDER, asked | {"duty": duty}) if duty else session.execute(_ANYBODY, asked)
    if found.scalar():
        return True
    return duty == "liaison" and queries.liaison_of(session, organisation_id) is not None
