"""The live diagram of a case: the drawing of its version, where it stands, who did what when."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import bpmn, clock, instances
from engine.access import Actor, Verb
from engine.bpmn import Element
from engine.casefile.reading import readable
from engine.cases.models import Case
from engine.catalogue.act import Act
from engine.errors import NotFound
from engine.packages import queries as packages
from engine.work.acts import LABELS
from engine.work.models import History, Instance

LANE_TIERS = (("街道", "street"), ("区", "district"), ("市委组织部", "city"), ("市委", "committee"))
Place = tuple[str, str]  # process id, element id


def diagram(session: Session, actor: Actor, case_id: int, process_id: str | None = None) -> dict[str, Any]:
    """{xml, current: [element], done: [{element, who, when, what}], links: {element: process}, tabs: [(process, name)],
    process} for one process of the package the case runs on; without `process_id` the outermost."""
    case = readable(session, actor, case_id, Verb.DIAGRAM_READ)
    query = select(Instance).where(Instance.case_id == case_id).order_by(Instance.id.desc())
    instance = session.scalars(query.limit(1)).first()
    if instance is None:
        raise NotFound
    package = packages.compiled(session, instance.package_id)
    process_id = process_id or instance.process_id
    if process_id not in package.processes:
        raise NotFound
    elements = package.elements(process_id)
    history = session.scalars(select(History).where(History.case_id == case_id).order_by(History.id)).all()
    places = _places(session, case, instance, package)
    return {
        "xml": packages.file(session, instance.package_id, package.diagrams[process_id]).decode(),
        "current": sorted({element for process, element in places if process == process_id}),
        "done": _done(history, process_id, elements),
        "links": {element.id: element.called for element in elements if element.called},
        "tabs": _tabs(package, instance.process_id),
        "process": process_id,
    }


def _places(session: Session, case: Case, instance: Instance, package: bpmn.Package) -> set[Place]:
    """Where the tokens wait: the open tasks, and the call activities around them; in each drawing the innermost. A case
    that waits for no person waits for a message: that of the case it joined (并案)."""
    if instance.status != "open" or instance.state is None:
        return set()
    host = instances.Host(Act(session, case, instance.id))
    found: set[Place] = set()
    run = bpmn.restore(package, instance.state, host)
    waiting = [row for row in run.subscriptions() if row.host_token is None]
    for row in run.tasks() or waiting:
        found |= set({**dict(row.path), row.process_id: row.element_id}.items())
    return found


def _done(history: Sequence[History], process_id: str, elements: Iterable[Element]) -> list[dict[str, str]]:
    """What happened at each element of this process; a call activity is done with the acts inside it."""
    acts = [_act(row, row.element_id) for row in history if row.process_id == process_id and row.element_id]
    calls = [element for element in elements if element.called]
    for call in calls:
        several = sum(other.called == call.called for other in calls) > 1
        tier = _tier(call) if several else ""
        inside = [row for row in history if row.process_id == call.called and (not several or row.tier == tier)]
        acts += [_act(row, call.id) for row in inside]
    return acts


def _tier(call: Element) -> str:
    return next((tier for word, tier in LANE_TIERS if (call.lane or "").startswith(word)), "-")


def _act(row: History, element: str) -> dict[str, str]:
    who = f"{row.organisation_name} {row.actor_name}".strip() or "系统"
    when = clock.local(row.at).strftime("%Y-%m-%d %H:%M")
    return {"element": element, "who": who, "when": when, "what": LABELS.get(row.act, "办理")}


def _tabs(package: bpmn.Package, first: str) -> list[tuple[str, str]]:
    """The drawings that can be reached from the outermost one, each followed by those it calls."""
    found: list[str] = []
    waiting = [first]
    while waiting:
        process = waiting.pop()
        if process not in found:
            found.append(process)
            waiting += [element.called for element in reversed(package.elements(process)) if element.called]
    return [(process, package.names[process]) for process in found]
