"""A diagram as lint sees it: the original elements, exactly as drawn, with their flows, grouped by scope (process or
embedded subprocess). Faulty diagrams have an outline too; nothing here is corrected and nothing refused."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml.etree import Element as AnyTag
from lxml.etree import QName, _Element

from engine.bpmn.findings import Finding, Severity
from engine.bpmn.guard import BPMN, LIANXIN, NODES

SCOPES = frozenset({"subProcess", "adHocSubProcess", "transaction"})
ACTIVITIES = frozenset(tag for tag in NODES if tag.endswith(("Task", "Activity"))) | SCOPES | {"task"}
GATEWAYS = frozenset(tag for tag in NODES if tag.endswith("Gateway"))

_WORDS = {
    "process": "流程",
    "startEvent": "开始事件",
    "endEvent": "结束事件",
    "boundaryEvent": "边界事件",
    "intermediateCatchEvent": "中间捕获事件",
    "intermediateThrowEvent": "中间抛出事件",
    "task": "任务",
    "userTask": "用户任务",
    "manualTask": "手工任务",
    "serviceTask": "服务任务",
    "sendTask": "发送任务",
    "receiveTask": "接收任务",
    "scriptTask": "脚本任务",
    "businessRuleTask": "业务规则任务",
    "callActivity": "调用活动",
    "subProcess": "子流程",
    "adHocSubProcess": "特别子流程",
    "transaction": "事务子流程",
    "exclusiveGateway": "独占网关",
    "inclusiveGateway": "包容网关",
    "parallelGateway": "并行网关",
    "complexGateway": "复杂网关",
    "eventBasedGateway": "事件网关",
    "sequenceFlow": "连线",
    "lane": "泳道",
    "decision": "决策",
    "definitions": "文件",
}


@dataclass
class Flow:
    """A sequence flow; `condition` is its conditionExpression element, if any."""

    id: str
    source: str
    target: str
    element: _Element
    condition: _Element | None


@dataclass
class Node:
    """A flow node as drawn; flows that lead nowhere are not connected."""

    id: str
    kind: str
    element: _Element
    leaving: list[Flow] = field(default_factory=list)
    arriving: list[Flow] = field(default_factory=list)
    attached: list["Node"] = field(default_factory=list)
    inner: "Scope | None" = None

    @property
    def events(self) -> list[str]:
        """The kinds of its event definitions: 'timer', 'message', …"""
        return [
            name.removesuffix("EventDefinition")
            for name in (local(child) for child in self.element)
            if name.endswith("EventDefinition")
        ]

    def own(self, name: str) -> str | None:
        """The value of one of our attributes, lianxin:<name>."""
        value: str | None = self.element.get(f"{{{LIANXIN}}}{name}")
        return value


@dataclass
class Scope:
    """A process or embedded subprocess with its own nodes and flows."""

    id: str
    element: _Element
    nodes: dict[str, Node]
    flows: list[Flow]
    parent: "Scope | None" = None

    @property
    def triggered(self) -> bool:
        """Whether it is an event subprocess."""
        return self.parent is not None and self.element.get("triggeredByEvent") in ("true", "1")

    def starts(self) -> list[Node]:
        """Where tokens begin: the start events, or without any every node nothing leads to."""
        events = [node for node in self.nodes.values() if node.kind == "startEvent"]
        return events or [
            node
            for node in self.nodes.values()
            if not node.arriving
            and node.kind != "boundaryEvent"
            and not (node.kind == "intermediateCatchEvent" and "link" in node.events)
            and not (node.inner is not None and node.inner.triggered)
        ]

    @property
    def process(self) -> "Scope":
        """The process this scope belongs to."""
        return self if self.parent is None else self.parent.process

    def within(self) -> Iterator["Scope"]:
        """This scope and all scopes inside it."""
        yield self
        for node in self.nodes.values():
            if node.inner is not None:
                yield from node.inner.within()


@dataclass
class Diagram:
    """One .bpmn file."""

    file: str
    root: _Element
    processes: list[Scope]

    def scopes(self) -> Iterator[Scope]:
        """Every process and embedded subprocess."""
        for process in self.processes:
            yield from process.within()

    def nodes(self) -> Iterator[tuple[Scope, Node]]:
        """Every flow node with its scope."""
        for scope in self.scopes():
            for node in scope.nodes.values():
                yield scope, node


def read(root: _Element, file: str) -> Diagram:
    """The outline of a guarded tree."""
    return Diagram(file, root, [_scope(process, None) for process in children(root, "process")])


def _scope(element: _Element, parent: Scope | None) -> Scope:
    scope = Scope(element.get("id", ""), element, {}, [], parent)
    for child in element.iterchildren(AnyTag):
        kind = local(child)
        if kind in NODES and child.get("id") and child.get("id") not in scope.nodes:
            node = Node(child.get("id", ""), kind, child)
            node.inner = _scope(child, scope) if kind in SCOPES else None
            scope.nodes[node.id] = node
        elif kind == "sequenceFlow":
            scope.flows.append(
                Flow(
                    child.get("id", ""),
                    child.get("sourceRef", ""),
                    child.get("targetRef", ""),
                    child,
                    first(child, "conditionExpression"),
                )
            )
    for flow in scope.flows:
        if flow.source in scope.nodes and flow.target in scope.nodes:
            scope.nodes[flow.source].leaving.append(flow)
            scope.nodes[flow.target].arriving.append(flow)
    for node in scope.nodes.values():
        host = scope.nodes.get(node.element.get("attachedToRef", ""))
        if node.kind == "boundaryEvent" and host is not None:
            host.attached.append(node)
    return scope


def local(element: _Element) -> str:
    """The local name of a BPMN element, '' for elements of other namespaces."""
    name = QName(element)
    return name.localname if name.namespace == BPMN else ""


def children(element: _Element, name: str) -> list[_Element]:
    """Child elements of this BPMN name."""
    return list(element.iterchildren(f"{{{BPMN}}}{name}"))


def first(element: _Element, name: str) -> _Element | None:
    """The first child of this BPMN name."""
    return next(iter(children(element, name)), None)


def text(element: _Element | None) -> str:
    """All text inside an element, untrimmed."""
    return "".join(element.itertext()) if element is not None else ""


def label(element: _Element) -> str:
    """How a person finds the element: kind, name and id."""
    kind = _WORDS.get(QName(element).localname, QName(element).localname)
    name = " ".join(element.get("name", "").split())[:40]
    identity = element.get("id", "")
    shown = f"“{name}”" if name else ""
    return f"{kind}{shown}（{identity}）" if identity else f"{kind}{shown}（第 {element.sourceline} 行）"


def finding(
    file: str,
    element: _Element,
    code: str,
    zh: str,
    en: str,
    severity: Severity = "error",
    *,
    position: tuple[int, int] | None = None,
) -> Finding:
    """A finding on an element: who, what is wrong, what to do; `position` is the place inside its expression."""
    where = element
    while not where.get("id") and where.getparent() is not None:
        where = where.getparent()
    line, column = position or (element.sourceline, None if where.get("id") else 1)
    en = f"{QName(where).localname} {where.get('id', '')}: {en}"
    return Finding(code, severity, file, where.get("id", ""), f"{label(where)}：{zh}", en, line, column)


def linked(scope: Scope, node: Node) -> list[Node]:
    """The link catch events a link throw event jumps to."""
    if node.kind != "intermediateThrowEvent" or "link" not in node.events:
        return []
    names = _link_names(node)
    return [
        other
        for other in scope.nodes.values()
        if other.kind == "intermediateCatchEvent" and "link" in other.events and names & _link_names(other)
    ]


def _link_names(node: Node) -> set[str]:
    return {child.get("name", "") for child in node.element if local(child) == "linkEventDefinition"}
