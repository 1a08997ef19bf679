"""How the effects of a withdrawable act are taken back (撤回); each takes what `Act.undoable` remembered."""

from collections.abc import Callable

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from engine.cases.models import Case
from engine.feedback import operations as copies
from engine.feedback.models import Copy, Feedback
from engine.handlings.models import Handling, Review, Supervision
from engine.supervision import operations as slips


def _review(session: Session, review_id: int) -> None:
    session.execute(update(Review).where(Review.id == review_id).values(withdrawn=True))


def _handling(session: Session, handling_id: int) -> None:
    session.execute(update(Handling).where(Handling.id == handling_id).values(state="withdrawn"))


def _reopen(session: Session, handling_id: int) -> None:
    session.execute(update(Handling).where(Handling.id == handling_id).values(state="open", close_reason=""))


def _unanswer(session: Session, handling_id: int) -> None:
    session.execute(update(Handling).where(Handling.id == handling_id).values(answered_at=None))


def _feedback(session: Session, feedback_id: int) -> None:
    session.execute(update(Feedback).where(Feedback.id == feedback_id).values(state="withdrawn"))


def _uncheck(session: Session, feedback_id: int) -> None:
    values = {"state": "delivered", "check_opinion": "", "checked_by_id": None, "checked_at": None}
    session.execute(update(Feedback).where(Feedback.id == feedback_id).values(**values))
    session.execute(delete(Copy).where(Copy.feedback_id == feedback_id))  # nobody has read them: not signed for yet
    case = session.get_one(Case, session.get_one(Feedback, feedback_id).case_id)
    case.undelivered = copies.undelivered(session, case.id)


def _supervision(session: Session, ids: list[int]) -> None:
    session.execute(update(Supervision).where(Supervision.id.in_(ids)).values(closed_at=None))


UNDO: dict[str, Callable[..., None]] = {
    "review.withdraw": _review,
    "handling.withdraw": _handling,
    "handling.reopen": _reopen,
    "handling.unanswer": _unanswer,
    "feedback.withdraw": _feedback,
    "feedback.uncheck": _uncheck,
    "supervision.reopen": _supervision,
    "slips.reopen": slips.reopen,
}
