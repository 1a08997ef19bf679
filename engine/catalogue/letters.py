"""What the sender of a letter from home (网上来信) is told, by text message and by mail, as far as either was given."""

from sqlalchemy.orm import Session

from engine import clock
from engine.cases.models import Case
from engine.notices import operations as notices
from engine.submissions import operations as submissions
from engine.submissions.models import Submission

KIND = "submission"
RECEIVED = ("已收到您的网上来信", "您{at}发来的意见已经收到，由{studio}处理。回执码：{code}，凭它可以在网上查询。")
DECLINED = (
    "您的网上来信没有登记",
    "您{at}发来的意见（回执码{code}）没有登记，理由：{reason}。如有疑问，请联系{studio}。",
)
REGISTERED = (
    "您的网上来信已经登记",
    "您{at}发来的意见（回执码{code}）已经登记，编号：{number}。凭编号和查询码 {query} 可以在网上查询办理进度。",
)


def shown(code: str) -> str:
    """A receipt's code as people read it out: 1234-5678-9012."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def received(session: Session, row: Submission, studio: str) -> None:
    """The code of the receipt once more, by mail."""
    _mail(session, row, RECEIVED, studio=studio)


def declined(session: Session, row: Submission, studio: str) -> None:
    """The reason, by text message and by mail."""
    names = {"studio": studio, "reason": row.reason.rstrip("。")}
    _mail(session, row, DECLINED, None, **names)
    if row.phone.isdigit() and len(row.phone) == 11:
        notices.post(session, KIND, "sms", row.phone, DECLINED[0], _filled(row, DECLINED[1], **names), case_id=None)


def registered(session: Session, draft_key: str, case: Case, by_id: int, by_name: str) -> None:
    """The letter whose draft became this case, if it was made of one: registered, and its sender told by mail (the text
    message with the number is sent for every registration)."""
    row = submissions.registered(session, draft_key, case.id, by_id, by_name)
    if row is not None:
        _mail(session, row, REGISTERED, case.id, number=case.number, query=case.query_code)


def _mail(session: Session, row: Submission, text: tuple[str, str], case_id: int | None = None, **names: str) -> None:
    if row.email:
        notices.post(session, KIND, "mail", row.email, text[0], _filled(row, text[1], **names), case_id=case_id)


def _filled(row: Submission, text: str, **names: str) -> str:
    at = clock.local(row.at)
    return text.format(at=f"{at.month}月{at.day}日", code=shown(row.code), **names)
