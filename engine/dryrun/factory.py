"""The factory's scenarios: processes/scenarios/<procedure>.toml, brought in once; what was changed or deleted since
stays so."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.dryrun import acts, expecting, passing
from engine.errors import Invalid, Misconfigured
from engine.scenarios.models import Scenario


def import_factory(session: Session, processes: Path) -> int:
    """Add the scenarios the database has never had; how many. Misconfigured names the file and the scenario that
    cannot be read."""
    known = {tuple(row) for row in session.execute(select(Scenario.key, Scenario.factory))}
    names = {tuple(row) for row in session.execute(select(Scenario.key, Scenario.name))}
    added = 0
    for file in sorted((processes / "scenarios").glob("*.toml")):
        for entry in read(file):
            if (file.stem, entry["code"]) not in known and (file.stem, entry["name"]) not in names:
                session.add(_row(file.stem, entry))
                added += 1
    session.flush()
    return added


def read(file: Path) -> list[dict[str, Any]]:
    """The scenarios of a file."""
    try:
        found: list[dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8"))["scenario"]
    except (OSError, KeyError, tomllib.TOMLDecodeError) as problem:
        raise Misconfigured(f"情景文件 {file.name} 无法读取：{problem}") from problem
    return found


def _row(key: str, entry: Mapping[str, Any]) -> Scenario:
    try:
        expected = [item.as_dict() for item in expecting.read(entry["expect"])]
        return Scenario(
            key=key, name=entry["name"], factory=entry["code"], starts_at=clock.at(entry["starts"], passing.OPENS),
            acts=[acts.clean(act) for act in entry["acts"]], expectations=expected, author_name="出厂",
            changed_at=clock.now(),
        )  # fmt: skip
    except (KeyError, TypeError, Invalid) as problem:
        raise Misconfigured(f"情景“{entry.get('name', '')}”无法读取：{problem}") from problem
