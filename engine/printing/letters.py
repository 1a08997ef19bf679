"""The general shape of the papers composed from practice (words.md): heading, rows, text, closing, and a stub to tear
off. GB/T 9704-2012."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from engine.printing import render
from engine.printing.render import Paper

FOOT = "本文书式样依据机关公文惯例拟制，非《办法》所附式样。"
SIGN_HERE = "　　　　　　　　　（签字）　　　　年　　月　　日"
SEAL_HERE = "　　　　　　　　　（盖章）　　　　年　　月　　日"
YEAR_HERE = "　　　　年　　月　　日"


@dataclass(frozen=True)
class Letter:
    """What a paper says. `rows`: (label, value); `table`: its heading and its lines; `stub`: (title, rows) of the
    receipt at the foot; `copied`: 抄送."""

    title: str
    issuer: str = ""
    number: str = ""
    to: str = ""
    opening: Sequence[str] = ()
    rows: Sequence[tuple[str, str]] = ()
    table: tuple[Sequence[str], Sequence[Sequence[str]]] | None = None
    text: Sequence[str] = ()
    signer: str = ""
    on: date | None = None
    contact: str = ""
    copied: str = ""
    stub: tuple[str, Sequence[tuple[str, str]]] | None = None


def paper(letter: Letter, number: str, case_id: int | None) -> Paper:
    """The letter as a paper of the case with that number."""
    sheets = render.sheets("letter.html", letter=letter, foot=FOOT)
    return Paper(f"{letter.title} {number}", f"{letter.title}-{number}", sheets, case_id)


def boxes(chosen: str | None, *labels: str) -> str:
    """☑同意　☐不同意."""
    return "　".join(("☑" if label == chosen else "☐") + label for label in labels)
