"""Table of notices and their delivery."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class Notice(Base):
    """One message to one receiver. In-app notices are delivered by being committed; the others by a worker."""

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))  # folder under notices/ of the package
    channel: Mapped[str] = mapped_column(String(8))  # inbox | sms | mail
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    duty: Mapped[str] = mapped_column(String(24), default="")
    address: Mapped[str] = mapped_column(String(120), default="")  # phone or e-mail of a reporter
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    # pending | sending | sent | failed | uncertain | withdrawn
    state: Mapped[str] = mapped_column(String(10), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_notices_queue", "state", "next_attempt_at"),
        Index("ix_notices_person", "person_id", "read_at"),
        Index("ix_notices_organisation", "organisation_id", "read_at"),
    )
