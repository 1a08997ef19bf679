"""The few facts of a case or task that access is decided by (rule 6)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.access import CaseScope, TaskScope
from engine.cases.models import Case
from engine.handlings.models import Handling, Supervision
from engine.work.models import Task


def case_scope(session: Session, case: Case) -> CaseScope:
    """Who took part: units it was referred to, organisations it was put under the supervision of."""
    units = select(Handling.unit_id).where(Handling.case_id == case.id, Handling.state != "withdrawn")
    supervisors = select(Supervision.organisation_id).where(Supervision.case_id == case.id)
    return CaseScope(
        studio_id=case.studio_id,
        street_id=case.street_id,
        district_id=case.district_id,
        delegate_person_id=case.delegate_person_id,
        organisation_ids=frozenset(session.scalars(units.union(supervisors))),
        committee=case.tier == "committee" or bool(case.instruction),
    )


def task_scope(session: Session, task: Task, case: Case) -> TaskScope:
    """The task's pool and holder, with its case."""
    return TaskScope(
        organisation_id=task.organisation_id,
        duty=task.duty,
        person_id=task.person_id,
        assignee_id=task.assignee_id,
        case=case_scope(session, case),
    )
