"""20,000 timers under 100 kill -9 of workers and 4 crashes of PostgreSQL (SOAK_TIMERS, SOAK_KILLS, SOAK_CRASHES, SOAK_SEED).

A small one with a fixed seed runs in every `make test`: tests/workers/test_crash.py.
"""

import os
import random
from pathlib import Path

from sqlalchemy import Engine

from tests.workers.cluster import cluster
from tests.workers.hail import Hail, Verdict, start_two_workers
from tests.workers.house import living

TIMERS = int(os.environ.get("SOAK_TIMERS", "20000"))
KILLS = int(os.environ.get("SOAK_KILLS", "100"))
CRASHES = int(os.environ.get("SOAK_CRASHES", "4"))
SEED = int(os.environ.get("SOAK_SEED", str(random.SystemRandom().randrange(10_000))))


def _tell(verdict: Verdict) -> None:
    print(f"seed {SEED}: {verdict.line()}")  # noqa: T201  # the figures of `make soak`
    assert verdict.sound, verdict.wrong()


def test_every_timer_once_in_a_hail_and_four_crashes(tmp_path: Path) -> None:
    with cluster() as (server, database), living(database, tmp_path) as house:
        hail = Hail(house, server, SEED)
        hail.settle(TIMERS)
        start_two_workers(house)
        verdict = hail.run(KILLS, CRASHES)
        _tell(verdict)
        assert (verdict.kills.total(), len(verdict.crashes)) == (KILLS, CRASHES)


def test_every_timer_once_in_a_hail_on_sqlite(sqlite: Engine, tmp_path: Path) -> None:
    """A tenth of the size; SQLite has no server that could crash."""
    with living(sqlite, tmp_path) as house:
        hail = Hail(house, None, SEED)
        hail.settle(TIMERS // 10)
        start_two_workers(house)
        _tell(hail.run(KILLS // 10, crashes=0))
