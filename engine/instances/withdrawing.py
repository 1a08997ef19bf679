"""撤回: what an act remembers so that it can be taken back, and taking it back (I6)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from engine import bpmn, catalogue
from engine.cases.models import Case
from engine.catalogue.act import Act
from engine.db import Base
from engine.instances.projection import Projection
from engine.instances.saving import restore, save
from engine.work.models import Instance, Task, Withdrawal

# What an act may change on the case and a 撤回 restores.
RESTORED = (
    "state", "tier", "arrived_on", "sent_street_at", "sent_district_at", "sent_city_at", "instruction", "grade",
    "outcome", "outcome_reason", "closed_at", "merged_into_id",
)  # fmt: skip


def _row(task: Task) -> dict[str, Any]:
    values = {column.key: getattr(task, column.key) for column in Task.__table__.columns}
    return {key: _plain(value) for key, value in values.items()}


def _task_from(saved: Mapping[str, Any]) -> Task:
    return Task(**{key: _revive(key, value) for key, value in saved.items()})


def _changed(before: Mapping[str, Any], case: Case) -> dict[str, Any]:
    return {name: _plain(value) for name, value in before.items() if getattr(case, name) != value}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _revive(name: str, value: Any) -> Any:
    if value is None or not isinstance(value, str):
        return value
    if name.endswith("_at"):
        return datetime.fromisoformat(value)
    return datetime.fromisoformat(value).date() if name.endswith("_on") else value


def memory_of(instance: Instance, task: Task, act: Act, open_task: bpmn.OpenTask) -> dict[str, Any] | None:
    """What a 撤回 of this act will need, taken before anything changed; None when the step cannot be taken back."""
    if open_task.extensions.get("withdrawable") != "true" or act.actor is None:
        return None
    return {
        "state": instance.state,
        "task": _row(task),
        "case": {name: getattr(act.case, name) for name in RESTORED},
    }


def remember(instance: Instance, act: Act, memory: dict[str, Any] | None) -> None:
    """Keep the way back of the last act only: a new act of the instance replaces or ends it."""
    if memory is None or act.history is None or act.actor is None:
        if act.once("withdrawable", lambda: True):
            act.batch.add(_FORGET, {"instance": instance.id})
        return
    effects = [
        {"operation": step["operation"], "data": {key: _identity(value) for key, value in step["data"].items()}}
        for step in act.undo
    ]
    values = {
        "instance_id": instance.id,
        "case_id": instance.about_id,
        "actor_id": act.actor.person_id,
        "history_id": act.history.id,
        "act": act.history.act,
        "revision": instance.revision + 1,  # as this act leaves it
        "state": memory["state"],
        "task": memory["task"],
        "undo": [
            {"case": _changed(memory["case"], act.case)}, *effects, {"notices": [row.id for row in act.notices]},
        ],
        "at": act.now,
    }  # fmt: skip
    act.batch.add(_KEEP[act.session.get_bind().dialect.name], values)


withdrawals = cast(Table, Withdrawal.__table__)
_FORGET = delete(withdrawals).where(withdrawals.c.instance_id == bindparam("instance"))


def _keep(make: Any) -> Any:
    row = make(withdrawals).values({column.name: bindparam(column.name) for column in withdrawals.c})
    fresh = {column.name: row.excluded[column.name] for column in withdrawals.c if not column.primary_key}
    return row.on_conflict_do_update(index_elements=["instance_id"], set_=fresh)


_KEEP = {"postgresql": _keep(pg_insert), "sqlite": _keep(sqlite_insert)}


def _identity(value: Any) -> Any:
    return getattr(value, "id") if isinstance(value, Base) else value  # noqa: B009 - every table of ours has one


def withdraw(session: Session, instance: Instance, memory: Withdrawal, act: Act) -> None:
    """撤回: the state before the act, its task with the same holder and clock, and nothing of its effects (I6)."""
    for step in reversed(memory.undo):
        if "operation" in step:
            catalogue.UNDO[step["operation"]](session, **step["data"])
    act.history = act.record("withdrawn", element_name=memory.task["name"], result=memory.act)
    after = Projection.of(restore(session, instance, act))
    instance.state = memory.state
    run = restore(session, instance, act)
    returned = _task_from(memory.task)
    # Nobody signed for the tasks this act opened: they go without a row of their own, as if they had never been.
    after.tasks = {
        token: task for token, task in after.tasks.items() if not _opened_by(session, instance, token, memory)
    }
    session.add(returned)
    session.flush()
    after.tasks[returned.token] = next(task for task in run.tasks() if task.token == returned.token)
    restored = next(step["case"] for step in memory.undo if "case" in step)
    session.delete(memory)
    save(session, instance, act, run, after)
    for name, value in restored.items():
        setattr(act.case, name, _revive(name, value))


def _opened_by(session: Session, instance: Instance, token: str, memory: Withdrawal) -> bool:
    mine = (Task.instance_id == instance.id, Task.token == token, Task.act_id == memory.history_id)
    return session.scalars(delete(Task).where(*mine).returning(Task.id)).first() is not None
