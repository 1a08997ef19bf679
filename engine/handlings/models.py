"""Tables of reviews, handlings, extensions, reminders and supervision."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class Review(Base):
    """One decision of an organisation department or of the committee, with its basis (article 10)."""

    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    tier: Mapped[str] = mapped_column(String(10))
    department_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    decision: Mapped[str] = mapped_column(String(12))  # refer | escalate | send_down | unit | department | file
    item: Mapped[int | None]  # the sub-item it is about: 1 = -1; NULL on a form with one matter (R58)
    leader: Mapped[str] = mapped_column(String(40), default="", server_default=text("''"))  # of a 批示 (R53)
    instructed_on: Mapped[date | None]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    basis: Mapped[str] = mapped_column(String(300), default="")
    requirement: Mapped[str] = mapped_column(String(600), default="")
    decided_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime]
    withdrawn: Mapped[bool] = mapped_column(default=False)


class Handling(Base):
    """One referral at a unit, from receipt to accepted answer (article 11). `received_on` is day 0."""

    __tablename__ = "handlings"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    tier: Mapped[str] = mapped_column(String(10))
    department_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    document_number: Mapped[str] = mapped_column(String(60), default="", server_default=text("''"))  # 文号
    item: Mapped[int | None]  # sub-item, 1 = -1; NULL on a form with one matter (R58)
    item_text: Mapped[str] = mapped_column(String(600), default="", server_default=text("''"))
    lead_handling_id: Mapped[int | None] = mapped_column(ForeignKey("handlings.id"))  # 并案: whose answer this one took
    received_at: Mapped[datetime]
    received_on: Mapped[date]
    signed_at: Mapped[datetime | None]  # 签收
    handler_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # 办理人员
    handler_named_at: Mapped[datetime | None]
    receipt_number: Mapped[str] = mapped_column(
        String(60), default="", server_default=sql("''")
    )  # the unit's own 收文号 (R59)
    receipt_on: Mapped[date | None]
    plan: Mapped[str] = mapped_column(Text, default="", server_default=sql("''"))  # 办理方案 (R75)
    planned_at: Mapped[datetime | None]
    sign_late_at: Mapped[datetime | None]  # the head was told that nobody signed in time
    plan_late_at: Mapped[datetime | None]  # … that plan or person are missing
    extended: Mapped[bool] = mapped_column(default=False)
    limit_version: Mapped[int] = mapped_column(default=1)  # 1 = first limit, 2 = extended
    first_due_on: Mapped[date | None]
    answered_at: Mapped[datetime | None]  # accepted feedback: when it was delivered
    # open | answered | declined | recalled | withdrawn | ended
    state: Mapped[str] = mapped_column(String(12), default="open")
    close_reason: Mapped[str] = mapped_column(String(600), default="")
    suggested_unit: Mapped[str] = mapped_column(String(80), default="", server_default=text("''"))  # of a 退件 (R57)
    declined_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_handlings_unit", "unit_id", "received_at"),)


class Extension(Base):
    """A unit's request for 30 working days and the delegate's yes or no; silence is no (R62, R63)."""

    __tablename__ = "extensions"

    id: Mapped[int] = mapped_column(primary_key=True)
    handling_id: Mapped[int] = mapped_column(ForeignKey("handlings.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    work_done: Mapped[str] = mapped_column(Text, default="")
    requested_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    requested_at: Mapped[datetime]
    # "" | consented | refused | disputed | settled_yes | settled_no | denied | late_request
    decision: Mapped[str] = mapped_column(String(12), default="")
    late: Mapped[bool] = mapped_column(default=False)  # 逾期后同意
    opinion: Mapped[str] = mapped_column(Text, default="")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    # the delegate's word by telephone, as the studio wrote it down; his until he denies it (R63)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    call_note: Mapped[str] = mapped_column(Text, default="", server_default=sql("''"))
    confirmed_at: Mapped[datetime | None]
    settlement: Mapped[str] = mapped_column(
        Text, default="", server_default=sql("''")
    )  # the department's note on a dispute

    @property
    def unconfirmed(self) -> bool:
        """Recorded by telephone, and the delegate has neither confirmed nor denied it yet."""
        return self.recorded_by_id is not None and self.confirmed_at is None


class ExtensionView(Base):
    """What a co-signing delegate says to a request; an objection stops the extension until it is settled (R64)."""

    __tablename__ = "extension_views"

    id: Mapped[int] = mapped_column(primary_key=True)
    extension_id: Mapped[int] = mapped_column(ForeignKey("extensions.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str] = mapped_column(String(40))
    objects: Mapped[bool]
    text: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("extension_id", "person_id"),)


class Reminder(Base):
    """A reminder that came due; once per limit version (R70). One that was superseded is recorded and not sent."""

    __tablename__ = "reminders"

    id: Mapped[int] = mapped_column(primary_key=True)
    handling_id: Mapped[int] = mapped_column(ForeignKey("handlings.id"))
    days_before: Mapped[int]
    limit_version: Mapped[int]
    due_at: Mapped[datetime]
    fired_at: Mapped[datetime]
    sent: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(100), default="")

    __table_args__ = (UniqueConstraint("handling_id", "days_before", "limit_version"),)


class Supervision(Base):
    """One rung of the supervision ladder: +0, +5, +10 working days after the limit, once each (R69)."""

    __tablename__ = "supervisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    handling_id: Mapped[int] = mapped_column(ForeignKey("handlings.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    step: Mapped[int]  # 0, 1, 2
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    duty: Mapped[str] = mapped_column(String(24), default="")
    due_at: Mapped[datetime]
    fired_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    instruction: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (UniqueConstraint("handling_id", "step"),)
