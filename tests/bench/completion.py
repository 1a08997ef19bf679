"""How fast one task completion is, beside two floors measured in the same run.

A completion is the whole act of a person: lock, restore, run, project tasks and deadlines, history, notices, commit.
The floors write the very rows such a completion writes (found by comparing every table before and after), in one
transaction each: with the database driver alone, and with SQLAlchemy Core.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from statistics import median, quantiles
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, insert, select, update

from engine import clock, db, tasks
from engine.cases.models import Case
from tests import factories
from tests.moments import moment
from tests.people import Cast

NOW = "2026-03-02 10:00"
STEPS = ("signed", "reported", "referred", "answered", "accepted")
Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


@dataclass(frozen=True)
class Written:
    """What one completion wrote: rows inserted, updated and deleted, by table."""

    inserted: dict[str, list[dict[str, Any]]]
    updated: dict[str, list[dict[str, Any]]]
    deleted: dict[str, list[dict[str, Any]]]

    def count(self) -> int:
        """Rows touched."""
        return sum(len(rows) for kind in (self.inserted, self.updated, self.deleted) for rows in kind.values())


@dataclass(frozen=True)
class Timing:
    """Seconds per act, sorted as measured."""

    name: str
    seconds: list[float]
    cpu: float

    def line(self, floor: "Timing | None" = None) -> str:
        """One printed line; the ratio is against `floor`, medians of the same run."""
        p95 = quantiles(self.seconds, n=20)[-1]
        ratio = f"   ×{median(self.seconds) / median(floor.seconds):.2f}" if floor else ""
        return (
            f"  {self.name:<34} {len(self.seconds) / sum(self.seconds):7.0f}/s   "
            f"p50 {median(self.seconds) * 1e3:6.2f} ms   p95 {p95 * 1e3:6.2f} ms   "
            f"{len(self.seconds) / self.cpu:6.0f} per CPU-second{ratio}"
        )


def run(engine: Engine, cast: Cast, cases: int) -> list[str]:
    """The printed lines for one database; `cases` × 5 completions after a warm-up of 10 cases."""
    with clock.frozen(moment(NOW)):
        _complete(engine, cast, 10)
        written = [_written(engine, cast, step) for step in _walk(engine, cast)]
        ours = _complete(engine, cast, cases)
        turns = cases * len(STEPS)
        core = _timed("floor: SQLAlchemy Core", turns, _floor(engine, written, _core))
        driver = _timed("floor: driver alone", turns, _floor(engine, written, _driver(engine)))
    rows = sum(item.count() for item in written) / len(written)
    return [
        f"{engine.dialect.name}: {turns} completions, {rows:.1f} rows each on average",
        ours.line(core) + " of Core",
        core.line(),
        driver.line(),
    ]


def _walk(engine: Engine, cast: Cast) -> Iterator[Callable[[], None]]:
    """The five completions of one fresh case, each to be called once, in order."""
    with db.transaction(engine) as session:
        case_id = factories.registered(session, replace(cast, session=session)).id
    for name in STEPS:
        yield partial(_act, engine, *_claimed(engine, cast, case_id, name))


def _claimed(engine: Engine, cast: Cast, case_id: int, name: str) -> tuple[Any, int, dict[str, Any]]:
    """Who will complete which task with which form; claiming it is an act of its own and not timed."""
    who, role, form = ("street_clerk", "tier_review", {}) if name == "referred" else factories.STEPS[name]
    if name == "referred":
        unit_id = str(cast.organisations["street_unit"].id)
        form = {"decision": "refer", "unit_id": unit_id, "basis": "属本级管理权限"}
    with db.transaction(engine) as session:
        scene = replace(cast, session=session)
        task = factories.open_task(session, session.get_one(Case, case_id), role)
        actor = scene.actor(who)
        if task.person_id is None:
            tasks.claim(session, actor, task.id)
        return actor, task.id, form


def _act(engine: Engine, actor: Any, task_id: int, form: dict[str, Any]) -> None:
    with db.transaction(engine) as session:
        tasks.complete(session, actor, task_id, form)


def _complete(engine: Engine, cast: Cast, cases: int) -> Timing:
    """Time the completion of every step; registering and claiming are acts of their own."""
    seconds: list[float] = []
    cpu = 0.0
    for _ in range(cases):
        for step in _walk(engine, cast):
            began, used = time.perf_counter(), time.process_time()
            step()
            seconds.append(time.perf_counter() - began)
            cpu += time.process_time() - used
    return Timing("Lianxin: one completion", seconds, cpu)


def _snapshot(engine: Engine) -> Rows:
    with db.reading(engine) as session:
        return {
            table.name: {
                tuple(row[column.name] for column in table.primary_key): dict(row)
                for row in session.execute(select(table)).mappings()
            }
            for table in db.Base.metadata.sorted_tables
        }


def _written(engine: Engine, cast: Cast, step: Callable[[], None]) -> Written:
    before = _snapshot(engine)
    step()
    after = _snapshot(engine)
    inserted, updated, deleted = {}, {}, {}
    for name, rows in after.items():
        old = before[name]
        inserted[name] = [row for key, row in rows.items() if key not in old]
        updated[name] = [row for key, row in rows.items() if key in old and old[key] != row]
        deleted[name] = [row for key, row in old.items() if key not in rows]
    return Written(_filled(inserted), _filled(updated), _filled(deleted))


def _filled(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    return {name: found for name, found in rows.items() if found}


Write = Callable[[Connection, Written, int], None]


def _floor(engine: Engine, written: list[Written], write: Write) -> Callable[[int], None]:
    def turn(number: int) -> None:
        item = written[number % len(written)]
        with engine.begin() as connection:
            write(connection, item, number)

    return turn


def _timed(name: str, turns: int, act: Callable[[int], None]) -> Timing:
    for number in range(50):
        act(number)
    seconds, used = [], time.process_time()
    for number in range(turns):
        began = time.perf_counter()
        act(number)
        seconds.append(time.perf_counter() - began)
    return Timing(name, seconds, time.process_time() - used)


_fresh = iter(range(10**7, 10**9))


def _new(table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows again under new keys, so that they can be inserted once more."""
    copies = []
    for row in rows:
        copy = dict(row)
        for column in table.columns:
            unique = any(column.name in constraint.columns for constraint in table.constraints if _unique(constraint))
            if column.name == "id" or (unique and column.type.python_type is int and not column.foreign_keys):
                copy[column.name] = next(_fresh)
            elif unique and column.type.python_type is str:
                copy[column.name] = str(next(_fresh))
        copies.append(copy)
    return copies


