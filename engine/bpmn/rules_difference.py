"""What changed between the decision tables of two versions, rule by rule."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml.etree import _Element

from engine.bpmn.change import Change
from engine.bpmn.guard import load

CELLS = ("inputEntry", "outputEntry")


@dataclass(frozen=True)
class _Table:
    """A decision table as written: columns, and the cells of each rule by its id (or its number)."""

    file: str
    name: str
    policy: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rules: Mapping[str, tuple[str, ...]]


def rule_changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[Change]:
    """The changes between the .dmn files of two versions; Refused when one of them is no safe XML."""
    before, after = _tables(old), _tables(new)
    found: list[Change] = []
    for key, table in after.items():
        if key in before:
            found += _changes(key, before[key], table)
        else:
            found.append(Change("table", key, table.file, None, table.name, f"新增决策表“{table.name}”。"))
    for key, table in before.items():
        if key not in after:
            found.append(Change("table", key, table.file, table.name, None, f"删去决策表“{table.name}”。"))
    return found


def _tables(files: Mapping[str, bytes]) -> dict[str, _Table]:
    roots = {name: load(data, name).getroot() for name, data in sorted(files.items()) if name.endswith(".dmn")}
    return {
        decision.get("id", ""): _table(decision, file) for file, root in roots.items()
        for decision in root.iter("{*}decision")
    }  # fmt: skip


def _table(decision: _Element, file: str) -> _Table:
    rules = {
        rule.get("id") or f"第 {number} 条": tuple(_text(cell) for cell in rule if _local(cell) in CELLS)
        for number, rule in enumerate(decision.iter("{*}rule"), start=1)
    }
    table = next(decision.iter("{*}decisionTable"), None)
    return _Table(
        file, decision.get("name") or decision.get("id", ""),
        table.get("hitPolicy", "UNIQUE") if table is not None else "",
        tuple(item.get("label") or _text(item) for item in decision.iter("{*}input")),
        tuple(item.get("label") or item.get("name", "") for item in decision.iter("{*}output")), rules,
    )  # fmt: skip


def _local(element: _Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _text(element: _Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _changes(key: str, old: _Table, new: _Table) -> Iterator[Change]:
    if old.policy != new.policy:
        sentence = f"决策表“{new.name}”的命中策略由 {old.policy} 改为 {new.policy}。"
        yield Change("table", key, new.file, old.policy, new.policy, sentence)
    for word, columns in (("条件", (old.inputs, new.inputs)), ("结果", (old.outputs, new.outputs))):
        if columns[0] != columns[1]:
            texts = "、".join(columns[0]), "、".join(columns[1])
            sentence = f"决策表“{new.name}”的{word}列由“{texts[0]}”改为“{texts[1]}”。"
            yield Change("table", key, new.file, *texts, sentence)
    numbers = {rule: number for number, rule in enumerate(new.rules, start=1)}
    for rule, cells in new.rules.items():
        known = old.rules.get(rule)
        where = f"决策表“{new.name}”第 {numbers[rule]} 条规则"
        if known is None:
            yield Change("rule", rule, new.file, None, _row(new, cells), f"{where}是新增的：{_row(new, cells)}。")
        elif known != cells:
            before, after = _row(old, known), _row(new, cells)
            yield Change("rule", rule, new.file, before, after, f"{where}由“{before}”改为“{after}”。")
    for number, (rule, cells) in enumerate(old.rules.items(), start=1):
        if rule not in new.rules:
            text = _row(old, cells)
            yield Change("rule", rule, new.file, text, None, f"删去决策表“{new.name}”原第 {number} 条规则：{text}。")
    kept = [rule for rule in old.rules if rule in new.rules]
    if kept != [rule for rule in new.rules if rule in old.rules]:
        sentence = f"决策表“{new.name}”的规则换了次序。"
        yield Change("rule", key, new.file, "、".join(kept), "、".join(new.rules), sentence)


def _row(table: _Table, cells: tuple[str, ...]) -> str:
    inputs = [f"{name} {cell}" for name, cell in zip(table.inputs, cells, strict=False) if cell not in ("", "-")]
    outputs = [f"{name} {cell}" for name, cell in zip(table.outputs, cells[len(table.inputs) :], strict=False) if cell]
    return f"{'，'.join(inputs) or '任何情况'} → {'，'.join(outputs) or '无'}"
