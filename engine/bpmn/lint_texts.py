"""Lint of everything in a diagram that will be evaluated: conditions, scripts, arguments, multi-instance counts."""

import re
from collections.abc import Collection, Iterator

from lxml.etree import Element as AnyTag
from lxml.etree import _Element

from engine.bpmn import expressions
from engine.bpmn.findings import Finding
from engine.bpmn.guard import LIANXIN
from engine.bpmn.outline import Diagram, Node, children, finding, first, local, text
from engine.bpmn.repeats import MAX_INSTANCES, Repeat, read_repeat
from engine.bpmn.source import Kind

SCRIPT_FORMAT = "lianxin"
MAX_CARDINALITY = MAX_INSTANCES
EVALUATED = frozenset(
    {
        "timeDate",
        "timeDuration",
        "timeCycle",
        "conditionExpression",
        "script",
        "loopCardinality",
        "completionCondition",
        "loopCondition",
    }
)

_NAME = re.compile(r"[^\W\d_]\w*")


def check_expression(
    file: str,
    element: _Element,
    source: str,
    functions: Collection[str] | None,
    what: str,
    *,
    kind: Kind = "expression",
    boolean: bool = False,
) -> Iterator[Finding]:
    """Findings on one text, with the position inside the text; `what` names its place ('条件', '参数 days')."""
    problems = expressions.check(source, functions, kind=kind)
    if not problems and boolean and not _may_decide(source):
        problems = [
            expressions.Problem(
                "boolean",
                1,
                1,
                '条件必须得出“是”或“否”，请写成比较，例如 x == "…"',
                "a condition must be true or false",
            )
        ]
    for problem in problems:
        yield finding(
            file,
            element,
            f"expression.{problem.code}",
            f"{what}“{short(source)}”第 {problem.line} 行第 {problem.column} 列：{problem.message}。",
            f"{problem.message_en} (line {problem.line}, column {problem.column} of the text)",
            position=(problem.line, problem.column),
        )


def _may_decide(source: str) -> bool:
    """False when the whole condition is a literal that is neither true nor false."""
    try:
        return expressions.compile(source).constant() in (None, True, False)
    except expressions.ExpressionError:
        return False


def short(source: str) -> str:
    """A source text cut to fit into a sentence."""
    flat = " ".join(source.split())
    return flat if len(flat) <= 60 else flat[:59] + "…"


def check_plain(diagram: Diagram) -> Iterator[Finding]:
    """Evaluated texts hold text only: what is checked is exactly what is read at run time."""
    for element in diagram.root.iter(AnyTag):
        if local(element) in EVALUATED and len(element):
            yield finding(
                diagram.file,
                element,
                "expression.markup",
                "表达式里夹着 XML 元素，请只写文字。",
                "an expression must be plain text",
            )


def check_conditions(diagram: Diagram, functions: Collection[str] | None) -> Iterator[Finding]:
    """Every condition is an expression of our language."""
    for scope in diagram.scopes():
        for flow in scope.flows:
            source = text(flow.condition)
            if flow.condition is None or not source.strip():
                continue
            language = flow.condition.get("language", SCRIPT_FORMAT)
            if language not in {SCRIPT_FORMAT, ""}:
                yield finding(
                    diagram.file,
                    flow.element,
                    "condition.language",
                    f"条件的语言“{short(language)}”不能使用，请改用本系统的表达式并删去语言设置。",
                    f"condition language {language[:40]} is not supported",
                )
            yield from check_expression(diagram.file, flow.element, source, functions, "条件", boolean=True)


def check_scripts(diagram: Diagram, functions: Collection[str] | None) -> Iterator[Finding]:
    """Script tasks are assignments of our language; Python and everything else is refused."""
    for _, node in diagram.nodes():
        if node.kind != "scriptTask":
            continue
        source, language = text(first(node.element, "script")), node.element.get("scriptFormat", "").strip().lower()
        if language != SCRIPT_FORMAT:
            code = "script.python" if "python" in language else "script.language"
            yield finding(
                diagram.file,
                node.element,
                code,
                f"脚本语言“{short(language) or '未填写'}”不能使用，请把脚本格式填成 lianxin，只写“名称 = 表达式”。",
                "only scripts of the format 'lianxin' are allowed: name = expression",
            )
        elif source.strip():
            yield from check_expression(diagram.file, node.element, source, functions, "脚本", kind="script")
        else:
            yield finding(
                diagram.file, node.element, "script.empty", "没有写脚本，请填写或删去这一环节。", "has no script"
            )


