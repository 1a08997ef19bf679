"""Decision tables in the editor: what is wrong with each cell, what a cell says in words, and the acts on rows and
columns. Hit policies are those the engine runs; the cells are texts of our own expression language (decision 0015)."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from engine.bpmn.cells import check_input, check_result
from engine.bpmn.expressions import Problem, check
from engine.bpmn.sheets import Column, Row, Sheet, free_name
from engine.catalogue import FUNCTIONS, labels
from engine.errors import Invalid
from engine.sheets.marks import Mark, unusable

POLICIES = {
    "FIRST": "取第一条成立的规则",
    "UNIQUE": "只许一条规则成立",
    "ANY": "可有几条成立，结果须相同",
}
MAX_ROWS, MAX_COLUMNS = 500, 20
_LITERAL = re.compile(r"""(["'])((?:(?!\1).)*)\1""")
_NAME = re.compile(r"[^\W\d_]\w*")
Words = Mapping[str, Mapping[str, str]]


def check_sheet(sheet: Sheet, known: Collection[str]) -> list[Mark]:
    """Everything wrong with a table, by the names of the page's inputs; `known` are the names its expressions may
    read beside the facts of a case."""
    names = {*labels.FACTS, *labels.RESULTS, *known}
    found = list(_head(sheet, names))
    for row, one in enumerate(sheet.rows):
        for column, cell in enumerate(one.cells):
            look = check_input if column < len(sheet.inputs) else check_result
            where = f"第 {row + 1} 条 {sheet.columns[column].label or sheet.columns[column].source}"
            found += _marks(f"cell-{row}-{column}", cell, look, names, where)
    return found


def in_words(cell: str, column: Column, words: Words) -> str:
    """A cell of texts as people say it: the words of the codes it names, "" when it names none. `words` holds the
    codes of each fact."""
    table = {code: word for codes in words.values() for code, word in codes.items()}
    own = next((codes for name, codes in words.items() if column.source.endswith(name)), {})
    said = [own.get(found[2]) or table.get(found[2], "") for found in _LITERAL.finditer(cell)]
    if not all(said):
        return ""
    label = labels.FACTS[cell.strip()].label if cell.strip() in labels.FACTS else ""
    return "、".join(said) or (f"照“{label}”" if label else "")


def _head(sheet: Sheet, names: Collection[str]) -> Iterator[Mark]:
    if not sheet.name.strip():
        yield Mark("name", "决策表还没有名称。")
    if sheet.policy not in POLICIES:
        yield Mark("policy", "这种命中方式不能使用，请另选一种。")
    if not sheet.outputs:
        yield Mark("name", "至少要有一个结果列。")
    for number, column in enumerate(sheet.inputs):
        place = f"source-{number}"
        yield from _marks(place, column.source, _expression, names, f"条件列 {number + 1}")
    seen: set[str] = set()
    for number, column in enumerate(sheet.outputs, start=len(sheet.inputs)):
        if not _NAME.fullmatch(column.source) or column.source in seen:
            yield Mark(f"source-{number}", "结果列要有代号，只用字母、数字、下划线，每列不同。")
        seen.add(column.source)


def _expression(text: str, functions: Collection[str] | None, names: Collection[str] | None) -> list[Problem]:
    return check(text, functions, names=names)


def _marks(
    place: str, text: str, look: Callable[..., list[Problem]], names: Collection[str], what: str
) -> Iterator[Mark]:
    if sentence := unusable(text, lines=True):
        yield Mark(place, sentence, where=what)
        return
    problems, severity = look(text, FUNCTIONS, None), "error"
    if not problems:  # a name we do not know may come from a script of the diagram
        problems, severity = look(text, FUNCTIONS, names), "warning"
    for problem in problems[:1]:
        line = f"第 {problem.line} 行" if problem.line > 1 else ""
        sentence = f"{line}第 {problem.column} 字：{problem.message}。"
        yield Mark(place, sentence, problem.line, problem.column, severity, what)


# ------------------------------------------------------------------------------------------------ acts


def act(sheet: Sheet, order: str) -> Sheet:
    """The table after one act on the page: `add:3` (a rule after the third; add:0 at the top), `copy:3`, `drop:3`,
    `up:3`, `down:3`; `input:1`, `output:1` (a column after the first), `left:2`, `right:2`, `away:2` (of all columns,
    counted from 1). An unknown or impossible act changes nothing; Invalid beyond the limits."""
    name, _, number = order.partition(":")
    at = int(number) if number.isdigit() and len(number) < 5 else -1
    if name in ("add", "copy", "drop", "up", "down"):
        return replace(sheet, rows=_rows(sheet, name, at))
    if name in ("input", "output"):
        return _add_column(sheet, name, at)
    if name in ("left", "right", "away") and 1 <= at <= len(sheet.columns):
        return _move_column(sheet, name, at - 1)
    return sheet


def _rows(sheet: Sheet, name: str, at: int) -> tuple[Row, ...]:
    rows = list(sheet.rows)
    if name == "add" and 0 <= at <= len(rows):
        rows.insert(at, Row(_new_id(sheet), ("",) * len(sheet.columns)))
    elif not 1 <= at <= len(rows):
        return sheet.rows
    elif name == "copy":
        rows.insert(at, replace(rows[at - 1], id=_new_id(sheet)))
    elif name == "drop":
        del rows[at - 1]
    else:
        move(rows, at - 1, -1 if name == "up" else 1)
    if len(rows) > MAX_ROWS:
        raise Invalid(f"一张决策表最多 {MAX_ROWS} 条规则，请拆成几张表。")
    return tuple(rows)


def move(items: list[Any], at: int, by: int) -> None:
    """Swap an item with its neighbour; at the edge nothing happens."""
    if 0 <= at + by < len(items):
        items[at], items[at + by] = items[at + by], items[at]


def _new_id(sheet: Sheet) -> str:
    return free_name(f"rule_{len(sheet.rows) + 1}", [row.id for row in sheet.rows])


def _add_column(sheet: Sheet, kind: str, at: int) -> Sheet:
    if len(sheet.columns) >= MAX_COLUMNS:
        raise Invalid(f"一张决策表最多 {MAX_COLUMNS} 列，请拆成几张表。")
    first = 0 if kind == "input" else len(sheet.inputs)
    group = list(sheet.inputs if kind == "input" else sheet.outputs)
    place = min(max(at - first, 0), len(group)) if at >= 0 else len(group)
    taken = [column.id for column in sheet.columns]
    source = "" if kind == "input" else free_name("result_1", [column.source for column in sheet.outputs])
    group.insert(place, Column(free_name(f"{kind}_1", taken), "", source))
    cells = tuple(
        replace(row, cells=(*row.cells[: first + place], "", *row.cells[first + place :])) for row in sheet.rows
    )
    return _with(sheet, f"{kind}s", group, cells)


def _move_column(sheet: Sheet, name: str, at: int) -> Sheet:
    kind = "inputs" if at < len(sheet.inputs) else "outputs"
    first = 0 if kind == "inputs" else len(sheet.inputs)
    group, order = list(getattr(sheet, kind)), list(range(len(sheet.columns)))
    if name == "away":
        if len(group) == 1 and kind == "outputs":
            raise Invalid("至少要留一个结果列。")
        del group[at - first], order[at]
    else:
        by = -1 if name == "left" else 1
        if not 0 <= at - first + by < len(group):
            return sheet
        move(group, at - first, by)
        move(order, at, by)
    rows = tuple(replace(row, cells=tuple(row.cells[number] for number in order)) for row in sheet.rows)
    return _with(sheet, kind, group, rows)


def _with(sheet: Sheet, kind: str, group: list[Column], rows: tuple[Row, ...]) -> Sheet:
    columns = tuple(group)
    if kind == "inputs":
        return replace(sheet, inputs=columns, rows=rows)
    return replace(sheet, outputs=columns, rows=rows)
