"""Tables of feedback and copies."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class Feedback(Base):
    """One written answer of a unit to the organisation department of its tier."""

    __tablename__ = "feedbacks"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    handling_id: Mapped[int] = mapped_column(ForeignKey("handlings.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    result: Mapped[str] = mapped_column(String(16))  # solved | partly | planned | explained | declined (R109)
    contact: Mapped[str] = mapped_column(String(100), default="")
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    delivered_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default="delivered")  # delivered | accepted | returned | withdrawn
    check_opinion: Mapped[str] = mapped_column(Text, default="")
    checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    checked_at: Mapped[datetime | None]


class Copy(Base):
    """One copy of an accepted feedback, to the reporter, the delegate or the studio, until proven delivered."""

    __tablename__ = "copies"

    id: Mapped[int] = mapped_column(primary_key=True)
    feedback_id: Mapped[int] = mapped_column(ForeignKey("feedbacks.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    addressee: Mapped[str] = mapped_column(String(10))  # reporter | delegate | studio
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    channel: Mapped[str] = mapped_column(String(8))  # inbox | sms | letter
    notice_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(12), default="pending")  # pending | delivered | failed
    proof: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    read_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    __table_args__ = (
        Index("ix_copies_person", "person_id", "read_at"),
        Index("ix_copies_organisation", "organisation_id", "read_at"),
    )
