"""The few facts of a case or task that access is decided by (rule 6)."""

from collections.abc import Iterable

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engine.access import CaseScope, TaskScope
from engine.cases.models import Case, CaseDelegate
from engine.handlings.models import Handling, Supervision
from engine.work.models import Task

_TOOK_PART = (
    select(Handling.unit_id)
    .where(Handling.case_id == bindparam("case_id"), Handling.state != "withdrawn")
    .union(select(Supervision.organisation_id).where(Supervision.case_id == bindparam("case_id")))
)


def case_scope(session: Session, case: Case, took_part: Iterable[int] | None = None) -> CaseScope:
    """Who took part: units it was referred to, organisations it was put under the supervision of (`took_part`, where
    the caller has read them already)."""
    if took_part is None:
        took_part = session.scalars(_TOOK_PART, {"case_id": case.id})
    return CaseScope(
        studio_id=case.studio_id,
        street_id=case.street_id,
        district_id=case.district_id,
        delegate_person_id=case.delegate_person_id,
        organisation_ids=frozenset(took_part),
        committee=case.tier == "committee" or bool(case.instruction),
        confidential=case.confidential,
        cosigner_ids=frozenset(_cosigners(session, case)) if case.several_delegates else frozenset(),
    )


def _cosigners(session: Session, case: Case) -> Iterable[int]:
    query = select(CaseDelegate.person_id).where(CaseDelegate.case_id == case.id, CaseDelegate.role == "cosigner")
    return session.scalars(query)


def plain_scope(case: Case) -> CaseScope:
    """The case's scope without who took part: where it was raised, and by whom."""
    return CaseScope(case.studio_id, case.street_id, case.district_id, case.delegate_person_id)


def pool_scope(task: Task) -> TaskScope:
    """The task's pool and holder alone, where its case is not asked about."""
    return TaskScope(task.organisation_id, task.duty, task.person_id, task.assignee_id)


def task_scope(session: Session, task: Task, case: Case, took_part: Iterable[int] | None = None) -> TaskScope:
    """The task's pool and holder, with its case; `took_part` as above."""
    return TaskScope(
        organisation_id=task.organisation_id,
        duty=task.duty,
        person_id=task.person_id,
        assignee_id=task.assignee_id,
        case=case_scope(session, case, took_part),
    )
