"""Which files belong to a case or a draft."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from engine.attachments.models import Attachment

SIGNED = "signed_form"  # what the scan of a signed form is kept as


def of_case(session: Session, case_id: int) -> Sequence[Attachment]:
    """The files of a case, oldest first."""
    return session.scalars(select(Attachment).where(Attachment.case_id == case_id).order_by(Attachment.id)).all()


def of_draft(session: Session, draft_id: int) -> Sequence[Attachment]:
    """The files added to a registration that is not finished, oldest first."""
    return session.scalars(select(Attachment).where(Attachment.draft_id == draft_id).order_by(Attachment.id)).all()


def count(session: Session, *, case_id: int | None, draft_id: int | None) -> int:
    """How many files a case or a draft has."""
    mine = Attachment.case_id == case_id if case_id is not None else Attachment.draft_id == draft_id
    return session.scalar(select(func.count()).where(mine)) or 0


def move_to_case(session: Session, draft_id: int, case_id: int) -> None:
    """The files of a draft become those of the case it was registered as."""
    mine = update(Attachment).where(Attachment.draft_id == draft_id)
    session.execute(mine.values(case_id=case_id, draft_id=None))


def waiting(person_id: int) -> tuple[ColumnElement[bool], ...]:
    """The scans of signed forms a person keeps until their number is typed: uploaded by him, or handed over to him."""
    return (
        Attachment.case_id.is_(None), Attachment.draft_id.is_(None), Attachment.purpose == SIGNED,
        Attachment.uploaded_by_id == person_id,
    )  # fmt: skip
