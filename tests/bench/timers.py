"""Timers: one that fires, a sweep of 20,000 overdue ones by two workers, 10,000 limits after a change of the calendar.

The cases are copies of one that the use cases made (tests/crowd.py). The floor of each figure is what one of its acts
writes, written again with SQLAlchemy Core; two workers share the floor of the sweep.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial

from sqlalchemy import Engine, Select, func, select

from engine import clock, db, deadlines
from engine.work.models import Deadline, History
from engine.workdays.models import WorkdayRow
from tests import crowd, factories
from tests.bench import again
from tests.moments import moment

RECEIVED, LATER = "2026-02-13 10:00", "2026-04-10 08:00"
TURNS, WORKERS, PER_CASE = 40, 2, 5


def run(engine: Engine, names: frozenset[str], overdue: int, moved: int) -> Iterator[str]:
    """The printed lines on an empty database; `overdue` and `moved` are numbers of timers."""
    with clock.frozen(moment(RECEIVED)):
        cast = factories.prepared(engine)
        with db.transaction(engine) as session:
            case_id = factories.handled(session, replace(cast, session=session)).id
    cases = max(overdue if "sweep" in names else 0, moved if "calendar" in names else 0) // PER_CASE
    crowd.grow(engine, case_id, max(cases, TURNS * 2))
    yield f"{engine.dialect.name}: timers of {max(cases, TURNS * 2)} cases"
    if "calendar" in names:
        yield _calendar(engine, moved // PER_CASE)
    with clock.frozen(moment(LATER)):
        if "timer" in names or "sweep" in names:
            line, base = _timer(engine)
            yield line
        if "sweep" in names:
            yield _sweep(engine, base)


def _calendar(engine: Engine, cases: int) -> str:
    """A day off more within the limit; every running case in a transaction of its own."""
    with clock.frozen(moment("2026-02-27 09:00")):
        with db.transaction(engine) as session:
            session.add(WorkdayRow(day=date(2026, 3, 3), kind="off", notice="测", issued=date(2026, 2, 26)))
            waiting = deadlines.open_instances(session)[:cases]

        def move(instance_id: int) -> None:
            with db.transaction(engine) as session:
                assert deadlines.recompute(session, instance_id, "新的放假通知")

        written = again.written_by(engine, partial(move, waiting.pop()))
        base = again.floor(engine, written, TURNS)
        took = again.seconds([partial(move, instance_id) for instance_id in waiting])
    name = f"calendar changed: {len(took) * PER_CASE} timers evaluated"
    return again.line(name, took, base, f", {sum(took):.1f} s in one process")


def _timer(engine: Engine) -> tuple[str, float]:
    """One overdue timer fires: the sweep's transaction, the longest due first."""
    with db.reading(engine) as session:
        first = deadlines.due(session, TURNS + 1)

    def fire(instance_id: int) -> None:
        with db.transaction(engine) as session:
            assert deadlines.fire_next(session, instance_id)

    for instance_id in first:  # both reminders are superseded by now; the third timer is the end of the limit
        fire(instance_id)
        fire(instance_id)
    written = again.written_by(engine, partial(fire, first.pop()))
    base = again.floor(engine, written, TURNS)
    took = again.seconds([partial(fire, instance_id) for instance_id in first])
    return again.line("timer fired: the limit ends, supervision begins", took, base), base


def _sweep(engine: Engine, base: float) -> str:
    """Two processes sweep until nothing is due; each timer once."""
    count = select(func.count()).select_from(Deadline)
    with db.reading(engine) as session:
        before, acts = session.scalar(count) or 0, session.scalar(_fired()) or 0
    url = engine.url.render_as_string(hide_password=False)
    engine.dispose()
    began = time.perf_counter()
    children = [_worker(url) for _ in range(WORKERS)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * WORKERS
    took = time.perf_counter() - began
    with db.reading(engine) as session:
        assert session.scalar(count) == 0
        assert (session.scalar(_fired()) or 0) - acts == before
    each = took / before * WORKERS
    return (
        f"  {f'sweep of {before} overdue timers, {WORKERS} workers':<44} {before / took:8.1f}/s   in {took:.1f} s   "
        f"×{each / base:5.2f} of Core, a worker and timer"
    )


def _fired() -> Select[int]:
    return select(func.count()).select_from(History).where(History.due_at.is_not(None))


def _worker(url: str) -> int:
    child = os.fork()
    if child == 0:
        try:
            engine = db.connect(url)
            last = time.monotonic() + 900
            while time.monotonic() < last:
                swept = deadlines.sweep(partial(db.transaction, engine))
                if not swept.more and not swept.fired:
                    break
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the bench must not go on in here
            os._exit(1)
    return child
