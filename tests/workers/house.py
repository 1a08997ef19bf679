"""Broker, worker and beat as real processes on a test's database, and the demo clock that moves their days."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path

import redis
from sqlalchemy import Engine, select

from engine import clock, config, db, rehearsal
from engine.config import Settings
from engine.work.models import History
from tests import factories
from tests.moments import moment
from workers import supervisor
from workers.child import Child

RECEIVED = "2026-02-13 10:00"  # due 2026-03-05 (R69, R70)
DAYS = {
    "first reminder": "2026-03-02 10:00",
    "second reminder": "2026-03-04 10:00",
    "overdue": "2026-03-06 00:10",
    "five days more": "2026-03-13 00:10",
    "ten days more": "2026-03-20 00:10",
}


@dataclass
class House:
    """The processes by name (`broker`, `worker`, `beat`, further workers) on one database."""

    database: Engine
    settings: Settings

    @cached_property
    def children(self) -> dict[str, Child]:
        """The programs `lianxin up` would start, with the quick beat of the tests."""
        family = {child.name: child for child in supervisor.children(self.settings, 1, "127.0.0.1")}
        for child in family.values():
            child.command = ["tests.workers.quick" if part == "workers.app" else part for part in child.command]
            child.environment |= {"LIANXIN_DEMO": "1", "LIANXIN_ENV": "local", "WATCH": "off"}
        del family["web"]
        return family

    def another_worker(self, name: str) -> None:
        """A second worker of the same kind, as on a second machine."""
        first = self.children["worker"]
        command = [part.replace("lianxin@", f"{name}@") for part in first.command]
        self.children[name] = replace(first, name=name, command=command, log=first.log.with_name(f"{name}.log"))

    def start(self, *names: str) -> None:
        """Start these, the broker first and answering before the others come."""
        for name in sorted(names, key=lambda name: name != "broker"):
            self.children[name].start()
            if name == "broker":
                wait_for(self.broker_answers)

    def kill(self, *names: str) -> None:
        """kill -9, with everything they started."""
        for name in names:
            process = self.children[name].process
            assert process is not None
            with suppress(ProcessLookupError):  # it had ended by itself
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def stop(self) -> None:
        """End whatever still runs."""
        for child in self.children.values():
            if child.alive:
                self.kill(child.name)

    @property
    def redis(self) -> redis.Redis:
        """The broker's own door."""
        url = self.children["broker"].environment["REDIS_URL"]
        return redis.Redis(unix_socket_path=url.removeprefix("redis+socket://"), socket_timeout=5)

    def broker_answers(self) -> bool:
        """True once it takes commands."""
        try:
            return bool(self.redis.ping())
        except redis.RedisError:
            return False

    def cases(self, count: int) -> None:
        """Cases that a street unit received on RECEIVED, made by the real use cases; then the clock stands there."""
        with clock.frozen(moment(RECEIVED)), db.transaction(self.database) as session:
            cast = factories.install(session)
            for _ in range(count):
                factories.handled(session, cast)
        with db.transaction(self.database) as session:
            behind = moment(RECEIVED) - clock.now()
            session.add(rehearsal.ClockOffset(id=1, seconds=int(behind.total_seconds())))

    def go_to(self, day: str) -> None:
        """Push the demo clock to a day of DAYS."""
        with db.transaction(self.database) as session:
            rehearsal.apply(session)
            rehearsal.advance(session, max(moment(DAYS[day]) - clock.now(), timedelta(0)))
            clock.shift(timedelta(0))

    def acts(self) -> Counter[str]:
        """What timers did so far."""
        with db.transaction(self.database) as session:
            known = ("reminded", "reminder_superseded", "overdue", "supervised", "incident")
            return Counter(session.scalars(select(History.act).where(History.act.in_(known))))

    def wait_until(self, act: str, count: int, seconds: float = 60.0) -> None:
        """Until timers did this so often; the message of the failure shows how far they came."""
        try:
            wait_for(lambda: self.acts()[act] >= count, seconds)
        except AssertionError:
            words = {child.name: child.last_words(8) for child in self.children.values()}
            raise AssertionError(f"{self.acts()} instead of {count} {act}; {words}") from None


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Until it is true, or the test fails."""
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, "waited too long"
        time.sleep(0.1)


@contextmanager
def living(database: Engine, data_dir: Path) -> Iterator[House]:
    """A house without cases and without running processes; nothing of it outlives the block."""
    url = database.url.render_as_string(hide_password=False)
    settings = replace(config.load(), database_url=url, data_dir=data_dir, redis_url="", demo=True)
    house = House(database, settings)
    try:
        yield house
    finally:
        house.stop()