def check_arguments(diagram: Diagram, functions: Collection[str] | None) -> Iterator[Finding]:
    """Arguments of operations have distinct names and valid expressions."""
    for _, node in diagram.nodes():
        seen: set[str] = set()
        for argument in (
            item
            for holder in children(node.element, "extensionElements")
            for item in holder.iter(f"{{{LIANXIN}}}argument")
        ):
            name = argument.get("name", "")
            if not _NAME.fullmatch(name) or name in seen:
                yield finding(
                    diagram.file,
                    node.element,
                    "argument.name",
                    f"参数名“{short(name)}”重复或不合规，只能用字母、数字、下划线，每个名称一次。",
                    "argument names are distinct identifiers",
                )
            seen.add(name)
            yield from check_expression(
                diagram.file, node.element, argument.get("value", ""), functions, f"参数 {name} "
            )


def check_repetition(diagram: Diagram, functions: Collection[str] | None) -> Iterator[Finding]:
    """Multi-instance and loops are bounded."""
    for _, node in diagram.nodes():
        for marker in node.element.iterchildren(AnyTag):
            if local(marker) == "multiInstanceLoopCharacteristics":
                yield from _check_multi(diagram.file, node, functions)
            elif local(marker) == "standardLoopCharacteristics":
                yield from _check_loop(diagram.file, node, marker, functions)


def _check_multi(file: str, node: Node, functions: Collection[str] | None) -> Iterator[Finding]:
    repeat = read_repeat(node.element)
    if repeat is None or repeat.loop:
        return
    if not repeat.count and not repeat.collection:
        yield finding(
            file,
            node.element,
            "multi.missing",
            "多实例没有写次数或集合，请填写其中一种。",
            "multi-instance needs a cardinality or a collection",
        )
    for source, what in (
        (repeat.count, "多实例次数"),
        (repeat.collection, "多实例集合"),
        (repeat.until, "多实例完成条件"),
    ):
        if source.strip():
            yield from check_expression(file, node.element, source, functions, what, boolean=what.endswith("条件"))
    yield from _check_names(file, node, repeat)
    yield from _check_count(file, node, repeat.count, "多实例次数")


def _check_names(file: str, node: Node, repeat: Repeat) -> Iterator[Finding]:
    for name in (repeat.item, repeat.result, repeat.results):
        if name and not _NAME.fullmatch(name):
            yield finding(
                file,
                node.element,
                "multi.name",
                f"多实例里的名称“{short(name)}”不合规，只能用字母、数字、下划线，且以字母开头。",
                "names of elements and results are identifiers",
            )


def _check_loop(file: str, node: Node, marker: _Element, functions: Collection[str] | None) -> Iterator[Finding]:
    limit, condition = marker.get("loopMaximum", ""), text(first(marker, "loopCondition"))
    if not limit.strip() and not condition.strip():
        yield finding(
            file,
            node.element,
            "loop.missing",
            "循环既没有写条件，也没有写最多次数，永远不会停，请至少填写一种。",
            "the loop has neither a condition nor a maximum",
        )
    elif not limit.strip():
        yield finding(
            file,
            node.element,
            "loop.maximum",
            f"循环没有写最多次数，请填写 1 到 {MAX_CARDINALITY}。",
            "the loop needs loopMaximum",
        )
    yield from _check_count(file, node, limit, "循环最多次数")
    if condition.strip():
        yield from check_expression(file, node.element, condition, functions, "循环条件", boolean=True)


def _check_count(file: str, node: Node, source: str, what: str) -> Iterator[Finding]:
    try:
        count = expressions.compile(source).constant()
    except expressions.ExpressionError:
        return
    if count is not None and (
        isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MAX_CARDINALITY
    ):
        yield finding(
            file,
            node.element,
            "multi.range",
            f"{what}必须是 1 到 {MAX_CARDINALITY} 的整数，请改小。",
            f"must be a whole number from 1 to {MAX_CARDINALITY}",
        )
