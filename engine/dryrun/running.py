"""Scenarios played on files: which still hold, and what they pass through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import bpmn
from engine.dryrun import expecting
from engine.dryrun.playing import Play, play
from engine.dryrun.staging import Stage, stage
from engine.scenarios.models import Scenario


@dataclass(frozen=True)
class Failure:
    """A scenario that a set of files breaks, and its first difference."""

    scenario_id: int
    name: str
    sentence: str


@dataclass(frozen=True)
class Outcome:
    """A scenario played: `sentence` is its first difference, "" when it holds."""

    scenario: Scenario
    play: Play
    checked: tuple[expecting.Checked, ...]
    sentence: str

    @property
    def passed(self) -> bool:
        """Does it hold?"""
        return not self.sentence


@dataclass(frozen=True)
class Coverage:
    """What the scenarios come to of one process. `elements` are (id, name, kind, covered by: names of scenarios)."""

    process_id: str
    name: str
    elements: tuple[tuple[str, str, str, tuple[str, ...]], ...]

    @property
    def covered(self) -> int:
        """How many elements a scenario comes to."""
        return sum(bool(names) for *_, names in self.elements)

    @property
    def percent(self) -> int:
        """The same in whole percent, 100 only when nothing is left."""
        return self.covered * 100 // len(self.elements) if self.elements else 100

    @property
    def uncovered(self) -> list[tuple[str, str, str]]:
        """(id, name, kind) of what no scenario comes to."""
        return [(element, name, kind) for element, name, kind, names in self.elements if not names]


def scenarios(session: Session, key: str) -> list[Scenario]:
    """The scenarios that guard a procedure, in order of name."""
    query = select(Scenario).where(Scenario.key == key, Scenario.active).order_by(Scenario.id)
    return list(session.scalars(query))


def run(on: Stage, scenario: Scenario) -> Outcome:
    """Play one scenario."""
    played = play(on, scenario.starts_at, scenario.acts)
    checked = expecting.check(played, expecting.read(scenario.expectations))
    return Outcome(scenario, played, tuple(checked), expecting.first_difference(played, checked))


def failing(session: Session, key: str, files: Mapping[str, bytes]) -> list[Failure]:
    """The scenarios of a procedure that these files break; [] for files that cannot run at all, because their findings
    say so already. Writes nothing."""
    known = scenarios(session, key)
    if not known:
        return []
    try:
        on = stage(session, key, files)
    except bpmn.Refused:
        return []
    outcomes = (run(on, scenario) for scenario in known)
    return [
        Failure(outcome.scenario.id, outcome.scenario.name, outcome.sentence)
        for outcome in outcomes
        if not outcome.passed
    ]


def coverage(on: Stage, outcomes: Sequence[Outcome]) -> list[Coverage]:
    """What the scenarios come to, process by process in the order of the files."""
    seen: dict[tuple[str, str], list[str]] = {}
    for outcome in outcomes:
        for place in outcome.play.covered:
            seen.setdefault(place, []).append(outcome.scenario.name)
    package = on.laid.package
    return [
        Coverage(process, package.names[process], tuple(
            (element.id, element.name, element.kind, tuple(sorted(seen.get((process, element.id), ()))))
            for element in package.elements(process)
        ))
        for process in package.processes
    ]  # fmt: skip
