"""Small verbs on reviews, handlings and the supervision ladder."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import clock
from engine.handlings.models import Extension, ExtensionView, Handling, Review, Supervision


def end_open(session: Session, case_id: int, reason: str) -> None:
    """End the case's open handlings and their supervision, because the case itself ends (R117)."""
    session.execute(
        update(Handling)
        .where(Handling.case_id == case_id, Handling.state == "open")
        .values(state="ended", close_reason=reason)
    )
    close_supervision(session, case_id, clock.now())


def close_supervision(session: Session, case_id: int, at: datetime, handling_id: int | None = None) -> list[int]:
    """Delivered feedback closes what the ladder opened (R69), of one sub-item only its own; returns the ids closed."""
    query = select(Supervision).where(Supervision.case_id == case_id, Supervision.closed_at.is_(None))
    if handling_id is not None:
        query = query.where(Supervision.handling_id == handling_id)
    rows = session.scalars(query).all()
    for row in rows:
        row.closed_at = at
    return [row.id for row in rows]


def latest_review(session: Session, case_id: int) -> Review | None:
    """The last decision of an organisation department that was not withdrawn."""
    query = select(Review).where(Review.case_id == case_id, Review.withdrawn.is_(False))
    return session.scalars(query.order_by(Review.id.desc()).limit(1)).first()


def pending_extension(session: Session, handling_id: int) -> Extension | None:
    """The request the delegate has not answered yet."""
    return _extension(session, handling_id, "")


def disputed_extension(session: Session, handling_id: int) -> Extension | None:
    """The request the delegates disagree about (R64)."""
    return _extension(session, handling_id, "disputed")


def unsettled_extension(session: Session, handling_id: int) -> Extension | None:
    """The request that waits for the delegate, or for the department to settle a disagreement."""
    return _extension(session, handling_id, "", "disputed")


def _extension(session: Session, handling_id: int, *decisions: str) -> Extension | None:
    query = select(Extension).where(Extension.handling_id == handling_id, Extension.decision.in_(decisions))
    return session.scalars(query.order_by(Extension.id.desc()).limit(1)).first()


def objected(session: Session, extension_id: int) -> bool:
    """Has a co-signing delegate objected in writing?"""
    query = select(ExtensionView.id).where(ExtensionView.extension_id == extension_id, ExtensionView.objects)
    return session.scalars(query.limit(1)).first() is not None


def followed(handlings: Sequence[Handling]) -> list[Handling]:
    """What is followed now: the last handling, or of a split form the last of every sub-item, by its number."""
    found = [row for row in handlings if row.state != "withdrawn"]
    if not found or found[-1].item is None:
        return found[-1:]
    latest = {row.item: row for row in found if row.item is not None}
    return [latest[item] for item in sorted(latest)]
