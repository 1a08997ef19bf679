"""What has to be looked after all the time, whoever looks: beat's messages, the thread in each process, or cron.

Each duty is safe to run twice, at once and anywhere (rule 4).
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from engine import amending, config, db, deadlines, filing, outbox, starts, upkeep
from engine.attachments.store import Store
from engine.commands.sessions import opener
from engine.config import Settings
from engine.db import Begin
from engine.notices import delivery
from engine.printing import jobs

log = logging.getLogger(__name__)
LONGEST = 20.0  # seconds one round of a duty may go on; the next round continues
PRINTING = 8.0  # the same of printing: whoever waits for a limit must not wait for a book
LOOK = 1.0


def sweep_deadlines(begin: Begin, _settings: Settings) -> int:
    """Fire every deadline that is due, start every procedure whose time came; how many there were."""
    fired = starts.sweep(begin).started
    last = time.monotonic() + LONGEST
    while time.monotonic() < last:
        swept = deadlines.sweep(begin)
        fired += swept.fired
        if not swept.more or not swept.fired:
            break
    return fired


def send_notices(begin: Begin, settings: Settings) -> int:
    """Send the queued messages of every channel that has an adapter; how many left."""
    return outbox.send_due(begin, delivery.adapters(settings), seconds=LONGEST).sent


def check_stuck(begin: Begin, _settings: Settings) -> int:
    """Raise an incident for every case that nothing would ever move again; how many new ones."""
    with begin() as session:
        return upkeep.check_stuck(session)


def tend_calendar(begin: Begin, _settings: Settings) -> int:
    """Continue previews and recomputations of notices and parameters; ask for the notice of a missing year."""
    last = time.monotonic() + LONGEST
    return amending.tend(begin, lambda: time.monotonic() < last)


def print_books(begin: Begin, settings: Settings) -> int:
    """Print pieces of the ledgers people wait for; how many (R115)."""
    return jobs.work(begin, settings, PRINTING)


def clear_files(begin: Begin, settings: Settings) -> int:
    """Remove files no case, draft or letter names any more; how many."""
    return filing.sweep(begin, Store.of(settings))


def clear_prints(begin: Begin, settings: Settings) -> int:
    """Remove printed books nobody fetched for a week; how many."""
    return jobs.tidy(begin, settings)


@dataclass(frozen=True)
class Duty:
    """A function and how often it is due."""

    run: Callable[[Begin, Settings], int]
    seconds: int


DUTIES = {
    "sweep_deadlines": Duty(sweep_deadlines, 30),
    "send_notices": Duty(send_notices, 30),
    "check_stuck": Duty(check_stuck, 600),
    "tend_calendar": Duty(tend_calendar, 15),
    "print_books": Duty(print_books, 5),
    "clear_prints": Duty(clear_prints, 3600),
    "clear_files": Duty(clear_files, 3600),
}


class Watch(threading.Thread):
    """Does every duty in time without any broker, with a database engine of its own, until the process ends.

    Start one per process, after the last fork. A lost database is tried again; nothing is lost meanwhile.
    """

    def __init__(self, settings: Settings, pace: float = 1.0) -> None:
        super().__init__(name="lianxin-watch", daemon=True)
        self.settings = settings
        self.pace = pace  # 0.1 = ten times as often (tests)
        self.stopping = threading.Event()

    def run(self) -> None:
        """Until `stop`; each process starts at another moment, so that they take turns."""
        engine = db.connect(self.settings.database_url)
        begin = opener(engine, self.settings)
        next_look = {name: self._soon(duty) for name, duty in DUTIES.items()}
        while not self.stopping.wait(LOOK * min(self.pace, 1.0)):
            for name, duty in DUTIES.items():
                if time.monotonic() >= next_look[name] and not self.stopping.is_set():
                    self._do(name, duty, begin)
                    next_look[name] = time.monotonic() + duty.seconds * self.pace * random.uniform(0.8, 1.2)
        engine.dispose()

    def stop(self) -> None:
        """End after the duty under way."""
        self.stopping.set()

    def _soon(self, duty: Duty) -> float:
        return time.monotonic() + random.uniform(0, min(duty.seconds, 30) * self.pace)

    def _do(self, name: str, duty: Duty, begin: Begin) -> None:
        try:
            done = duty.run(begin, self.settings)
        except Exception:  # a thread that ends would be noticed by nobody
            log.warning("%s failed and will be tried again", name, exc_info=True)
        else:
            log.log(logging.INFO if done else logging.DEBUG, "%s: %s", name, done)


def watch() -> Watch:
    """A started watch with the settings of this process."""
    thread = Watch(config.load())
    thread.start()
    return thread
