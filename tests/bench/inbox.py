"""The inbox of one busy office while 1,000, 10,000 and 100,000 tasks are open in the city: the statement and the page.

The rows are written straight into the tables: this is the shape of a load, nobody's work. One task in twenty waits in
the pool of the office that looks; every case has its handling, three rows of history and a due date.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from statistics import median, quantiles
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine, event, insert, select, text

from engine import clock, config, db, desk
from engine.access import Actor
from engine.cases.models import Case
from engine.handlings.models import Handling
from engine.organisation import queries as organisation
from engine.packages.models import Package
from engine.work.models import History, Instance, Task
from tests import people
from tests.moments import moment
from tests.people import Cast
from web.app import create_app

SHARE = 20  # every 20th open task is in the office's pool
SLOW = 0.1  # seconds; a statement beyond this is printed with its plan
TURNS = 30
NOW = "2026-03-02 10:00"
CHUNK = 5000


def run(engine: Engine, cast: Cast, sizes: tuple[int, ...]) -> list[str]:
    """The printed lines for one database that `factories.prepared` has filled."""
    with clock.frozen(moment(NOW)):
        lines = [f"{engine.dialect.name}: the inbox, p50 and p95 of {TURNS} turns"]
        there = 0
        for size in sizes:
            _fill(engine, cast, there, size)
            there = size
            lines += _measured(engine, cast, size)
    return lines


def _measured(engine: Engine, cast: Cast, size: int) -> Iterator[str]:
    with db.reading(engine) as session:
        actor = organisation.actor(session, cast.id("unit_clerk"))
    slow = _Slow(engine)
    client = _client(engine)
    looks: list[tuple[str, Callable[[], object]]] = [
        ("boxes and counts", lambda: _reading(engine, lambda session: desk.boxes(session, actor))),
        ("list, first page", lambda: _reading(engine, lambda session: desk.inbox(session, actor, "todo"))),
        ("list, page 20", lambda: _reading(engine, lambda session: desk.inbox(session, actor, "todo", 20))),
        ("list, 已逾期", lambda: _reading(engine, lambda session: desk.inbox(session, actor, "overdue"))),
        (
            "list, filtered by text",
            lambda: _reading(engine, lambda session: desk.inbox(session, actor, "todo", text="转运点 7")),
        ),
        ("search in everything", lambda: _reading(engine, lambda session: desk.search(session, actor, "转运点"))),
        ("the whole page over the app", lambda: _page(client, "/inbox/todo")),
        ("workbench over the app", lambda: _page(client, "/")),
    ]
    yield f"  {size} open tasks, {_mine(engine, actor)} of them in this office"
    with slow:
        for name, look in looks:
            slow.where = name
            yield _line(name, look)
    yield from slow.plans()


def _mine(engine: Engine, actor: Actor) -> int:
    with db.reading(engine) as session:
        return desk.boxes(session, actor)["todo"]


def _reading(engine: Engine, look: Callable[[Any], object]) -> object:
    with db.reading(engine) as session:
        return look(session)


def _line(name: str, look: Callable[[], object]) -> str:
    for _ in range(3):
        look()
    seconds = []
    for _ in range(TURNS):
        began = time.perf_counter()
        look()
        seconds.append(time.perf_counter() - began)
    return f"    {name:<30} p50 {median(seconds) * 1e3:8.2f} ms   p95 {quantiles(seconds, n=20)[-1] * 1e3:8.2f} ms"


def _client(engine: Engine) -> FlaskClient:
    os.environ.setdefault("LIANXIN_SECRET_KEY", "only-for-the-bench")
    settings = replace(config.load(), database_url=engine.url.render_as_string(hide_password=False), demo=False)
    app = create_app(settings)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    answer = client.post("/sign-in", data={"login": "unit_clerk", "password": people.PASSWORD})
    assert answer.status_code == 302, answer.text
    return client


def _page(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text


class _Slow:
    """Statements that usually take longer than SLOW, once each, with the plan the database has for them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.where = ""
        self.seconds: dict[str, list[float]] = {}
        self.asked: dict[str, tuple[str, Any]] = {}
        self.began = 0.0

    def __enter__(self) -> None:
        event.listen(self.engine, "before_cursor_execute", self._before)
        event.listen(self.engine, "after_cursor_execute", self._after)

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._before)
        event.remove(self.engine, "after_cursor_execute", self._after)

    def _before(self, *_: Any) -> None:
        self.began = time.perf_counter()

    def _after(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        self.seconds.setdefault(statement, []).append(time.perf_counter() - self.began)
        self.asked[statement] = (self.where, parameters)

    def plans(self) -> Iterator[str]:
        """Each slow statement with its plan, indented."""
        explain = "EXPLAIN QUERY PLAN " if self.engine.dialect.name == "sqlite" else "EXPLAIN (ANALYZE, BUFFERS) "
        for statement, (where, parameters) in self.asked.items():
            took = median(self.seconds[statement])
            if took < SLOW:
                continue
            yield f"    SLOW {took * 1e3:.0f} ms in “{where}”: {' '.join(statement.split())[:1500]}"
            with self.engine.connect() as connection:
                rows = connection.exec_driver_sql(explain + statement, parameters).all()
            yield from (f"      {row[-1]}" for row in rows)


# ------------------------------------------------------------------------------------------------ the rows
def _fill(engine: Engine, cast: Cast, there: int, size: int) -> None:
    """Open tasks number `there` to `size`, with the rows around them."""
    with db.reading(engine) as session:
        package_id = session.scalars(select(Package.id).where(Package.key == "opinion")).one()
    for first in range(there, size, CHUNK):
        numbers = range(first, min(first + CHUNK, size))
        with engine.begin() as connection:
            for table, make in ((Case, _case), (Instance, _instance), (Handling, _handling), (Task, _task)):
                connection.execute(insert(table), [make(cast, package_id, number) for number in numbers])
            connection.execute(insert(History), [row for number in numbers for row in _history(cast, number)])
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


ID = 1_000_000  # above whatever the use cases have written


def _received(number: int) -> datetime:
    return datetime(2026, 2, 2, 1, 0, tzinfo=UTC) + timedelta(minutes=number % 40_000)


def _unit(cast: Cast, number: int) -> int:
    """The office that looks, or one of the others."""
    others = ("street_school_unit", "second_street_unit", "district_unit", "city_unit")
    code = "street_unit" if number % SHARE == 0 else others[number % len(others)]
    return cast.organisations[code].id


def _case(cast: Cast, _package_id: int, number: int) -> dict[str, Any]:
    place = cast.places
    return {
        "id": ID + number, "number": f"测{number:07}", "year": 2026, "sequence": 1000 + number,
        "studio_id": cast.studio.id, "community_id": place["沙头角社区"].id, "street_id": place["沙头角街道"].id,
        "district_id": place["盐田区"].id, "studio_name": cast.studio.name, "reporter_name": f"陈{number}",
        "channel": "visit", "content": f"转运点 {number} 每晚十一点后作业，影响周边居民休息。" * 4,
        "summary": f"反映转运点 {number} 夜间作业扰民。", "reflected_on": date(2026, 2, 2),
        "delegate_id": cast.delegates["delegate"].id, "delegate_person_id": cast.delegates["delegate"].person_id,
        "delegate_name": "戴代表", "settlement": "street", "content_hash": "0" * 64, "state": "handling",
        "tier": "street", "arrived_on": date(2026, 2, 3), "registered_by_id": cast.id("liaison"),
        "registered_at": _received(number),
    }  # fmt: skip


def _instance(_cast: Cast, package_id: int, number: int) -> dict[str, Any]:
    return {
        "id": ID + number, "package_id": package_id, "process_id": "opinion", "case_id": ID + number,
        "state": b"0" * 700, "started_at": _received(number),
    }  # fmt: skip


def _handling(cast: Cast, _package_id: int, number: int) -> dict[str, Any]:
    return {
        "id": ID + number, "case_id": ID + number, "tier": "street",
        "department_id": cast.organisations["department-440308003"].id, "unit_id": _unit(cast, number),
        "received_at": _received(number), "received_on": _received(number).date(),
    }  # fmt: skip


def _task(cast: Cast, _package_id: int, number: int) -> dict[str, Any]:
    due_at = _received(number) + timedelta(days=14)
    return {
        "id": ID + number, "instance_id": ID + number, "case_id": ID + number, "token": str(number),
        "process_id": "handling", "element_id": "answer", "name": "承办并书面反馈", "role": "answer", "form": "answer",
        "organisation_id": _unit(cast, number), "duty": "", "created_at": _received(number), "due_at": due_at,
        "due_on": due_at.date(), "assignee_id": cast.id("unit_clerk") if number % (SHARE * 10) == 0 else None,
    }  # fmt: skip


def _history(cast: Cast, number: int) -> Iterator[dict[str, Any]]:
    actors = (("registered", "liaison"), ("signed", "delegate"), ("referred", "street_clerk"))
    for index, (act, role) in enumerate(actors):
        yield {
            "case_id": ID + number, "instance_id": ID + number, "at": _received(number) + timedelta(minutes=index),
            "act": act, "actor_id": cast.id(role), "actor_name": role,
        }  # fmt: skip
