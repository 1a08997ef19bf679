"""Lint of single steps: unsupported elements, operations, decisions, called processes, events and their references,
extensions of other engines, forms and lanes."""

import re
from collections.abc import Collection, Iterator

from lxml.etree import Element as AnyTag
from lxml.etree import QName, _Element

from engine.bpmn.findings import Finding
from engine.bpmn.guard import LIANXIN
from engine.bpmn.outline import Diagram, Node, Scope, children, finding, local, text
from engine.bpmn.support import DRAWN_ONLY, EVENT_WORDS, EVENTS, FOREIGN, TRIGGERS, UNSUPPORTED

RUNNING = frozenset({"serviceTask", "sendTask", "intermediateThrowEvent", "endEvent", "userTask"})

_OPERATION = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_FORM = re.compile(r"[a-z][a-z0-9_]{0,63}")
_REFERENCES = {"message": "messageRef", "signal": "signalRef", "error": "errorRef", "escalation": "escalationRef"}
_OPEN = frozenset({"error", "escalation"})  # without a reference they catch every code


def check_support(diagram: Diagram) -> Iterator[Finding]:
    """Nothing the executor would refuse or ignore."""
    for element in diagram.root.iter(AnyTag):
        if local(element) in UNSUPPORTED:
            yield _unsupported(diagram, element, local(element))
        if local(element) in DRAWN_ONLY:
            zh, en = DRAWN_ONLY[local(element)]
            yield finding(diagram.file, element, f"drawn.{local(element)}", f"{zh}。", en, "warning")
    for scope, node in diagram.nodes():
        attributes = node.element.attrib
        marks = {
            "compensation": attributes.get("isForCompensation") == "true",
            "instantiate": attributes.get("instantiate") == "true",
            "multipleEvents": len(node.events) > 1,
        }
        for mark, found in marks.items():
            if found and mark in UNSUPPORTED:
                yield _unsupported(diagram, node.element, mark)
        for kind in node.events or [""]:
            allowed = TRIGGERS if node.kind == "startEvent" and scope.triggered else EVENTS.get(node.kind)
            if allowed is not None and kind not in allowed and (kind or node.kind == "intermediateCatchEvent"):
                word = EVENT_WORDS.get(kind, kind)
                yield finding(
                    diagram.file,
                    node.element,
                    "unsupported.event",
                    f"这种事件不支持“{word}”，请改用别的触发条件，或删去。",
                    f"{kind or 'plain'} is not supported on a {node.kind}",
                )


def _unsupported(diagram: Diagram, element: _Element, key: str) -> Finding:
    zh, en = UNSUPPORTED[key]
    return finding(diagram.file, element, f"unsupported.{key}", f"{zh}。", f"not supported: {en}")


def check_foreign(diagram: Diagram) -> Iterator[Finding]:
    """No extension elements or attributes of other engines."""
    for element in diagram.root.iter(AnyTag):
        names = [QName(element), *(QName(name) for name in element.attrib)]
        for name in names:
            if name.namespace in FOREIGN:
                yield finding(
                    diagram.file,
                    element,
                    "extension.foreign",
                    f"“{name.localname}”是 {FOREIGN[name.namespace]} 的扩展，这里不起作用，请删去。",
                    f"{name.localname} is an extension of {FOREIGN[name.namespace]}; remove it",
                )


def check_imports(diagram: Diagram) -> Iterator[Finding]:
    """No reference to another file: it would never be read."""
    for element in diagram.root.iterchildren(AnyTag):
        if local(element) == "import":
            yield finding(
                diagram.file,
                element,
                "file.import",
                f"第 {element.sourceline} 行引用了别的文件（import），不会被读取，请把它放进同一个流程包，删去引用。",
                "imports are not supported; put the called process into the same package",
            )


def check_marked(diagram: Diagram) -> Iterator[Finding]:
    """At publish every user task says its role in the procedure: without it no article can be checked on it."""
    for _, node in diagram.nodes():
        if node.kind == "userTask" and not (node.own("role") or "").strip():
            yield finding(
                diagram.file,
                node.element,
                "task.unmarked",
                "没有标明它在《办法》里的角色（lianxin:role），时限、层级、抄送等要求无从核对，请选一个角色。",
                "has no lianxin:role: the articles (limits, tiers, copies) cannot be checked on it",
            )


