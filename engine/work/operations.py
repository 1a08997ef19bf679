"""Small verbs on running work: the history row, claiming, taking a task exactly once, incidents."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Table, bindparam, delete, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.dml import UpdateBase

from engine import clock
from engine.batch import Batch
from engine.errors import Conflict, NotFound
from engine.work.acts import LABELS
from engine.work.models import History, Incident, Instance, Task

instances, tasks = cast(Table, Instance.__table__), cast(Table, Task.__table__)


def record(session: Session, act: str, **columns: Any) -> History:
    """Append one history row; `act` must be in the closed list (R1)."""
    if act not in LABELS:
        raise KeyError(f"unknown act {act}")
    row = History(act=act, at=clock.now(), **columns)
    session.add(row)
    return row


def lock_instance(session: Session, instance_id: int, *, skip_locked: bool = False) -> Instance | None:
    """The instance row, locked until the transaction ends (SQLite: the whole transaction is the lock)."""
    query = select(Instance).where(Instance.id == instance_id).with_for_update(skip_locked=skip_locked)
    return session.scalars(query.execution_options(populate_existing=True)).first()


_LOCK = (
    select(instances.c.id)
    .where(instances.c.id == select(tasks.c.instance_id).where(tasks.c.id == bindparam("task_id")).scalar_subquery())
    .with_for_update()
)


def lock_instance_of(session: Session, task_id: int) -> None:
    """Lock the instance of an open task until the transaction ends; SQLite has one writer anyway (0011)."""
    if session.get_bind().dialect.name != "sqlite":
        batch = Batch(session)
        batch.add(_LOCK, {"task_id": task_id})
        batch.send()


def _touched(session: Session, statement: UpdateBase) -> int:
    return cast("CursorResult[Any]", session.execute(statement)).rowcount


def claim(session: Session, task_id: int, person_id: int) -> bool:
    """签收: True when this person got it; exactly one of many wins."""
    free = update(Task).where(Task.id == task_id, Task.assignee_id.is_(None))
    return _touched(session, free.values(assignee_id=person_id, claimed_at=clock.now())) == 1


def release(session: Session, task_id: int, person_id: int) -> bool:
    """退还: the task goes back to its pool; False when this person did not hold it."""
    held = update(Task).where(Task.id == task_id, Task.assignee_id == person_id)
    return _touched(session, held.values(assignee_id=None, claimed_at=None)) == 1


_TAKE = delete(tasks).where(tasks.c.id == bindparam("task_id"))


def take(batch: Batch, task: Task) -> None:
    """Remove the open task because it is being completed; Conflict when somebody else was faster."""
    batch.session.expunge(task)
    batch.add(_TAKE, {"task_id": task.id}, refusal=Conflict("这项任务刚刚已由他人办理，请刷新页面查看最新情况。"))


def end(batch: Batch, task: Task) -> None:
    """Remove an open task that the procedure itself ended."""
    batch.session.expunge(task)
    batch.add(_TAKE, {"task_id": task.id})


_SAVE = update(instances).where(instances.c.id == bindparam("key"), instances.c.revision == bindparam("old")).values(
    {name: bindparam(name) for name in ("state", "revision", "status", "ended_at")}
)  # fmt: skip


def save_instance(batch: Batch, instance: Instance, state: bytes | None, ended_at: datetime | None) -> None:
    """Write the state where the revision is still the one read, else Conflict (rule 2)."""
    values = {
        "state": state,
        "revision": instance.revision + 1,
        "status": "ended" if ended_at else instance.status,
        "ended_at": ended_at,
    }

    def saved(_: list[Any]) -> None:
        for name, value in values.items():
            set_committed_value(instance, name, value)

    asked = {"key": instance.id, "old": instance.revision, **values}
    batch.add(_SAVE, asked, refusal=Conflict("此件刚刚有新的办理动作，请刷新页面后再试。"), done=saved)


def raise_incident(session: Session, cause: str, message: str, **columns: Any) -> Incident:
    """Record something a person must look at; one open row per case, instance, element and cause."""
    query = select(Incident).where(
        Incident.cause == cause,
        Incident.case_id == columns.get("case_id"),
        Incident.instance_id == columns.get("instance_id"),
        Incident.element_id == columns.get("element_id", ""),
        Incident.resolved_at.is_(None),
    )
    known = session.scalars(query.limit(1)).first()
    if known is not None:
        known.message = message
        return known
    incident = Incident(cause=cause, message=message, created_at=clock.now(), **columns)
    session.add(incident)
    return incident


def task(session: Session, task_id: int) -> Task:
    """An open task; NotFound when there is none of that id."""
    row = session.get(Task, task_id)
    if row is None:
        raise NotFound()
    return row
