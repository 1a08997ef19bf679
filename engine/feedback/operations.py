"""Small verbs on the copies of an answer."""

from datetime import datetime

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from engine.feedback.models import Copy

# sent by us or handed on by the department; a printed letter is a task of the studio's, which holds the case itself
ON_THE_WAY = ("sms", "mail", "relay")


def undelivered(session: Session, case_id: int) -> int:
    """How many copies are on their way (queued, being sent, of uncertain fate), or failed without a next step: with one
    of them a case is not answered yet (R66)."""
    session.flush()
    on_the_way = and_(Copy.state == "pending", Copy.channel.in_(ON_THE_WAY))
    failed = and_(Copy.state == "failed", Copy.next_step == "")
    return session.scalar(select(func.count(Copy.id)).where(Copy.case_id == case_id, or_(on_the_way, failed))) or 0


def answered_back(session: Session, case_id: int, at: datetime, proof: str) -> None:
    """The reporter has spoken about the answer: what was still on its way to him has arrived."""
    mine = (Copy.case_id == case_id, Copy.addressee == "reporter", Copy.state == "pending")
    session.execute(
        update(Copy)
        .where(*mine, Copy.channel.in_(ON_THE_WAY))
        .values(state="delivered", delivered_at=at, proof=proof)
        .execution_options(synchronize_session="fetch")
    )
