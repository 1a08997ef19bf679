"""Moving time the way it passes: every deadline on the way fires at its own moment, never all at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock, deadlines, rehearsal
from engine.cases.models import Case
from engine.db import Begin
from engine.errors import Conflict
from engine.work.models import History
from engine.workdays import queries as workdays

LATEST_BEAT = timedelta(seconds=12)  # how long after the due time the sweep of the demo comes by
# What a timer leaves in the history: a person following the demo wants to see these.
FIRED = ("reminded", "reminder_superseded", "overdue", "supervised", "transit_late")
STEPS = ("day", "five_days", "deadline")


@dataclass(frozen=True)
class Fired:
    """One timer's act, with its case."""

    case_id: int
    number: str
    act: str
    result: str
    due_at: datetime | None


@dataclass(frozen=True)
class Moved:
    """What one push of the demo clock did."""

    now: datetime
    fired: tuple[Fired, ...]


def within(session: Session) -> Begin:
    """Acts inside the transaction of the entry point, each in a session and savepoint of its own.

    The whole build is one transaction: a demo that was interrupted leaves nothing behind.
    """
    connection = session.connection()

    @contextmanager
    def begin() -> Iterator[Session]:
        with (
            Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as inner,
            inner.begin(),
        ):
            yield inner

    return begin


def sweep_until(begin: Begin, moment: datetime) -> int:
    """Fire everything due by `moment`, each with the clock held just after its own due time; how many fired."""
    fired = 0
    for _ in range(10_000):
        due = _next_due(begin)
        if due is None or due > moment:
            break
        with clock.frozen(min(due + LATEST_BEAT, moment)):
            swept = deadlines.sweep(begin)
        if not swept.fired and not swept.more:
            break
        fired += swept.fired
    return fired


def _next_due(begin: Begin) -> datetime | None:
    with begin() as session:
        return deadlines.next_due(session)


# ------------------------------------------------------------------------------------------------ the clock of the page


def push(session: Session, step: str) -> Moved:
    """Move the demo clock by `day`, `five_days` (working days) or to the next `deadline`; deadlines fire on the way."""
    session.flush()
    last = session.scalar(select(func.max(History.id))) or 0
    target = _target(session, step)
    begin = within(session)
    for _ in range(10_000):
        due = deadlines.next_due(session)
        if due is None or due > target:
            break
        rehearsal.advance(session, max(due + timedelta(seconds=1) - clock.now(), timedelta(0)))
        swept = deadlines.sweep(begin)
        session.expire_all()
        if not swept.fired and not swept.more:
            break
    rehearsal.advance(session, max(target - clock.now(), timedelta(0)))
    return Moved(clock.now(), tuple(_fired(session, last)))


def _target(session: Session, step: str) -> datetime:
    now = clock.now()
    if step == "day":
        return now + timedelta(days=1)
    if step == "five_days":
        here = clock.local(now)
        day = workdays.calendar(session).working_days(here.date(), 5)
        return clock.at(day, here.hour, here.minute)
    due = deadlines.next_due(session)
    if due is None:
        raise Conflict("现在没有等待到期的时限。请先登记一件意见建议，或转交承办单位。")
    return max(due + timedelta(seconds=1), now)


def _fired(session: Session, last: int) -> Iterator[Fired]:
    query = (
        select(History, Case.number)
        .join(Case, Case.id == History.case_id)
        .where(History.id > last, History.act.in_(FIRED))
        .order_by(History.id)
    )
    for row in session.execute(query):
        history = row.History
        yield Fired(history.case_id, row.number, history.act, history.result, history.due_at)
