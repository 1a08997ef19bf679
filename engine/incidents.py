"""What the engine could not do, for the administrators who mend the cause."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, Verb, require
from engine.cases.models import Case
from engine.errors import Conflict, NotFound
from engine.work.models import Incident
from engine.work.operations import record

PER_PAGE = 50


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
