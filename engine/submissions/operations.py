"""What happens to a submission when the draft made of it is registered."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import clock
from engine.submissions.models import Submission

KEY = "letter"  # drafts made of a submission begin so; no other registration asks this table


def registered(session: Session, draft_key: str, case_id: int, by_id: int, by_name: str) -> Submission | None:
    """The submission whose draft became this case is registered; None for a draft that was made otherwise."""
    if not draft_key.startswith(KEY):
        return None
    query = select(Submission).where(Submission.draft_key == draft_key, Submission.state == "open")
    row = session.scalars(query).first()
    if row is not None:
        row.state, row.case_id, row.decided_at = "registered", case_id, clock.now()
        row.decided_by_id, row.decided_by_name = by_id, by_name
    return row


def handed_over(session: Session, draft_keys: Sequence[str], to_id: int, to_name: str) -> None:
    """Somebody else has the drafts made of submissions from now on."""
    begun = update(Submission).where(Submission.draft_key.in_([key for key in draft_keys if key.startswith(KEY)]))
    values = begun.where(Submission.state == "open").values(taken_by_id=to_id, taken_by_name=to_name)
    session.execute(values.execution_options(synchronize_session=False))
