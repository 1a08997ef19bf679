"""Table of ledger entries: number and time only; every printed value is read from the case."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class LedgerEntry(Base):
    """One line of a studio's ledger of a year, recorded by the process."""

    __tablename__ = "ledger_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    studio_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    year: Mapped[int]
    sequence: Mapped[int]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), unique=True)
    recorded_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("studio_id", "year", "sequence"),)
