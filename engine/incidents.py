"""What the engine could not do, for the administrators who mend the cause."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock, db
from engine.access import Actor, Verb, require
from engine.cases.models import Case
from engine.errors import Conflict, LianxinError, NotFound
from engine.work.models import Incident, Task
from engine.work.operations import raise_incident, record

PER_PAGE = 50
FAILED_ACT = "act_failed"


@dataclass(frozen=True)
class Found:
    """One page of incidents with the number of the case concerned ("" for none)."""

    rows: Sequence[tuple[Incident, str]]
    total: int


def incidents(session: Session, actor: Actor, *, resolved: bool = False, page: int = 1) -> Found:
    """Open incidents, newest first; or the resolved ones."""
    require(actor, Verb.INCIDENT_READ)
    state = Incident.resolved_at.is_not(None) if resolved else Incident.resolved_at.is_(None)
    total = session.scalar(select(func.count()).select_from(Incident).where(state)) or 0
    query = select(Incident, Case.number).outerjoin(Case, Case.id == Incident.case_id).where(state)
    first = (max(page, 1) - 1) * PER_PAGE
    rows = session.execute(query.order_by(Incident.id.desc()).offset(first).limit(PER_PAGE))
    return Found([(row.Incident, row.number or "") for row in rows], total)


def resolve(session: Session, actor: Actor, incident_id: int) -> Incident:
    """The cause is mended: the incident leaves the list, the case's history says who closed it. Raises Conflict."""
    require(actor, Verb.INCIDENT_READ)
    incident = session.get(Incident, incident_id)
    if incident is None:
        raise NotFound
    if incident.resolved_at is not None:
        raise Conflict("这条异常已经处理过，请刷新页面。")
    incident.resolved_at = clock.now()
    if incident.case_id is not None:
        record(
            session, "incident", case_id=incident.case_id, instance_id=incident.instance_id, actor_id=actor.person_id,
            actor_name=actor.name, result="异常已处理", opinion=incident.message,
        )  # fmt: skip
    session.flush()
    return incident


def failed_act(session: Session, task_id: int, number: str, problem: BaseException) -> Incident | None:
    """What somebody did on a task broke and was rolled back: an incident at its element, under the `number` the person
    was told. To be called in a transaction of its own. None: the task is gone, or the database was away, which is
    nobody's mistake."""
    task = session.get(Task, task_id)
    if task is None or db.away(problem):
        return None
    reason = problem.message if isinstance(problem, LianxinError) else f"{type(problem).__name__}: {problem}"
    return raise_incident(
        session, FAILED_ACT, f"“{task.name}”办理时出错，没有完成（事故编号 {number}）：{reason[:500]}",
        case_id=task.case_id, instance_id=task.instance_id, process_id=task.process_id, element_id=task.element_id,
    )  # fmt: skip
