"""The table of days named by notices. A day may stand in several notices; engine/calendar.py decides which one wins."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine import clock
from engine.calendar import Kind, Scope
from engine.db import Base


class WorkdayRow(Base):
    """One day of one notice: off, or a make-up working day. `notice` is empty where the notice has no number."""

    __tablename__ = "workday_rows"
    __table_args__ = (
        UniqueConstraint("day", "notice", "issued"),
        CheckConstraint("kind IN ('off', 'work')", name="kind"),
        CheckConstraint("scope IN ('national', 'city')", name="scope"),
        # Ids are never reused, so a replaced notice always shows as a new highest id (see queries.calendar).
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    kind: Mapped[Kind] = mapped_column(String(4))
    notice: Mapped[str] = mapped_column(String(100))
    issued: Mapped[date]
    scope: Mapped[Scope] = mapped_column(String(8), default="national", server_default="national")
    recorded_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)


class MissingYear(Base):
    """A year without its annual notice on 25 October of the year before: who was asked, who was warned, and when it
    came. One row a year, so that asking happens once."""

    __tablename__ = "missing_years"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime]
    alarmed_at: Mapped[datetime | None]
    filled_at: Mapped[datetime | None]
