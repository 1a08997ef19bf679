"""From the plain picture of a process to the library's specs, built once per version and shared by all instances. The
library's own parser is not used: it evaluates nothing, but refuses or ignores a good part of valid diagrams, recurses
along the longest path and words its refusals as Python values."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec

from engine.bpmn.decisions import Decision
from engine.bpmn.events import Catch, End, EventGateway, Throw, Watch
from engine.bpmn.joins import reach
from engine.bpmn.model import Element
from engine.bpmn.nodes import (
    WAITING_TASKS,
    Choice,
    DecisionTask,
    Exclusive,
    Join,
    Pass,
    ScopeTask,
    ScriptTask,
    ServiceTask,
    WaitingTask,
)
from engine.bpmn.normalise import GATEWAYS, INNER, Flow, Node, Picture
from engine.bpmn.repetition import RepeatTask

_PLAIN = {
    "startEvent": Pass,
    "endEvent": End,
    "serviceTask": ServiceTask,
    "sendTask": ServiceTask,
    "scriptTask": ScriptTask,
    "exclusiveGateway": Exclusive,
    "eventBasedGateway": EventGateway,
    "intermediateThrowEvent": Throw,
    "intermediateCatchEvent": Catch,
    "receiveTask": Catch,
    "boundaryEvent": Catch,
} | dict.fromkeys(WAITING_TASKS, WaitingTask)


class ProcessSpec(BpmnProcessSpec):
    """A process or embedded subprocess: its elements, where tokens start, its inclusive joins."""

    def __init__(self, name: str, picture: Picture) -> None:
        super().__init__(name=name, description=picture.name, filename=picture.file)
        self.starts: tuple[str, ...] = ()
        self.inclusive: tuple[Any, ...] = ()
        self.watchers: tuple[Any, ...] = ()


def build(picture: Picture, decisions: Mapping[str, Decision]) -> dict[str, ProcessSpec]:
    """The specs of a process and its embedded subprocesses, by name: the process id, and `process/subprocess`."""
    return dict(_build(picture, picture.id, picture.id, decisions))


def _build(
    picture: Picture, name: str, process_id: str, decisions: Mapping[str, Decision], frame: bool = False
) -> Iterator[tuple[str, ProcessSpec]]:
    spec = ProcessSpec(name, picture)
    made = {node.id: _make(spec, node, process_id, picture, decisions) for node in picture.nodes.values()}
    spec.watchers = tuple(_watch(spec, node, process_id) for node in picture.nodes.values() if node.triggered)
    for node in picture.nodes.values():
        if node.attached_to in made:
            _attach(made[node.attached_to], made[node.id], node)
        if node.inner is not None and not frame:
            yield from _build(node.inner, f"{process_id}/{node.id}", process_id, decisions)
        if node.repeat is not None:
            yield from _build(_once(node, picture), f"{process_id}/{node.id}#", process_id, decisions, frame=True)
    spec.starts = starts(picture)
    spec.inclusive = tuple(join for join in made.values() if isinstance(join, Join) and join.inclusive)
    yield name, spec


def _make(spec: ProcessSpec, node: Node, process_id: str, picture: Picture, decisions: Mapping[str, Decision]) -> Pass:
    if node.repeat is not None:
        return RepeatTask(spec, node, process_id, f"{process_id}/{node.id}#", node.repeat)
    if node.by_hand:
        return (Choice if node.tag in GATEWAYS else WaitingTask)(spec, node, process_id)
    if node.tag == "businessRuleTask":
        return DecisionTask(spec, node, process_id, decisions[node.extensions.get("decision", "")])
    if node.tag == "callActivity":
        return ScopeTask(spec, node, process_id, node.called)
    if node.tag in INNER:
        return ScopeTask(spec, node, process_id, f"{process_id}/{node.id}")
    if node.tag in ("parallelGateway", "inclusiveGateway"):
        return Join(spec, node, process_id, reach(node, picture.nodes) if node.tag == "inclusiveGateway" else {})
    return _PLAIN[node.tag](spec, node, process_id)


def _attach(host: Pass, event: Pass, node: Node) -> None:
    if node.event.kind in ("error", "escalation", "cancel"):
        host.catches[node.event.kind, node.event.name if node.event.kind != "cancel" else ""] = event
    else:
        host.boundary.append(event)


def _watch(spec: ProcessSpec, node: Node, process_id: str) -> Watch:
    """The start event of an event subprocess, in the scope around it, with a flow into the subprocess."""
    inner = node.inner.nodes.values() if node.inner is not None else ()
    event = next(one for one in inner if one.tag == "startEvent")
    return Watch(spec, replace(event, flows=[Flow("", event.id, node.id, None)], lane=node.lane), process_id)


def _once(node: Node, picture: Picture) -> Picture:
    """The scope in which the instances of a repeating activity run: the activity alone, without its marker."""
    alone = replace(node, repeat=None, flows=[], incoming=[], default=None, attached_to=None)
    return Picture(node.id, picture.file, node.name, {node.id: alone})


def starts(picture: Picture) -> tuple[str, ...]:
    """Where a token begins: the plain start event, else the first start event, else every node nothing leads to."""
    events = [node for node in picture.nodes.values() if node.tag == "startEvent"]
    plain = [node for node in events if node.event.kind == "none"]
    if events:
        return ((plain or events)[0].id,)
    return tuple(
        node.id
        for node in picture.nodes.values()
        if not node.incoming and node.attached_to is None and node.event.kind != "link" and not node.triggered
    )


def elements(picture: Picture, scope: str | None = None) -> Iterator[Element]:
    """The elements of a process as drawn, those of embedded subprocesses included."""
    for node in picture.nodes.values():
        yield Element(
            id=node.id,
            kind=node.tag,
            name=node.name,
            lane=node.lane,
            extensions=node.extensions,
            documentation=node.documentation,
            attached_to=node.attached_to,
            timer=node.event.text or None,
            event=node.event.kind if node.event.kind != "none" else None,
            scope=scope,
            called=node.called,
            timer_kind=node.event.timer,
            event_name=node.event.name,
            interrupting=node.interrupting,
        )
        if node.inner is not None:
            yield from elements(node.inner, node.id)
