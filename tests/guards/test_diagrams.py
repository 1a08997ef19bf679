"""Diagrams and tables agree: a diagram names only what exists, and what exists is named by some diagram.

The tables are engine.catalogue (operations, pools, facts), the files of the same folder (forms, decisions, notices) and
web.words (states). tests/processes reads the drawings; this reads what they call, in every folder of processes/.
"""

import ast
import json
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from engine.bpmn import expressions
from engine.bpmn.articles import ROLES
from engine.catalogue import FACTS, FUNCTIONS, POOLS, SERVICES, SUBMISSIONS
from tests.guards.sources import PROCESSES, python
from web.words import STATES

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DMN = "{https://www.omg.org/spec/DMN/20191111/MODEL/}"
OURS = "{urn:lianxin:bpmn}"
AUTOMATIC = {"serviceTask", "sendTask"}
EXPRESSIONS = {"conditionExpression", "timeDate", "timeDuration", "timeCycle"}
# what an act leaves in a token: engine/catalogue returns these
FLAGS = {
    "decision", "outcome", "settlement", "letter_needed", "agreed", "handling_id", "repeated", "redo", "measures", "several",
}  # fmt: skip
# forms that no step shows: they are opened beside a step, or before there is a case
FORMS_BESIDE = {
    "registration", "extension_request", "terminate", "receipt", "plan", "delivery", "consent_call", "consent_confirm",
    "cosigner", "cosigner_view", "delegate_replacement",
}  # fmt: skip
# offered to administrators although no factory diagram needs them, each with its reason
OFFERED = {"street_department": "the street's clerks; the factory asks for the head (article 12: 负责人签名)"}


def folders() -> list[Path]:
    """Every procedure: a folder of processes/ with a diagram in it."""
    return sorted({file.parent for file in PROCESSES.glob("*/*.bpmn")})


def elements(folder: Path) -> Iterator[tuple[str, etree._Element]]:
    """(file#id, element) of everything in the diagrams of a procedure."""
    for file in sorted(folder.glob("*.bpmn")):
        for element in etree.parse(file).iter(etree.Element):
            yield f"{file.name}#{element.get('id') or etree.QName(element).localname}", element


def faults(folder: Path) -> Iterator[str]:
    """A sentence for everything a diagram names that is not there."""
    forms = {file.stem for file in (folder / "forms").glob("*.json")}
    processes = {node.get("id") for _, node in elements(folder) if node.tag == f"{BPMN}process"}
    decisions = _decisions(folder)
    for place, node in elements(folder):
        kind = etree.QName(node).localname
        wanted = {
            "operation": SUBMISSIONS if kind == "userTask" else SERVICES,
            "pool": POOLS,
            "form": forms,
            "decision": decisions,
            "role": ROLES,
            "state": STATES,
        }
        for name, known in wanted.items():
            value = node.get(OURS + name)
            if value is not None and value not in known:
                yield f"{place}: unknown {name} “{value}”"
        if kind == "callActivity" and node.get("calledElement") not in processes:
            yield f"{place}: calls the process “{node.get('calledElement')}”, which no diagram draws"
        if (kind == "userTask" and not node.get(OURS + "pool")) or (
            kind in AUTOMATIC and not node.get(OURS + "operation")
        ):
            yield f"{place}: nobody does it"
        if kind in EXPRESSIONS:
            yield from (f"{place}: unknown name “{name}”" for name in _unknown(node.text or "", decisions))


def _decisions(folder: Path) -> dict[str, set[str]]:
    """Decision → the names it writes into the token."""
    return {
        decision.get("id"): {output.get("name") for output in decision.iter(f"{DMN}output")}
        for file in folder.glob("*.dmn")
        for decision in etree.parse(file).iter(f"{DMN}decision")
    }


def _unknown(text: str, decisions: dict[str, set[str]]) -> set[str]:
    tree = ast.parse(text.strip(), mode="eval")
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not expressions.check(text.strip(), None)
    return names - FACTS - FUNCTIONS - FLAGS - set().union(*decisions.values())


