"""Small verbs on ratings."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.ratings.models import Rating


def of_handling(session: Session, handling_id: int) -> Rating | None:
    """The registered (locked) rating of a handling."""
    return session.scalars(select(Rating).where(Rating.handling_id == handling_id)).first()


def latest(session: Session, case_id: int) -> Rating | None:
    """The case's newest registered rating."""
    return session.scalars(select(Rating).where(Rating.case_id == case_id).order_by(Rating.id.desc()).limit(1)).first()
