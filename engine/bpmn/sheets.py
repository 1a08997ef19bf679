"""Decision tables as people fill them in: a .dmn file read into plain rows, and rows written back into the same file.
What rows do not say (types, annotations, descriptions, drawings) stays as it was."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lxml import etree
from lxml.etree import _Element

from engine.bpmn.findings import Finding, Refused
from engine.bpmn.guard import load

EMPTY_TABLE = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="{key}_definitions" name=""
 namespace="urn:lianxin:tables">
  <decision id="{key}" name="">
    <decisionTable id="{key}_table" hitPolicy="FIRST">
      <input id="input_1"><inputExpression id="input_1_expression"><text>tier</text></inputExpression></input>
      <output id="output_1" name="result" />
    </decisionTable>
  </decision>
</definitions>
"""


@dataclass(frozen=True)
class Column:
    """One column: `source` is the expression of an input, the name of an output."""

    id: str
    label: str
    source: str


@dataclass(frozen=True)
class Row:
    """One rule: its cells, those of the inputs first."""

    id: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """One decision table."""

    id: str
    name: str
    policy: str
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, as the cells of a row stand."""
        return self.inputs + self.outputs


def read_sheets(data: bytes, name: str) -> list[Sheet]:
    """The decision tables of one .dmn file, in order. Refused for what is no safe DMN file or has a rule of another
    width than its table, which only the text can mend."""
    return [_sheet(decision, table, name) for decision, table in _tables(load(data, name).getroot())]


def write_sheet(data: bytes, name: str, sheet: Sheet) -> bytes:
    """The file with this table in place of the one with its id: columns and rows are matched by id, new ones added, the
    rest of the file is kept. The same bytes when nothing changed; Refused as in `read_sheets`, KeyError without such a
    table."""
    old = {one.id: one for one in read_sheets(data, name)}[sheet.id]
    if old == sheet:
        return data
    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    decision, table = next(pair for pair in _tables(root) if pair[0].get("id", "") == sheet.id)
    _set(decision, "name", sheet.name, old.name)
    if sheet.policy != old.policy:
        table.set("hitPolicy", sheet.policy)
    _Writer(root, table, old).write(sheet)
    etree.indent(decision, "  ", level=1)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written


def new_table(key: str, name: str) -> bytes:
    """A .dmn file with one table of one condition and one result, to begin with; `key` is an identifier."""
    root = etree.fromstring(EMPTY_TABLE.format(key=key).encode())
    for element in (root, root[0]):
        element.set("name", name)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written


def _tables(root: _Element) -> Iterator[tuple[_Element, _Element]]:
    for decision in root.iterfind("{*}decision"):
        table = decision.find("{*}decisionTable")
        if table is not None:
            yield decision, table


def _sheet(decision: _Element, table: _Element, file: str) -> Sheet:
    inputs = tuple(
        Column(item.get("id") or f"input_{n}", item.get("label", ""), _text(item.find("{*}inputExpression")))
        for n, item in enumerate(table.findall("{*}input"), start=1)
    )
    outputs = tuple(
        Column(item.get("id") or f"output_{n}", item.get("label", ""), item.get("name", ""))
        for n, item in enumerate(table.findall("{*}output"), start=1)
    )
    rows = tuple(
        Row(rule.get("id") or f"rule_{n}", tuple(_text(cell) for cell in _cells(rule)))
        for n, rule in enumerate(table.findall("{*}rule"), start=1)
    )
    wrong = next((n for n, row in enumerate(rows, 1) if len(row.cells) != len(inputs) + len(outputs)), None)
    if wrong is not None:
        zh = f"第 {wrong} 条规则的格数和表头不一致，请先在文本中改正。"
        raise Refused([Finding("decision.width", "error", file, decision.get("id", ""), zh, "rule does not fit")])
    policy = table.get("hitPolicy", "UNIQUE")
    return Sheet(decision.get("id", ""), decision.get("name", ""), policy, inputs, outputs, rows)


def _cells(rule: _Element) -> list[_Element]:
    return [*rule.findall("{*}inputEntry"), *rule.findall("{*}outputEntry")]


def _text(item: _Element | None) -> str:
    found = item.find("{*}text") if item is not None else None
    return "".join(found.itertext()).strip() if found is not None else ""


def _set(element: _Element, name: str, value: str, old: str = "") -> None:
    if value != old:
        if value:
            element.set(name, value)
        else:
            element.attrib.pop(name, None)


class _Writer:
    """Puts the columns and rows of a sheet into the table they were read from."""

    def __init__(self, root: _Element, table: _Element, old: Sheet) -> None:
        self.table, self.old, self.space = table, old, etree.QName(table).namespace
        self.taken = {value for element in root.iter(etree.Element) if (value := element.get("id"))}
        self.inputs = self._by_id("input", old.inputs)
        self.outputs = self._by_id("output", old.outputs)
        self.rules = self._by_id("rule", old.rows)

    def write(self, sheet: Sheet) -> None:
        """Replace columns and rules; what else the table holds keeps its place before the rules."""
        before = [column.id for column in self.old.columns]
        inputs = [self._input(column) for column in sheet.inputs]
        outputs = [self._output(column) for column in sheet.outputs]
        rules = [self._rule(row, sheet, before) for row in sheet.rows]
        kept = [child for child in self.table if etree.QName(child).localname not in ("input", "output", "rule")]
        for child in list(self.table):
            self.table.remove(child)
        first = [child for child in kept if etree.QName(child).localname in ("description", "extensionElements")]
        rest = [child for child in kept if child not in first]
        self.table.extend([*first, *inputs, *outputs, *rest, *rules])

    def _by_id(self, tag: str, read: Sequence[Column | Row]) -> dict[str, _Element]:
        return dict(zip([item.id for item in read], self.table.findall(f"{{*}}{tag}"), strict=True))

    def _input(self, column: Column) -> _Element:
        element = self._kept(self.inputs, "input", column.id)
        _set(element, "label", column.label, element.get("label", ""))
        expression = element.find("{*}inputExpression")
        if expression is None:
            expression = self._add(element, "inputExpression", f"{column.id}_expression")
        self._write_text(expression, column.source)
        return element

    def _output(self, column: Column) -> _Element:
        element = self._kept(self.outputs, "output", column.id)
        _set(element, "label", column.label, element.get("label", ""))
        _set(element, "name", column.source, element.get("name", ""))
        return element

    def _rule(self, row: Row, sheet: Sheet, before: list[str]) -> _Element:
        element = self._kept(self.rules, "rule", row.id)
        old = dict(zip(before, _cells(element), strict=True)) if row.id in self.rules else {}
        rest = [child for child in element if etree.QName(child).localname not in ("inputEntry", "outputEntry")]
        for child in list(element):
            element.remove(child)
        element.extend(child for child in rest if etree.QName(child).localname == "description")
        for number, (column, text) in enumerate(zip(sheet.columns, row.cells, strict=True)):
            tag = "inputEntry" if number < len(sheet.inputs) else "outputEntry"
            cell = old.get(column.id)
            if cell is None:
                cell = self._add(element, tag, f"{row.id}_{column.id.removeprefix('input_').removeprefix('output_')}")
            else:
                element.append(cell)
            self._write_text(cell, text)
        element.extend(child for child in rest if etree.QName(child).localname != "description")
        return element

    def _kept(self, known: dict[str, _Element], tag: str, wanted: str) -> _Element:
        element = known.get(wanted)
        if element is None:
            element = etree.Element(f"{{{self.space}}}{tag}")
            element.set("id", self._free(wanted))
        elif not element.get("id"):
            element.set("id", self._free(wanted))
        return element

    def _add(self, parent: _Element, tag: str, wanted: str) -> _Element:
        element = etree.SubElement(parent, f"{{{self.space}}}{tag}")
        element.set("id", self._free(wanted))
        return element

    def _free(self, wanted: str) -> str:
        name = free_name(wanted, self.taken)
        self.taken.add(name)
        return name

    def _write_text(self, element: _Element, text: str) -> None:
        found = element.find("{*}text")
        if found is None:
            found = etree.SubElement(element, f"{{{self.space}}}text")
        if _text(element) != text:
            for child in list(found):
                found.remove(child)
            found.text = text


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or the next name of its kind nobody has: rule_3 → rule_4."""
    known = set(taken)
    stem, number = re.fullmatch(r"(.*?)_?(\d*)", wanted, re.DOTALL).groups()  # type: ignore[union-attr]
    name, count = wanted, int(number or 1)
    while name in known:
        count += 1
        name = f"{stem}_{count}"
    return name
