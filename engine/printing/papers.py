"""Every paper by its kind: `paper(session, actor, "referral", handling_id)`. Who may read the case prints it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from engine import access
from engine.access import Actor, Verb
from engine.consultations.models import Consultation
from engine.errors import NotFound
from engine.feedback.models import Feedback
from engine.handlings.models import Extension, Handling, Reminder, Supervision
from engine.printing import forms, handling_papers, pressing_papers
from engine.printing.render import Paper
from engine.printing.subject import subject
from engine.reports.models import ReportBatch, ReportItem
from engine.supervision.models import Slip


@dataclass(frozen=True)
class Kind:
    """A paper's name, and what it is made of: the row whose id is in its address."""

    label: str
    make: Callable[[Session, Actor, int], Paper]


KINDS: Mapping[str, Kind] = {
    "registration": Kind("社情民意登记表", forms.registration),  # case
    "annex2": Kind("跟踪明细帐", forms.annex2_paper),  # case
    "cover": Kind("汇总表", pressing_papers.cover),  # batch of reports
    "referral": Kind("转交单", handling_papers.referral),  # handling
    "decline": Kind("退件单", handling_papers.decline),  # handling
    "extension": Kind("延期申请单", handling_papers.extension),  # extension
    "urge": Kind("催办通知", pressing_papers.urge),  # slip
    "reminder": Kind("催办通知", pressing_papers.reminder),  # reminder
    "order": Kind("督办通知单", pressing_papers.order),  # slip
    "supervision": Kind("督办通知单", pressing_papers.supervision),  # rung of the ladder
    "answer": Kind("答复函", handling_papers.answer),  # feedback
    "delivery": Kind("抄送送达单", handling_papers.delivery),  # feedback
    "consultation": Kind("三方协商记录", pressing_papers.consultation),  # consultation
}


def paper(session: Session, actor: Actor, kind: str, row_id: int, address: str = "") -> Paper:
    """The paper of that kind about that row; `address` is where the house is reached from outside (QR code).

    NotFound for a kind that does not exist, a row that does not, or one outside the actor's reach."""
    if kind not in KINDS:
        raise NotFound
    if kind == "registration":
        return forms.registration(session, actor, row_id, address)
    return KINDS[kind].make(session, actor, row_id)


@dataclass(frozen=True)
class Listed:
    """A paper there is about a case, and when what it says happened."""

    kind: str
    row_id: int
    label: str
    at: datetime


def of_case(session: Session, actor: Actor, case_id: int) -> tuple[str, list[Listed]]:
    """The case's number and every paper this person may print of it, in the order things happened; NotFound outside the
    actor's reach."""
    about = subject(session, actor, case_id)
    case, ledger = about.case, access.may(actor, Verb.LEDGER_READ, about.scope)
    found = [Listed("registration", case.id, KINDS["registration"].label, case.registered_at)]
    of = Handling.case_id == case_id
    sources: list[tuple[str, InstrumentedAttribute[int], InstrumentedAttribute[datetime], ColumnElement[bool]]] = [
        ("referral", Handling.id, Handling.received_at, of & (Handling.state != "withdrawn")),
        ("decline", Handling.id, Handling.received_at, of & (Handling.state == "declined")),
        ("extension", Extension.id, Extension.requested_at, of),
        ("reminder", Reminder.id, Reminder.fired_at, of & Reminder.sent.is_(True)),
        ("supervision", Supervision.id, Supervision.fired_at, of),
        ("urge", Slip.id, Slip.issued_at, of & (Slip.kind == "urge")),
        ("order", Slip.id, Slip.issued_at, of & (Slip.kind != "urge")),
        ("answer", Feedback.id, Feedback.delivered_at, of & (Feedback.state != "withdrawn")),
        ("delivery", Feedback.id, Feedback.delivered_at, of & (Feedback.state == "accepted")),
    ]
    for kind, row_id, at, where in sources:
        query = select(row_id, at).select_from(Handling).where(where)
        if row_id.class_ is not Handling:
            query = query.join(row_id.class_, row_id.class_.handling_id == Handling.id)
        found += [Listed(kind, row[0], KINDS[kind].label, row[1]) for row in session.execute(query)]
    meetings = select(Consultation.id, Consultation.meets_at).where(
        Consultation.case_id == case_id, Consultation.state != "cancelled"
    )
    found += [Listed("consultation", row[0], KINDS["consultation"].label, row[1]) for row in session.execute(meetings)]
    if ledger:
        batches = select(ReportBatch.id, ReportBatch.at).join(ReportItem, ReportItem.batch_id == ReportBatch.id)
        batches = batches.where(ReportItem.case_id == case_id, ReportItem.position > 0)
        found += [Listed("cover", row[0], KINDS["cover"].label, row[1]) for row in session.execute(batches)]
    found.sort(key=lambda row: row.at)
    if ledger:
        found.append(Listed("annex2", case.id, KINDS["annex2"].label, found[-1].at))
    return case.number, found
