"""Submissions of studios, and their files."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.submissions.models import Submission, SubmissionFile


def of_studios(
    session: Session, studio_ids: Collection[int], *, waiting: bool, page: int, per_page: int
) -> tuple[Sequence[Submission], int]:
    """A page of the open ones, oldest first, or of the decided ones, newest first; and how many there are."""
    mine = Submission.studio_id.in_(studio_ids)
    which = mine & (Submission.state == "open" if waiting else Submission.state != "open")
    order = (Submission.at, Submission.id) if waiting else (Submission.decided_at.desc(), Submission.id.desc())
    found = select(Submission).where(which).order_by(*order).limit(per_page).offset((max(page, 1) - 1) * per_page)
    total = session.scalar(select(func.count()).select_from(Submission).where(which)) or 0
    return session.scalars(found).all(), total


def waiting(session: Session, studio_ids: Collection[int]) -> int:
    """How many nobody has decided about."""
    which = Submission.studio_id.in_(studio_ids) & (Submission.state == "open")
    return session.scalar(select(func.count()).select_from(Submission).where(which)) or 0


def files(session: Session, submission_id: int) -> Sequence[SubmissionFile]:
    """The files sent along, in their order."""
    query = select(SubmissionFile).where(SubmissionFile.submission_id == submission_id)
    return session.scalars(query.order_by(SubmissionFile.id)).all()


def by_code(session: Session, code: str) -> Submission | None:
    """The submission of a receipt."""
    return session.scalars(select(Submission).where(Submission.code == code)).first()


def by_once(session: Session, once: str) -> Submission | None:
    """The submission that came with this form already."""
    return session.scalars(select(Submission).where(Submission.once == once)).first()


def mail_of(session: Session, case_id: int) -> str:
    """The mail address given with the letter this case was made of, or ""."""
    return session.scalars(select(Submission.email).where(Submission.case_id == case_id)).first() or ""
