"""How much text a box on paper holds: what does not fit goes on the continuation page (续页, R94)."""

from unicodedata import east_asian_width

WIDE = {"W", "F", "A"}


def split(text: str, per_line: int, lines: int) -> tuple[str, str]:
    """`text` as (what fits, the rest): a box of `lines` lines with `per_line` Chinese characters each; two narrow
    characters take the room of one. Nothing is lost: both parts together are the text."""
    room, used, line = per_line * 2, 0, 1
    for position, character in enumerate(text):
        width = 2 if east_asian_width(character) in WIDE else 1
        if character == "\n":
            line, used = line + 1, 0
        elif used + width > room:
            line, used = line + 1, width
        else:
            used += width
        if line > lines:
            return text[:position], text[position:]
    return text, ""
