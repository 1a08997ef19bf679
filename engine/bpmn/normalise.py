"""From a guarded XML tree to a plain picture of its processes: nodes, flows, event definitions, with the gaps of real
diagrams filled in (links become flows, names are resolved, repetitions and event subprocesses are marked). The
original stays untouched for the viewer.

Nothing here is refused: lint has spoken before, and what it lets pass has exactly one reading. A step without outgoing
flow ends its token; a step with several forks; a step with several incoming flows passes every token on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml.etree import _Element

from engine.bpmn.repeats import Repeat, read_repeat

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
LIANXIN = "{urn:lianxin:bpmn}"
EVENTS = frozenset({"startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent"})
TASKS = frozenset(
    {"task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask"}
)
INNER = frozenset({"subProcess", "transaction"})
SCOPES = INNER | {"callActivity"}
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"})
NODES = EVENTS | TASKS | SCOPES | GATEWAYS
TIMERS = ("timeDate", "timeDuration", "timeCycle")
_REFERENCES = {f"{kind}EventDefinition": f"{kind}Ref" for kind in ("message", "signal", "error", "escalation")}
_OPEN = frozenset({"error", "escalation"})  # without a reference they catch every code


@dataclass(frozen=True)
class Flow:
    """A sequence flow; `condition` is its text or None."""

    id: str
    source: str
    target: str
    condition: str | None
    name: str = ""


@dataclass(frozen=True)
class Event:
    """What an event waits for or throws: kind 'none', 'timer', 'message', 'signal', 'error', 'escalation', 'cancel',
    'terminate', 'link'…; `name` is the message or signal name or the error or escalation code ('' catches every one);
    `text` a timer's source."""

    kind: str
    name: str = ""
    timer: str = ""
    text: str = ""


@dataclass
class Node:
    """A flow node as drawn, names resolved; `flows` are its outgoing flows in drawing order, `inner` the nodes of an
    embedded subprocess; `triggered` marks an event subprocess, `by_hand` a step a draft leaves to a person."""

    id: str
    tag: str
    name: str
    line: int
    extensions: dict[str, Any]
    documentation: str = ""
    lane: str | None = None
    event: Event = Event("none")
    attached_to: str | None = None
    interrupting: bool = True
    default: str | None = None
    called: str = ""
    script: str = ""
    language: str = ""
    triggered: bool = False
    by_hand: bool = False
    repeat: Repeat | None = None
    flows: list[Flow] = field(default_factory=list)
    incoming: list[Flow] = field(default_factory=list)
    inner: "Picture | None" = None


@dataclass
class Picture:
    """The nodes of one process or embedded subprocess, by id, in drawing order."""

    id: str
    file: str
    name: str
    nodes: dict[str, Node]


def pictures(root: _Element, file: str) -> Iterator[Picture]:
    """The processes of one file."""
    names = _definitions(root)
    for process in root.iterchildren(f"{BPMN}process"):
        lanes = _lanes(process)
        yield _picture(process, file, names, lanes)


