"""Table of slips."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class Slip(Base):
    """One 催办, 督办通知单 or 督办意见 to a handling unit. Delivered feedback closes it (R69, R74)."""

    __tablename__ = "slips"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    handling_id: Mapped[int] = mapped_column(ForeignKey("handlings.id"))
    kind: Mapped[str] = mapped_column(String(10))  # urge | order | opinion
    colour: Mapped[str] = mapped_column(String(8), default="")  # of an order: blue | yellow | red
    number: Mapped[str] = mapped_column(String(80), default="")  # of an order: its document number
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))  # who presses; a delegate: None
    department_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))  # 同级组织部门 of the handling
    unit_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    author_name: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text, default="")
    required_on: Mapped[date | None]  # 限期
    issued_at: Mapped[datetime]
    reply: Mapped[str] = mapped_column(Text, default="")
    replied_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    replied_name: Mapped[str] = mapped_column(String(40), default="")
    replied_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_slips_unit", "unit_id", "closed_at"),
        Index("ix_slips_department", "department_id", "closed_at"),
        Index("ix_slips_organisation", "organisation_id", "closed_at"),
    )
