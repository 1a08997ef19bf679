"""Thousands of timers while workers are killed and the database crashes; what happened is read off the rows."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from os import kill
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from engine import clock, db, rehearsal
from engine.handlings.models import Handling, Reminder, Supervision
from engine.notices.models import Notice
from engine.work.models import Deadline, History, Incident
from tests import crowd, factories
from tests.moments import moment
from tests.workers.cluster import CRASHES, Cluster, _children
from tests.workers.house import House

# received → the days by the calendar of the State Council: 3 and 1 working days before the end, the end, 5 and 10 later
RECEIPTS = {
    "2026-02-13 10:00": ("2026-03-02 09:00", "2026-03-04 09:00", "2026-03-06", "2026-03-13", "2026-03-20"),
    "2026-02-24 15:00": ("2026-03-04 09:00", "2026-03-06 09:00", "2026-03-10", "2026-03-17", "2026-03-24"),
    "2026-02-26 09:00": ("2026-03-06 09:00", "2026-03-10 09:00", "2026-03-12", "2026-03-19", "2026-03-26"),
    "2026-02-27 11:00": ("2026-03-09 09:00", "2026-03-11 09:00", "2026-03-13", "2026-03-20", "2026-03-27"),
}
TIMERS = ("first_reminder_due", "second_reminder_due", "limit", "overdue_5", "overdue_10")
BEGINS = "2026-02-28 20:00"
PATIENCE = 180.0  # seconds without a single timer
Key = tuple[int, str]  # case, timer


@dataclass
class Verdict:
    """What the rows say."""

    timers: int
    twice: list[Key] = field(default_factory=list)
    missed: list[Key] = field(default_factory=list)
    early: list[Key] = field(default_factory=list)
    other_day: list[Key] = field(default_factory=list)  # recorded with another due time than its own
    late: list[float] = field(default_factory=list)  # seconds from due to fired, on the clock of the house
    incidents: list[str] = field(default_factory=list)
    notices_twice: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    crashes: dict[str, float] = field(default_factory=dict)
    restarts: int = 0  # of workers that gave up by themselves
    seconds: float = 0.0

    @property
    def sound(self) -> bool:
        """Everything once, on its own day, not before it."""
        wrong = (self.twice, self.missed, self.early, self.other_day, self.incidents)
        return not any(wrong) and not self.notices_twice and len(self.late) == self.timers

    def wrong(self) -> dict[str, object]:
        """The first of each kind that went wrong."""
        kinds = ("twice", "missed", "early", "other_day", "incidents")
        return {kind: getattr(self, kind)[:5] for kind in kinds} | {"notices twice": self.notices_twice}

    def line(self) -> str:
        """The figures of one run."""
        away = ", ".join(f"{way} {seconds:.1f} s" for way, seconds in self.crashes.items())
        return (
            f"{self.timers} timers in {self.seconds:.0f} s under {self.kills.total()} kill -9 ({dict(self.kills)}) and "
            f"{len(self.crashes)} crashes of PostgreSQL ({away}), {self.restarts} workers gave up: {len(self.twice)} twice, {len(self.missed)} missed, "
            f"{len(self.early)} early, {len(self.other_day)} with a wrong due time, {len(self.incidents)} incidents, "
            f"{self.notices_twice} notices twice; fired p50 {median(self.late):.1f} s and at most "
            f"{max(self.late):.1f} s after they were due"
        )


def start_two_workers(house: House) -> None:
    """Broker, beat and two workers; the threads of one of them look as well, so that both triggers take part."""
    house.another_worker("second")
    house.children["worker"].environment["WATCH"] = "on"
    house.start("broker", "worker", "second", "beat")


class Hail:
    """`timers` timers of `timers // 5` cases, `kills` and `crashes` spread over their firing."""

    def __init__(self, house: House, server: Cluster | None, seed: int) -> None:
        self.house, self.server = house, server
        self.chance = random.Random(seed)
        self.expected: dict[Key, datetime] = {}
        self.verdict = Verdict(0)

    # -------------------------------------------------------------------------------------------- setting up
    def settle(self, timers: int, days: int = len(RECEIPTS)) -> None:
        """Cases received on the first `days` of RECEIPTS, and the clock of the house before the first timer."""
        each, first = timers // len(TIMERS) // days, 1
        with clock.frozen(moment(min(RECEIPTS))):
            cast = factories.prepared(self.house.database)
        made = []
        for received in list(RECEIPTS)[:days]:
            with clock.frozen(moment(received)):
                made.append((self._case(cast), self._case(cast)))
        for pattern, control in made:
            crowd.grow(self.house.database, pattern, each - 1, first)
            crowd.same(self.house.database, pattern + first * crowd.STRIDE, control)
            self._forget(control)
            first += each
        self._expect()
        with db.transaction(self.house.database) as session:
            behind = moment(BEGINS) - clock.now()
            session.add(rehearsal.ClockOffset(id=1, seconds=int(behind.total_seconds())))

    def _case(self, cast: factories.people.Cast) -> int:
        with db.transaction(self.house.database) as session:
            return factories.handled(session, replace(cast, session=session)).id

    def _forget(self, case_id: int) -> None:
        """The case that copies were compared with does not take part."""
        with db.transaction(self.house.database) as session:
            for row in session.scalars(select(Deadline).where(Deadline.case_id == case_id)):
                session.delete(row)

    def _expect(self) -> None:
        """What must happen when: the waiting timers, each on the day the calendar says."""
        days = {moment(received): [moment(day) for day in due] for received, due in RECEIPTS.items()}
        with db.transaction(self.house.database) as session:
            received = dict(session.execute(select(Handling.case_id, Handling.received_at)).all())
            for row in session.scalars(select(Deadline)):
                if row.element_id not in TIMERS:  # the targets of receipt and plan take no part
                    session.delete(row)
                    continue
                assert row.case_id is not None
                assert row.due_at == days[received[row.case_id]][TIMERS.index(row.element_id)]
                self.expected[row.case_id, row.element_id] = row.due_at
        self.verdict.timers = len(self.expected)

    # -------------------------------------------------------------------------------------------- the run
    def run(self, kills: int, crashes: int, lead: float = 2.0) -> Verdict:
        """Every day from the first timer to the last; returns what the rows say. `lead`: seconds that the workers look
        at each moment before it comes."""
        began = time.monotonic()
        total = len(self.expected)
        blows = [(total * (place + 0.5) / kills, self._kill) for place in range(kills)]
        blows += [(total * (place + 0.5) / crashes, self._crash) for place in range(crashes)]
        blows.sort(key=lambda blow: blow[0])
        for day in sorted(set(self.expected.values())):
            self._go_to(day - timedelta(seconds=lead))  # the clock of the house walks over the moment by itself
            self._wait_for(sum(due <= day for due in self.expected.values()), blows)
        while blows:
            blows.pop(0)[1]()
        self.verdict.seconds = time.monotonic() - began
        self._judge()
        return self.verdict

    def _wait_for(self, count: int, blows: list[tuple[float, Callable[[], None]]]) -> None:
        last, before = time.monotonic() + PATIENCE, -1
        while (fired := self._fired()) < count:
            if fired != before:
                last, before = time.monotonic() + PATIENCE, fired
            self._supervise()
            if blows and fired >= blows[0][0]:
                blows.pop(0)[1]()
            assert time.monotonic() < last, f"{fired} of {count}; {self._words()}"
            time.sleep(0.05)

    def _fired(self) -> int:
        try:
            with db.reading(self.house.database) as session:
                both = (select(func.count()).select_from(kind) for kind in (Reminder, Supervision))
                return sum(session.scalar(query) or 0 for query in both)
        except OperationalError:  # a backend was killed: the server is back in a moment
            return -1

    def _go_to(self, when: datetime) -> None:
        with db.transaction(self.house.database) as session:
            rehearsal.apply(session)
            rehearsal.advance(session, max(when - clock.now(), timedelta(0)))
            clock.shift(timedelta(0))

    def _words(self) -> dict[str, str]:
        return {child.name: child.last_words(8) for child in self.house.children.values()}

    def _supervise(self) -> None:
        """Celery gives up when a process of its pool is killed while it starts; `lianxin up` and the containers start
        such a worker again."""
        for name in ("worker", "second"):
            if not self.house.children[name].alive:
                self.verdict.restarts += 1
                self.house.start(name)

    # -------------------------------------------------------------------------------------------- the blows
    def _kill(self) -> None:
        victim = self.chance.choice(["worker", "second", "both", "child of worker", "child of second"])
        self.verdict.kills[victim] += 1
        if victim.startswith("child of "):
            process = self.house.children[victim.removeprefix("child of ")].process
            pool = _children(process.pid) if process and process.poll() is None else []
            for child in pool[:1]:  # the pool starts another one
                kill(child, signal.SIGKILL)
            return
        names = ("worker", "second") if victim == "both" else (victim,)
        self.house.kill(*names)
        self.house.start(*names)

    def _crash(self) -> None:
        if self.server is None:
            return
        way = CRASHES[len(self.verdict.crashes) % len(CRASHES)]
        name = way if way not in self.verdict.crashes else f"{way} {len(self.verdict.crashes)}"
        self.verdict.crashes[name] = self.server.crash(way)
        self.house.database.dispose()

    # -------------------------------------------------------------------------------------------- the rows
    def _judge(self) -> None:
        verdict = self.verdict
        with db.transaction(self.house.database) as session:
            fired = self._rows(session)
            told = select(History.case_id, History.act, History.due_at).where(History.due_at.is_not(None))
            acts = Counter(session.execute(told).all())
            notices = select(Notice.case_id, Notice.kind, Notice.organisation_id, Notice.person_id, Notice.subject)
            sent = Counter(session.execute(notices.where(Notice.kind.in_(("reminder", "overdue")))).all())
            verdict.incidents = list(session.scalars(select(Incident.message)))
            left = set(session.execute(select(Deadline.case_id, Deadline.element_id)).all())
        counted = Counter(key for key, _, _ in fired)
        verdict.missed = [key for key in self.expected if key not in counted or key in left]
        verdict.twice = [key for key, number in counted.items() if number > 1]
        verdict.twice += [(case_id or 0, act) for (case_id, act, _), number in acts.items() if number > 1]
        verdict.other_day = [key for key, due, _ in fired if due != self.expected[key]]
        verdict.early = [key for key, due, at in fired if at < self.expected[key]]
        verdict.late = [(at - due).total_seconds() for _, due, at in fired]
        verdict.notices_twice = sum(number > 1 for number in sent.values())
        assert sum(acts.values()) == len(fired), "a history row for each"

    def _rows(self, session: db.Session) -> list[tuple[Key, datetime, datetime]]:
        reminders = select(Handling.case_id, Reminder).join(Reminder, Reminder.handling_id == Handling.id)
        fired = [
            ((row.case_id, TIMERS[{3: 0, 1: 1}[row.Reminder.days_before]]), row.Reminder.due_at, row.Reminder.fired_at)
            for row in session.execute(reminders)
        ]
        rungs = session.scalars(select(Supervision))
        return fired + [((row.case_id, TIMERS[2 + row.step]), row.due_at, row.fired_at) for row in rungs]
