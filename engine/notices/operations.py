"""Writing notices. In-app ones are delivered by the commit; SMS and mail are sent afterwards by a worker."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from engine import clock
from engine.notices.models import Notice


def tell(
    session: Session,
    kind: str,
    subject: str,
    body: str,
    *,
    case_id: int | None,
    person_id: int | None = None,
    organisation_id: int | None = None,
    duty: str = "",
) -> Notice:
    """An in-app notice to one person or to an organisation (everybody with `duty`, "" = all)."""
    now = clock.now()
    notice = Notice(
        kind=kind,
        channel="inbox",
        subject=subject[:200],
        body=body,
        case_id=case_id,
        person_id=person_id,
        organisation_id=organisation_id,
        duty=duty,
        state="sent",
        created_at=now,
        sent_at=now,
    )
    session.add(notice)
    return notice


def post(
    session: Session, kind: str, channel: str, address: str, subject: str, body: str, *, case_id: int | None
) -> Notice:
    """A message to the outside (`channel` sms or mail), queued in the same transaction as its cause."""
    now = clock.now()
    notice = Notice(
        kind=kind,
        channel=channel,
        address=address,
        subject=subject[:200],
        body=body,
        case_id=case_id,
        state="pending",
        created_at=now,
        next_attempt_at=now,
    )
    session.add(notice)
    return notice


def withdraw(session: Session, notice_ids: list[int]) -> None:
    """Take back notices of a withdrawn act that nobody has read or received yet."""
    session.execute(
        update(Notice)
        .where(Notice.id.in_(notice_ids), Notice.read_at.is_(None), Notice.state.in_(("pending", "sent")))
        .where((Notice.channel == "inbox") | (Notice.state == "pending"))
        .values(state="withdrawn")
    )