def _definitions(root: _Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for tag, attribute in (
        ("message", "name"),
        ("signal", "name"),
        ("error", "errorCode"),
        ("escalation", "escalationCode"),
    ):
        for item in root.iterchildren(f"{BPMN}{tag}"):
            found[item.get("id", "")] = item.get(attribute) or item.get("name") or item.get("id", "")
    return found


def _lanes(process: _Element) -> dict[str, str]:
    return {
        (reference.text or "").strip(): lane.get("name") or lane.get("id", "")
        for lane in process.iter(f"{BPMN}lane")
        for reference in lane.iterchildren(f"{BPMN}flowNodeRef")
    }


def _picture(
    scope: _Element, file: str, names: Mapping[str, str], lanes: Mapping[str, str], lane: str | None = None
) -> Picture:
    nodes: dict[str, Node] = {}
    for item in scope.iterchildren(*(BPMN + tag for tag in NODES)):
        node = _node(item, names, lanes.get(item.get("id", ""), lane))
        if node.tag in INNER:
            node.inner = _picture(item, file, names, lanes, node.lane)
        nodes[node.id] = node
    for item in scope.iterchildren(f"{BPMN}sequenceFlow"):
        ends = item.get("sourceRef", ""), item.get("targetRef", "")
        _connect(nodes, Flow(item.get("id", ""), *ends, _condition(item), item.get("name", "")))
    _link(nodes)
    return Picture(scope.get("id", ""), file, scope.get("name", ""), nodes)


def _condition(flow: _Element) -> str | None:
    expression = flow.find(f"{BPMN}conditionExpression")
    text = (expression.text or "").strip() if expression is not None else ""
    return text or None


def _connect(nodes: Mapping[str, Node], flow: Flow) -> None:
    if flow.source in nodes and flow.target in nodes:
        nodes[flow.source].flows.append(flow)
        nodes[flow.target].incoming.append(flow)


def _link(nodes: Mapping[str, Node]) -> None:
    links = [node for node in nodes.values() if node.event.kind == "link"]
    for source in links:
        for target in links:
            thrown = source.tag == "intermediateThrowEvent" and target.tag == "intermediateCatchEvent"
            if thrown and source.event.name == target.event.name:
                _connect(nodes, Flow(f"{source.id}->{target.id}", source.id, target.id, None))


def _node(item: _Element, names: Mapping[str, str], lane: str | None) -> Node:
    tag = item.tag.removeprefix(BPMN)
    script = item.find(f"{BPMN}script")
    interrupting = item.get("isInterrupting" if tag == "startEvent" else "cancelActivity", "true") not in ("false", "0")
    return Node(
        id=item.get("id", ""),
        tag=tag,
        name=item.get("name", ""),
        line=item.sourceline or 0,
        extensions=extensions(item),
        documentation=_text(item, "documentation"),
        lane=lane,
        event=_event(item, names),
        attached_to=item.get("attachedToRef"),
        interrupting=interrupting,
        default=item.get("default"),
        called=item.get("calledElement", "").rpartition(":")[2],
        script=(script.text or "") if script is not None else "",
        language=item.get("scriptFormat", ""),
        triggered=item.get("triggeredByEvent") in ("true", "1"),
        repeat=read_repeat(item),
    )


def _text(item: _Element, tag: str) -> str:
    found = item.find(BPMN + tag)
    return "".join(found.itertext()).strip() if found is not None else ""


def extensions(item: _Element) -> dict[str, Any]:
    """Our own attributes on an element, by local name, and `arguments` when there are any."""
    found: dict[str, Any] = {
        name.removeprefix(LIANXIN): value for name, value in item.attrib.items() if name.startswith(LIANXIN)
    }
    holder = item.find(f"{BPMN}extensionElements")
    if holder is not None:
        given = holder.iterchildren(f"{LIANXIN}argument")
        arguments = {argument.get("name", ""): argument.get("value", "") for argument in given}
        if arguments:
            found["arguments"] = arguments
    return found


def _event(item: _Element, names: Mapping[str, str]) -> Event:
    if item.tag == f"{BPMN}receiveTask":
        reference = item.get("messageRef", "").rpartition(":")[2]
        return Event("message", names.get(reference, reference or item.get("name") or item.get("id", "")))
    for child in item:
        tag = child.tag.removeprefix(BPMN) if isinstance(child.tag, str) else ""
        if not tag.endswith("EventDefinition"):
            continue
        kind = tag.removesuffix("EventDefinition")
        if kind == "timer":
            return _timer(child)
        if kind == "link":
            return Event("link", child.get("name", ""))
        reference = child.get(_REFERENCES.get(tag, "none"), "").rpartition(":")[2]
        fallback = "" if kind in _OPEN else item.get("name") or item.get("id", "")
        return Event(kind, names.get(reference, reference or fallback))
    return Event("none")


def event_of(item: _Element, root: _Element) -> Event:
    """What an element waits for or throws, names resolved against the definitions of its file."""
    return _event(item, _definitions(root))


def _timer(definition: _Element) -> Event:
    for tag in TIMERS:
        text = _text(definition, tag)
        if text:
            return Event("timer", "", tag, text)
    return Event("timer")
