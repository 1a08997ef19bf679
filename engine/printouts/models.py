"""Tables of print jobs and of fonts for papers."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class PrintJob(Base):
    """A studio's ledger of a year as one PDF, printed piece by piece by whichever worker looks next. `done` of `total`
    pages are on disk; a worker that died leaves a lease that runs out, and the next piece is done again."""

    __tablename__ = "print_jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    studio_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    year: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    ordered_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), default="waiting")  # waiting | printing | printed | broken
    last_sequence: Mapped[int]  # the book ends with this number, whatever is registered meanwhile
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int]
    leased_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(300), default="")
    size: Mapped[int] = mapped_column(default=0)  # bytes of the finished file
    finished_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_print_jobs_state", "state", "leased_until"),)


class PaperFont(Base):
    """A font an administrator uploaded for papers: its file lies under the data folder by its role."""

    __tablename__ = "paper_fonts"

    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(String(12), unique=True)  # fangsong | title
    family: Mapped[str] = mapped_column(String(120))
    filename: Mapped[str] = mapped_column(String(255))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
