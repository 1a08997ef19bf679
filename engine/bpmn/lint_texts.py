"""Lint of everything in a diagram that will be evaluated: conditions, timers, scripts, arguments, multi-instance counts."""

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

from lxml.etree import Element as AnyTag
from lxml.etree import _Element

from engine.bpmn import expressions
from engine.bpmn.findings import Finding
from engine.bpmn.guard import LIANXIN
from engine.bpmn.outline import Diagram, Node, children, finding, first, local, text
from engine.bpmn.timers import MIN_PERIOD, add, is_literal

SCRIPT_FORMAT = "lianxin"
MAX_CARDINALITY = 200
MAX_WAIT = timedelta(days=3660)
MAX_REPEATS = 1_000
YEARS = range(2000, 2038)
TIMER_KINDS = ("timeDate", "timeDuration", "timeCycle")
EVALUATED = frozenset({*TIMER_KINDS, "conditionExpression", "script", "loopCardinality", "completionCondition", "loopCondition"})

_BASE = datetime(2026, 1, 1, tzinfo=UTC)
_LOOKS_ISO = re.compile(r"\s*(R\d*/|[+-]?P(?=[\dT])|[+-]?\d{4}-\d\d-|(\S+\s+){4,6}\S+\s*$(?<=[*?\d]))")
_NAME = re.compile(r"[^\W\d_]\w*")


def check_expression(file: str, element: _Element, source: str, functions: Collection[str] | None, what: str, *,
                     kind: expressions.Kind = "expression", boolean: bool = False) -> Iterator[Finding]:
    """Findings on one text, with the position inside the text; `what` names its place ('条件', '参数 days')."""
    problems = expressions.check(source, functions, kind=kind)
    if not problems and boolean and not _may_decide(source):
        problems = [expressions.Problem("boolean", 1, 1, "条件必须得出“是”或“否”，请写成比较，例如 x == \"…\"",
                                        "a condition must be true or false")]
    for problem in problems:
        yield finding(file, element, f"expression.{problem.code}",
                      f"{what}“{_short(source)}”第 {problem.line} 行第 {problem.column} 列：{problem.message}。",
                      f"{problem.message_en} (line {problem.line}, column {problem.column} of the text)",
                      position=(problem.line, problem.column))


def _may_decide(source: str) -> bool:
    """False when the whole condition is a literal that is neither true nor false."""
    try:
        return expressions.compile(source).constant() in (None, True, False)
    except expressions.ExpressionError:
        return False


def _short(source: str) -> str:
    flat = " ".join(source.split())
    return flat if len(flat) <= 60 else flat[:59] + "…"


def check_plain(diagram: Diagram) -> Iterator[Finding]:
    """Evaluated texts hold text only: what is checked is exactly what is read at run time."""
    for element in diagram.root.iter(AnyTag):
        if local(element) in EVALUATED and len(element):
            yield finding(diagram.file, element, "expression.markup", "表达式里夹着 XML 元素，请只写文字。", "an expression must be plain text")


def check_conditions(diagram: Diagram, functions: Collection[str] | None) -> Iterator[Finding]:
    """Every condition is an expression of our language."""
    for scope in diagram.scopes():
        for flow in scope.flows:
            source = text(flow.condition)
            if flow.condition is None or not source.strip():
                continue
            language = flow.condition.get("language", SCRIPT_FORMAT)
            if language not in {SCRIPT_FORMAT, ""}:
                yield finding(diagram.file, flow.element, "condition.language",
                              f"条件的语言“{_short(language)}”不能使用，请改用本系统的表达式并删去语言设置。",
                              f"condition language {language[:40]} is not supported")
            yield from check_expression(diagram.file, flow.element, source, functions, "条件", boolean=True)


