"""For those who operate running procedures: the run from outside, and writing what an intervention changed."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from engine import bpmn
from engine.cases.models import Case
from engine.catalogue.act import Act
from engine.instances.host import Host
from engine.instances.projection import Projection, project_due
from engine.instances.saving import Outcome, restore, write
from engine.instances.withdrawing import remember
from engine.packages import queries as packages
from engine.work.models import Instance, Task


def case_of(session: Session, instance: Instance) -> Case:
    """The case of an instance. A procedure that no case started (by the clock, by a message) gets an empty one that is
    never stored: its acts have neither tier nor state."""
    if instance.about_id is None:
        return Case(tier="", state="")
    return session.get_one(Case, instance.about_id)


def restored(session: Session, instance: Instance, act: Act, *, suspended: bool = False) -> bpmn.Run:
    """The running instance, to be changed and then given to `follow`; Conflict when it ended, or is suspended and
    `suspended` does not allow that."""
    if instance.state is not None and suspended and instance.status == "suspended":
        return bpmn.restore(packages.compiled(session, instance.package_id), instance.state, Host(act))
    return restore(session, instance, act)


def follow(session: Session, instance: Instance, act: Act, run: bpmn.Run, before: Projection) -> Outcome:
    """Write what an intervention changed: as after any act, and nothing before it can be taken back (撤回) any more."""
    with session.no_autoflush:
        outcome = write(session, instance, act, run, before)
        remember(instance, act, None)
        act.batch.send()
    return outcome


def due_again(session: Session, instance: Instance, act: Act, run: bpmn.Run, tasks: Collection[Task]) -> None:
    """Ask the limit expressions of these open tasks again; without one a task has no due date."""
    for task in tasks:
        task.due_on, task.due_at, task.provisional = None, None, False
    project_due(tasks, Projection.of(run), act, packages.compiled(session, instance.package_id))
