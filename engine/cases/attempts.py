"""Attempts of strangers, counted in the database: per number, per client address (R92).

A counter is found by a digest of what it counts, so that neither numbers that do not exist nor addresses are stored; it
is locked until the caller's commit, so that attempts at once are counted one after the other.
"""

from datetime import timedelta
from hashlib import sha256

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from engine import clock
from engine.cases.models import TrackingAttempt

KEPT_FOR = timedelta(days=1)
WRONG_ATTEMPTS = 5
LOCKED_FOR = timedelta(minutes=15)


def digest(kind: str, value: str) -> str:
    """Under which name a counter is kept."""
    return sha256(f"{kind}:{value}".encode()).hexdigest()


def counters(session: Session, subjects: tuple[str, ...]) -> list[TrackingAttempt]:
    """The counters of these digests in their order, locked in one order whatever theirs; old ones are forgotten."""
    now = clock.now()
    session.execute(delete(TrackingAttempt).where(TrackingAttempt.since < now - KEPT_FOR))
    make = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    for subject in sorted(subjects):
        session.execute(make(TrackingAttempt).values(subject=subject, wrong=0, since=now).on_conflict_do_nothing())
    query = select(TrackingAttempt).where(TrackingAttempt.subject.in_(subjects)).order_by(TrackingAttempt.subject)
    found = {row.subject: row for row in session.scalars(query.with_for_update())}
    return [found[subject] for subject in subjects]


def locked(row: TrackingAttempt) -> bool:
    """Is nothing let through at this moment?"""
    return row.locked_until is not None and row.locked_until > clock.now()


def shut(session: Session, subject: str) -> bool:
    """Is this digest locked at this moment? For pages that only look and count nothing."""
    row = session.get(TrackingAttempt, subject)
    return row is not None and locked(row)


def count(row: TrackingAttempt, most: int = WRONG_ATTEMPTS, locked_for: timedelta = LOCKED_FOR) -> None:
    """One more; `most` within `locked_for` lock for as long."""
    now = clock.now()
    if row.since < now - locked_for or row.locked_until is not None:
        row.wrong, row.since, row.locked_until = 0, now, None
    row.wrong += 1
    if row.wrong >= most:
        row.locked_until = now + locked_for
