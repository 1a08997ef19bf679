"""The list of running cases for those who operate them: numbers, steps, dates; never what a case says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session

from engine import clock, instances
from engine.access import Actor, Verb, require
from engine.cases.models import Case
from engine.instances import Standing
from engine.packages import queries as packages
from engine.packages.models import Package
from engine.work.models import Deadline, Incident, Instance, Subscription, Task
from engine.workdays.lamps import Lamp, lamp
from engine.workdays.queries import calendar

PER_PAGE = 50
COUNTED = 10_000  # a list is counted up to here; beyond it nobody turns pages


@dataclass(frozen=True)
class Wanted:
    """What is looked for. `state`: running, suspended, ended, overdue or "" for everything that has not ended; `step`:
    `process/element`; `age`: at least so many working days since the start."""

    text: str = ""
    package_id: int = 0
    step: str = ""
    state: str = ""
    age: int = 0
    incident: bool = False


@dataclass(frozen=True)
class Line:
    """One instance. `age` and `standing` in working days since it began and since its oldest open step began."""

    instance_id: int
    number: str
    key: str
    procedure: str
    version: int
    status: str
    started_on: date
    age: int
    steps: Sequence[Standing]
    since: int | None
    due_at: datetime | None
    lamp: Lamp | None
    incidents: int


@dataclass(frozen=True)
class Found:
    """One page of the list; `more`: there are more than `total`, which is where counting stopped."""

    rows: Sequence[Line]
    total: int
    more: bool


def cases(session: Session, actor: Actor, wanted: Wanted, page: int = 1) -> Found:
    """Instances by what is known of them, newest first."""
    require(actor, Verb.INSTANCE_OPERATE)
    conditions = _conditions(session, wanted)
    query = select(Instance.id).outerjoin(Case, Case.id == Instance.case_id).where(*conditions)
    counted = session.scalar(select(func.count()).select_from(query.limit(COUNTED + 1).subquery())) or 0
    first = (max(page, 1) - 1) * PER_PAGE
    ids = session.scalars(query.order_by(Instance.id.desc()).offset(first).limit(PER_PAGE)).all()
    return Found(_lines(session, ids), min(counted, COUNTED), counted > COUNTED)


def _conditions(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    states: dict[str, list[ColumnElement[bool]]] = {
        "": [Instance.status != "ended"],
        "running": [Instance.status == "open"],
        "suspended": [Instance.status == "suspended"],
        "ended": [Instance.status == "ended"],
        "overdue": [
            Instance.status != "ended",
            Instance.id.in_(select(Task.instance_id).where(Task.due_at <= clock.now())),
        ],
    }
    found = list(states.get(wanted.state, states[""]))
    if wanted.text:
        found.append(Case.number.contains(wanted.text, autoescape=True))
    if wanted.package_id:
        found.append(Instance.package_id == wanted.package_id)
    if wanted.step:
        found.append(_at_step(session, wanted))
    if wanted.age > 0:
        last = calendar(session).working_days(clock.today(), -wanted.age)
        found.append(Instance.started_at < clock.at(last))
    if wanted.incident:
        found.append(Instance.id.in_(select(Incident.instance_id).where(Incident.resolved_at.is_(None))))
    return found


def _at_step(session: Session, wanted: Wanted) -> ColumnElement[bool]:
    """Standing at an element; at a call, standing inside what it calls."""
    process_id, _, element_id = wanted.step.partition("/")
    inside = _called(session, wanted.package_id, process_id, element_id)
    if inside is not None:
        return inside.where(Task.instance_id == Instance.id).correlate(Instance).exists()
    tables: list[Any] = [Task, Deadline, Subscription]
    here = [  # asked of each instance: a list is counted only so far
        exists().where(
            table.instance_id == Instance.id, table.process_id == process_id, table.element_id == element_id,
            *([] if table is Task else [table.host_token == ""]),
        )
        for table in tables
    ]  # fmt: skip
    return here[0] | here[1] | here[2]


def _called(session: Session, package_id: int, process_id: str, element_id: str) -> Select[int] | None:
    if not package_id or process_id not in packages.compiled(session, package_id).processes:
        return None
    return instances.inside(packages.compiled(session, package_id), process_id, element_id)


def _lines(session: Session, ids: Sequence[int]) -> list[Line]:
    days, today = calendar(session), clock.today()
    query = select(Instance, Case.number, Package.key, Package.version)
    query = query.join(Package, Package.id == Instance.package_id).outerjoin(Case, Case.id == Instance.case_id)
    rows = session.execute(query.where(Instance.id.in_(ids)).order_by(Instance.id.desc())).all()
    steps = instances.standing(session, ids)
    counts = select(Incident.instance_id, func.count().label("number")).where(
        Incident.instance_id.in_(ids), Incident.resolved_at.is_(None)
    )
    incidents = {row.instance_id: row.number for row in session.execute(counts.group_by(Incident.instance_id))}
    found = []
    for row in rows:
        here, instance = steps[row.Instance.id], row.Instance
        due_at = min((step.due_at for step in here if step.open_task and step.due_at), default=None)
        began = min((step.since for step in here if step.since), default=None)
        started_on = clock.local(instance.started_at).date()
        last = clock.local(instance.ended_at).date() if instance.ended_at else today
        found.append(
            Line(
                instance.id, row.number or "", row.key,
                packages.compiled(session, instance.package_id).names.get(instance.process_id, instance.process_id),
                row.version, instance.status, started_on, days.between(started_on, last), here,
                days.between(clock.local(began).date(), today) if began else None, due_at,
                lamp(days, due_at) if due_at else None, incidents.get(instance.id, 0),
            )
        )  # fmt: skip
    return found


def running_versions(session: Session, actor: Actor) -> list[tuple[Package, str, int]]:
    """Every version with the name of its procedure and how many cases run on it, newest first."""
    require(actor, Verb.INSTANCE_OPERATE)
    counts = select(Instance.package_id, func.count().label("number")).where(Instance.status != "ended")
    running = {row.package_id: row.number for row in session.execute(counts.group_by(Instance.package_id))}
    rows = session.scalars(select(Package).order_by(Package.key, Package.version.desc())).all()
    return [(row, name_of(session, row), running.get(row.id, 0)) for row in rows]


def name_of(session: Session, package: Package) -> str:
    """What people call the procedure of a version."""
    names = packages.compiled(session, package.id).names
    return names.get(package.key) or next(iter(names.values()), package.key)
