"""Why a due date is that date: every day counted or skipped, and the notice it comes from (I3, R60-R62, R73)."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import access, calendar
from engine.access import Actor, Verb
from engine.casefile import limit
from engine.casefile.limit import Limit
from engine.casefile.reading import readable
from engine.cases.models import Case
from engine.catalogue import scopes
from engine.errors import NotFound
from engine.handlings.models import Handling
from engine.work.models import Task
from engine.workdays.queries import calendar as calendar_of


@dataclass(frozen=True)
class Why:
    """A limit with its counting, and whose it is."""

    case: Case
    limit: Limit
    counted: calendar.Limit
    extended: bool


def why(session: Session, actor: Actor, task_id: int) -> Why:
    """The limit of a task, or the case's where the task has none of its own (as the lists show it), explained;
    NotFound when none runs or the task is outside the actor's reach."""
    task = session.get(Task, task_id)
    case = session.get(Case, task.case_id) if task is not None and task.case_id else None
    if task is None or case is None:
        raise NotFound
    access.require(actor, Verb.TASK_READ, scopes.task_scope(session, task, case))
    limited = [task] if task.due_at else list(session.scalars(select(Task).where(Task.case_id == case.id)))
    return _explained(session, case, limited)


def why_of_case(session: Session, actor: Actor, case_id: int) -> Why:
    """The leading limit of a case, explained; NotFound when none runs."""
    case = readable(session, actor, case_id)
    return _explained(session, case, list(session.scalars(select(Task).where(Task.case_id == case_id))))


def _explained(session: Session, case: Case, tasks: list[Task]) -> Why:
    days = calendar_of(session)
    query = select(Handling).where(Handling.case_id == case.id, Handling.state != "withdrawn")
    handling = session.scalars(query.order_by(Handling.id.desc())).first()
    found = [(task, limit.of_task(days, task, handling, case.arrived_on)) for task in tasks]
    leading = limit.leading([(task, of_task) for task, of_task in found if of_task is not None])
    if leading is None:
        raise NotFound
    counted = days.limit(leading.received_on, leading.days)
    return Why(case, leading, counted, bool(handling and handling.extended))
