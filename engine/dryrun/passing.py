"""Time in the sandbox: every deadline on the way fires at its own moment, as the sweep would, never all at the end."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from engine import bpmn, clock, deadlines, instances
from engine.dryrun import finding, memory
from engine.dryrun.acts import Act
from engine.errors import Conflict
from engine.handlings.models import Handling
from engine.work.models import Deadline
from engine.workdays import queries as workdays

OPENS = 9  # o'clock at which a day one jumps to begins
MOST = 2000  # moments of one wait
Heard = Callable[[list[bpmn.Step], datetime], None]


def begin_in(engine: Engine) -> Callable[[], AbstractContextManager[Session]]:
    """Transactions in the sandbox, for use cases that open their own."""

    @contextmanager
    def begin() -> Iterator[Session]:
        with memory.act(engine) as session:
            yield session

    return begin


def until(engine: Engine, now: datetime, target: datetime, heard: Heard) -> None:
    """Let everything due up to `target` happen, each at its time; `heard` is told what the tokens did."""
    begin, past = begin_in(engine), None
    for _ in range(MOST):
        due = _next_due(engine, past)
        if due is None or due > target:
            return
        past, moment = due, max(due, now)
        with clock.frozen(moment), instances.watched() as steps:
            deadlines.sweep(begin)
        heard(steps, moment)
    raise Conflict(f"推进途中有 {MOST} 次以上的定时，已停下。请检查循环定时的间隔。")


def _next_due(engine: Engine, past: datetime | None) -> datetime | None:
    query = select(func.min(Deadline.due_at))
    if past is not None:
        query = query.where(Deadline.due_at > past)
    with memory.act(engine) as session:
        return session.scalar(query)


def target(engine: Engine, now: datetime, act: Act) -> datetime:
    """The moment a wait goes to; Conflict when it is over, or when there is nothing to wait for."""
    with memory.act(engine) as session:
        moment = _target(session, now, act)
    if moment < now:
        here = clock.local(moment)
        raise Conflict(
            f"{here.year}年{here.month}月{here.day}日已经过去（推演时间 {clock.local(now):%Y-%m-%d %H:%M}），不能倒退。"
        )
    return moment


def _target(session: Session, now: datetime, act: Act) -> datetime:
    if act.get("event"):
        due = session.scalar(select(func.min(Deadline.due_at)).where(Deadline.retry_at.is_(None)))
        if due is None:
            raise Conflict("没有等待到期的时限，不能推进到下一个事件。")
        return max(due, now)
    if "moment" in act:
        return datetime.fromisoformat(act["moment"])
    if "date" in act:
        return clock.at(date.fromisoformat(act["date"]), OPENS)
    days, here = workdays.calendar(session), clock.local(now)
    if "days" in act:
        return clock.at(days.working_days(here.date(), act["days"]), here.hour, here.minute)
    return clock.at(days.working_days(counted_from(session, now)[1], act["day"]), OPENS)


def counted_from(session: Session, moment: datetime) -> tuple[str, date]:
    """Which day is day zero at `moment`: the unit's receipt (article 11), before it the registration."""
    query = select(Handling.received_on).where(Handling.state != "withdrawn", Handling.received_at <= moment)
    received = session.scalars(query.order_by(Handling.id.desc()).limit(1)).first()
    if received is not None:
        return "received", received
    case = finding.case_of(session)
    return "registered", clock.local(case.registered_at if case else moment).date()
