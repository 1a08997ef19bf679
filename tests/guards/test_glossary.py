"""docs/glossary.md knows every word on screen and every code behind it, and both agree (rule: one word per act)."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from engine.access import Verb
from engine.bpmn.articles import ROLES
from engine.catalogue import POOLS
from engine.organisation.labels import DUTIES, KINDS, TIERS
from engine.parameters.queries import FACTORY
from engine.work.acts import LABELS
from tests.guards.sources import PROCESSES, document, rows, templates
from web import words
from web.navigation import MENU

ROOT_MODELS = tuple(f"engine/{room}/models.py" for room in (
    "cases", "feedback", "handlings", "ledger", "notices", "organisation", "packages", "parameters", "ratings", "work",
    "workdays", "consultations",
))  # fmt: skip
# code → word, for everything a page prints from a code
TABLES: dict[str, Mapping[str, str]] = {
    "verbs": {verb.value: verb.label for verb in Verb},
    "acts": LABELS,
    "boxes": words.BOXES,
    "states": words.STATES,
    "grades": words.GRADES,
    "results": words.RESULTS,
    "channels": words.CHANNELS,
    "matters": words.MATTERS,
    "settlements": words.SETTLEMENTS,
    "parties": words.PARTIES,
    "consultations": words.CONSULTATIONS,
    "copies": words.COPY_CHANNELS,
    "delivery": words.DELIVERY,
    "feedback": words.FEEDBACK_STATES,
    "extensions": words.EXTENSION_DECISIONS,
    "duties": DUTIES,
    "purposes": words.PURPOSES,
    "file kinds": words.FILE_KINDS,
    "kinds": KINDS,
    "signing": words.SIGNING,
    "form copies": words.COPY_METHODS,
    "tiers": TIERS,
    "slips": words.SLIPS,
    "slip colours": words.SLIP_COLOURS,
    "absences": words.ABSENCES,
}
NEVER = ("审批通过", "流程实例", "任务ID", "任务id", "变量", "assignee")
# columns whose codes are words of another kind: channels of the law, no states
CODES = re.compile(r"#\s*([a-z_]+(?:\s*\|\s*[a-z_]+)+)")


@cache
def glossary() -> str:
    """The document as text."""
    return document("docs/glossary.md")


@cache
def entries() -> frozenset[tuple[str, str]]:
    """(code or English term, Chinese word) of every row."""
    found = set()
    for cells in rows(glossary()):
        if len(cells) == 3:
            found |= {(term.strip().strip("`"), cells[0]) for term in cells[1].split(",")}
    return frozenset(found)


def missing(table: Mapping[str, str], known: frozenset[tuple[str, str]]) -> list[str]:
    """The pairs the glossary does not have, as rows to be added."""
    return [
        f"| {word} | `{code}` | |"
        for code, word in table.items()
        if code.isascii() and code and (code, word) not in known
    ]


def column_codes() -> Iterator[tuple[str, str]]:
    """(code, file) of every list of codes in a comment of a table."""
    for path in ROOT_MODELS:
        for found in CODES.findall(document(path)):
            yield from ((code.strip(), path) for code in found.split("|"))


@pytest.mark.parametrize("name", TABLES)
def test_every_word_on_screen_is_in_the_glossary(name: str) -> None:
    assert missing(TABLES[name], entries()) == [], "add these rows to docs/glossary.md"


def test_every_table_of_words_is_compared() -> None:
    """A new table in web/words.py joins TABLES above."""
    compared = [dict(table) for table in TABLES.values()]
    assert [name for name, table in words.TABLES.items() if dict(table) not in compared] in ([], ["gender"])


def test_every_code_of_a_column_is_in_the_glossary() -> None:
    codes = {code for code, _ in entries()}
    assert {code: path for code, path in column_codes() if code not in codes} == {}
    assert len(set(column_codes())) > 40, "the lists of codes in engine/*/models.py were not found"


@pytest.mark.parametrize(
    ("what", "names"),
    [("roles", ROLES), ("pools", frozenset(POOLS)), ("parameters", frozenset(FACTORY))],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_names_a_diagram_may_use_are_in_the_glossary(what: str, names: frozenset[str]) -> None:
    assert names - {code for code, _ in entries()} == set()


def test_every_menu_entry_uses_words_of_the_house() -> None:
    text = glossary()
    for group in MENU:
        for item in group.items:
            assert item.label in text, f"{item.label}: add it to docs/glossary.md, under “Pages” if it is no term"


def test_words_nobody_wants_are_on_no_page() -> None:
    seen = dict(templates())
    for pattern in ("*/forms/*.json", "*/notices/*/*.txt"):
        seen |= {str(file.relative_to(PROCESSES)): file.read_text(encoding="utf-8") for file in PROCESSES.glob(pattern)}
    assert {
        name: [word for word in NEVER if word in text]
        for name, text in seen.items()
        if any(word in text for word in NEVER)
    } == {}
    assert len(seen) > 60


def test_the_guard_sees_a_missing_or_different_word() -> None:
    assert missing({"case.read": "看"}, entries()) == ["| 看 | `case.read` | |"]
    assert missing({"no.such": "查看意见建议"}, entries())
    assert missing({"case.read": "查看意见建议"}, entries()) == []


def test_the_glossary_is_in_order() -> None:
    """No code twice with different words in the same table, and no row without its Chinese word."""
    for part in glossary().split("\n## ")[1:]:
        found: dict[str, str] = {}
        for cells in (cells for cells in rows(part) if len(cells) == 3):
            assert re.search(r"[\u4e00-\u9fff]", cells[0]), cells
            assert cells[1] not in found, f"{cells[1]}: twice in “{part.splitlines()[0]}”"
            found[cells[1]] = cells[0]


# form field → the table the pages print it from
SAME = {
    "channel": words.CHANNELS, "matter": words.MATTERS, "result": words.RESULTS, "settlement": words.SETTLEMENTS,
    "grade": words.GRADES, "spot_grade": words.GRADES,
}  # fmt: skip


def test_a_form_offers_the_words_the_pages_print() -> None:
    """One word per thing: what the liaison ticks is what everybody reads afterwards."""
    differing = {}
    for file in sorted(PROCESSES.glob("*/forms/*.json")):
        for name, field in json.loads(file.read_text(encoding="utf-8"))["properties"].items():
            offered = {option["const"]: option["title"] for option in field.get("oneOf", ())}
            table = SAME.get(name, {})
            differing |= {f"{file.stem}.{name}.{code}": (title, table[code])
                          for code, title in offered.items() if table.get(code, title) != title}  # fmt: skip
    assert differing == {}
