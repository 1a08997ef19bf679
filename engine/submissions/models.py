"""Tables of what residents send in."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class Submission(Base):
    """One opinion sent from home. It has no number: it becomes a case only when its studio's liaison registers it."""

    __tablename__ = "submissions"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(12), unique=True)  # of the receipt, by which the sender asks
    once: Mapped[str] = mapped_column(String(32), unique=True)  # of the form it came with: a second click is the same
    studio_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    community_id: Mapped[int] = mapped_column(ForeignKey("places.id"))
    name: Mapped[str] = mapped_column(String(30), default="")
    phone: Mapped[str] = mapped_column(String(30), default="")
    email: Mapped[str] = mapped_column(String(120), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    content: Mapped[str] = mapped_column(Text)
    consent: Mapped[str] = mapped_column(String(20))  # version of the privacy notice that was agreed to
    at: Mapped[datetime]
    # open | declined | registered
    state: Mapped[str] = mapped_column(String(10), default="open", server_default=text("'open'"))
    draft_key: Mapped[str] = mapped_column(String(32), default="", server_default=text("''"), index=True)
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    taken_by_name: Mapped[str] = mapped_column(String(40), default="", server_default=text("''"))
    taken_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_by_name: Mapped[str] = mapped_column(String(40), default="", server_default=text("''"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), default="", server_default=text("''"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))

    __table_args__ = (Index("ix_submissions_studio", "studio_id", "state", "at"),)


class SubmissionFile(Base):
    """A file sent along; its content lies in the folder of attachments by its hash."""

    __tablename__ = "submission_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)

    @property
    def is_image(self) -> bool:
        """Can a page show it?"""
        return self.media_type.startswith("image/")