def check_operations(diagram: Diagram, operations: Collection[str] | None) -> Iterator[Finding]:
    """Service and send tasks name an operation, and every operation named exists."""
    for _, node in diagram.nodes():
        operation = node.own("operation")
        if operation is None or not operation.strip():
            if node.kind in {"serviceTask", "sendTask"} or operation is not None:
                yield finding(
                    diagram.file,
                    node.element,
                    "operation.missing",
                    "没有写操作（lianxin:operation），请从操作目录里选一个。",
                    "names no operation (lianxin:operation)",
                )
        elif node.kind not in RUNNING:
            yield finding(
                diagram.file,
                node.element,
                "operation.misplaced",
                f"这一环节不会执行操作“{operation}”，请改成服务任务。",
                "only service, send and user tasks and throw events run an operation",
            )
        elif not _OPERATION.fullmatch(operation) or (operations is not None and operation not in operations):
            yield finding(
                diagram.file,
                node.element,
                "operation.unknown",
                f"操作目录里没有“{operation}”，请改成目录里的操作。",
                f"unknown operation {operation}",
            )


def check_decisions(diagram: Diagram, decisions: Collection[str]) -> Iterator[Finding]:
    """Business rule tasks name a decision of this package."""
    for _, node in diagram.nodes():
        wanted = node.own("decision")
        if node.kind == "businessRuleTask" and not wanted:
            yield finding(
                diagram.file,
                node.element,
                "decision.missing",
                "没有写决策表（lianxin:decision），请选一个。",
                "names no decision",
            )
        elif wanted and wanted not in decisions:
            yield finding(
                diagram.file,
                node.element,
                "decision.unknown",
                f"流程包里没有决策表“{wanted}”，请放入或改名。",
                f"unknown decision {wanted}",
            )


def check_references(diagram: Diagram) -> Iterator[Finding]:
    """Messages, signals and errors that events refer to are defined and named."""
    names = {
        kind: {item.get("id"): item.get("name") or item.get(f"{kind}Code") for item in children(diagram.root, kind)}
        for kind in _REFERENCES
    }
    for _, node in diagram.nodes():
        holders = [
            (kind, child) for child in node.element for kind in _REFERENCES if local(child) == f"{kind}EventDefinition"
        ]
        if node.kind == "receiveTask":
            holders.append(("message", node.element))
        for kind, holder in holders:
            reference, word = holder.get(_REFERENCES[kind], "").rpartition(":")[2], EVENT_WORDS[kind]
            if reference and not names[kind].get(reference):
                yield finding(
                    diagram.file,
                    node.element,
                    "event.reference",
                    f"引用的{word}“{reference}”没有定义或没有名称，请补上。",
                    f"refers to {kind} {reference}, which is not defined or has no name",
                )
            elif (
                not reference
                and not node.element.get("name")
                and not (kind in _OPEN and (node.kind in {"boundaryEvent", "startEvent"} or kind == "escalation"))
            ):
                yield finding(
                    diagram.file,
                    node.element,
                    "event.reference",
                    f"没有写等待或发出哪个{word}，请指定。",
                    f"names no {kind}",
                )


def check_forms(diagram: Diagram, forms: Collection[str] | None) -> Iterator[Finding]:
    """Form keys are plain names; with `forms` given, every user task has a known form and somebody to do it."""
    for scope, node in diagram.nodes():
        form = node.own("form")
        if form is not None and not _FORM.fullmatch(form):
            yield finding(
                diagram.file,
                node.element,
                "form.key",
                f"表单名“{form[:40]}”不合规，只能用小写字母、数字和下划线。",
                "a form key has only lower-case letters, digits and _",
            )
        elif forms is not None and form is not None and form not in forms:
            yield finding(
                diagram.file,
                node.element,
                "form.unknown",
                f"没有表单“{form}”，请建立表单或改名。",
                f"unknown form {form}",
            )
        if forms is None or node.kind != "userTask":
            continue
        if form is None:
            yield finding(
                diagram.file,
                node.element,
                "form.missing",
                "没有指定表单（lianxin:form），请选一个。",
                "names no form (lianxin:form)",
            )
        if not node.own("pool") and not _lane(scope, node):
            yield finding(
                diagram.file,
                node.element,
                "task.nobody",
                "不在任何泳道里，也没有指定办理人范围（lianxin:pool），没有人能办，请补上。",
                "is in no lane and has no lianxin:pool: nobody could do it",
            )


def _lane(scope: Scope, node: Node) -> bool:
    """Whether the node, or a subprocess around it, stands in a lane."""
    inside = {text(reference).strip() for reference in scope.process.element.iter("{*}flowNodeRef")}
    current: Scope | None = scope
    return node.id in inside or any(owner.id in inside for owner in _around(current))


def _around(scope: Scope | None) -> Iterator[Scope]:
    while scope is not None:
        yield scope
        scope = scope.parent


def check_own_attributes(diagram: Diagram) -> Iterator[Finding]:
    """Children in our own namespace are arguments only; anything else would be ignored silently."""
    for element in diagram.root.iter(f"{{{LIANXIN}}}*"):
        if QName(element).localname != "argument":
            yield finding(
                diagram.file,
                element,
                "extension.unknown",
                f"不认识的设置“{QName(element).localname}”，请删去。",
                f"unknown extension element {QName(element).localname}",
            )
