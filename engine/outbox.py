"""Sending what is queued: an attempt is committed before a message leaves, so that a crash leaves a question, never a
second message (rules 4 and 7)."""

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from engine import clock, instances
from engine.access import Actor
from engine.cases.models import Case
from engine.catalogue import telling
from engine.db import Begin
from engine.errors import Conflict, NotFound
from engine.feedback.models import Copy
from engine.notices import operations as notices
from engine.notices.delivery import Adapter, Later, Message, Refused, Unsure
from engine.notices.models import Notice
from engine.work import operations as work
from engine.work.models import Instance

log = logging.getLogger(__name__)
BATCH = 200
MOST_ATTEMPTS = 8
PAUSE = timedelta(minutes=1)  # doubled after each attempt: 1, 2, 4 … 64 minutes, two hours in all
LEASE = timedelta(minutes=10)  # longer than any adapter may take
CHANNELS = {"sms": "短信", "mail": "邮件"}


@dataclass(frozen=True)
class Sent:
    """What one round did; `waiting`: messages of channels without an adapter."""

    sent: int
    failed: int
    uncertain: int
    waiting: int


def send_due(begin: Begin, adapters: Mapping[str, Adapter | None], limit: int = BATCH, seconds: float = 60.0) -> Sent:
    """Send at most `limit` queued messages in at most about `seconds`, one after the other.

    `begin` opens a transaction; two per message: the attempt, then its outcome. Safe in many processes at once.
    """
    with begin() as session:
        uncertain = _mark_uncertain(session)
        waiting = _report_unconnected(session, [name for name, adapter in adapters.items() if adapter is None])
    ready = {name: adapter for name, adapter in adapters.items() if adapter is not None}
    counts: Counter[str] = Counter()
    last = time.monotonic() + seconds
    for _ in range(limit):
        if time.monotonic() > last:
            break
        with begin() as session:
            claimed = _claim(session, tuple(ready))
        if claimed is None:
            break
        notice_id, channel, message = claimed
        state, remark = _carry(ready[channel], message)
        with begin() as session:
            counts[_settle(session, notice_id, state, remark)] += 1
    return Sent(counts["sent"], counts["failed"], counts["uncertain"] + uncertain, waiting)


