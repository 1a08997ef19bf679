"""What residents of the demo raise, read from opinions.toml and set in a community."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("opinions.toml")


@dataclass(frozen=True)
class Opinion:
    """One opinion with the answer it will get; texts still carry {community}, {street}, {district} and {place}."""

    matter: str
    summary: str
    content: str
    answer: str
    result: str

    def told(self, names: Mapping[str, str]) -> "Opinion":
        """The same opinion as told in one community."""
        own = (self.summary, self.content, self.answer)
        summary, content, answer = (text.strip().format_map(names) for text in own)
        return Opinion(self.matter, summary, content, answer, self.result)


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def places() -> list[str]:
    """Invented estates and roads."""
    return list(_file()["places"])


def opinions() -> list[Opinion]:
    """Everything that goes to a unit, in the order of the file."""
    return [Opinion(**entry) for entry in _file()["opinion"]]


def spot_opinions() -> list[Opinion]:
    """What a delegate can answer at once."""
    return [Opinion(**entry, result="") for entry in _file()["spot"]]
