"""The floors: the recorded rows of a case written again under new keys, with nothing around them.

`Core` writes them as one does with SQLAlchemy Core: the instance locked, one statement for the rows of a table, the
revision checked, one transaction for each completion. `Driver` sends the same statements as text, prepared before.
What lies between two completions (registering, claiming) is written too, but not timed, so that every row that is
updated or deleted is really there. New keys are negative: the numbering of the database goes on undisturbed.
"""

import os
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from sqlalchemy import Connection, Engine, Table, UniqueConstraint, delete, insert, select, update

from engine import db
from tests.bench.rows import Row, Step, Written

_fresh = count(os.getpid() % 100_000 * 10_000 + 1)  # another process writes into the same tables
TABLES = db.Base.metadata.tables
NAMES = [table.name for table in db.Base.metadata.sorted_tables]
KEYS = {name: next(iter(table.primary_key.columns)) for name, table in TABLES.items()}
Key = tuple[str, Any]


class Copy:
    """One more case of the recorded kind: every row it inserted under a key of its own."""

    def __init__(self, steps: list[Step]) -> None:
        self.keys: dict[Key, int] = {}
        self.steps = [(self._written(step.before), self._written(step.act)) for step in steps]

    def _written(self, written: Written) -> Written:
        deleted = {name: [self._again(TABLES[name], row) for row in rows] for name, rows in written.deleted.items()}
        for name, rows in written.inserted.items():
            if "id" in TABLES[name].columns:
                self.keys |= {(name, row["id"]): -next(_fresh) for row in rows}
        return Written(
            {name: [self._new(TABLES[name], row) for row in rows] for name, rows in written.inserted.items()},
            {
                name: [(self._again(TABLES[name], row), changed) for row, changed in rows]
                for name, rows in written.updated.items()
            },
            deleted,
        )

    def _again(self, table: Table, row: Row) -> Row:
        return {column.name: self._key(column, row[column.name]) for column in table.columns}

    def _key(self, column: Any, value: Any) -> Any:
        if column.name == "id":
            return self.keys.get((column.table.name, value), value)
        for foreign in column.foreign_keys:
            return self.keys.get((foreign.column.table.name, value), value)
        return value

    def _new(self, table: Table, row: Row) -> Row:
        copy = self._again(table, row)
        for constraint in table.constraints:
            columns = list(constraint.columns) if isinstance(constraint, UniqueConstraint) else []
            if columns and all(copy[column.name] == row[column.name] for column in columns):
                for column in columns:
                    if not column.foreign_keys and column.type.python_type in (int, str):
                        copy[column.name] = column.type.python_type(-next(_fresh))
        return copy

    def instance(self) -> int:
        """The key of its instance."""
        return next(key for (name, _), key in self.keys.items() if name == "instances")


def order(written: Written) -> Iterator[tuple[str, str, list[Any]]]:
    """Verb, table and rows of each statement: what goes, what comes, what changes, parents before children."""
    yield from (("delete", name, written.deleted[name]) for name in reversed(NAMES) if name in written.deleted)
    yield from (("insert", name, written.inserted[name]) for name in NAMES if name in written.inserted)
    yield from (("update", name, written.updated[name]) for name in NAMES if name in written.updated)


def by_core(connection: Connection, written: list[tuple[str, str, list[Any]]], instance: int) -> None:
    """The rows of one completion, with Core."""
    instances = TABLES["instances"]
    connection.execute(select(instances).where(instances.c.id == instance).with_for_update()).one()
    for verb, name, rows in written:
        table = TABLES[name]
        key = KEYS[name]
        if verb == "insert":
            connection.execute(insert(table), rows if len(rows) > 1 else rows[0])
        elif verb == "delete":
            gone = [row[key.name] for row in rows]
            connection.execute(delete(table).where(key.in_(gone) if len(gone) > 1 else key == gone[0]))
        else:
            for row, changed in rows:
                change = update(table).where(key == row[key.name]).values(changed)
                if "revision" in changed:
                    change = change.where(table.c.revision == changed["revision"] - 1)
                assert connection.execute(change).rowcount == 1


def ready(engine: Engine, written: Written, instance: int) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """The same statements as text with bound values, for the driver."""
    mark = "?" if engine.dialect.name == "sqlite" else "%s"
    lock = "" if engine.dialect.name == "sqlite" else " FOR UPDATE"
    names = ", ".join(f'"{column.name}"' for column in TABLES["instances"].columns)
    found = [(f"SELECT {names} FROM instances WHERE id = {mark}{lock}", [(instance,)])]
    for verb, name, rows in order(written):
        table = TABLES[name]
        key = next(iter(table.primary_key.columns)).name
        if verb == "insert":
            columns = ", ".join(f'"{column}"' for column in rows[0])
            marks = ", ".join([mark] * len(rows[0]))
            found.append(
                (f'INSERT INTO "{name}" ({columns}) VALUES ({marks})', [_bound(engine, table, r) for r in rows])
            )
        elif verb == "delete":
            marks = ", ".join([mark] * len(rows))
            found.append((f'DELETE FROM "{name}" WHERE "{key}" IN ({marks})', [tuple(row[key] for row in rows)]))
        else:
            for row, changed in rows:
                sets = ", ".join(f'"{column}" = {mark}' for column in changed)
                where = f" AND revision = {changed['revision'] - 1}" if "revision" in changed else ""
                values = (*_bound(engine, table, changed), row[key])
                found.append((f'UPDATE "{name}" SET {sets} WHERE "{key}" = {mark}{where}', [values]))
    return found


def _bound(engine: Engine, table: Table, row: Row) -> tuple[Any, ...]:
    values = []
    for name, value in row.items():
        process = table.c[name].type.dialect_impl(engine.dialect).bind_processor(engine.dialect)
        values.append(process(value) if process else value)
    return tuple(values)


def by_driver(connection: Connection, statements: list[tuple[str, list[tuple[Any, ...]]]]) -> None:
    """The rows of one completion, through the driver's own cursor."""
    raw: Any = connection.connection.driver_connection
    cursor = raw.cursor()
    for sql, rows in statements:
        if len(rows) == 1:
            cursor.execute(sql, rows[0])
        else:
            cursor.executemany(sql, rows)
    cursor.close()


def core_walk(engine: Engine, steps: list[Step]) -> Iterator[Callable[[], None]]:
    """One more case by Core: its completions, each to be called once, in order."""
    copy = Copy(steps)
    for before, written in copy.steps:
        lay(engine, before)
        statements, instance = list(order(written)), copy.instance()

        def act(statements: Any = statements, instance: int = instance) -> None:
            with engine.begin() as connection:
                by_core(connection, statements, instance)

        yield act


def driver_walk(engine: Engine, steps: list[Step]) -> Iterator[Callable[[], None]]:
    """One more case by the driver."""
    copy = Copy(steps)
    for before, written in copy.steps:
        lay(engine, before)
        statements = ready(engine, written, copy.instance())

        def act(statements: Any = statements) -> None:
            with engine.begin() as connection:
                by_driver(connection, statements)

        yield act


def lay(engine: Engine, before: Written) -> None:
    """What a completion finds."""
    with engine.begin() as connection:
        for verb, name, rows in order(before):
            table = TABLES[name]
            key = next(iter(table.primary_key.columns))
            if verb == "insert":
                connection.execute(insert(table), rows)
            elif verb == "delete":
                connection.execute(delete(table).where(key.in_([row[key.name] for row in rows])))
            elif name != "number_counters":  # the studio's own, not of this case
                for row, changed in rows:
                    connection.execute(update(table).where(key == row[key.name]).values(changed))
