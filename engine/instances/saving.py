"""Restoring a run and writing what an act changed, in the order the rows need each other (rule 2)."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from engine import bpmn, clock
from engine.catalogue.act import Act
from engine.errors import Conflict
from engine.instances.host import Host
from engine.instances.projection import (
    Projection,
    columns,
    end_tasks,
    new_task,
    open_rows,
    project_case,
    project_deadlines,
    project_due,
    project_subscriptions,
)
from engine.instances.watching import tell
from engine.packages import queries as packages
from engine.work import operations as work
from engine.work.models import Instance, Task


@dataclass(frozen=True)
class Outcome:
    """What an act led to: the facts of the tasks it opened (their ids are the database's), and whether the procedure
    ended."""

    opened: tuple[Task, ...]
    ended: bool


def restore(session: Session, instance: Instance, act: Act) -> bpmn.Run:
    """The run of an open instance; Conflict when it ended or is suspended."""
    if instance.state is None or instance.status != "open":
        raise Conflict("此件已经办结或暂停，不能再办理。")
    return bpmn.restore(packages.compiled(session, instance.package_id), instance.state, Host(act))


def save(session: Session, instance: Instance, act: Act, run: bpmn.Run, before: Projection) -> Outcome:
    """Write what changed since `before` and send it."""
    outcome = write(session, instance, act, run, before)
    act.batch.send()
    return outcome


def write(session: Session, instance: Instance, act: Act, run: bpmn.Run, before: Projection) -> Outcome:
    """Write what changed since `before` into the act's batch: first the act's own rows (they are sent, because their
    ids are needed), then the projections."""
    if act.recompute:
        run.recompute()
    after = Projection.of(run)
    end_tasks(session, instance, act, before.tasks.keys() - after.tasks.keys())
    act.batch.insert_new()
    act.batch.send()
    fresh = [task for token, task in after.tasks.items() if token not in before.tasks]
    opened = [new_task(session, instance, act, task) for task in fresh]
    project_deadlines(act.batch, instance, before.timers, after.timers)
    project_subscriptions(act.batch, instance, before.subscriptions, after.subscriptions)
    if not run.ended:
        kept = open_rows(session, instance) if act.recompute else []
        project_due([*kept, *opened], after, act, packages.compiled(session, instance.package_id))
        project_case(act, after, opened)
    act.batch.insert_new()  # an incident, when a pool turned out to be empty
    act.batch.insert(Task, [columns(task) for task in opened])
    act.batch.update_changed()
    tell(run)
    work.save_instance(act.batch, instance, None if run.ended else run.dump(), clock.now() if run.ended else None)
    return Outcome(tuple(opened), run.ended)
