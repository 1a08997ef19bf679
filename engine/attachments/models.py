"""Table of attachments."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class Attachment(Base):
    """One file. It belongs to a draft until the case is registered, then to the case. `filename` is what the person's
    computer called it: shown as text, never a path of ours; `subject_id`: the row of that purpose, where there is one
    (the feedback of an `answer`)."""

    __tablename__ = "attachments"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("drafts.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(24))  # a key of engine.attachments.labels.PURPOSES
    subject_id: Mapped[int | None]
    filename: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    uploaded_by_name: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]

    @property
    def is_image(self) -> bool:
        """Can a page show it?"""
        return self.media_type.startswith("image/")
