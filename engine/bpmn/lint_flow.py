"""Lint of the drawing: ids, connections, gateways and their conditions."""

import re
from collections.abc import Iterator

from lxml.etree import Element as AnyTag
from lxml.etree import _Element

from engine.bpmn.findings import Finding
from engine.bpmn.outline import ACTIVITIES, GATEWAYS, Diagram, Flow, Node, Scope, children, finding, linked, local, text

# Characters. The columns of engine/work/models.py and engine/packages/models.py hold no more.
LONGEST_ID, LONGEST_PROCESS_ID, LONGEST_NAME, LONGEST_MESSAGE = 80, 60, 80, 60
CATCHING = frozenset({"intermediateCatchEvent", "receiveTask"})

_ID = re.compile(r"[^\W\d][\w.\-]*")


def check_ids(diagram: Diagram) -> Iterator[Finding]:
    """Every node and flow has a usable id of its own."""
    seen: dict[str, _Element] = {}
    for element in diagram.root.iter(AnyTag):
        name, identity = local(element), element.get("id")
        if not name or (identity is None and name not in _IDENTIFIED):
            continue
        if not identity:
            yield finding(diagram.file, element, "id.missing", "没有编号（id），请补上。", "has no id")
        elif identity in seen:
            yield finding(
                diagram.file,
                element,
                "id.duplicate",
                f"编号 {identity} 用了两次（第 {seen[identity].sourceline} 行和第 {element.sourceline} 行），"
                "请改成不同的编号。",
                f"the id is used twice, at lines {seen[identity].sourceline} and {element.sourceline}",
            )
        elif not _ID.fullmatch(identity):
            yield finding(
                diagram.file,
                element,
                "id.invalid",
                "编号只能用字母、数字、下划线、点和短横，且不能以数字开头，请改名。",
                "an id starts with a letter and has only letters, digits, _ . -",
            )
        seen.setdefault(identity or "", element)


def check_lengths(diagram: Diagram) -> Iterator[Finding]:
    """Ids and names fit into the rows of running work, where a longer one has no room."""
    for scope in diagram.scopes():
        if scope.parent is None:
            yield from _id_length(diagram.file, scope.element, LONGEST_PROCESS_ID)
        for node in scope.nodes.values():
            yield from _id_length(diagram.file, node.element, LONGEST_ID)
            yield from _name_length(diagram.file, node.element, LONGEST_NAME)
    for kind in ("message", "signal"):
        for event in children(diagram.root, kind):
            if not event.get("name"):  # then the id is what is waited for
                yield from _id_length(diagram.file, event, LONGEST_MESSAGE)
            yield from _name_length(diagram.file, event, LONGEST_MESSAGE)


def _id_length(file: str, element: _Element, most: int) -> Iterator[Finding]:
    length = len(element.get("id", ""))
    if length > most:
        said = f"编号有 {length} 个字符，超过 {most} 个，请改短。"
        yield finding(file, element, "id.long", said, f"an id has at most {most} characters, this one {length}")


def _name_length(file: str, element: _Element, most: int) -> Iterator[Finding]:
    length = len(element.get("name", ""))
    if length > most:
        said = f"名称有 {length} 个字，超过 {most} 个，请改短，细节写在说明里。"
        yield finding(file, element, "name.long", said, f"a name has at most {most} characters, this one {length}")


_IDENTIFIED = (
    ACTIVITIES
    | GATEWAYS
    | {
        "process",
        "sequenceFlow",
        "startEvent",
        "endEvent",
        "boundaryEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
    }
)


def check_connections(diagram: Diagram) -> Iterator[Finding]:
    """Flows connect nodes of the same scope; boundary events sit on activities; starts only start, ends only end."""
    for scope in diagram.scopes():
        for flow in scope.flows:
            for end, word in ((flow.source, "起点"), (flow.target, "终点")):
                if end not in scope.nodes:
                    yield finding(
                        diagram.file,
                        flow.element,
                        "flow.dangling",
                        f"{word}“{end}”不存在或不在同一层，请重新连接。",
                        f"{end or 'its end'} is not a node of the same scope",
                    )
        for node in scope.nodes.values():
            yield from _check_node(diagram.file, scope, node)


def _check_node(file: str, scope: Scope, node: Node) -> Iterator[Finding]:
    if (node.kind == "startEvent" and node.arriving) or (node.kind == "boundaryEvent" and node.arriving):
        yield finding(
            file,
            node.element,
            "flow.into_start",
            "不能有流入的连线，请改连到后面的环节。",
            "must have no incoming flow",
        )
    if node.kind == "endEvent" and node.leaving:
        yield finding(
            file, node.element, "flow.out_of_end", "不能有流出的连线，请改用中间事件。", "must have no outgoing flow"
        )
    if node.kind == "boundaryEvent":
        host = scope.nodes.get(node.element.get("attachedToRef", ""))
        if host is None or host.kind not in ACTIVITIES:
            yield finding(
                file,
                node.element,
                "boundary.host",
                "没有贴在任务或子流程上，请拖到它所属的任务边上。",
                "is not attached to an activity of the same scope",
            )
        if not node.events:
            yield finding(
                file,
                node.element,
                "boundary.event",
                "没有触发条件（定时、消息等），请选一种。",
                "has no event definition",
            )
    if node.kind == "eventBasedGateway":
        yield from _check_event_gateway(file, scope, node)
    if node.kind == "intermediateThrowEvent" and "link" in node.events and not linked(scope, node):
        yield finding(
            file,
            node.element,
            "link.nowhere",
            "链接没有对应的接收端，走到这里就断了，请画出同名的接收链接事件。",
            "no link catch event of that name in the same scope",
        )
    if node.kind not in {"endEvent", "boundaryEvent"} and not node.leaving and not _links(node):
        yield finding(
            file,
            node.element,
            "flow.dead_end",
            "后面没有连线，走到这里就结束了；如果确实结束，请画出结束事件。",
            "has no outgoing flow: the path ends here silently",
            "warning",
        )


