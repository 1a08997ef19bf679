"""One instance for those who operate it: drawing with tokens, steps, deadlines, incidents, interventions. Steps, dates
and numbers only: what a case says and who wrote it is not theirs to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import bpmn, clock, instances
from engine.access import Actor, Verb, require
from engine.bpmn.change import KINDS
from engine.cases.models import Case
from engine.catalogue.act import Act
from engine.errors import NotFound
from engine.operate.outlook import holder
from engine.packages import queries as packages
from engine.packages.models import Package
from engine.work.acts import LABELS
from engine.work.models import Deadline, History, Incident, Instance, Subscription, Task
from engine.workdays.lamps import Lamp, lamp
from engine.workdays.queries import calendar

# acts of administrators: their reasons are theirs to read
INTERVENTIONS = (
    "suspended", "resumed", "moved", "skipped", "sent_back", "messaged", "migrated", "migration_undone", "incident",
    "deadline_moved",
)  # fmt: skip


@dataclass(frozen=True)
class OpenStep:
    """An open step: who has it, since when, its limit and lamp; `days` working days it has stood there."""

    task: Task
    holder: str
    signed: bool
    days: int
    lamp: Lamp | None


@dataclass(frozen=True)
class Dossier:
    """The instance with everything its page shows."""

    instance: Instance
    package: Package
    procedure: str
    number: str
    started_on: date
    age: int
    steps: Sequence[OpenStep]
    deadlines: Sequence[Deadline]
    subscriptions: Sequence[Subscription]
    incidents: Sequence[Incident]
    interventions: Sequence[History]
    passed: Sequence[History]
    positions: Sequence[bpmn.Position]
    processes: Sequence[tuple[str, str]]
    broken: str


def dossier(session: Session, actor: Actor, instance_id: int) -> Dossier:
    """Everything about one instance; NotFound."""
    require(actor, Verb.INSTANCE_OPERATE)
    instance = session.get(Instance, instance_id)
    if instance is None:
        raise NotFound
    package, days = packages.compiled(session, instance.package_id), calendar(session)
    case = session.get(Case, instance.case_id) if instance.case_id else None
    started_on = clock.local(instance.started_at).date()
    last = clock.local(instance.ended_at).date() if instance.ended_at else clock.today()
    history = session.scalars(select(History).where(History.instance_id == instance_id).order_by(History.id)).all()
    positions, broken = _positions(session, instance)
    return Dossier(
        instance, session.get_one(Package, instance.package_id),
        package.names.get(instance.process_id, instance.process_id), case.number if case else "", started_on,
        days.between(started_on, last), _steps(session, instance),
        _of(session, Deadline, instance_id, Deadline.due_at), _of(session, Subscription, instance_id, Subscription.id),
        _of(session, Incident, instance_id, Incident.id.desc()),
        [row for row in history if row.act in INTERVENTIONS], [row for row in history if row.act not in INTERVENTIONS],
        positions, drawings(package, instance.process_id), broken,
    )  # fmt: skip


def _of(session: Session, table: Any, instance_id: int, order: Any) -> Sequence[Any]:
    return session.scalars(select(table).where(table.instance_id == instance_id).order_by(order)).all()


def _steps(session: Session, instance: Instance) -> list[OpenStep]:
    days, today = calendar(session), clock.today()
    return [
        OpenStep(
            row, holder(session, row), row.assignee_id is not None,
            days.between(clock.local(row.created_at).date(), today), lamp(days, row.due_at) if row.due_at else None,
        )
        for row in _of(session, Task, instance.id, Task.id)
    ]  # fmt: skip


def _positions(session: Session, instance: Instance) -> tuple[list[bpmn.Position], str]:
    """Where the tokens are; and, when the stored state cannot be read, why."""
    if instance.state is None or instance.status == "ended":
        return [], ""
    act = Act(session, instances.case_of(session, instance), instance.id)
    try:
        return bpmn.positions(instances.restored(session, instance, act, suspended=True)), ""
    except bpmn.BadState as problem:
        return [], problem.message


def drawings(package: bpmn.Package, first: str) -> list[tuple[str, str]]:
    """(process, name) of the drawings reached from the outermost one, each followed by those it calls."""
    found: list[str] = []
    waiting = [first]
    while waiting:
        process = waiting.pop()
        if process not in found and process in package.processes:
            found.append(process)
            waiting += [element.called for element in reversed(package.elements(process)) if element.called]
    return [(process, package.names[process]) for process in found]


def where(positions: Sequence[bpmn.Position], process_id: str) -> set[str]:
    """The elements of one drawing at which tokens are, calls included."""
    places = [{**dict(position.path), position.process_id: position.element_id} for position in positions]
    return {place[process_id] for place in places if process_id in place}


def drawing(session: Session, actor: Actor, instance_id: int, process_id: str = "") -> dict[str, Any]:
    """{xml, current, done, links, process} of one drawing of an instance, for viewer.js; what was done without by
    whom."""
    found = dossier(session, actor, instance_id)
    package = packages.compiled(session, found.instance.package_id)
    process_id = process_id or found.instance.process_id
    if process_id not in package.processes:
        raise NotFound
    return {
        "xml": packages.file(session, found.instance.package_id, package.diagrams[process_id]).decode(),
        "current": sorted(where(found.positions, process_id)),
        "done": [
            {"element": row.element_id, "who": LABELS.get(row.act, "办理"), "what": "", "when": _moment(row)}
            for row in (*found.passed, *found.interventions) if row.process_id == process_id and row.element_id
        ],
        "links": {one.id: one.called for one in package.elements(process_id) if one.called in package.processes},
        "process": process_id,
    }  # fmt: skip


def _moment(row: History) -> str:
    return clock.local(row.at).strftime("%Y-%m-%d %H:%M")


def kind_of(position: bpmn.Position) -> str:
    """What people call the element a token is at."""
    return KINDS.get(position.kind, "环节")
