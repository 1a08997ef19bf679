"""Lint of scopes: where processes and subprocesses start and end, event subprocesses, transactions."""

from collections import Counter
from collections.abc import Iterator

from engine.bpmn.findings import Finding
from engine.bpmn.outline import Diagram, Node, Scope, finding, local


def check_ends(diagram: Diagram) -> Iterator[Finding]:
    """Every scope starts and ends; where nothing is drawn, it starts at what nothing leads to and ends where nothing
    follows, which is worth a warning."""
    for scope in diagram.scopes():
        kinds = Counter(node.kind for node in scope.nodes.values())
        if not scope.nodes:
            if scope.parent is not None:
                yield finding(
                    diagram.file,
                    scope.element,
                    "scope.empty",
                    "里面什么也没有画，会直接通过，请补画或改成任务。",
                    "is empty: tokens pass straight through",
                    "warning",
                )
            continue
        if not kinds["startEvent"] and not scope.triggered:
            yield finding(
                diagram.file,
                scope.element,
                "start.missing",
                "没有开始事件，将从没有流入连线的环节开始，请画一个。"
                if scope.starts()
                else "没有开始事件，也没有可以开始的环节，请画一个。",
                "has no start event",
                "warning" if scope.starts() else "error",
            )
        if not kinds["endEvent"]:
            yield finding(
                diagram.file,
                scope.element,
                "end.missing",
                "没有结束事件，将在后面没有连线的环节结束，请画一个。",
                "has no end event: it ends where nothing follows",
                "warning",
            )
        yield from _check_starts(diagram.file, scope, kinds["startEvent"])


def _check_starts(file: str, scope: Scope, number: int) -> Iterator[Finding]:
    plain = [node for node in scope.nodes.values() if node.kind == "startEvent" and not node.events]
    if scope.triggered:
        if number != 1 or plain:
            yield finding(
                file,
                scope.element,
                "start.triggered",
                "事件子流程必须恰好有一个带触发条件（定时、消息、信号、错误、升级）的开始事件，请改图。",
                "an event subprocess needs exactly one start event with a trigger",
            )
    elif scope.parent is not None:
        if len(plain) != number or len(plain) > 1:
            yield finding(
                file,
                scope.element,
                "start.inner",
                "子流程必须恰好有一个不带触发条件的开始事件，请改图。",
                "a subprocess needs exactly one plain start event",
            )
    elif len(plain) > 1:
        yield finding(
            file,
            plain[1].element,
            "start.several",
            "流程有几个不带触发条件的开始事件，平常从第一个开始，这一个要在启动时点名才用，请确认。",
            "a process with several plain start events begins at the first unless another is named",
            "warning",
        )


def check_inner(diagram: Diagram) -> Iterator[Finding]:
    """Event subprocesses stand alone; cancel events belong to a transaction."""
    for scope, node in diagram.nodes():
        if node.inner is not None and node.inner.triggered:
            yield from _check_triggered(diagram.file, node)
        yield from _check_cancel(diagram.file, scope, node)


def _check_triggered(file: str, node: Node) -> Iterator[Finding]:
    if node.arriving or node.leaving or node.attached:
        yield finding(
            file,
            node.element,
            "triggered.connected",
            "事件子流程不能有流入、流出的连线，也不能贴边界事件，请删去。",
            "an event subprocess has no flows and no boundary events",
        )
    if any(local(child).endswith("LoopCharacteristics") for child in node.element):
        yield finding(
            file, node.element, "triggered.repeated", "事件子流程不能循环，请去掉循环标记。", "must not repeat"
        )


def _check_cancel(file: str, scope: Scope, node: Node) -> Iterator[Finding]:
    if "cancel" not in node.events:
        return
    host = scope.nodes.get(node.element.get("attachedToRef", ""))
    if node.kind == "boundaryEvent" and (host is None or host.kind != "transaction"):
        yield finding(
            file,
            node.element,
            "cancel.host",
            "取消边界事件只能贴在事务子流程上，请改图。",
            "a cancel boundary event belongs on a transaction",
        )
    around = scope
    while around.parent is not None and local(around.element) != "transaction":
        around = around.parent
    owner = around.parent.nodes.get(around.id) if around.parent is not None else None
    if node.kind == "endEvent" and (owner is None or not any("cancel" in event.events for event in owner.attached)):
        yield finding(
            file,
            node.element,
            "cancel.end",
            "取消结束事件只能放在贴有取消边界事件的事务子流程里，请改图。",
            "a cancel end event belongs inside a transaction with a cancel boundary event",
        )
