"""The measures sentence by sentence beside what carries them out (P10): docs/articles.md says which steps, functions
and tests serve a sentence; the version in force says which of those steps are really there, and which quote it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, Verb, require
from engine.config import ROOT
from engine.errors import Misconfigured
from engine.packages import queries as packages

KEY = "opinion"
LATER = "later issue"
TABLE = ROOT / "docs" / "articles.md"
TEXT = ROOT / "docs" / "measures.txt"
_NUMERALS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二", "十三", "十四")


@dataclass(frozen=True)
class Step:
    """A step of the diagram in force: where it is drawn and how people call it."""

    file: str
    element_id: str
    name: str


@dataclass(frozen=True)
class Sentence:
    """One sentence (or a few that belong together). `gone`: steps of docs/articles.md the version in force lacks;
    `covered` is False where nothing carries it out, or not any more."""

    text: str
    steps: Sequence[Step]
    gone: Sequence[str]
    code: Sequence[str]
    tests: Sequence[str]
    requirements: Sequence[str]
    covered: bool


@dataclass(frozen=True)
class Article:
    """An article with its sentences, and steps that name it but serve none of its sentences."""

    head: str
    sentences: Sequence[Sentence]
    others: Sequence[Step]


@cache
def rows() -> Mapping[str, Sequence[Sequence[str]]]:
    """Head of an article → [sentence, diagram, code, tests, requirements]; Misconfigured without the document."""
    try:
        text = TABLE.read_text(encoding="utf-8")
    except OSError as problem:
        raise Misconfigured("随系统提供的条文对照表不在安装目录中，请重新安装。") from problem
    found: dict[str, list[list[str]]] = {}
    for part in text.split("\n## ")[1:]:
        head, *lines = part.splitlines()
        cells = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines if line[:1] == "|"]
        found[head.strip()] = [row for row in cells if len(row) == 5 and row[0] != "sentence" and set(row[0]) != {"-"}]
    return found


def articles(session: Session, actor: Actor) -> list[Article]:
    """Every article, in order; NotFound before a version was published."""
    require(actor, Verb.ARTICLES_READ)
    package = packages.compiled(session, packages.in_force(session, KEY, clock.today()).id)
    drawn: dict[str, Step] = {}
    quoted: dict[str, str] = {}
    named: dict[str, list[str]] = {}
    for process in package.processes:
        file = package.diagrams[process]
        for element in package.elements(process):
            place = f"{file}#{element.id}"
            drawn[place] = Step(file, element.id, element.name or element.id)
            quoted[place] = _plain("".join(re.findall("「([^」]+)」", element.documentation or "")))
            if article := str(element.extensions.get("article", "")):
                named.setdefault(article, []).append(place)
    return [_article(head, lines, drawn, quoted, named) for head, lines in rows().items()]


def _article(
    head: str, lines: Sequence[Sequence[str]], drawn: Mapping[str, Step], quoted: Mapping[str, str],
    named: Mapping[str, Sequence[str]],
) -> Article:  # fmt: skip
    number = head.removeprefix("第").removesuffix("条")
    own = named.get(str(_NUMERALS.index(number) + 1), ()) if number in _NUMERALS else ()
    used: set[str] = set()
    sentences = []
    for text, diagram, code, tests, requirements in lines:
        listed = re.findall("`([^`]+)`", diagram)
        quoting = [place for place in own if quoted[place] and _plain(text) in quoted[place]]
        places = [place for place in dict.fromkeys((*listed, *quoting)) if place in drawn]
        used.update(places)
        gone = [place for place in listed if place not in drawn]
        covered = LATER not in (diagram, code, tests) and not (listed and not places)
        sentences.append(
            Sentence(
                text,
                [drawn[place] for place in places],
                gone,
                re.findall("`([^`]+)`", code),
                re.findall("`([^`]+)`", tests),
                requirements.split(),
                covered,
            )
        )
    return Article(head, sentences, [drawn[place] for place in own if place not in used])


def _plain(text: str) -> str:
    return re.sub(r"\s", "", text)
