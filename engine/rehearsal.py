"""The movable clock of the demo: how far ahead of the wall clock this installation runs (never in production)."""

from datetime import timedelta

from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import clock
from engine.db import Base


class ClockOffset(Base):
    """One row: seconds the demo clock is ahead."""

    __tablename__ = "clock_offset"

    id: Mapped[int] = mapped_column(primary_key=True)
    seconds: Mapped[int] = mapped_column(default=0)


def apply(session: Session) -> None:
    """Set this context's clock from the row; called at the start of every transaction of a demo installation."""
    row = session.get(ClockOffset, 1)
    clock.shift(timedelta(seconds=row.seconds if row else 0))


def advance(session: Session, by: timedelta) -> None:
    """Move the demo clock forward; it never goes back, because deadlines have fired."""
    if by < timedelta(0):
        raise ValueError("the demo clock only moves forward")
    row = session.get(ClockOffset, 1)
    if row is None:
        row = ClockOffset(id=1, seconds=0)
        session.add(row)
    row.seconds += int(by.total_seconds())
    session.flush()
    clock.shift(timedelta(seconds=row.seconds))