def _unique(constraint: Any) -> bool:
    return type(constraint).__name__ == "UniqueConstraint"


def _core(connection: Connection, item: Written, _number: int) -> None:
    tables = db.Base.metadata.tables
    for name, rows in item.inserted.items():
        fresh = _new(tables[name], rows)
        _replace_withdrawal(connection, tables[name], name, fresh)
        connection.execute(insert(tables[name]), fresh)
    for name, rows in item.updated.items():
        for row in rows:
            connection.execute(
                update(tables[name]).where(tables[name].primary_key.columns[0] == _key(row, name)).values(row)
            )
    for name, rows in item.deleted.items():
        for row in rows:
            connection.execute(delete(tables[name]).where(tables[name].primary_key.columns[0] == _key(row, name)))


def _key(row: dict[str, Any], name: str) -> Any:
    return row[next(iter(db.Base.metadata.tables[name].primary_key.columns)).name]


def _replace_withdrawal(connection: Connection, table: Table, name: str, rows: list[dict[str, Any]]) -> None:
    if name == "withdrawals":
        connection.execute(delete(table).where(table.c.instance_id == rows[0]["instance_id"]))


def _driver(engine: Engine) -> Write:
    """The same statements as text, prepared once, sent through the driver's own cursor."""
    prepared: dict[int, list[tuple[str, Any]]] = {}

    def write(connection: Connection, item: Written, _number: int) -> None:
        raw: Any = connection.connection.driver_connection
        cursor = raw.cursor()
        for sql, make in prepared.setdefault(id(item), list(_statements(engine, item))):
            rows = make()
            if len(rows) == 1:
                cursor.execute(sql, rows[0])
            else:
                cursor.executemany(sql, rows)
        cursor.close()

    return write


def _statements(engine: Engine, item: Written) -> Iterator[tuple[str, Callable[[], list[Any]]]]:
    tables = db.Base.metadata.tables
    mark = "?" if engine.dialect.name == "sqlite" else "%s"

    def bind(table: Table, row: dict[str, Any], names: list[str]) -> tuple[Any, ...]:
        values = []
        for name in names:
            process = table.c[name].type.dialect_impl(engine.dialect).bind_processor(engine.dialect)
            values.append(process(row[name]) if process else row[name])
        return tuple(values)

    for name, rows in item.inserted.items():
        table, names = tables[name], [column.name for column in tables[name].columns]
        if name == "withdrawals":
            key = rows[0]["instance_id"]
            yield f'DELETE FROM "{name}" WHERE instance_id = {mark}', lambda key=key: [(key,)]  # type: ignore[misc]
        columns = ", ".join(f'"{column}"' for column in names)
        marks = ", ".join([mark] * len(names))
        yield (
            f'INSERT INTO "{name}" ({columns}) VALUES ({marks})',
            lambda table=table, rows=rows, names=names: [bind(table, row, names) for row in _new(table, rows)],
        )  # type: ignore[misc]
    for name, rows in item.updated.items():
        table, names = tables[name], [column.name for column in tables[name].columns]
        key = next(iter(table.primary_key.columns)).name
        sets = ", ".join(f'"{column}" = {mark}' for column in names)
        sql = f'UPDATE "{name}" SET {sets} WHERE "{key}" = {mark}'
        ready = [bind(table, row, [*names, key]) for row in rows]
        yield sql, lambda ready=ready: ready  # type: ignore[misc]
    for name, rows in item.deleted.items():
        key = next(iter(tables[name].primary_key.columns)).name
        ready = [(row[key],) for row in rows]
        yield f'DELETE FROM "{name}" WHERE "{key}" = {mark}', lambda ready=ready: ready  # type: ignore[misc]
