"""Small verbs on slips."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from engine.supervision.models import Slip


def close(session: Session, case_id: int, at: datetime, handling_id: int | None = None) -> list[int]:
    """Delivered feedback, or the end of the handling, closes what is open; returns the ids closed."""
    open_ones = update(Slip).where(Slip.case_id == case_id, Slip.closed_at.is_(None))
    if handling_id is not None:
        open_ones = open_ones.where(Slip.handling_id == handling_id)
    return list(session.scalars(open_ones.values(closed_at=at).returning(Slip.id)))


def reopen(session: Session, ids: list[int]) -> None:
    """The act that closed them was taken back (撤回)."""
    session.execute(update(Slip).where(Slip.id.in_(ids)).values(closed_at=None))


def of_case(session: Session, case_id: int) -> list[Slip]:
    """Every slip of a case, in the order of issue."""
    return list(session.scalars(select(Slip).where(Slip.case_id == case_id).order_by(Slip.id)))


def urged(session: Session, handling_id: int) -> int:
    """How often the unit was urged by a person in this handling (催办次数)."""
    query = select(func.count()).select_from(Slip).where(Slip.handling_id == handling_id, Slip.kind == "urge")
    return session.scalar(query) or 0


def concerning(organisation_ids: Iterable[int]) -> ColumnElement[bool]:
    """Open orders and opinions these organisations issued, answer or follow."""
    mine = list(organisation_ids)
    parties = or_(Slip.unit_id.in_(mine), Slip.department_id.in_(mine), Slip.organisation_id.in_(mine))
    return and_(Slip.closed_at.is_(None), Slip.kind != "urge", parties)
