"""How much text a box on paper holds: what does not fit goes on the continuation page (续页, R94)."""

from dataclasses import dataclass
from unicodedata import east_asian_width

WIDE = {"W", "F", "A"}


def width(text: str) -> int:
    """The room a text takes in a line, in half Chinese characters."""
    return sum(2 if east_asian_width(character) in WIDE else 1 for character in text)


def split(text: str, per_line: int, lines: int, lead: int = 0) -> tuple[str, str]:
    """`text` as (what fits, the rest): a box of `lines` lines with `per_line` Chinese characters each, of which `lead`
    are taken in the first line; two narrow characters take the room of one. Nothing is lost: both parts together are
    the text."""
    room, used, line = per_line * 2, lead * 2, 1
    for position, character in enumerate(text):
        taken = width(character)
        if character == "\n":
            line, used = line + 1, 0
        elif used + taken > room:
            line, used = line + 1, taken
        else:
            used += taken
        if line > lines:
            return text[:position], text[position:]
    return text, ""


EM = 0.3528  # millimetres of a point
MARK = 6  # characters of （转续页）
SIZES = (("", 10.5, 1), ("tight", 8.0, 2), ("tiny", 6.5, 3))  # class in the style sheet, points, lines


@dataclass(frozen=True)
class Cell:
    """What stands in a cell of one row: the class of its size, the text, and the rest for the continuation page."""

    size: str
    shown: str
    rest: str


def cell(text: str, room: float) -> Cell:
    """A value in a cell `room` millimetres wide: in one line, in two small ones or in three very small ones, so that no
    row grows and the form stays on its page."""
    for size, points, lines in SIZES:
        per_line = max(int(room / (points * EM)), 1)
        if not split(text, per_line, lines)[1]:
            return Cell(size, text, "")
    return Cell(size, *split(text, per_line, lines, lead=MARK))
