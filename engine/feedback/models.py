"""Tables of feedback and copies."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy import text as sql
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
    number: Mapped[str] = mapped_column(
        String(60), default="", server_default=sql("''")
    )  # 发文字号 of the 答复函 (R67)
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    delivered_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default="delivered")  # delivered | accepted | returned | withdrawn
    check_opinion: Mapped[str] = mapped_column(Text, default="")
    checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    checked_at: Mapped[datetime | None]


class Copy(Base):
    """One delivery of a feedback until proven: the main one to the department, then the copies to the reporter, the
    delegate and the studio (R66). One that failed carries why, and what is done next."""

    __tablename__ = "copies"

    id: Mapped[int] = mapped_column(primary_key=True)
    feedback_id: Mapped[int] = mapped_column(ForeignKey("feedbacks.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    addressee: Mapped[str] = mapped_column(String(10))  # department | reporter | delegate | studio
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    channel: Mapped[str] = mapped_column(String(8))  # main | inbox | sms | mail | letter | relay
    notice_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(12), default="pending")  # pending | delivered | failed | withdrawn
    proof: Mapped[str] = mapped_column(String(300), default="")
    failure: Mapped[str] = mapped_column(String(300), default="", server_default=sql("''"))
    next_step: Mapped[str] = mapped_column(String(300), default="", server_default=sql("''"))
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # None: the system
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    read_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    __table_args__ = (
        Index("ix_copies_person", "person_id", "read_at"),
        Index("ix_copies_organisation", "organisation_id", "read_at"),
    )
