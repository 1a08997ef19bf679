"""Lint of timers: one value each, a literal within bounds or an expression of our language."""

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

from lxml.etree import _Element

from engine.bpmn.findings import Finding
from engine.bpmn.lint_texts import check_expression, short
from engine.bpmn.outline import Diagram, Node, children, finding, local, text
from engine.bpmn.timers import MIN_PERIOD, add, is_literal

MAX_WAIT = timedelta(days=3660)
MAX_REPEATS = 1_000
YEARS = range(2000, 2038)
TIMER_KINDS = ("timeDate", "timeDuration", "timeCycle")

_BASE = datetime(2026, 1, 1, tzinfo=UTC)
_LOOKS_ISO = re.compile(r"\s*(R\d*/|[+-]?P(?=[\dT])|[+-]?\d{4}-\d\d-|(\S+\s+){4,6}\S+\s*$(?<=[*?\d]))")


def check_timers(diagram: Diagram, functions: Collection[str] | None) -> Iterator[Finding]:
    """Every timer has exactly one value that can be a time, and no period under a minute."""
    for _, node in diagram.nodes():
        for definition in (child for child in node.element if local(child) == "timerEventDefinition"):
            values = [child for kind in TIMER_KINDS for child in children(definition, kind)]
            if len(values) != 1 or not text(values[0]).strip():
                yield finding(
                    diagram.file,
                    node.element,
                    "timer.missing",
                    "定时没有填写，或填了不止一种，请在日期、时长、周期中填写一种。",
                    "needs exactly one time value",
                )
            else:
                yield from _check_time(diagram.file, node, values[0], functions)


def _check_time(file: str, node: Node, value: _Element, functions: Collection[str] | None) -> Iterator[Finding]:
    source, kind = text(value), local(value)
    if _outer_blanks(source) and is_literal(source):
        yield finding(
            file,
            node.element,
            "timer.blank",
            f"时间“{short(source)}”前后有空格，请删去。",
            "blanks around a time value",
        )
    elif is_literal(source):
        fault = literal_fault(kind, source.strip())
        if fault:
            yield finding(file, node.element, *fault)
    elif _LOOKS_ISO.match(source):
        yield finding(
            file,
            node.element,
            "timer.invalid",
            f"时间“{short(source)}”看不懂，请写成 2026-11-23、P10D、R3/PT24H 或 working_days(…) 这样的表达式。",
            "not a valid ISO 8601 date, duration or cycle, nor an expression",
        )
    else:
        yield from check_expression(file, node.element, source, functions, "时间")


def _outer_blanks(source: str) -> bool:
    return "\n" not in source and source != source.strip()


def literal_fault(kind: str, source: str) -> tuple[str, str, str] | None:
    """What is wrong with an ISO literal in a timer of this kind: code, Chinese, English; None when it is fine."""
    shape = "cycle" if source.startswith("R") else "duration" if source.startswith("P") else "date"
    fitting = {"timeDate": {"date", "duration"}, "timeDuration": {"duration"}, "timeCycle": {"cycle"}}[kind]
    if shape not in fitting or (kind == "timeDate" and shape == "duration"):
        return (
            "timer.kind",
            f"“{short(source)}”和定时的种类不符：日期写 2026-11-23，时长写 P10D，周期写 R3/PT24H。",
            f"a {shape} does not fit {kind}",
        )
    try:
        return {"date": _date_fault, "duration": _duration_fault, "cycle": _cycle_fault}[shape](source)
    except (ValueError, OverflowError):
        return ("timer.invalid", f"时间“{short(source)}”不存在或太大，请改正。", "no such time, or too large")


def _date_fault(source: str) -> tuple[str, str, str] | None:
    year = datetime.fromisoformat(source).year
    if year not in YEARS:
        return (
            "timer.range",
            f"日期“{short(source)}”不在 {YEARS[0]}–{YEARS[-1]} 年之间，请改正。",
            f"the year must lie within {YEARS[0]}–{YEARS[-1]}",
        )
    return None


def _duration_fault(source: str) -> tuple[str, str, str] | None:
    span = add(_BASE, source) - _BASE
    if not MIN_PERIOD <= span <= MAX_WAIT:
        return (
            "timer.range",
            f"时长“{short(source)}”太短或太长，请在一分钟到十年之间填写。",
            "must lie between one minute and ten years",
        )
    return None


def _cycle_fault(source: str) -> tuple[str, str, str] | None:
    times, *middle, period = source.removeprefix("R").split("/")
    span = add(_BASE, period) - _BASE
    if not MIN_PERIOD <= span <= MAX_WAIT:
        return (
            "timer.period",
            f"周期“{short(source)}”的间隔必须在一分钟到十年之间，请改正。",
            "the period must lie between one minute and ten years",
        )
    if times and not 1 <= int(times[:9]) <= MAX_REPEATS:
        return (
            "timer.repeats",
            f"周期“{short(source)}”的次数必须在 1 到 {MAX_REPEATS} 之间，请改正。",
            f"repeat between 1 and {MAX_REPEATS} times",
        )
    return _date_fault(middle[0]) if middle and not middle[0].startswith("P") else None
