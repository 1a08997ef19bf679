"""A sample of `make soak`, with a fixed seed: timers under kill -9 of workers and a crash of PostgreSQL."""

from pathlib import Path

import pytest

from tests.workers.cluster import cluster
from tests.workers.hail import Hail, start_two_workers
from tests.workers.house import living

pytestmark = [pytest.mark.processes, pytest.mark.postgres, pytest.mark.xdist_group("workers")]


def test_postgresql_crashes_and_workers_are_killed(tmp_path: Path) -> None:
    with cluster() as (server, database), living(database, tmp_path) as house:
        hail = Hail(house, server, seed=11)
        hail.settle(timers=40, days=1)
        start_two_workers(house)
        verdict = hail.run(kills=2, crashes=1, lead=0.5)
        assert verdict.sound, verdict.wrong()
