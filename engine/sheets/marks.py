"""Remarks on what somebody types in an editor: where, how bad, and the sentence."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """A remark on one input of a page (`place` is its name); `line` and `column` count from 1 in what is typed there,
    0 = the whole; `where` is it in words. `severity`: error, or warning for what may stay."""

    place: str
    sentence: str
    line: int = 0
    column: int = 0
    severity: str = "error"
    where: str = ""

    def as_dict(self) -> dict[str, str | int]:
        """JSON-able form for the page."""
        return {
            "place": self.place, "sentence": self.sentence, "line": self.line, "column": self.column,
            "severity": self.severity, "where": self.where,
        }  # fmt: skip


def unusable(text: str, lines: bool = False) -> str:
    """The first control character nobody typed on purpose, as a sentence; "" when there is none."""
    allowed = "\n\t" if lines else ""
    found = next((char for char in text if (ord(char) < 32 or 127 <= ord(char) < 160) and char not in allowed), "")
    found = found or next((char for char in text if 0xD800 <= ord(char) <= 0xDFFF or ord(char) & 0xFFFE == 0xFFFE), "")
    return f"含有不能使用的字符（U+{ord(found):04X}），请删去。" if found else ""
