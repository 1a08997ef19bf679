"""How fast one task completion is, beside two floors measured in the same run.

A completion is the whole act of a person: lock, restore, run, project tasks and deadlines, history, notices, commit.
The floors write the very rows such a completion writes (see rows.py), in one transaction each: with SQLAlchemy Core,
and with the database driver alone. Ours and the floors take turns, case by case, so that a busy machine slows all.
"""

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from statistics import median, quantiles

from sqlalchemy import Engine

from engine import clock
from tests.bench import floor, rows
from tests.moments import moment
from tests.people import Cast

NOW = "2026-03-02 10:00"
Walk = Callable[[], Iterator[Callable[[], None]]]


@dataclass
class Timing:
    """Seconds per act as measured, by case; CPU seconds of this process in all."""

    name: str
    walks: list[list[float]] = field(default_factory=list)
    cpu: float = 0.0

    def case(self, walk: Walk) -> None:
        """Time the acts of one case."""
        seconds = []
        for act in walk():
            began, used = time.perf_counter(), time.process_time()
            act()
            self.cpu += time.process_time() - used
            seconds.append(time.perf_counter() - began)
        self.walks.append(seconds)

    def line(self, against: "Timing | None" = None) -> str:
        """One printed line; the ratio against a floor is the median over the cases of the same run."""
        seconds = [one for walk in self.walks for one in walk]
        ratio = f"   ×{self.ratio(against):.2f} of {against.name}" if against else ""
        return (
            f"  {self.name:<28} {len(seconds) / sum(seconds):7.0f}/s   p50 {median(seconds) * 1e3:6.2f} ms   "
            f"p95 {quantiles(seconds, n=20)[-1] * 1e3:6.2f} ms   {f'{len(seconds) / self.cpu:6.0f} per CPU-second' if self.cpu else ''}{ratio}"
        )

    def ratio(self, against: "Timing") -> float:
        """How many times as long as the floor, the middle case of all."""
        pairs = zip(self.walks, against.walks, strict=True)
        return median(sum(mine) / sum(floor_) for mine, floor_ in pairs)


def run(engine: Engine, cast: Cast, cases: int) -> list[str]:
    """The printed lines for one database; `cases` × 5 completions of each kind after a warm-up of 10 cases."""
    with clock.frozen(moment(NOW)):
        for _ in range(10):
            for act in rows.walk(engine, cast):
                act()
        steps = rows.recorded(engine, cast)
        ours, core, driver = Timing("Lianxin"), Timing("floor, Core"), Timing("floor, driver alone")
        turns: list[tuple[Timing, Walk]] = [
            (ours, partial(rows.walk, engine, cast)),
            (core, partial(floor.core_walk, engine, steps)),
            (driver, partial(floor.driver_walk, engine, steps)),
        ]
        gc.collect()
        gc.freeze()  # what the bench itself keeps is no work of the collector
        for number in range(cases + 5):
            for timing, walk in turns:
                timing.case(walk)
            if number == 4:  # what came before warmed the floors up
                for timing, _ in turns:
                    timing.walks, timing.cpu = [], 0.0
        gc.unfreeze()
        sent = statements(engine, cast)
    written = sum(step.act.count() for step in steps) / len(steps)
    return [
        f"{engine.dialect.name}: {cases * len(steps)} completions, {written:.1f} rows each on average; statements "
        + ", ".join(f"{name} {number.count}" for name, number in sent.items()),
        ours.line(core),
        core.line(),
        driver.line(),
    ]


def statements(engine: Engine, cast: Cast) -> dict[str, rows.Statements]:
    """What each completion of one case sends to the database."""
    found = {}
    for name, act in zip(rows.STEPS, rows.walk(engine, cast), strict=True):
        with rows.listening(engine) as sent:
            act()
        found[name] = sent
    return found
