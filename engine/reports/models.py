"""Tables of reports in batch."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class ReportBatch(Base):
    """One 汇总上报 of a studio: its forms of that moment, numbered per studio and year."""

    __tablename__ = "report_batches"

    id: Mapped[int] = mapped_column(primary_key=True)
    studio_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    year: Mapped[int]
    sequence: Mapped[int]
    number: Mapped[str] = mapped_column(String(60))  # as printed: 沙头角社区报〔2026〕1号
    studio_name: Mapped[str] = mapped_column(String(100))
    receiver_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    receiver_name: Mapped[str] = mapped_column(String(100))
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("studio_id", "year", "sequence"),)


class ReportItem(Base):
    """One form picked for a batch: its row of the cover list, or why it stayed behind."""

    __tablename__ = "report_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("report_batches.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    position: Mapped[int]  # row of the cover list, 0 = stayed behind
    refusal: Mapped[str] = mapped_column(String(300), default="")

    __table_args__ = (UniqueConstraint("batch_id", "case_id"),)
