"""The ladder of article 10 as data (processes/tiers.toml): who acts on each rung, where a case goes from there, and who
supervises a late unit of that tier (article 12)."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache

from engine import config
from engine.errors import Misconfigured


@dataclass(frozen=True)
class Tier:
    """One rung. `supervision`: (rung, duty) at +0, +5 and +10 working days; duty "" = anybody there."""

    code: str
    name: str
    kind: str
    escalates_to: str
    supervision: tuple[tuple[str, str], ...]


@lru_cache(maxsize=1)
def ladder() -> dict[str, Tier]:
    """The rungs from the bottom up, by code."""
    rows = tomllib.loads((config.ROOT / "processes" / "tiers.toml").read_text(encoding="utf-8"))["tier"]
    return {row["code"]: _tier(row) for row in rows}


def _tier(row: dict[str, str | list[str]]) -> Tier:
    rungs = (str(item).partition(":") for item in row["supervision"])
    return Tier(
        code=str(row["code"]),
        name=str(row["name"]),
        kind=str(row["kind"]),
        escalates_to=str(row["escalates_to"]),
        supervision=tuple((rung, duty) for rung, _, duty in rungs),
    )


def below(code: str) -> str | None:
    """The rung from which cases come to this one; None at the bottom."""
    return next((rung.code for rung in ladder().values() if rung.escalates_to == code), None)


def tier(code: str) -> Tier:
    """The rung of that code; Misconfigured when the ladder has none."""
    found = ladder().get(code)
    if found is None:
        raise Misconfigured(f"层级表 tiers.toml 里没有“{code}”。")
    return found
