"""One completion over HTTP, beside a bare Flask request that writes the same rows with SQLAlchemy Core.

Both are served by gunicorn with one worker of four threads and asked over a socket that stays open. Ours is the page's
own form: session cookie, CSRF token, policy, redirect. The bare request has none of that: it locks, writes, commits.
"""

import os
import pickle
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine

from engine import db, tasks
from engine.cases.models import Case
from tests import factories, people, served
from tests.bench import floor, rows
from tests.bench.completion import Timing
from tests.people import Cast

ROWS = "LIANXIN_BENCH_ROWS"  # the file with the recorded rows, for the bare application


def run(engine: Engine, cast: Cast, cases: int) -> list[str]:
    """The printed lines for one database that `factories.prepared` has filled."""
    ours, bare = Timing("Lianxin over HTTP"), Timing("bare Flask and Core")
    with tempfile.TemporaryDirectory() as folder:
        for act in rows.walk(engine, cast):  # the year's first number is no row of a completion
            act()
        steps = rows.recorded(engine, cast)
        kept = Path(folder) / "rows"
        kept.write_bytes(pickle.dumps(steps))
        env = served.environment(
            DATABASE_URL=engine.url.render_as_string(hide_password=False), LIANXIN_SECRET_KEY="only-for-the-bench",
            LIANXIN_DATA=folder, **{ROWS: str(kept)},
        )  # fmt: skip
        with served.web(env, Path(folder) / "web", "--workers", "1") as address, _bare(env, Path(folder)) as plain:
            clerks = {who: served.Person(address).sign_in(who, people.PASSWORD) for who in _people(cast)}
            for number in range(cases + 3):
                ours.walks.append(list(_ours(engine, cast, clerks)))
                bare.walks.append(list(_floor(plain, len(steps))))
                if number == 2:  # what came before warmed both up
                    ours.walks, bare.walks = [], []
    return [f"{engine.dialect.name}: one completion over HTTP", ours.line(bare), bare.line()]


def _people(cast: Cast) -> set[str]:
    return {rows.form_of(cast, name)[0] for name in rows.STEPS}


def _ours(engine: Engine, cast: Cast, clerks: dict[str, served.Person]) -> Iterator[float]:
    with db.transaction(engine) as session:
        case_id = factories.registered(session, replace(cast, session=session)).id
    for name in rows.STEPS:
        who, role, form = rows.form_of(cast, name)
        with db.transaction(engine) as session:
            task = factories.open_task(session, session.get_one(Case, case_id), role)
            if task.person_id is None:
                tasks.claim(session, replace(cast, session=session).actor(who), task.id)
            task_id = task.id
        began = time.perf_counter()
        answer = clerks[who].post(f"/tasks/{task_id}", **form)
        yield time.perf_counter() - began
        assert answer.status == 302, answer.text[:2000]
        clerks[who].get(answer.to)  # as the browser does: what the page says is said once


def _floor(connection: HTTPConnection, steps: int) -> Iterator[float]:
    for step in range(steps):
        _ask(connection, f"/lay/{step}")
        began = time.perf_counter()
        _ask(connection, f"/act/{step}")
        yield time.perf_counter() - began


def _ask(connection: HTTPConnection, path: str) -> None:
    connection.request(
        "POST", path, body=b"decision=accept", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == 204, text[:2000]


@contextmanager
def _bare(env: dict[str, str], folder: Path) -> Iterator[HTTPConnection]:
    port = served.free_port()
    command = [
        sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "4",
        "--no-control-socket", "--log-level", "warning", "--keep-alive", "60", "tests.bench.http:bare()",
    ]  # fmt: skip

    def answers() -> bool:
        try:
            HTTPConnection("127.0.0.1", port, timeout=5).connect()
        except OSError:
            return False
        return True

    with served.process("bare", command, env, folder / "bare") as server:
        served.wait_for(lambda: server.poll() is not None or answers(), what="the bare server")
        yield HTTPConnection("127.0.0.1", port, timeout=60)


def bare() -> Flask:
    """The application of the floor; `lay` makes ready what an act finds, `act` is what is timed."""
    app = Flask("bare")
    engine = db.connect(os.environ["DATABASE_URL"])
    steps: list[rows.Step] = pickle.loads(Path(os.environ[ROWS]).read_bytes())
    waiting: dict[str, Any] = {}

    @app.post("/lay/<int:step>")
    def lay(step: int) -> tuple[str, int]:
        if step == 0:
            waiting["copy"] = floor.Copy(steps)
        before, written = waiting["copy"].steps[step]
        floor.lay(engine, before)
        waiting["act"] = list(floor.order(written))
        return "", 204

    @app.post("/act/<int:_step>")
    def act(_step: int) -> tuple[str, int]:
        with engine.begin() as connection:
            floor.by_core(connection, waiting["act"], waiting["copy"].instance())
        return "", 204

    return app