def check_scripts(diagram: Diagram, functions: Collection[str] | None) -> Iterator[Finding]:
    """Script tasks are assignments of our language; Python and everything else is refused."""
    for _, node in diagram.nodes():
        if node.kind != "scriptTask":
            continue
        source, language = text(first(node.element, "script")), node.element.get("scriptFormat", "").strip().lower()
        if language != SCRIPT_FORMAT:
            code = "script.python" if "python" in language else "script.language"
            yield finding(diagram.file, node.element, code,
                          f"脚本语言“{_short(language) or '未填写'}”不能使用，请把脚本格式填成 lianxin，只写“名称 = 表达式”。",
                          "only scripts of the format 'lianxin' are allowed: name = expression")
        elif source.strip():
            yield from check_expression(diagram.file, node.element, source, functions, "脚本", kind="script")
        else:
            yield finding(diagram.file, node.element, "script.empty", "没有写脚本，请填写或删去这一环节。", "has no script")


def check_arguments(diagram: Diagram, functions: Collection[str] | None) -> Iterator[Finding]:
    """Arguments of operations have distinct names and valid expressions."""
    for _, node in diagram.nodes():
        seen: set[str] = set()
        for argument in (item for holder in children(node.element, "extensionElements")
                         for item in holder.iter(f"{{{LIANXIN}}}argument")):
            name = argument.get("name", "")
            if not _NAME.fullmatch(name) or name in seen:
                yield finding(diagram.file, node.element, "argument.name",
                              f"参数名“{_short(name)}”重复或不合规，只能用字母、数字、下划线，每个名称一次。",
                              "argument names are distinct identifiers")
            seen.add(name)
            yield from check_expression(diagram.file, node.element, argument.get("value", ""), functions, f"参数 {name} ")


def check_timers(diagram: Diagram, functions: Collection[str] | None) -> Iterator[Finding]:
    """Every timer has exactly one value that can be a time, and no period under a minute."""
    for _, node in diagram.nodes():
        for definition in (child for child in node.element if local(child) == "timerEventDefinition"):
            values = [child for kind in TIMER_KINDS for child in children(definition, kind)]
            if len(values) != 1 or not text(values[0]).strip():
                yield finding(diagram.file, node.element, "timer.missing",
                              "定时没有填写，或填了不止一种，请在日期、时长、周期中填写一种。", "needs exactly one time value")
            else:
                yield from _check_time(diagram.file, node, values[0], functions)


def _check_time(file: str, node: Node, value: _Element, functions: Collection[str] | None) -> Iterator[Finding]:
    source, kind = text(value), local(value)
    if _outer_blanks(source) and is_literal(source):
        yield finding(file, node.element, "timer.blank", f"时间“{_short(source)}”前后有空格，请删去。", "blanks around a time value")
    elif is_literal(source):
        fault = literal_fault(kind, source.strip())
        if fault:
            yield finding(file, node.element, *fault)
    elif _LOOKS_ISO.match(source):
        yield finding(file, node.element, "timer.invalid",
                      f"时间“{_short(source)}”看不懂，请写成 2026-11-23、P10D、R3/PT24H 或 working_days(…) 这样的表达式。",
                      "not a valid ISO 8601 date, duration or cycle, nor an expression")
    else:
        yield from check_expression(file, node.element, source, functions, "时间")


def _outer_blanks(source: str) -> bool:
    return "\n" not in source and source != source.strip()


def literal_fault(kind: str, source: str) -> tuple[str, str, str] | None:
    """What is wrong with an ISO literal in a timer of this kind: code, Chinese, English; None when it is fine."""
    shape = "cycle" if source.startswith("R") else "duration" if source.startswith("P") else "date"
    fitting = {"timeDate": {"date", "duration"}, "timeDuration": {"duration"}, "timeCycle": {"cycle"}}[kind]
    if shape not in fitting or kind == "timeDate" and shape == "duration":
        return ("timer.kind", f"“{_short(source)}”和定时的种类不符：日期写 2026-11-23，时长写 P10D，周期写 R3/PT24H。",
                f"a {shape} does not fit {kind}")
    try:
        return {"date": _date_fault, "duration": _duration_fault, "cycle": _cycle_fault}[shape](source)
    except (ValueError, OverflowError):
        return ("timer.invalid", f"时间“{_short(source)}”不存在或太大，请改正。", "no such time, or too large")


