"""Two workers, beat and broker under a hail of kill -9 and FLUSHALL, with another seed on every run (SOAK_SEED=...)."""

import os
import random
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.workers.house import DAYS, House, living
from tests.workers.test_promise import check_everything_happened_once

ROUNDS = int(os.environ.get("SOAK_ROUNDS", "3"))
SEED = int(os.environ.get("SOAK_SEED", str(random.SystemRandom().randrange(10_000))))
CASES = 40
BLOWS = 5  # per day of the calendar


def strike(house: House, chance: random.Random) -> str:
    """One misfortune; whoever died is back a moment later, as under the supervisor."""
    victim = chance.choice(["worker", "second", "beat", "broker", "flush", "workers"])
    if victim == "flush":
        house.redis.flushall()
        return victim
    names = ("worker", "second") if victim == "workers" else (victim,)
    house.kill(*names)
    time.sleep(chance.uniform(0, 1))
    house.start(*names)
    return victim


@pytest.mark.parametrize("seed", [SEED + number for number in range(ROUNDS)])
def test_exactly_once_in_a_hail(database: Engine, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with living(database, tmp_path) as house:
        house.cases(CASES)
        house.another_worker("second")
        for name in ("worker", "second"):
            house.children[name].environment["WATCH"] = "on"
        house.start("broker", "worker", "second", "beat")
        blows = []
        for day in DAYS:
            house.go_to(day)
            for _ in range(BLOWS):
                time.sleep(chance.uniform(0.2, 2.0))
                blows.append(strike(house, chance))
            expected = {
                "five days more": ("supervised", 1),
                "ten days more": ("supervised", 2),
                "overdue": ("overdue", 1),
            }
            act, times = expected.get(day, ("reminded", 1 if day.startswith("first") else 2))
            house.wait_until(act, times * CASES, seconds=120)
        check_everything_happened_once(house, CASES)
        line = f"seed {seed}: {CASES} cases, {len(blows)} blows ({', '.join(blows)}): everything once"
        print(line)  # noqa: T201  # the figures of `make soak`
