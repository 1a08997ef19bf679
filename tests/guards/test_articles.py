"""docs/articles.md: every word of the measures has its place in diagrams, code and tests, or is named as a gap."""

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache

import pytest

from engine.config import ROOT
from tests.guards.sources import PROCESSES, document, rows

LATER = "later issue"
NONE = "—"
HEADS = [
    f"第{numeral}条"
    for numeral in ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二", "十三", "十四"]
] + ["填表须知"]
# what issue after issue has to fill; a gap closed must leave this list, a new gap must be argued for here
GAPS = {
    "R2 R3", "R7 R8", "R15 R16", "R17 R18 R19", "R9", "R20", "R21 R22 R23 R24 R25 R26 R27", "R45 R46 R47",
    "R85 R86 R87",
}  # fmt: skip


@cache
def measures() -> dict[str, str]:
    """The text of each article and of the filling rules, without blanks."""
    found: dict[str, str] = {}
    head = ""
    for line in document("docs/measures.txt").splitlines():
        article = re.match(r"(第[一二三四五六七八九十]+条|填表须知)\s*(.*)", line)
        head = article[1] if article else head
        if head:
            found[head] = found.get(head, "") + plain(article[2] if article else line)
    return found


def plain(text: str) -> str:
    """The text without blanks."""
    return re.sub(r"\s", "", text)


def chapters(text: str) -> dict[str, list[list[str]]]:
    """Head → rows of five cells."""
    return {part.splitlines()[0].strip(): list(rows(part)) for part in text.split("\n## ")[1:]}


@cache
def table() -> dict[str, list[list[str]]]:
    """docs/articles.md."""
    return chapters(document("docs/articles.md"))


def named(cell: str) -> list[str]:
    """What stands in backquotes."""
    return re.findall(r"`([^`]+)`", cell)


def element_exists(place: str) -> bool:
    """Does `handling.bpmn#limit` stand in the diagrams of the opinion?"""
    file, _, element = place.partition("#")
    drawing = PROCESSES / "opinion" / file
    return drawing.exists() and f'id="{element}"' in drawing.read_text(encoding="utf-8")


def code_exists(name: str) -> bool:
    """Is there a function (or a method of a class) of that dotted name?"""
    parts = name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        path = ROOT.joinpath(*parts[:cut])
        if path.with_suffix(".py").exists() or (path / "__init__.py").exists():
            found: object = importlib.import_module(".".join(parts[:cut]))
            for attribute in parts[cut:]:
                found = getattr(found, attribute, None)
            if callable(found):
                return True
    return False


@cache
def names_in(file: str) -> frozenset[str]:
    """The names of the tests in a file."""
    path = ROOT / file
    if not path.exists():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def defends(place: str) -> bool:
    """Is there a test `file::name`?"""
    file, _, name = place.partition("::")
    return name in names_in(file)


def faults(row: list[str]) -> Iterator[str]:
    """What a row promises that is not there."""
    sentence, drawn, code, tests, requirements = row
    if not re.fullmatch(r"(R\d+ )*R\d+", requirements):
        yield f"{sentence[:20]}: no requirement"
    if LATER in (drawn, code, tests):
        if {drawn, code, tests} != {LATER}:
            yield f"{sentence[:20]}: half of it comes later?"
        return
    yield from (f"no element {place}" for place in named(drawn) if not element_exists(place))
    yield from (f"no function {name}" for name in named(code) if not code_exists(name))
    yield from (f"no test {place}" for place in named(tests) if not defends(place))
    if drawn != NONE and not named(drawn):
        yield f"{sentence[:20]}: drawn nowhere"
    if not named(code) or not named(tests):
        yield f"{sentence[:20]}: without code or test"


@pytest.mark.parametrize("head", HEADS)
def test_the_rows_of_an_article_are_its_text(head: str) -> None:
    assert plain("".join(row[0] for row in table()[head])) == measures()[head]


@pytest.mark.parametrize("head", HEADS)
def test_what_a_row_names_is_there(head: str) -> None:
    assert [fault for row in table()[head] for fault in faults(row)] == []


def test_the_gaps_are_the_known_ones() -> None:
    gaps = {row[4] for chapter in table().values() for row in chapter if LATER in row}
    assert gaps == GAPS


def test_the_main_job_has_names_in_its_own() -> None:
    """Articles 9 to 12 and the filling rules each have a file in tests/articles, and every test there is named above."""
    named_tests = {place for chapter in table().values() for row in chapter for place in named(row[3])}
    for file in sorted((ROOT / "tests" / "articles").glob("test_*.py")):
        path = str(file.relative_to(ROOT))
        assert {f"{path}::{name}" for name in names_in(path)} - named_tests == set(), path
    assert {"第九条", "第十条", "第十一条", "第十二条", "填表须知"} <= set(table())


def test_every_step_with_an_article_stands_in_a_row_of_that_article() -> None:
    """Each `lianxin:role` of the diagrams serves at least one sentence."""
    text = document("docs/articles.md")
    missing = set()
    for file in sorted((PROCESSES / "opinion").glob("*.bpmn")):
        roles: dict[str, list[str]] = {}
        for tag in re.findall(r"<bpmn:\w+ [^>]*lianxin:role[^>]*>", file.read_text(encoding="utf-8")):
            role, element = re.search(r'lianxin:role="(\w+)"', tag)[1], re.search(r' id="(\w+)"', tag)[1]
            roles.setdefault(role, []).append(f"{file.name}#{element}")
        missing |= {
            f"{file.name} {role}" for role, places in roles.items() if not any(f"`{place}`" in text for place in places)
        }
    assert missing - {f"{file} {role}" for file, role in SILENT} == set()


# steps of which the measures say nothing: R117 (终止) and what only closes the file
SILENT = {
    ("opinion.bpmn", "termination"), ("opinion.bpmn", "closing"), ("handling.bpmn", "closing"),
    ("tier_review.bpmn", "jurisdiction"), ("handling.bpmn", "feedback"),
}  # fmt: skip


def test_the_guard_sees_what_is_not_there() -> None:
    good = [
        "句子",
        "`handling.bpmn#limit`",
        "`engine.deadlines.sweep`",
        "`tests/guards/test_articles.py::test_the_gaps_are_the_known_ones`",
        "R60",
    ]
    assert list(faults(good)) == []
    for cell, wrong in ((1, "`handling.bpmn#limits`"), (1, "somewhere"), (2, "`engine.deadlines.sweeep`"), (2, NONE),
                        (3, "`tests/guards/test_articles.py::test_nothing`"), (3, LATER), (4, "none")):  # fmt: skip
        assert list(faults([wrong if number == cell else value for number, value in enumerate(good)])), wrong
