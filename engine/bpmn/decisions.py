"""Decision tables (.dmn) in our own language instead of FEEL.

A table has one decision id, inputs with an expression, outputs with a name, and rules from top to bottom. Input cells:
empty or `-` (anything) · a literal or a list of literals `"街道", "区"` (equals one of them) · a comparison `< 10`,
`>= limit` · a range `[1..5]`, `(1..5]` · `not("区")` · or a whole condition on the input, which is called `value`:
`value in ["街道", "区"] and urgent`. Output cells: an expression (texts in quotes); empty gives null.

Hit policies: UNIQUE (two matching rules are an error), FIRST, ANY (all matching rules must agree). No match gives null
for every output. Outputs are merged into the token's data under their names."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml.etree import _Element

from engine.bpmn import expressions
from engine.errors import LianxinError

POLICIES = frozenset({"UNIQUE", "FIRST", "ANY"})
_NAME = re.compile(r"[^\W\d]\w*")
NEGATION = re.compile(r"not\s*\((?P<inside>.*)\)", re.DOTALL)
RANGE = re.compile(r"(?P<left>[\[\](])(?P<low>[^\[\]()]+)\.\.(?P<high>[^\[\]()]+)(?P<right>[\[\])])")
COMPARISON = re.compile(r"(?P<operator><=|>=|<|>|==|!=)(?P<rest>.+)", re.DOTALL)
VALUE = re.compile(r"\bvalue\b")

Lookup = Callable[[str], Any]


class AmbiguousDecision(LianxinError):
    """决策表“{decision}”有多条规则同时成立（第 {rules} 条），请修改规则或命中策略。"""


@dataclass(frozen=True)
class Rule:
    """One row: conditions on the inputs (None: anything) and the outputs' expressions (None: null)."""

    tests: tuple[expressions.Expression | None, ...]
    results: tuple[expressions.Expression | None, ...]


@dataclass(frozen=True)
class Decision:
    """One checked decision table; immutable."""

    id: str
    name: str
    policy: str
    inputs: tuple[expressions.Expression, ...]
    outputs: tuple[str, ...]
    rules: tuple[Rule, ...]

    def decide(self, names: Lookup, functions: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
        """The outputs for these names; AmbiguousDecision when the hit policy is violated."""
        values = [expression.evaluate(names, functions) for expression in self.inputs]
        found: list[tuple[int, dict[str, Any]]] = []
        for number, rule in enumerate(self.rules, start=1):
            if all(_holds(test, value, names, functions) for test, value in zip(rule.tests, values, strict=True)):
                found.append((number, self._results(rule, names, functions)))
                if self.policy == "FIRST":
                    break
        if len(found) > 1 and (self.policy == "UNIQUE" or any(outputs != found[0][1] for _, outputs in found)):
            raise AmbiguousDecision(decision=self.name or self.id, rules="、".join(str(number) for number, _ in found))
        return found[0][1] if found else dict.fromkeys(self.outputs)

    def _results(self, rule: Rule, names: Lookup, functions: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
        return {
            output: None if result is None else result.evaluate(names, functions)
            for output, result in zip(self.outputs, rule.results, strict=True)
        }


def _holds(test: expressions.Expression | None, value: Any, names: Lookup, functions: Mapping[str, Any]) -> bool:
    if test is None:
        return True

    def find(name: str) -> Any:
        return value if name == "value" else names(name)

    return test.decide(find, functions)


def condition(cell: str) -> str | None:
    """An input cell as a condition on `value`, or None when it accepts anything."""
    text = cell.strip()
    if text in ("", "-"):
        return None
    negated = NEGATION.fullmatch(text)
    if negated and not VALUE.search(text):
        inside = condition(negated["inside"])
        return f"not ({inside})" if inside else "false"
    interval = RANGE.fullmatch(text)
    if interval:
        low = ">=" if interval["left"] == "[" else ">"
        high = "<=" if interval["right"] == "]" else "<"
        return f"value {low} ({interval['low']}) and value {high} ({interval['high']})"
    comparison = COMPARISON.fullmatch(text)
    if comparison:
        return f"value {comparison['operator']} ({comparison['rest'].strip()})"
    return text if VALUE.search(text) else f"value in [{text}]"


def tables(root: _Element) -> Iterator[Decision]:
    """The decision tables of one file; expressions.ExpressionError for a cell that cannot be read, ValueError for a
    hit policy or shape we do not have (lint reports both with their place)."""
    for decision in root.iter("{*}decision"):
        table = decision.find("{*}decisionTable")
        if table is not None:
            yield _table(decision, table)


def _table(decision: _Element, table: _Element) -> Decision:
    policy = table.get("hitPolicy", "UNIQUE")
    if policy not in POLICIES:
        raise ValueError(f"hit policy {policy}")
    sources = [_text(item.find("{*}inputExpression")) or "null" for item in table.findall("{*}input")]
    outputs = tuple(item.get("name", "") for item in table.findall("{*}output"))
    if not outputs or not all(_NAME.fullmatch(name) for name in outputs):
        raise ValueError("output name")
    rules = tuple(_rule(item) for item in table.findall("{*}rule"))
    if any(len(rule.tests) != len(sources) or len(rule.results) != len(outputs) for rule in rules):
        raise ValueError("rule width")
    inputs = tuple(expressions.compile(source) for source in sources)
    return Decision(decision.get("id", ""), decision.get("name", ""), policy, inputs, outputs, rules)


def _rule(item: _Element) -> Rule:
    tests = tuple(condition(_text(cell)) for cell in item.findall("{*}inputEntry"))
    results = tuple(_text(cell) for cell in item.findall("{*}outputEntry"))
    return Rule(
        tuple(None if test is None else expressions.compile(test) for test in tests),
        tuple(None if result in ("", "-") else expressions.compile(result) for result in results),
    )


def _text(item: _Element | None) -> str:
    if item is None:
        return ""
    found = item.find("{*}text")
    return "".join(found.itertext()).strip() if found is not None else ""
