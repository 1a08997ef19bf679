"""Every notice with its state, for administrators: to whom is masked, what it says is not shown (rule 7, R66, R99)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, Verb, require
from engine.cases import masking
from engine.cases.models import Case
from engine.errors import Conflict, Invalid, NotFound
from engine.notices.labels import CHANNELS, KINDS, OTHER, STATES
from engine.notices.models import Notice
from engine.organisation.models import Organisation, Person
from engine.work import operations as work

PER_PAGE = 50
OUTSIDE = ("sms", "mail")


@dataclass(frozen=True)
class Filter:
    """What to look for; "" = everything, in `channel` everything that leaves the house."""

    state: str = ""
    channel: str = ""
    kind: str = ""
    number: str = ""

    @property
    def asked(self) -> dict[str, str]:
        """The parts that are set, for the links of the pages."""
        return {name: value for name, value in vars(self).items() if value}


@dataclass(frozen=True)
class Line:
    """One notice as an administrator sees it."""

    id: int
    at: datetime
    number: str
    case_id: int | None
    channel: str
    to: str
    kind: str
    state: str
    label: str
    attempts: int
    next_attempt_at: datetime | None
    sent_at: datetime | None
    error: str


@dataclass(frozen=True)
class Overview:
    """A page of notices, newest first, and how many of those that leave the house are in each state."""

    lines: list[Line]
    total: int
    counts: dict[str, int]


def overview(session: Session, actor: Actor, wanted: Filter, page: int = 1) -> Overview:
    """The notices that fit; four statements whatever their number."""
    require(actor, Verb.NOTICES_READ)
    query = (
        select(Notice, Case.number, Person.name, Organisation.name)
        .outerjoin(Case, Case.id == Notice.case_id)
        .outerjoin(Person, Person.id == Notice.person_id)
        .outerjoin(Organisation, Organisation.id == Notice.organisation_id)
        .where(*_fits(wanted))
    )
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    found = query.order_by(Notice.id.desc()).limit(PER_PAGE).offset((max(page, 1) - 1) * PER_PAGE)
    lines = [_line(notice, number, person, house) for notice, number, person, house in session.execute(found)]
    by_state = select(Notice.state, func.count()).where(Notice.channel.in_(OUTSIDE)).group_by(Notice.state)
    counted = {row[0]: row[1] for row in session.execute(by_state)}
    return Overview(lines, total, {state: counted.get(state, 0) for state in STATES})


def _fits(wanted: Filter) -> list[ColumnElement[bool]]:
    found = [Notice.channel == wanted.channel if wanted.channel else Notice.channel.in_(OUTSIDE)]
    if wanted.state:
        found.append(Notice.state == wanted.state)
    if wanted.kind:
        found.append(Notice.kind == wanted.kind)
    if wanted.number:
        escaped = wanted.number.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        found.append(Case.number.like(f"%{escaped}%", escape="!"))
    return found


def _line(notice: Notice, number: str | None, person: str | None, house: str | None) -> Line:
    address = masking.mail(notice.address) if notice.channel == "mail" else masking.phone(notice.address)
    return Line(
        id=notice.id, at=notice.created_at, number=number or "", case_id=notice.case_id,
        channel=CHANNELS.get(notice.channel, notice.channel), to=house or person or address,
        kind=KINDS.get(notice.kind, OTHER), state=notice.state, label=STATES.get(notice.state, notice.state),
        attempts=notice.attempts, next_attempt_at=notice.next_attempt_at, sent_at=notice.sent_at,
        error=masking.numbers(notice.error),
    )  # fmt: skip


def send_again(session: Session, actor: Actor, notice_id: int, reason: str) -> None:
    """A message that was given up is queued once more, after its cause was mended; NotFound, Invalid without a reason,
    Conflict when it was not given up."""
    require(actor, Verb.INCIDENT_READ)
    if not reason.strip():
        raise Invalid("请写明重新发送的理由，例如“短信平台已恢复”。", errors={"reason": "请写明理由。"})
    notice = session.get(Notice, notice_id, with_for_update=True)
    if notice is None:
        raise NotFound
    if notice.state != "failed":
        raise Conflict("只有没有送达的消息可以重新发送，请刷新页面查看。")
    notice.state, notice.attempts, notice.next_attempt_at, notice.error = "pending", 0, clock.now(), ""
    if notice.case_id is not None:
        work.record(
            session, "incident", case_id=notice.case_id, actor_id=actor.person_id, actor_name=actor.name,
            result="消息重新发送", opinion=reason.strip()[:300], data={"notice_id": notice.id},
        )  # fmt: skip
