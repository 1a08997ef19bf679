"""Table of document counters."""

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class DocumentNumber(Base):
    """The last number an organisation gave to a kind of paper in a year; the row is locked until the giving commits."""

    __tablename__ = "document_numbers"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)  # one of operations.SIGNS
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(default=0)

    __table_args__ = (CheckConstraint("last >= 0", name="not_negative"),)