@cache
def told() -> frozenset[str]:
    """Every kind of notice the code tells somebody, from the calls of engine.catalogue.telling."""
    kinds: set[str] = set()
    for file in python():
        for name, call in file.calls():
            if name.startswith("engine.catalogue.telling.") and len(call.args) > 1 and not name.endswith("withdraw"):
                kinds |= {
                    node.value for node in ast.walk(call.args[1]) if isinstance(node, ast.Constant) and node.value
                }
    return frozenset(kinds)


@cache
def mentioned() -> frozenset[str]:
    """Every short text of the code: a kind handed on through a variable still stands somewhere."""
    return frozenset(node.value for file in python() for node in file.strings())


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_a_diagram_names_only_what_exists(folder: Path) -> None:
    assert list(faults(folder)) == []


SPOILED: list[tuple[str, Callable[[str], str]]] = [
    ("unknown operation", lambda xml: xml.replace('operation="feedback.deliver"', 'operation="feedback.deliverr"')),
    ("unknown operation", lambda xml: xml.replace('operation="answer.submit"', 'operation="case.close"')),
    ("unknown pool", lambda xml: xml.replace('pool="handling_unit"', 'pool="somebody"')),
    ("unknown form", lambda xml: xml.replace('form="answer"', 'form="replies"')),
    ("unknown role", lambda xml: xml.replace('role="feedback"', 'role="wish"')),
    ("unknown name", lambda xml: xml.replace("working_days(received_on", "working_days(recieved_on")),
    ("nobody does it", lambda xml: xml.replace('lianxin:operation="feedback.deliver"', "")),
]


@pytest.mark.parametrize(("words", "spoil"), SPOILED, ids=range(len(SPOILED)))
def test_the_guard_sees_what_does_not_exist(words: str, spoil: Callable[[str], str], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(PROCESSES / "opinion", tmp_path / "opinion"))
    drawing = (folder / "handling.bpmn").read_text(encoding="utf-8")
    assert spoil(drawing) != drawing
    (folder / "handling.bpmn").write_text(spoil(drawing), encoding="utf-8")
    assert any(words in fault for fault in faults(folder))


def used(attribute: str) -> set[str]:
    """Every value of one of our attributes in any diagram."""
    found = {node.get(OURS + attribute) for folder in folders() for _, node in elements(folder)}
    return {value for value in found if value}


def test_what_the_catalogue_offers_is_used_by_some_diagram() -> None:
    assert (set(SERVICES) | set(SUBMISSIONS)) - used("operation") == set()
    assert set(POOLS) - used("pool") == set(OFFERED)
    assert set(ROLES) - used("role") == set()


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_every_form_and_decision_is_used(folder: Path) -> None:
    shown = {node.get(OURS + "form") for _, node in elements(folder)}
    asked = {node.get(OURS + "decision") for _, node in elements(folder)}
    assert {file.stem for file in (folder / "forms").glob("*.json")} - shown - FORMS_BESIDE == set()
    assert set(_decisions(folder)) - asked == set()


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_option_sources_of_forms_are_known(folder: Path) -> None:
    """tasks.options knows `units` and `delegates`; another source would be an empty list on the page."""
    for file in (folder / "forms").glob("*.json"):
        schema = json.loads(file.read_text(encoding="utf-8"))
        sources = {
            field["x-options"] for field in schema["properties"].values() if isinstance(field.get("x-options"), str)
        }
        assert sources <= mentioned(), file.name


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_every_field_of_a_form_is_read(folder: Path) -> None:
    """What nobody reads is gone when the task is done: a field's name stands in the engine, as a text or a column."""
    columns = {node.attr for file in python() for node in file.nodes if isinstance(node, ast.Attribute)}
    for file in sorted((folder / "forms").glob("*.json")):
        names = set(json.loads(file.read_text(encoding="utf-8"))["properties"])
        assert names - mentioned() - columns == set(), f"{file.name}: asked for and thrown away"


def test_every_notice_told_has_its_text() -> None:
    written = {file.parent.name for folder in folders() for file in (folder / "notices").glob("*/body.txt")}
    assert told() - written == set()
    assert len(told()) > 10, "nobody is told anything: have the functions of engine.catalogue.telling other names now?"


def test_no_notice_text_is_left_over() -> None:
    for folder in folders():
        for part in ("subject.txt", "body.txt"):
            written = {file.parent.name for file in (folder / "notices").glob(f"*/{part}")}
            assert written - told() == set(), f"{part}: no code tells anybody this; remove the text or tell it"
