"""Standard paragraphs and the checklist of a 答复函 (processes/replies.toml, R67)."""

import tomllib
from dataclasses import dataclass
from functools import cache

from engine import config


@dataclass(frozen=True)
class Paragraph:
    """One paragraph a unit may put into its answer; 〔…〕 in the text is to be filled in."""

    code: str
    title: str
    text: str


@dataclass(frozen=True)
class Letter:
    """What helps to write an answer."""

    paragraphs: tuple[Paragraph, ...]
    checks: tuple[str, ...]


@cache
def letter() -> Letter:
    """The paragraphs in their order, and what to look over before the answer goes out."""
    found = tomllib.loads((config.ROOT / "processes" / "replies.toml").read_text(encoding="utf-8"))
    paragraphs = (Paragraph(row["code"], row["title"], row["text"]) for row in found["paragraph"])
    return Letter(tuple(paragraphs), tuple(row["text"] for row in found["check"]))
