"""One instance in the place of another: the tables follow the new version, and nothing that people hold is lost."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import bpmn, instances
from engine.access import Actor
from engine.catalogue.act import Act
from engine.instances import Projection
from engine.packages import queries as packages
from engine.work.models import Deadline, Instance, Subscription, Task

HELD = ("organisation_id", "duty", "person_id", "assignee_id", "claimed_at", "due_on", "due_at", "provisional")


def act_on(session: Session, actor: Actor, instance: Instance) -> Act:
    """The act of an administrator on one instance."""
    act = Act(session, instances.case_of(session, instance), instance.id, actor=actor)
    act.organisation_id = next((post.organisation_id for post in actor.posts if post.kind == "administration"), None)
    return act


def replace(session: Session, instance: Instance, act: Act, package_id: int, run: bpmn.Run) -> None:
    """Put a run of another version in the place of the present one, and let the tables follow."""
    old = packages.compiled(session, instance.package_id)
    before = Projection.of(instances.restored(session, instance, act, suspended=True))
    after = Projection.of(run)
    instance.package_id = package_id
    session.flush()
    _follow_timers(session, instance, before, after)
    _follow_subscriptions(session, instance, before, after)
    instances.follow(session, instance, act, run, before)
    new = packages.compiled(session, package_id)
    asked = []
    for row in session.scalars(select(Task).where(Task.instance_id == instance.id)).all():
        was, task = before.tasks.get(row.token), after.tasks[row.token]
        if was is not None:
            _follow_task(session, act, row, was, task)
            limit = _limit(new, task)
            if limit != _limit(old, was) or (limit is None) != (row.due_at is None):
                asked.append(row)
    instances.due_again(session, instance, act, run, asked)
    session.flush()


def _limit(package: bpmn.Package, task: bpmn.OpenTask) -> str | None:
    for element in package.elements(task.process_id):
        if element.attached_to == task.element_id and element.extensions.get("role") in instances.LIMITS:
            return element.timer
    return None


def _follow_task(session: Session, act: Act, row: Task, was: bpmn.OpenTask, task: bpmn.OpenTask) -> None:
    """A task row keeps id, holder and creation; a step for other people goes back to its new pool."""
    row.process_id, row.element_id, row.name = task.process_id, task.element_id, task.name
    row.role, row.form = str(task.extensions.get("role", "")), str(task.extensions.get("form", ""))
    row.within = instances.within(task)
    if was.extensions.get("pool") == task.extensions.get("pool"):
        return
    pool = instances.pool_of(session, act, task)
    if (pool.organisation_id, pool.person_id) != (row.organisation_id, row.person_id):
        row.assignee_id = row.claimed_at = None
    row.organisation_id, row.duty, row.person_id = pool.organisation_id, pool.duty, pool.person_id


def _follow_timers(session: Session, instance: Instance, before: Projection, after: Projection) -> None:
    for (token, occurrence), timer in after.timers.items():
        old = before.timers.get((token, occurrence))
        if old is not None and _seen(old) != _seen(timer):
            session.execute(
                update(Deadline)
                .where(Deadline.instance_id == instance.id, Deadline.token == token, Deadline.occurrence == occurrence)
                .values(
                    process_id=timer.process_id, element_id=timer.element_id, name=timer.name,
                    role=str(timer.extensions.get("role", "")), expression=timer.expression,
                )
            )  # fmt: skip


def _seen(timer: bpmn.WaitingTimer) -> tuple[Any, ...]:
    return timer.process_id, timer.element_id, timer.name, timer.extensions.get("role"), timer.expression


def _follow_subscriptions(session: Session, instance: Instance, before: Projection, after: Projection) -> None:
    for token, item in after.subscriptions.items():
        old = before.subscriptions.get(token)
        if old is not None and (old.name, old.element_id) != (item.name, item.element_id):
            session.execute(
                update(Subscription)
                .where(Subscription.instance_id == instance.id, Subscription.token == token)
                .values(message=item.name, process_id=item.process_id, element_id=item.element_id)
            )


def held(session: Session, instance: Instance) -> list[dict[str, Any]]:
    """What people hold of the open tasks, as it can be stored."""
    rows = session.scalars(select(Task).where(Task.instance_id == instance.id))
    return [{"token": row.token} | {name: _text(getattr(row, name)) for name in HELD} for row in rows]


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def give_back(session: Session, instance: Instance, tasks: Sequence[Mapping[str, Any]]) -> None:
    """What the move took from a task: its people and its due date. Who signed for it since keeps it."""
    saved = {row["token"]: row for row in tasks}
    for row in session.scalars(select(Task).where(Task.instance_id == instance.id)):
        was = saved.get(row.token, {})
        if row.assignee_id is None and was.get("assignee_id") is not None:
            row.assignee_id, row.claimed_at = was["assignee_id"], datetime.fromisoformat(was["claimed_at"])
        if was.get("due_at"):
            row.due_at, row.due_on = datetime.fromisoformat(was["due_at"]), date.fromisoformat(was["due_on"])
            row.provisional = was["provisional"]