def _date_fault(source: str) -> tuple[str, str, str] | None:
    year = datetime.fromisoformat(source).year
    if year not in YEARS:
        return ("timer.range", f"日期“{_short(source)}”不在 {YEARS[0]}–{YEARS[-1]} 年之间，请改正。",
                f"the year must lie within {YEARS[0]}–{YEARS[-1]}")
    return None


def _duration_fault(source: str) -> tuple[str, str, str] | None:
    span = add(_BASE, source) - _BASE
    if not MIN_PERIOD <= span <= MAX_WAIT:
        return ("timer.range", f"时长“{_short(source)}”太短或太长，请在一分钟到十年之间填写。", "must lie between one minute and ten years")
    return None


def _cycle_fault(source: str) -> tuple[str, str, str] | None:
    times, *middle, period = source.removeprefix("R").split("/")
    span = add(_BASE, period) - _BASE
    if not MIN_PERIOD <= span <= MAX_WAIT:
        return ("timer.period", f"周期“{_short(source)}”的间隔必须在一分钟到十年之间，请改正。", "the period must lie between one minute and ten years")
    if times and not 1 <= int(times[:9]) <= MAX_REPEATS:
        return ("timer.repeats", f"周期“{_short(source)}”的次数必须在 1 到 {MAX_REPEATS} 之间，请改正。", f"repeat between 1 and {MAX_REPEATS} times")
    return _date_fault(middle[0]) if middle and not middle[0].startswith("P") else None


def check_repetition(diagram: Diagram, functions: Collection[str] | None) -> Iterator[Finding]:
    """Multi-instance and loops are bounded."""
    for _, node in diagram.nodes():
        for marker in node.element.iterchildren(AnyTag):
            if local(marker) == "multiInstanceLoopCharacteristics":
                yield from _check_multi(diagram.file, node, marker, functions)
            elif local(marker) == "standardLoopCharacteristics":
                yield from _check_loop(diagram.file, node, marker, functions)


def _check_multi(file: str, node: Node, marker: _Element, functions: Collection[str] | None) -> Iterator[Finding]:
    count, collection = text(first(marker, "loopCardinality")), marker.get(f"{{{LIANXIN}}}collection", "")
    if not count.strip() and not collection.strip() and not text(first(marker, "loopDataInputRef")).strip():
        yield finding(file, node.element, "multi.missing", "多实例没有写次数或集合，请填写其中一种。",
                      "multi-instance needs a cardinality or a collection")
    for source, what in ((count, "多实例次数"), (collection, "多实例集合"), (text(first(marker, "completionCondition")), "多实例完成条件")):
        if source.strip():
            yield from check_expression(file, node.element, source, functions, what, boolean=what.endswith("条件"))
    yield from _check_count(file, node, count, "多实例次数")


def _check_loop(file: str, node: Node, marker: _Element, functions: Collection[str] | None) -> Iterator[Finding]:
    limit, condition = marker.get("loopMaximum", ""), text(first(marker, "loopCondition"))
    if not limit.strip():
        yield finding(file, node.element, "loop.maximum", f"循环没有写最多次数，请填写 1 到 {MAX_CARDINALITY}。", "the loop needs loopMaximum")
    yield from _check_count(file, node, limit, "循环最多次数")
    if condition.strip():
        yield from check_expression(file, node.element, condition, functions, "循环条件", boolean=True)


def _check_count(file: str, node: Node, source: str, what: str) -> Iterator[Finding]:
    try:
        count = expressions.compile(source).constant()
    except expressions.ExpressionError:
        return
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MAX_CARDINALITY):
        yield finding(file, node.element, "multi.range", f"{what}必须是 1 到 {MAX_CARDINALITY} 的整数，请改小。",
                      f"must be a whole number from 1 to {MAX_CARDINALITY}")