def _links(node: Node) -> bool:
    return "link" in node.events or (node.inner is not None and node.element.get("triggeredByEvent") == "true")


def _check_event_gateway(file: str, scope: Scope, node: Node) -> Iterator[Finding]:
    for flow in node.leaving:
        if scope.nodes[flow.target].kind not in CATCHING:
            yield finding(
                file,
                node.element,
                "gateway.event",
                f"后面只能接等待事件或接收任务，“{flow.target}”不是，请改图。",
                f"may only lead to catch events or receive tasks; {flow.target} is neither",
            )


def check_reachable(diagram: Diagram) -> Iterator[Finding]:
    """Every node can be reached from a start of its scope."""
    for scope in diagram.scopes():
        reached = _reached(scope)
        for node in scope.nodes.values():
            if node.id not in reached:
                yield finding(
                    diagram.file,
                    node.element,
                    "node.unreachable",
                    "从开始事件走不到这里，请接上连线或删去。",
                    "cannot be reached from a start event",
                )


def _reached(scope: Scope) -> set[str]:
    stack = scope.starts() + [node for node in scope.nodes.values() if node.inner is not None and node.inner.triggered]
    reached: set[str] = set()
    while stack:
        node = stack.pop()
        if node.id not in reached:
            reached.add(node.id)
            stack += [scope.nodes[flow.target] for flow in node.leaving] + node.attached + linked(scope, node)
    return reached


def check_conditions(diagram: Diagram) -> Iterator[Finding]:
    """Splits decide with conditions and a default; parallel and event gateways carry neither."""
    for _, node in diagram.nodes():
        if node.kind in {"exclusiveGateway", "inclusiveGateway"}:
            yield from _check_split(diagram.file, node)
        elif node.kind in GATEWAYS:
            yield from _check_plain_split(diagram.file, node)
        else:
            yield from _check_ways(diagram.file, node)


def _check_plain_split(file: str, node: Node) -> Iterator[Finding]:
    for flow in node.leaving:
        if _conditional(flow):
            yield finding(
                file,
                flow.element,
                "condition.misplaced",
                f"从“{node.element.get('name') or node.id}”流出的连线不能带条件，"
                "请在后面画一个独占网关，把条件写在网关的出口上。",
                "flows leaving a parallel or event gateway carry no condition",
            )
    if node.element.get("default") and node.kind != "complexGateway":
        yield finding(
            file,
            node.element,
            "condition.default",
            "并行网关和事件网关没有默认流向，请去掉。",
            "parallel and event gateways have no default flow",
        )


def _check_ways(file: str, node: Node) -> Iterator[Finding]:
    """Steps and events: several flows fork, and those with a condition are taken when it holds."""
    yield from _check_default(file, node)
    if node.leaving and not node.element.get("default") and all(_conditional(flow) for flow in node.leaving):
        yield finding(
            file,
            node.element,
            "condition.no_default",
            "流出的连线都带条件，条件都不成立时流程会停住，请指定一条默认流向。",
            "all its flows are conditional and none is the default: the case would be stuck when none holds",
        )


def _check_default(file: str, node: Node) -> Iterator[Finding]:
    """A default flow is one of its own."""
    default = node.element.get("default")
    if default and default not in {flow.id for flow in node.leaving}:
        yield finding(
            file,
            node.element,
            "gateway.default",
            f"默认流向“{default}”不是它的出口，请重新指定。",
            f"its default flow {default} does not leave it",
        )


def _conditional(flow: Flow) -> bool:
    return flow.condition is not None and bool(text(flow.condition).strip())


def _check_split(file: str, node: Node) -> Iterator[Finding]:
    yield from _check_default(file, node)
    default = node.element.get("default")
    for flow in node.leaving:
        conditional = _conditional(flow)
        if flow.id == default and conditional:
            yield finding(
                file,
                flow.element,
                "condition.on_default",
                "默认流向不用写条件，写了也不起作用，请删去。",
                "the condition of a default flow has no effect",
                "warning",
            )
        if flow.id != default and conditional is (len(node.leaving) == 1):
            yield finding(
                file,
                flow.element,
                "condition.missing" if not conditional else "condition.single",
                "是网关的出口，却没有条件，请填写条件或设为默认流向。"
                if not conditional
                else "是网关唯一的出口，条件不成立时流程会停住，请删去条件或补上默认流向。",
                "has no condition and is not the default"
                if not conditional
                else "the only way out must not have a condition",
            )
    if len(node.leaving) > 1 and not default:
        yield finding(
            file,
            node.element,
            "gateway.no_default",
            "没有默认流向，条件都不成立时流程会停住，请指定一条默认流向。",
            "has no default flow: the case would be stuck when no condition holds",
        )
