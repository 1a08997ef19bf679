"""Documents that fail when they are stale: how-tos, decisions, and what they name."""

import re
from pathlib import Path

import pytest

from engine.config import ROOT
from tests.guards.sources import DOCS, document

HOW_TO = ("add-a-tier.md", "add-a-form-field.md", "add-a-timer-rule.md", "add-a-page.md", "add-a-panel-field.md")
DOCUMENTS = sorted(DOCS.rglob("*.md")) + [ROOT / name for name in ("README.md", "README.zh-CN.md", "CHANGELOG.md")]
ROOMS = "engine|web|workers|tests|processes|docs|deploy|tools|requirements"
# a path in the text: not an example with <…>, not a name that goes on
PATH = re.compile(rf"(?<![\w/<.-])((?:{ROOMS})/[\w./-]*\w/?)(?![\w<*-])")
# where this project must never point: machines, caches, package indexes
ELSEWHERE = re.compile(
    r"(?<!\w)/(?:work|root|home|tmp)/|pypi\.org|files\.pythonhosted|registry\.npmjs|localhost:\d+/simple"
)


def paths(text: str) -> set[str]:
    """Every path of this project a text names, without what the examples only promise."""
    return {match.rstrip("/.") for match in PATH.findall(text)}


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_path_a_document_names_exists(file: Path) -> None:
    made = {"web/static/dist", "docs/proof.md"}  # built, or written by a later run
    assert {path for path in paths(file.read_text(encoding="utf-8")) if not (ROOT / path).exists()} - made == set()


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_document_points_at_a_machine(file: Path) -> None:
    assert ELSEWHERE.findall(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", HOW_TO)
def test_a_how_to_counts_its_files_and_says_how_to_try(name: str) -> None:
    text = document(f"docs/how-to/{name}")
    assert re.search(r"\*\*\d+ files\*\*", text), "say how many files were touched when it was tried"
    assert "Tried with" in text
    assert "Try it: `make test" in text
    for chosen in re.findall(r'TESTS="([^"]+)"', text):
        assert [path for path in chosen.split() if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", HOW_TO)
def test_the_names_a_how_to_sends_one_to_are_there(name: str) -> None:
    """`file.py` (`NAME`): the name stands in that file."""
    for path, found in re.findall(r"`((?:\w+/)+\w+\.py)` \(`(\w+)`", document(f"docs/how-to/{name}")):
        assert re.search(rf"\b{found}\b", document(path)), f"{path} has no {found}"


def test_the_how_tos_are_all_there() -> None:
    assert {file.name for file in (DOCS / "how-to").glob("*.md")} >= set(HOW_TO)


def test_decisions_are_numbered_and_short() -> None:
    files = sorted((DOCS / "decisions").glob("*.md"))
    assert [file.name[:5] for file in files] == [f"{number:04d}-" for number in range(1, len(files) + 1)]
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert text.startswith(f"# {file.name[:4]} "), file.name
        assert len(text.splitlines()) <= 45, f"{file.name}: one screen"
        assert re.search(r"Why|why", text), file.name


def test_the_guard_sees_a_path_that_is_gone() -> None:
    assert paths("see `engine/nothing.py`, web/app.py and `web/<noun>.py`") == {"engine/nothing.py", "web/app.py"}
    assert ELSEWHERE.search("cp /tmp/" + "x")
