"""Looking for cases that nothing would ever move again: no task, no timer, no message to wait for, and no incident; or
tasks that nobody is left to do.

Such a case is a mistake of a diagram or of ours, or its people left. It must be found by us, not by the resident who
waits. A suspended case waits on purpose.
"""

from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from engine import clock
from engine.cases.models import Case
from engine.organisation import staffing
from engine.organisation.models import Person
from engine.work import operations as work
from engine.work.models import Deadline, Incident, Instance, Subscription, Task

CAUSE = "stuck"
MESSAGE = "此件没有待办任务，也没有等待的时限或消息，将无人办理。请管理员检查流程图后处理。"
NOBODY = "empty_pool"  # as when a task is opened for an organisation without people
FAILED_ACT = "act_failed"  # an act of a person that broke; engine.incidents raises it
BATCH = 200


def check_stuck(session: Session) -> int:
    """Raise an incident for each open case that waits for nothing, and for each task whose people are all gone; returns
    how many new ones. Incidents of cases that move again are closed first.

    The rows are locked and those locked by others left out, so that two looking at once do not report twice.
    """
    _close_solved(session)
    _close_repeated(session)
    found = [*_instances(session), *_cases_without_instance(session)]
    for case_id, instance_id, process_id in found:
        work.raise_incident(session, CAUSE, MESSAGE, case_id=case_id, instance_id=instance_id, process_id=process_id)
    return len(found) + _ownerless(session)


def _waits(instance: Any) -> ColumnElement[bool]:
    return or_(*(exists().where(table.instance_id == instance) for table in (Task, Deadline, Subscription)))


def _close_solved(session: Session) -> None:
    """A stuck case that was moved on (or ended) is stuck no longer."""
    ended = exists().where(Instance.id == Incident.instance_id, Instance.status == "ended")
    closed = exists().where(Case.id == Incident.case_id, Case.closed_at.is_not(None))
    moving = or_(_waits(Incident.instance_id), (Incident.case_id.is_(None) & ended), closed)
    query = select(Incident).where(Incident.cause == CAUSE, Incident.resolved_at.is_(None), moving)
    for row in session.scalars(query.limit(BATCH).with_for_update(skip_locked=True)):
        row.resolved_at = clock.now()
    session.flush()


def _close_repeated(session: Session) -> None:
    """An act that broke and was done again: its step is no longer open."""
    still = exists().where(Task.instance_id == Incident.instance_id, Task.element_id == Incident.element_id)
    query = select(Incident).where(Incident.cause == FAILED_ACT, Incident.resolved_at.is_(None), ~still)
    for row in session.scalars(query.limit(BATCH).with_for_update(skip_locked=True)):
        row.resolved_at = clock.now()
    session.flush()


def _ownerless(session: Session) -> int:
    """Open tasks that nobody can sign for any more: the organisation has no people, or the one person left."""
    running = exists().where(Instance.id == Task.instance_id, Instance.status == "open")
    pools = select(Task.organisation_id, Task.duty).where(Task.person_id.is_(None), running).distinct()
    empty = [
        (Task.person_id.is_(None)) & (Task.organisation_id == row.organisation_id) & (Task.duty == row.duty)
        for row in session.execute(pools)
        if row.organisation_id is not None and not staffing.has_members(session, row.organisation_id, row.duty)
    ]
    left = exists().where(Person.id == Task.person_id, Person.active.is_(False))
    nobody = Task.person_id.is_(None) & Task.organisation_id.is_(None)
    known = exists().where(
        Incident.instance_id == Task.instance_id, Incident.element_id == Task.element_id, Incident.cause == NOBODY,
        Incident.resolved_at.is_(None),
    )  # fmt: skip
    query = select(Task).where(running, or_(left, nobody, *empty), ~known).order_by(Task.id).limit(BATCH)
    tasks = session.scalars(query.with_for_update(skip_locked=True, of=Task)).all()
    for task in tasks:
        work.raise_incident(
            session, NOBODY, f"“{task.name}”已没有可以办理的人员，请管理员补充人员，或者调整环节。",
            case_id=task.case_id, instance_id=task.instance_id, process_id=task.process_id, element_id=task.element_id,
        )  # fmt: skip
    session.flush()
    return len(tasks)


def _instances(session: Session) -> list[tuple[int | None, int | None, str]]:
    query = (
        select(Instance.case_id, Instance.id, Instance.process_id)
        .where(Instance.status == "open")
        .where(~_waits(Instance.id))
        .where(~_open_incident(Incident.instance_id == Instance.id))
    )
    query = query.order_by(Instance.id).limit(BATCH).with_for_update(skip_locked=True, of=Instance)
    return [(row.case_id, row.id, row.process_id) for row in session.execute(query)]


def _cases_without_instance(session: Session) -> list[tuple[int | None, int | None, str]]:
    running = exists().where(Instance.case_id == Case.id, Instance.status != "ended")
    query = select(Case.id).where(Case.closed_at.is_(None), ~running, ~_open_incident(Incident.case_id == Case.id))
    query = query.order_by(Case.id).limit(BATCH).with_for_update(skip_locked=True, of=Case)
    return [(case_id, None, "") for case_id in session.scalars(query)]


def _open_incident(same: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(same, Incident.resolved_at.is_(None))
