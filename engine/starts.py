"""Procedures that begin by themselves: start events with a time, a message or a signal, in a schedule of their own.

The schedule follows the version in force: what stays in the diagram keeps its rhythm, what is new is armed from the
moment the version came into force. Each occurrence starts exactly one instance: the row moves on in the transaction
that starts it, so that a crash does both or neither, and two sweeps never both do it.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine import bpmn, clock, instances
from engine.access import Actor, Verb, require
from engine.bpmn import codec
from engine.cases.models import Case
from engine.catalogue.act import Act
from engine.db import Begin
from engine.errors import Conflict, Invalid, LianxinError, NotFound
from engine.packages import queries as packages
from engine.packages.models import Package, StartSchedule
from engine.work import operations as work
from engine.work.models import Instance

log = logging.getLogger(__name__)
BATCH = 50
RETRY = timedelta(minutes=5)
EVENTS = ("timer", "message", "signal")
CAUSE = "start_failed"


@dataclass(frozen=True)
class Swept:
    """What one sweep did; `more`: the batch was full, sweep again."""

    started: int
    failed: int
    more: bool


def refresh(session: Session) -> None:
    """Bring the schedule in line with the versions in force now: a version that was published or whose day came."""
    for key in session.scalars(select(Package.key).distinct().order_by(Package.key)).all():
        try:
            package = packages.in_force(session, key, clock.today())
            events = _events(packages.compiled(session, package.id))
        except NotFound:
            continue
        except bpmn.Refused:  # published by an older program: its running cases have incidents of their own
            log.exception("the version of %s in force does not compile", key)
            continue
        known = session.execute(_places(key)).all()
        if {(row.process_id, row.element_id) for row in known} == set(events) and all(
            row.package_id == package.id for row in known
        ):
            continue
        session.get_one(Package, package.id, with_for_update=True)  # two sweeps at once
        _align(session, package, events)


def _places(key: str) -> Any:
    return select(StartSchedule.process_id, StartSchedule.element_id, StartSchedule.package_id).where(
        StartSchedule.key == key
    )


def _events(package: bpmn.Package) -> dict[tuple[str, str], bpmn.Element]:
    return {
        (process_id, event.id): event
        for process_id in package.processes
        for event in package.start_events(process_id)
        if event.event in EVENTS
    }


def _align(session: Session, package: Package, events: Mapping[tuple[str, str], bpmn.Element]) -> None:
    rows = session.scalars(select(StartSchedule).where(StartSchedule.key == package.key)).all()
    known = {(row.process_id, row.element_id): row for row in rows}
    for place, row in known.items():
        if place not in events:
            session.delete(row)
    for (process_id, element_id), event in events.items():
        kept = known.get((process_id, element_id))
        row = kept or StartSchedule(key=package.key, process_id=process_id, element_id=element_id)
        same = kept is not None and (row.event, row.expression) == (event.event, _expression(event))
        row.package_id, row.name, row.event = package.id, event.name, event.event or ""
        row.message, row.expression = event.event_name, _expression(event)
        if not same:
            _arm(session, row, package)
        session.add(row)
    session.flush()


def _expression(event: bpmn.Element) -> str:
    return f"{event.timer_kind} {event.timer}" if event.timer else ""


def _arm(session: Session, row: StartSchedule, package: Package) -> None:
    """From the moment the version came into force, however late anybody looks."""
    row.memory = row.due_at = None
    if row.event != "timer":
        return
    moment = max(package.published_at, clock.at(package.effective_from))
    memory = bpmn.next_start(
        packages.compiled(session, package.id), row.process_id, row.element_id, _host(session, moment)
    )
    _remember(row, memory)


def _remember(row: StartSchedule, memory: Mapping[str, Any] | None) -> None:
    row.due_at = memory["due"] if memory else None
    row.memory = codec.dumps(memory) if memory else None


def _nobodys(session: Session, moment: datetime | None = None) -> Act:
    """An act on no case: procedures that begin by themselves have none yet."""
    act = Act(session, Case(tier="", state=""), 0)
    if moment is not None:
        act.keep("now", moment)
    return act


def _host(session: Session, moment: datetime | None = None) -> instances.Host:
    return instances.Host(_nobodys(session, moment))


# ------------------------------------------------------------------------------------------------ by time


def sweep(begin: Begin, limit: int = BATCH) -> Swept:
    """Start what is due, each occurrence in a transaction of its own; missed occurrences of a cycle are made up for by
    one. A start that fails becomes an incident, is tried again later, and keeps nobody else."""
    with begin() as session:
        refresh(session)
        due = session.scalars(select(StartSchedule.id).where(*_due()).order_by(StartSchedule.due_at).limit(limit)).all()
    started = failed = 0
    for row_id in due:
        try:
            with begin() as session:
                started += _start_due(session, row_id)
        except Exception as problem:
            if isinstance(problem, DBAPIError) and (problem.connection_invalidated or problem.statement is None):
                raise
            failed += 1
            log.exception("scheduled start %s failed", row_id)
            with begin() as session:
                _postpone(session, row_id, problem)
    return Swept(started, failed, len(due) == limit)


def _due() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    now = clock.now()
    return StartSchedule.due_at <= now, or_(StartSchedule.retry_at.is_(None), StartSchedule.retry_at <= now)


def _start_due(session: Session, row_id: int) -> bool:
    query = select(StartSchedule).where(StartSchedule.id == row_id, *_due()).with_for_update(skip_locked=True)
    row = session.scalars(query).first()
    if row is None or row.memory is None:
        return False
    act = _nobodys(session)
    act.due_at = row.due_at
    _start(session, row, act, {})
    package = packages.compiled(session, row.package_id)
    _remember(row, bpmn.next_start(package, row.process_id, row.element_id, _host(session), codec.loads(row.memory)))
    row.fired += 1
    row.failures, row.retry_at = 0, None
    return True


def _start(session: Session, row: StartSchedule, act: Act, data: Mapping[str, Any], reason: str = "") -> int:
    act.process_id, act.element_id, act.element_name = row.process_id, row.element_id, row.name
    instances.start(session, row.package_id, row.process_id, act, data, row.element_id)
    act.record("started", opinion=reason, data={"schedule": row.id, "occurrence": row.fired + 1})
    return act.instance_id


def _postpone(session: Session, row_id: int, problem: Exception) -> None:
    row = session.get(StartSchedule, row_id)
    if row is None:
        return
    row.failures += 1
    row.retry_at = clock.now() + RETRY * min(2**row.failures, 64)
    reason = problem.message if isinstance(problem, LianxinError) else type(problem).__name__
    work.raise_incident(
        session, CAUSE, f"“{row.name or row.element_id}”到期后流程未能开始：{reason}", process_id=row.process_id,
        element_id=row.element_id,
    )  # fmt: skip


def retry_now(session: Session, process_id: str, element_id: str) -> None:
    """Let a start that failed be tried at the next sweep (an administrator mended the cause)."""
    same = (StartSchedule.process_id == process_id, StartSchedule.element_id == element_id)
    session.execute(update(StartSchedule).where(*same).values(retry_at=None))


# ------------------------------------------------------------------------------------------------ by message


def by_message(
    session: Session, actor: Actor, name: str, reason: str, payload: Mapping[str, Any] | None = None
) -> list[Instance]:
    """Start every procedure in force that begins with this message or signal, with the payload as its data. Conflict
    when none does."""
    require(actor, Verb.INSTANCE_OPERATE)
    if not reason.strip():
        raise Invalid("请写明理由，理由会记入办理过程。", errors={"reason": "请写明理由。"})
    refresh(session)
    listening = select(StartSchedule).where(StartSchedule.message == name, StartSchedule.event != "timer")
    started = []
    for row in session.scalars(listening.order_by(StartSchedule.id).with_for_update()).all():
        act = _nobodys(session)
        act.actor = actor
        started.append(_start(session, row, act, payload or {}, reason))
        row.fired += 1
    if not started:
        raise Conflict(f"没有以“{name}”开始的流程。")
    return [session.get_one(Instance, instance_id) for instance_id in started]
