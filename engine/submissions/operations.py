"""What happens to a submission when the draft made of it is registered."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from engine import clock
from engine.submissions.models import Submission

KEY = "letter"  # drafts made of a submission begin so; no other registration asks this table


def registered(session: Session, draft_key: str, case_id: int, by_id: int, by_name: str) -> None:
    """The submission whose draft became this case is registered; nothing for a draft that was none."""
    if draft_key.startswith(KEY):
        session.execute(
            update(Submission)
            .where(Submission.draft_key == draft_key, Submission.state == "open")
            .values(
                state="registered",
                case_id=case_id,
                decided_at=clock.now(),
                decided_by_id=by_id,
                decided_by_name=by_name,
            )
        )
