"""What the sender of a letter from home (网上来信) and its studio are told: by mail and by text message as far
as either was given, in the words of the procedure's notices/."""

from sqlalchemy.orm import Session

from engine import clock
from engine.cases.models import Case
from engine.catalogue import telling
from engine.notices import operations as notices
from engine.submissions import operations as submissions
from engine.submissions.models import Submission


def shown(code: str) -> str:
    """A receipt's code as people read it out: 1234-5678-9012."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def received(session: Session, row: Submission, studio: str, community: str) -> None:
    """The code of the receipt once more, by mail; and the studio's liaison, or whoever acts as one (R12), is told."""
    names = _names(row) | {"studio": studio, "community": community}
    subject, body = telling.text(session, "letter_arrived", names)
    notices.tell(
        session, "letter_arrived", subject, body, case_id=None, organisation_id=row.studio_id, duty="liaison"
    )  # fmt: skip
    telling.post(session, "letter_received", "mail", row.email, names)


def declined(session: Session, row: Submission, studio: str) -> None:
    """The reason, by text message and by mail."""
    names = _names(row) | {"studio": studio, "reason": row.reason.rstrip("。")}
    telling.post(session, "letter_declined", "mail", row.email, names)
    telling.post(session, "letter_declined", "sms", telling.mobile(row.phone), names)


def registered(session: Session, draft_key: str, case: Case, by_id: int, by_name: str) -> None:
    """The letter whose draft became this case, if it was made of one: registered, and its sender told by mail (the text
    message with the number is sent for every registration)."""
    row = submissions.registered(session, draft_key, case.id, by_id, by_name)
    if row is not None:
        names = _names(row) | {"studio": case.studio_name, "number": case.number, "code": case.query_code}
        telling.post(session, "letter_registered", "mail", row.email, names, case_id=case.id)


def _names(row: Submission) -> dict[str, str]:
    at = clock.local(row.at)
    return {"sent": f"{at.month}月{at.day}日", "receipt": shown(row.code)}
