"""R69, R70, R71 with real processes: whatever is killed, flushed or late, everything happens exactly once."""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from shutil import rmtree

import pytest
from sqlalchemy import Engine, select

from engine import db
from engine.config import ROOT
from engine.handlings.models import Reminder, Supervision
from engine.notices.models import Notice
from engine.work.models import History, Incident
from tests.moments import moment
from tests.workers.house import DAYS, House, living

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("workers")]

CASES = 6
DUE = {0: "2026-03-06", 1: "2026-03-13", 2: "2026-03-20"}  # 24:00 of the tenth working day, five and ten later
REMINDED = {3: "2026-03-02 09:00", 1: "2026-03-04 09:00"}


def check_everything_happened_once(house: House, cases: int) -> None:
    """Every reminder and every rung of the ladder, once, with its true due time and not before it."""
    with db.transaction(house.database) as session:
        rungs = session.scalars(select(Supervision)).all()
        assert Counter(row.step for row in rungs) == dict.fromkeys(DUE, cases)
        assert {(row.step, row.due_at) for row in rungs} == {(step, moment(day)) for step, day in DUE.items()}
        reminders = session.scalars(select(Reminder)).all()
        assert Counter(row.days_before for row in reminders) == dict.fromkeys(REMINDED, cases)
        assert {(row.days_before, row.due_at) for row in reminders} == {
            (days, moment(at)) for days, at in REMINDED.items()
        }
        assert all(row.fired_at >= row.due_at for row in [*rungs, *reminders])
        acts = Counter(session.scalars(select(History.act).where(History.due_at.is_not(None))))
        told = Counter(
            session.scalars(select(Notice.kind).where(Notice.kind.in_(("reminder", "supervision", "overdue"))))
        )
        sent = sum(row.sent for row in reminders)
        assert acts["reminded"] + acts["reminder_superseded"] == 2 * cases
        assert (acts["overdue"], acts["supervised"]) == (cases, 2 * cases)
        assert told == {"reminder": sent, "supervision": 3 * cases, "overdue": 3 * cases}
        assert not session.scalars(select(Incident)).all()
    left = (house.settings.data_dir / "sms-outbox.jsonl").read_text(encoding="utf-8").splitlines()
    assert max(Counter(json.loads(line)["key"] for line in left).values()) == 1


def test_killed_flushed_and_stopped_for_days(database: Engine, tmp_path: Path) -> None:
    """Only beat, broker and worker; the threads are off."""
    moments = random.Random(69)
    with living(database, tmp_path) as house:
        house.cases(CASES)
        house.start("broker", "worker", "beat")
        house.go_to("first reminder")
        house.wait_until("reminded", CASES)

        # the worker dies in the middle of a sweep, and the broker forgets everything
        house.go_to("second reminder")
        time.sleep(moments.uniform(0.3, 1.0))
        house.kill("worker")
        house.redis.flushall()
        house.start("worker")
        house.wait_until("reminded", 2 * CASES)

        # broker and beat die; the worker finds the new broker by itself
        house.kill("broker", "beat")
        house.go_to("overdue")
        house.start("broker", "beat")
        house.wait_until("overdue", CASES)
        assert house.children["worker"].alive

        # nothing runs for two weeks, and the broker's files are lost
        house.kill("worker", "beat", "broker")
        rmtree(tmp_path / "broker" / "appendonlydir")
        house.go_to("five days more")
        house.go_to("ten days more")
        house.start("broker", "worker", "beat")
        house.wait_until("supervised", 2 * CASES)
        check_everything_happened_once(house, CASES)


def test_the_threads_alone_keep_the_promise_without_a_broker(database: Engine, tmp_path: Path) -> None:
    """No beat, and a broker that never answers: the worker's own threads look."""
    with living(database, tmp_path) as house:
        house.cases(2)
        house.children["worker"].environment["WATCH"] = "on"
        house.start("worker")
        for day in DAYS:
            house.go_to(day)
            expected = {
                "five days more": ("supervised", 2),
                "ten days more": ("supervised", 4),
                "overdue": ("overdue", 2),
            }
            house.wait_until(*expected.get(day, ("reminded", 2 if day.startswith("first") else 4)))
        check_everything_happened_once(house, 2)


def test_cron_alone_keeps_the_promise_even_when_it_overlaps(database: Engine, tmp_path: Path) -> None:
    """`lianxin sweep` twice at once, on two days."""
    with living(database, tmp_path) as house:
        house.cases(3)
        for day in ("second reminder", "ten days more"):
            house.go_to(day)
            sweeps = [
                subprocess.Popen(
                    [sys.executable, "-m", "engine.cli", "sweep"], cwd=ROOT, env=house.children["worker"].environment,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                )
                for _ in range(2)
            ]  # fmt: skip
            said = [sweep.communicate(timeout=60) for sweep in sweeps]
            assert {sweep.returncode for sweep in sweeps} == {0}, said
        check_everything_happened_once(house, 3)