def _claim(session: Session, channels: tuple[str, ...]) -> tuple[int, str, Message] | None:
    """The next message, marked as being sent before it is; nobody else gets the same one."""
    query = (
        select(Notice)
        .where(Notice.state == "pending", Notice.next_attempt_at <= clock.now(), Notice.channel.in_(channels))
        .order_by(Notice.next_attempt_at, Notice.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    notice = session.scalars(query).first()
    if notice is None:
        return None
    notice.state, notice.attempts = "sending", notice.attempts + 1
    notice.next_attempt_at = clock.now() + LEASE
    return notice.id, notice.channel, Message(f"notice-{notice.id}", notice.address, notice.subject, notice.body)


def _carry(adapter: Adapter, message: Message) -> tuple[str, str]:
    try:
        return "sent", adapter.send(message)
    except Refused as problem:
        return "failed", str(problem)
    except Later as problem:
        return "pending", str(problem)
    except Unsure as problem:
        return "uncertain", str(problem)
    except Exception as problem:
        # An adapter that breaks in an unforeseen way may have sent it: somebody looks, nobody sends twice.
        log.exception("adapter failed on %s", message.key)
        return "uncertain", f"{type(problem).__name__}: {problem}"


def _settle(session: Session, notice_id: int, state: str, remark: str) -> str:
    """Write the outcome of an attempt; returns the state the message is in now."""
    _hold(session, notice_id)
    notice = session.get_one(Notice, notice_id, with_for_update=True)
    if notice.state not in ("sending", "uncertain"):
        return notice.state  # a person has decided meanwhile
    now = clock.now()
    if state == "pending" and notice.attempts >= MOST_ATTEMPTS:
        state = "failed"
    notice.state, notice.next_attempt_at = state, None
    notice.error = "" if state == "sent" else remark[:300]
    if state == "sent":
        notice.sent_at = now
        _copy(session, notice, remark)
    elif state == "pending":
        notice.next_attempt_at = now + PAUSE * 2 ** (notice.attempts - 1)
    elif state == "failed":
        _give_up(session, notice)
    return state


def _copy(session: Session, notice: Notice, proof: str) -> None:
    """A copy of the answer that reached the reporter's telephone is delivered, with its proof (article 11, D5)."""
    for copy in session.scalars(_copies(notice).where(Copy.state != "delivered")):
        copy.state, copy.delivered_at = "delivered", notice.sent_at
        copy.proof = f"{CHANNELS.get(notice.channel, notice.channel)} {notice.address}：{proof}"[:300]
        instances.recount(session, session.get_one(Case, copy.case_id, with_for_update=True))


def _copies(notice: Notice) -> Select[Copy]:
    return select(Copy).where(Copy.case_id == notice.case_id, Copy.notice_id == notice.id)


def _hold(session: Session, notice_id: int) -> None:
    """Before a message that carries an answer its case: people's acts lock in that order, and what they read of the
    deliveries must be what they write (R66)."""
    notice = session.get(Notice, notice_id)
    if notice is not None and notice.case_id is not None and session.scalars(_copies(notice)).first() is not None:
        running = select(func.max(Instance.id)).where(Instance.case_id == notice.case_id)
        if (instance_id := session.scalar(running)) is not None:
            instances.locked(session, instance_id)


def _give_up(session: Session, notice: Notice) -> None:
    for copy in session.scalars(_copies(notice).where(Copy.state == "pending")):
        copy.state, copy.failure = "failed", notice.error
        _undelivered(session, copy)
    name = CHANNELS.get(notice.channel, notice.channel)
    work.raise_incident(
        session, "notice_failed", f"{name}“{notice.subject}”没有送达：{notice.error}。请改用其他方式告知。",
        case_id=notice.case_id, element_id=f"notice-{notice.id}",
    )  # fmt: skip


def _undelivered(session: Session, copy: Copy) -> None:
    """The case is not answered before its studio has said what is done next (R66)."""
    case = session.get_one(Case, copy.case_id, with_for_update=True)
    instances.recount(session, case)
    names = {"number": case.number, "studio": case.studio_name, "reason": copy.failure.rstrip("。")}
    subject, body = telling.text(session, "copy_failed", names, case_id=case.id)
    notices.tell(session, "copy_failed", subject, body, case_id=case.id, organisation_id=case.studio_id)


# ------------------------------------------------------------------------------------------------ for a person


def _mark_uncertain(session: Session) -> int:
    """Attempts whose process ended between sending and writing the outcome: it may have arrived or not."""
    query = select(Notice).where(Notice.state == "sending", Notice.next_attempt_at <= clock.now())
    rows = session.scalars(query.limit(BATCH).with_for_update(skip_locked=True)).all()
    for notice in rows:
        notice.state, notice.next_attempt_at = "uncertain", None
        notice.error = "发送过程中程序中断，不能确定是否已经发出。"
    return len(rows)


def _report_unconnected(session: Session, channels: Sequence[str]) -> int:
    """Messages that cannot leave for want of an adapter wait; one incident per channel tells the administrator."""
    waiting = 0
    for channel in channels:
        query = select(Notice).where(Notice.state == "pending", Notice.channel == channel).order_by(Notice.id).limit(1)
        if session.scalars(query.with_for_update(skip_locked=True)).first() is None:
            continue
        count = select(func.count()).select_from(Notice).where(Notice.state == "pending", Notice.channel == channel)
        waiting += (found := session.scalar(count) or 0)
        name = CHANNELS.get(channel, channel)
        work.raise_incident(
            session, "channel_missing", f"没有配置{name}通道，{found}条{name}等待发送。请管理员配置后自动发出。",
            element_id=f"channel-{channel}",
        )  # fmt: skip
    return waiting


def uncertain(session: Session) -> list[Notice]:
    """Messages of which nobody knows whether they left, oldest first: a person asks the gateway and decides."""
    return list(session.scalars(select(Notice).where(Notice.state == "uncertain").order_by(Notice.id)))


def decide(session: Session, notice_id: int, *, arrived: bool, remark: str, actor: Actor | None = None) -> None:
    """A person's word on an uncertain message: it arrived (with `remark` as proof), or it shall be sent again. With
    `actor` the case's history says who decided.

    The caller has checked who may say so. Raises NotFound, Conflict when it has been decided meanwhile.
    """
    _hold(session, notice_id)
    notice = session.get(Notice, notice_id, with_for_update=True)
    if notice is None:
        raise NotFound()
    if notice.state != "uncertain":
        raise Conflict("这条消息的状态已经确定，请刷新页面查看。")
    notice.state, notice.error = ("sent", "") if arrived else ("pending", remark[:300])
    if arrived:
        notice.sent_at = clock.now()
        _copy(session, notice, remark)
    else:
        notice.next_attempt_at = clock.now()
    if actor is not None and notice.case_id is not None:
        work.record(
            session, "incident", case_id=notice.case_id, actor_id=actor.person_id, actor_name=actor.name,
            result="消息已核实送达" if arrived else "消息重新发送", opinion=remark[:300], data={"notice_id": notice.id},
        )  # fmt: skip


def numbers_of(session: Session, notices: Sequence[Notice]) -> dict[int, str]:
    """The case number of each message, by its id; what the messages say is not for administrators."""
    query = select(Notice.id, Case.number).join(Case, Case.id == Notice.case_id)
    found = session.execute(query.where(Notice.id.in_([notice.id for notice in notices])))
    return {row.id: row.number for row in found}
