"""Is there anybody? One existence query, whatever the size of the pool."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from engine import clock
from engine.organisation import queries
from engine.organisation.models import Person, Post


def has_members(session: Session, organisation_id: int, duty: str = "") -> bool:
    """Does an active person hold `duty` ("" = any duty) there today? Acting liaisons count as liaisons (R12)."""
    held = (
        select(Post.id)
        .join(Person, Person.id == Post.person_id)
        .where(Post.organisation_id == organisation_id, Person.active, queries.in_force(clock.today()))
    )
    if duty:
        held = held.where(Post.duty == duty)
    if session.scalar(select(exists(held))):
        return True
    return duty == "liaison" and queries.liaison_of(session, organisation_id) is not None
