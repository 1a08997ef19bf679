"""The timer desk: everything that waits for its time, why that time, and asking it again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from engine import calendar, clock, instances
from engine.access import Actor, Verb, require
from engine.cases.models import Case
from engine.catalogue.act import Act
from engine.errors import LianxinError, NotFound
from engine.instances import Move
from engine.operate.intervention import begin
from engine.operate.looking import COUNTED, name_of
from engine.packages import queries as packages
from engine.packages.models import Package, StartSchedule
from engine.work.models import Deadline, Instance
from engine.workdays.lamps import Lamp, lamp, last_day
from engine.workdays.queries import calendar as calendar_of

PER_PAGE = 50
KINDS: dict[str, tuple[str, ...]] = {
    "limit": ("limit",),
    "reminder": ("reminder",),
    "supervision": ("supervision_limit",),
    "transit": ("transit_target",),
}
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Pending:
    """One waiting timer of an instance: what it hangs on, whose case; `lamp` says how long it still has or is late.
    `suspended`: it does not fire while the case is."""

    deadline: Deadline
    number: str
    host: str
    lamp: Lamp
    suspended: bool


@dataclass(frozen=True)
class Start:
    """A procedure that begins by itself at `row.due_at`."""

    row: StartSchedule
    procedure: str


@dataclass(frozen=True)
class Timers:
    """One page of timers, and all scheduled starts (`more`: counting stopped at `total`)."""

    rows: Sequence[Pending]
    total: int
    more: bool
    starts: Sequence[Start]


@dataclass(frozen=True)
class Numbered:
    """What the explanation of a date names its case by."""

    number: str


@dataclass(frozen=True)
class Counted:
    """The limit behind a timer, as the explanation of a date shows it."""

    received_on: date
    days: int
    due_on: date
    lamp: Lamp
    name: str


@dataclass(frozen=True)
class TimerWhy:
    """Why a timer is due when it is: day by day where it counts working days, else its own text."""

    case: Numbered
    limit: Counted | None
    counted: calendar.Limit | None
    extended: bool
    deadline: Deadline


@dataclass(frozen=True)
class Recomputed:
    """What asking the timers of one instance again gives: the moments that move, or why it cannot be asked."""

    instance_id: int
    number: str
    moves: Sequence[Move]
    problem: str


def timers(
    session: Session, actor: Actor, kind: str = "", until: str = "", on: date | None = None, page: int = 1
) -> Timers:  # fmt: skip
    """Waiting timers by due time. `kind`: a key of KINDS, other or start; `until`: overdue, today or week; `on`: one
    day."""
    require(actor, Verb.INSTANCE_OPERATE)
    conditions = [Instance.status != "ended", *_when(Deadline.due_at, until, on)]
    if kind in KINDS:
        conditions.append(Deadline.role.in_(KINDS[kind]))
    elif kind == "other":
        conditions.append(Deadline.role.not_in([role for roles in KINDS.values() for role in roles]))
    elif kind == "start":
        return Timers((), 0, False, _starts(session, until, on))
    joined = select(Deadline.id).join(Instance, Instance.id == Deadline.instance_id).where(*conditions)
    counted = session.scalar(select(func.count()).select_from(joined.limit(COUNTED + 1).subquery())) or 0
    first = (max(page, 1) - 1) * PER_PAGE
    ids = session.scalars(joined.order_by(Deadline.due_at, Deadline.id).offset(first).limit(PER_PAGE)).all()
    starts = _starts(session, until, on) if not kind and page <= 1 else []
    return Timers(_pending(session, ids), min(counted, COUNTED), counted > COUNTED, starts)


def _when(column: Any, until: str, on: date | None) -> list[ColumnElement[bool]]:
    now, today = clock.now(), clock.today()
    last: datetime | None = {
        "overdue": now, "today": clock.end_of(today), "week": clock.end_of(today + WEEK),
    }.get(until)  # fmt: skip
    found: list[ColumnElement[bool]] = []
    if last is not None:
        found.append(column <= last)
    if on is not None:  # 24:00 belongs to the day it ends
        found += [column > clock.at(on), column <= clock.end_of(on)]
    return found


def _pending(session: Session, ids: Sequence[int]) -> list[Pending]:
    days = calendar_of(session)
    query = select(Deadline, Case.number, Instance.status, Instance.package_id)
    query = query.join(Instance, Instance.id == Deadline.instance_id).outerjoin(Case, Case.id == Deadline.case_id)
    return [
        Pending(
            row.Deadline, row.number or "", _host(session, row.package_id, row.Deadline),
            lamp(days, row.Deadline.due_at), row.status == "suspended",
        )
        for row in session.execute(query.where(Deadline.id.in_(ids)).order_by(Deadline.due_at, Deadline.id)).all()
    ]  # fmt: skip


def _host(session: Session, package_id: int, deadline: Deadline) -> str:
    """The step a timer hangs on; "" for one that waits by itself."""
    package = packages.compiled(session, package_id)
    if deadline.process_id not in package.processes:
        return ""
    elements = {element.id: element for element in package.elements(deadline.process_id)}
    event = elements.get(deadline.element_id)
    host = elements.get(event.attached_to or "") if event is not None else None
    return host.name if host is not None else package.names[deadline.process_id]


def _starts(session: Session, until: str, on: date | None) -> list[Start]:
    query = select(StartSchedule).where(StartSchedule.due_at.is_not(None), *_when(StartSchedule.due_at, until, on))
    return [
        Start(row, name_of(session, session.get_one(Package, row.package_id)))
        for row in session.scalars(query.order_by(StartSchedule.due_at)).all()
    ]


def timer_why(session: Session, actor: Actor, deadline_id: int) -> TimerWhy:
    """Why a timer is due on its day; NotFound when it waits no more."""
    require(actor, Verb.INSTANCE_OPERATE)
    row = session.get(Deadline, deadline_id)
    if row is None:
        raise NotFound
    case, days = session.get(Case, row.case_id) if row.case_id else None, calendar_of(session)
    number = Numbered(case.number if case else "")
    if not row.basis or "received" not in row.basis:
        return TimerWhy(number, None, None, False, row)
    received = date.fromisoformat(row.basis["received"])
    counted = days.limit(received, int(row.basis["days"]))
    limit = Counted(received, counted.days, last_day(row.due_at), lamp(days, row.due_at), row.name)
    return TimerWhy(number, limit, counted, False, row)


def look_again(session: Session, actor: Actor, instance_ids: Collection[int]) -> list[Recomputed]:
    """What `recompute` would move in each of these instances; nothing is written."""
    require(actor, Verb.INSTANCE_OPERATE)
    return [_asked(session, instance_id) for instance_id in sorted(set(instance_ids))]


def recompute(session: Session, actor: Actor, instance_ids: Collection[int], reason: str) -> list[Recomputed]:
    """Ask every waiting timer of these instances again, each in a savepoint of its own; one that cannot be asked keeps
    nobody else. Invalid without a reason."""
    found = []
    for instance_id in sorted(set(instance_ids)):
        number = ""
        try:
            with session.begin_nested():
                instance, act = begin(session, actor, instance_id, reason)
                number = act.case.number if instance.case_id else ""
                moves = instances.recompute(session, instance, act, reason)
            found.append(Recomputed(instance_id, number, moves, ""))
        except LianxinError as problem:
            if not reason.strip():
                raise
            found.append(Recomputed(instance_id, number, (), problem.message))
    return found


def _asked(session: Session, instance_id: int) -> Recomputed:
    instance = session.get(Instance, instance_id)
    if instance is None:
        raise NotFound
    case = instances.case_of(session, instance)
    number = case.number if instance.case_id else ""
    try:
        return Recomputed(
            instance_id, number, instances.forecast(session, instance, Act(session, case, instance.id)), ""
        )
    except LianxinError as problem:
        return Recomputed(instance_id, number, (), problem.message)
