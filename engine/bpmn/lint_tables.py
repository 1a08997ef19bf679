"""Lint of decision tables (.dmn): shape, hit policy, and every cell in our language."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from lxml.etree import _Element

from engine.bpmn.decisions import POLICIES, condition
from engine.bpmn.findings import Finding
from engine.bpmn.lint_texts import check_expression
from engine.bpmn.outline import finding


def identities(root: _Element) -> list[str]:
    """The decision ids of a file."""
    return [decision.get("id", "") for decision in root.iterfind("{*}decision")]


def check_table(file: str, root: _Element, functions: Collection[str] | None) -> Iterator[Finding]:
    """Everything wrong with the decision tables of one file."""
    decisions = root.findall("{*}decision")
    if not decisions:
        yield finding(file, root, "decision.empty", "文件里没有决策表，请画一张。", "contains no decision")
    for decision in decisions:
        table = decision.find("{*}decisionTable")
        if not decision.get("id"):
            yield finding(file, decision, "id.missing", "没有编号（id），请补上。", "has no id")
        if table is None:
            yield finding(
                file, decision, "decision.shape", "只支持决策表，请改画成一张表。", "only decision tables are supported"
            )
        else:
            yield from _check_shape(file, decision, table)
            yield from _check_cells(file, table, functions)


def _check_shape(file: str, decision: _Element, table: _Element) -> Iterator[Finding]:
    policy = table.get("hitPolicy", "UNIQUE")
    if policy not in POLICIES:
        yield finding(
            file,
            decision,
            "decision.policy",
            f"命中策略 {policy[:20]} 不支持，请改用 {'、'.join(sorted(POLICIES))}。",
            f"hit policy {policy[:20]} is not supported",
        )
    inputs, outputs = table.findall("{*}input"), table.findall("{*}output")
    names = [output.get("name", "") for output in outputs]
    if (
        not outputs
        or len(set(names)) < len(names)
        or not all(name.isidentifier() and not name.startswith("_") for name in names)
    ):
        yield finding(
            file,
            decision,
            "decision.output",
            "每个输出列都要有不同的名称，只能用字母、数字和下划线。",
            "outputs need distinct identifiers as names",
        )
    for number, rule in enumerate(table.findall("{*}rule"), start=1):
        if len(rule.findall("{*}inputEntry")) != len(inputs) or len(rule.findall("{*}outputEntry")) != len(outputs):
            yield finding(
                file,
                rule,
                "decision.width",
                f"第 {number} 条规则的格数和表头不一致，请重新填写。",
                f"rule {number} does not fit the columns",
            )


def _check_cells(file: str, table: _Element, functions: Collection[str] | None) -> Iterator[Finding]:
    for number, column in enumerate(table.findall("{*}input"), start=1):
        yield from check_expression(
            file, column, _text(column.find("{*}inputExpression")), functions, f"第 {number} 列输入"
        )
    for number, rule in enumerate(table.findall("{*}rule"), start=1):
        for cell in rule.findall("{*}inputEntry"):
            source = condition(_text(cell))
            if source is not None:
                found = check_expression(file, cell, source, functions, f"第 {number} 条规则的条件格")
                # the position counts in the condition made of the cell, not in the cell itself
                yield from (replace(item, line=cell.sourceline, column=None) for item in found)
        for cell in rule.findall("{*}outputEntry"):
            if _text(cell) not in ("", "-"):
                yield from check_expression(file, cell, _text(cell), functions, f"第 {number} 条规则的结果格")


def _text(item: _Element | None) -> str:
    found = item.find("{*}text") if item is not None else None
    return "".join(found.itertext()).strip() if found is not None else ""
