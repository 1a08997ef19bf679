"""Tables of consultations."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class Consultation(Base):
    """One meeting of reporter, delegate and handling unit, called by an organisation department or the studio. The
    limit of the handling runs on meanwhile."""

    __tablename__ = "consultations"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    handling_id: Mapped[int | None] = mapped_column(ForeignKey("handlings.id"))
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("instances.id"), index=True)
    topic: Mapped[str] = mapped_column(String(300))
    meets_at: Mapped[datetime]
    venue: Mapped[str] = mapped_column(String(120))
    convener_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    convener_name: Mapped[str] = mapped_column(String(100))  # snapshot
    called_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    called_by_name: Mapped[str] = mapped_column(String(40))
    called_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default="called")  # called | held | cancelled
    minutes: Mapped[str] = mapped_column(Text, default="")
    conclusion: Mapped[str] = mapped_column(Text, default="")
    closed_by_name: Mapped[str] = mapped_column(String(40), default="")
    closed_at: Mapped[datetime | None]


class Participant(Base):
    """One party of a consultation: how it was invited, whether it came or why not, what it said, and its hand."""

    __tablename__ = "consultation_participants"

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id"), index=True)
    party: Mapped[str] = mapped_column(String(12))  # reporter | delegate | unit | convener
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(String(100))  # snapshot
    notice_id: Mapped[int | None]  # the invitation; NULL = by word of mouth
    presence: Mapped[str] = mapped_column(String(12), default="")  # "" | attended | absent
    present_as: Mapped[str] = mapped_column(String(40), default="")  # who came for an organisation
    absence_reason: Mapped[str] = mapped_column(String(300), default="")
    view: Mapped[str] = mapped_column(Text, default="")  # what this party said
    signature_id: Mapped[int | None] = mapped_column(ForeignKey("signatures.id"))


class Measure(Base):
    """Something the parties agreed on: who does it, until when (end of that day); a task until it is done."""

    __tablename__ = "consultation_measures"

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    text: Mapped[str] = mapped_column(String(600))
    participant_id: Mapped[int] = mapped_column(ForeignKey("consultation_participants.id"))  # who does it
    due_on: Mapped[date]
    result: Mapped[str] = mapped_column(Text, default="")
    done_by_name: Mapped[str] = mapped_column(String(40), default="")
    done_at: Mapped[datetime | None]
