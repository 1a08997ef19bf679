"""Decision tables in our language."""

import pytest

from engine.bpmn import AmbiguousDecision, Run, start
from engine.bpmn.decisions import condition
from tests.engine.bpmn.diagrams import Desk, end, flows, node, package, process, user
from tests.engine.bpmn.diagrams import start as begin

MODEL = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def table(inputs: list[str], outputs: list[str], *rules: str, policy: str = "UNIQUE") -> bytes:
    """A decision table; a rule is its cells separated by |."""

    def cell(tag: str, text: str) -> str:
        escaped = text.strip().replace("&", "&amp;").replace("<", "&lt;")
        return f'<{tag} id="{tag}{abs(hash((tag, text)))}"><text>{escaped}</text></{tag}>'

    columns = "".join(
        f'<input id="i{n}"><inputExpression id="ie{n}"><text>{text}</text></inputExpression></input>'
        for n, text in enumerate(inputs)
    )
    columns += "".join(f'<output id="o{n}" name="{name}"/>' for n, name in enumerate(outputs))
    rows = ""
    for number, rule in enumerate(rules):
        cells = rule.split("|")
        rows += (
            f'<rule id="r{number}">'
            + "".join(cell("inputEntry", text) for text in cells[: len(inputs)])
            + "".join(cell("outputEntry", text) for text in cells[len(inputs) :])
            + "</rule>"
        )
    return (
        f'<definitions xmlns="{MODEL}" id="d" name="d" namespace="urn:test"><decision id="jurisdiction" name="管辖">'
        f'<decisionTable id="t" hitPolicy="{policy}">{columns}{rows}</decisionTable></decision></definitions>'
    ).encode()


def decide(made: bytes, **data: object) -> Run:
    drawn = process(
        "p", begin(), node("businessRuleTask", "d", x_decision="jurisdiction"), user("a"), end(), flows("start d a end")
    )
    return start(package(drawn, jurisdiction=made), "p", data, Desk(limit=10))


RULES = (
    "'street', 'community' | < limit | 'street' | 1",
    "'street' | >= limit | 'district' | amount * 2",
    "not('street', 'community') | - | 'city' |",
)


@pytest.mark.parametrize(
    ("tier", "amount", "expected"),
    [
        ("community", 3, ("street", 1)),
        ("street", 10, ("district", 20)),
        ("city", 5, ("city", None)),
        ("community", 99, (None, None)),
    ],
)
def test_unique(tier: str, amount: int, expected: tuple[object, object]) -> None:
    data = decide(table(["tier", "amount"], ["who", "weight"], *RULES), tier=tier, amount=amount).tasks()[0].data
    assert (data["who"], data["weight"]) == expected


def test_two_rules_at_once() -> None:
    rules = ("> 1 | 'a'", "> 2 | 'b'", "- | 'c'")
    with pytest.raises(AmbiguousDecision, match="管辖.*1、2、3"):
        decide(table(["x"], ["y"], *rules), x=3)
    assert decide(table(["x"], ["y"], *rules, policy="FIRST"), x=3).tasks()[0].data["y"] == "a"
    with pytest.raises(AmbiguousDecision):
        decide(table(["x"], ["y"], *rules, policy="ANY"), x=3)
    assert decide(table(["x"], ["y"], "> 1 | 'a'", "> 2 | 'a'", policy="ANY"), x=3).tasks()[0].data["y"] == "a"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("", None),
        (" - ", None),
        ("'a'", "value in ['a']"),
        ("1, 2", "value in [1, 2]"),
        ("< 3", "value < (3)"),
        ("[1..5]", "value >= (1) and value <= (5)"),
        ("]1..5)", "value > (1) and value < (5)"),
        ("not('a')", "not (value in ['a'])"),
        ("value > 1 and other", "value > 1 and other"),
        ("not(-)", "false"),
        ("true", "value in [true]"),
    ],
)
def test_cells(cell: str, expected: str | None) -> None:
    assert condition(cell) == expected
