"""Firing what is due: claimed with SKIP LOCKED, a transaction per deadline, safe to run twice and anywhere (rule 4)."""

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from engine import clock, db, instances
from engine.catalogue.act import Act
from engine.db import Begin
from engine.work import operations as work
from engine.work.models import Deadline, Instance

log = logging.getLogger(__name__)
BATCH = 50
RETRY = timedelta(minutes=5)
MOST_AT_ONCE = 100  # deadlines of one case in one sweep: a repeating timer must not keep the others waiting


@dataclass(frozen=True)
class Swept:
    """What one sweep did; `more`: the batch was full, sweep again."""

    fired: int
    failed: int
    more: bool


def due(session: Session, limit: int = BATCH) -> list[int]:
    """Running instances with something due, longest due first."""
    waiting = (
        select(Deadline.instance_id, func.min(Deadline.due_at).label("first"))
        .join(Instance, Instance.id == Deadline.instance_id)
        .where(Deadline.due_at <= clock.now(), _not_waiting_for_retry(), Instance.status == "open")
        .group_by(Deadline.instance_id)
        .order_by("first")
        .limit(limit)
    )
    return [row.instance_id for row in session.execute(waiting)]


def _not_waiting_for_retry() -> ColumnElement[bool]:
    return Deadline.retry_at.is_(None) | (Deadline.retry_at <= clock.now())


def fire_next(session: Session, instance_id: int) -> bool:
    """Fire the instance's longest-due deadline inside this transaction. False: nothing due any more, or another
    worker has the case."""
    return _fire_first(session, instance_id) > 0


def _fire_first(session: Session, instance_id: int) -> int:
    """The same; how many of its deadlines were due before, counted up to two."""
    instance = work.lock_instance(session, instance_id, skip_locked=True)
    if instance is None or instance.status != "open":
        return 0
    query = select(Deadline).where(
        Deadline.instance_id == instance_id, Deadline.due_at <= clock.now(), _not_waiting_for_retry()
    )
    waiting = session.scalars(query.order_by(Deadline.due_at, Deadline.id).limit(2)).all()
    if not waiting:
        return 0
    deadline = waiting[0]
    act = Act(
        session, instances.case_of(session, instance), instance.id, process_id=deadline.process_id,
        element_id=deadline.element_id, element_name=deadline.name, role=deadline.role,
    )  # fmt: skip
    instances.fire(session, instance, deadline, act)
    return len(waiting)


def sweep(begin: Begin, limit: int = BATCH) -> Swept:
    """Fire what is due now, each deadline in a transaction of its own that the entry point's `begin` opens.

    A broken deadline becomes an incident, waits, and never blocks the others. Call again while `more` is true.
    Raises OperationalError when the database itself is away: nothing is lost, the next sweep finds the same rows.
    """
    with begin() as session:
        waiting = due(session, limit)
    random.shuffle(waiting)  # workers that look at once see the same cases: they must not walk behind each other
    fired = failed = 0
    for instance_id in waiting:
        try:
            for _ in range(MOST_AT_ONCE):
                waited = _fire_one(begin, instance_id)
                fired += waited > 0
                if waited < 2:
                    break  # what this one armed and is due at once (a cycle that was away) comes with the next sweep
        except Exception as problem:
            if db.away(problem):
                raise
            failed += 1
            log.exception("deadline of instance %s failed", instance_id)
            with begin() as session:
                _postpone(session, instance_id, problem)
    return Swept(fired, failed, len(waiting) == limit)


def _fire_one(begin: Begin, instance_id: int) -> int:
    with begin() as session:
        return _fire_first(session, instance_id)


def _postpone(session: Session, instance_id: int, problem: Exception) -> None:
    query = select(Deadline).where(
        Deadline.instance_id == instance_id, Deadline.due_at <= clock.now(), _not_waiting_for_retry()
    )
    deadline = session.scalars(query.order_by(Deadline.due_at, Deadline.id).limit(1)).first()
    if deadline is None:
        return
    deadline.failures += 1
    deadline.retry_at = clock.now() + RETRY * min(2**deadline.failures, 64)
    work.raise_incident(
        session, "timer_failed", f"“{deadline.name}”到期后未能执行：{problem}", case_id=deadline.case_id,
        instance_id=instance_id, process_id=deadline.process_id, element_id=deadline.element_id,
    )  # fmt: skip


def next_due(session: Session) -> datetime | None:
    """When the next deadline of any case is due."""
    return session.scalar(select(func.min(Deadline.due_at)))


def recompute(session: Session, instance_id: int, reason: str) -> int:
    """Evaluate the waiting timers of one instance again; how many moved (R72)."""
    instance = instances.locked(session, instance_id)
    act = Act(session, instances.case_of(session, instance), instance.id)
    return len(instances.recompute(session, instance, act, reason))


def open_instances(session: Session) -> list[int]:
    """Instances a calendar change may concern."""
    return list(session.scalars(select(Instance.id).where(Instance.status == "open").order_by(Instance.id)))


def retry_now(session: Session, instance_id: int) -> None:
    """Let a failed deadline be tried at the next sweep (an administrator mended the cause)."""
    session.execute(update(Deadline).where(Deadline.instance_id == instance_id).values(retry_at=None))
