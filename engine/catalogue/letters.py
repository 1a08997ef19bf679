"""What the sender of a letter from home (网上来信) and its studio are told: by mail and by text message as far
as either was given, in the words of the procedure's notices/."""

from collections.abc import Mapping

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
    subject, body = _text(session, row, "letter_arrived", {"community": community})
    notices.tell(
        session, "letter_arrived", subject, body, case_id=None, organisation_id=row.studio_id, duty="liaison"
    )  # fmt: skip
    _post(session, row, "letter_received", "mail", row.email, {"studio": studio})


def declined(session: Session, row: Submission, studio: str) -> None:
    """The reason, by text message and by mail."""
    names = {"studio": studio, "reason": row.reason.rstrip("。")}
    _post(session, row, "letter_declined", "mail", row.email, names)
    _post(session, row, "letter_declined", "sms", telling.mobile(row.phone), names)


def registered(session: Session, draft_key: str, case: Case, by_id: int, by_name: str) -> None:
    """The letter whose draft became this case, if it was made of one: registered, and its sender told by mail (the text
    message with the number is sent for every registration)."""
    row = submissions.registered(session, draft_key, case.id, by_id, by_name)
    if row is not None:
        names = {"studio": case.studio_name, "number": case.number, "code": case.query_code}
        _post(session, row, "letter_registered", "mail", row.email, names, case.id)


def _post(
    session: Session, row: Submission, kind: str, channel: str, address: str, names: Mapping[str, str],
    case_id: int | None = None,
) -> None:  # fmt: skip
    if address:
        subject, body = _text(session, row, kind, names, case_id)
        notices.post(session, kind, channel, address, subject, body, case_id=case_id)


def _text(
    session: Session, row: Submission, kind: str, names: Mapping[str, str], case_id: int | None = None
) -> tuple[str, str]:
    at = clock.local(row.at)
    known = {"sent": f"{at.month}月{at.day}日", "receipt": shown(row.code), **names}
    return telling.text(session, telling.version_of(session, case_id), kind, known)
