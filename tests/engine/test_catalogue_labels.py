"""Every name a diagram may use has its word, the same word as the glossary, and an article of the measures."""

import re
from collections.abc import Mapping

import pytest

from engine import catalogue
from engine.bpmn.articles import ROLES
from engine.catalogue import labels
from engine.config import ROOT

TEXT = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
SECTIONS = {part.split("\n", 1)[0]: part for part in TEXT.split("\n## ")}


@pytest.mark.parametrize(
    ("known", "named"),
    [
        (catalogue.OPERATIONS, labels.OPERATIONS),
        (catalogue.POOLS, labels.POOLS),
        (ROLES, labels.ROLES),
        (catalogue.FACTS, labels.FACTS),
        (catalogue.FUNCTIONS, labels.FUNCTIONS),
    ],
    ids=("operations", "pools", "roles", "facts", "functions"),
)
def test_every_name_has_its_word(known: frozenset[str], named: Mapping[str, labels.Named]) -> None:
    assert set(named) == set(known)
    for name, word in named.items():
        assert word.label, name
        assert word.meaning.endswith("。") or "：" in word.meaning, name
        assert re.fullmatch(r"(\d{1,2}|须知\d)?", word.article), name


@pytest.mark.parametrize(("section", "named"), [("Roles of steps", labels.ROLES), ("Pools", labels.POOLS)])
def test_the_words_are_those_of_the_glossary(section: str, named: Mapping[str, labels.Named]) -> None:
    for code, word in named.items():
        assert f"| {word.label} | `{code}` |" in SECTIONS[section]


def test_arguments_and_notices_belong_to_operations() -> None:
    assert set(labels.ARGUMENTS) | set(labels.NOTICES) <= set(labels.OPERATIONS)
    folders = {path.name for path in (ROOT / "processes" / "opinion" / "notices").iterdir() if path.is_dir()}
    assert {notice.kind for sent in labels.NOTICES.values() for notice in sent} <= folders
