"""Lint of waiting: every wait has somebody who ends it, or a time at which it ends; every lane has people."""

from collections.abc import Collection, Iterator, Mapping

from lxml.etree import _ElementTree

from engine.bpmn.findings import Finding
from engine.bpmn.normalise import event_of
from engine.bpmn.outline import Diagram, Node, Scope, finding, local, read, text

_WAITS = frozenset({"intermediateCatchEvent", "receiveTask"})
_SENDS = frozenset({"intermediateThrowEvent", "endEvent", "sendTask"})
_KINDS = frozenset({"message", "signal"})


def check_waits(diagram: Diagram, diagrams: list[Diagram]) -> Iterator[Finding]:
    """A message or signal somebody sends: an element of the package, or, named with lianxin:role or lianxin:pool, a
    person or another system; else a timer must end the wait."""
    sent = {_event(one, node) for one in diagrams for _, node in one.nodes() if node.kind in _SENDS}
    for scope, node in diagram.nodes():
        waited = _event(diagram, node)
        if node.kind not in _WAITS or waited[0] not in _KINDS or waited in sent:
            continue
        if not (node.own("role") or node.own("pool") or _timed(scope, node)):
            yield finding(
                diagram.file,
                node.element,
                "wait.nobody",
                f"等待“{waited[1]}”，但流程包里没有谁发出它，也没有定时兜底，可能一直等下去；"
                "请贴一个定时边界事件、在事件网关里加一个定时，或用 lianxin:role 标明由谁发出。",
                f"waits for {waited[1]}, which nothing in the package sends, and no timer ends the wait",
                "warning",
            )


def _event(diagram: Diagram, node: Node) -> tuple[str, str]:
    event = event_of(node.element, diagram.root)
    return event.kind, event.name


def _timed(scope: Scope, node: Node) -> bool:
    """Whether a timer can end the wait: on it, beside it behind an event gateway, or around it."""
    beside = [
        scope.nodes[other.target]
        for flow in node.arriving if scope.nodes[flow.source].kind == "eventBasedGateway"
        for other in scope.nodes[flow.source].leaving
    ]  # fmt: skip
    if any("timer" in one.events for one in (*node.attached, *beside)):
        return True
    inner = [one.inner for one in scope.nodes.values() if one.inner is not None and one.inner.triggered]
    if any("timer" in start.events for one in inner for start in one.starts()):
        return True
    if scope.parent is None:
        return False
    owner = scope.parent.nodes.get(scope.id)
    return owner is not None and _timed(scope.parent, owner)


def check_lanes(trees: Mapping[str, _ElementTree], people: Collection[str]) -> Iterator[Finding]:
    """Every lane with a user task has people in it, and every pool that a user task names. `people`: the lanes (names)
    and pools somebody is in. An empty pool is a remark only: somebody may be appointed tomorrow."""
    for name, tree in trees.items():
        if not name.lower().endswith(".bpmn"):
            continue
        diagram = read(tree.getroot(), name)
        users = [node for _, node in diagram.nodes() if node.kind == "userTask"]
        without = {node.id for node in users if not node.own("pool")}
        for lane in diagram.root.iter("{*}lane"):
            inside = {text(child).strip() for child in lane if local(child) == "flowNodeRef"}
            if inside & without and (lane.get("name") or lane.get("id", "")) not in people:
                yield finding(
                    name,
                    lane,
                    "lane.nobody",
                    "这条泳道里没有人，其中的任务没有人能办，请先安排人员或改名。",
                    "nobody works in this lane",
                )
        for node in users:
            if node.own("pool") and node.own("pool") not in people:
                yield finding(
                    name,
                    node.element,
                    "pool.nobody",
                    "这个环节的办理人范围里现在没有人，办到这里会没有人接手，请先安排人员。",
                    "nobody is in the pool of this step",
                    "warning",
                )
