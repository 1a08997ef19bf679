"""The floor of an act that runs once: the very rows it wrote, written again with SQLAlchemy Core in one transaction."""

import time
from collections.abc import Callable
from itertools import count
from statistics import median

from sqlalchemy import Connection, Engine, delete, insert, update

from engine import db
from tests.bench.rows import Row, Written, difference, snapshot

_fresh = count(1)


def written_by(engine: Engine, act: Callable[[], object]) -> Written:
    """The rows one act wrote."""
    before = snapshot(engine)
    act()
    return difference(before, snapshot(engine))


def seconds(acts: list[Callable[[], object]]) -> list[float]:
    """How long each took."""
    found = []
    for act in acts:
        began = time.perf_counter()
        act()
        found.append(time.perf_counter() - began)
    return found


def floor(engine: Engine, written: Written, turns: int) -> float:
    """Seconds (median) to write these rows in a transaction of their own; the new ones under new keys."""

    def write() -> None:
        with engine.begin() as connection:
            _write(connection, written)

    write()
    return median(seconds([write] * turns))


def _write(connection: Connection, written: Written) -> None:
    tables, keys = db.Base.metadata.tables, _Keys(written)
    for name, rows in written.deleted.items():
        key = next(iter(tables[name].primary_key.columns))
        connection.execute(delete(tables[name]).where(key.in_([-1 - row[key.name] for row in rows])))
    for table in db.Base.metadata.sorted_tables:
        if rows := written.inserted.get(table.name):
            connection.execute(insert(table), [keys.again(table.name, row) for row in rows])
    for name, changes in written.updated.items():
        key = next(iter(tables[name].primary_key.columns))
        for row, changed in changes:
            connection.execute(update(tables[name]).where(key == row[key.name]).values(changed))


class _Keys:
    """New keys for the rows that are inserted again, and the same keys where they refer to each other."""

    def __init__(self, written: Written) -> None:
        self.keys = {
            (name, row["id"]): -next(_fresh) for name, rows in written.inserted.items() for row in rows if "id" in row
        }

    def again(self, name: str, row: Row) -> Row:
        copy, table = dict(row), db.Base.metadata.tables[name]
        unique = {column for each in table.constraints if type(each).__name__ == "UniqueConstraint" for column in each}
        for column in table.columns:
            value = row[column.name]
            targets = [foreign.column.table.name for foreign in column.foreign_keys]
            if column.name == "id":
                copy["id"] = self.keys[name, value]
            elif targets:
                copy[column.name] = self.keys.get((targets[0], value), value)
            elif column in unique and isinstance(value, int) and not isinstance(value, bool):
                copy[column.name] = -next(_fresh)
            elif column in unique and isinstance(value, str):
                copy[column.name] = f"~{next(_fresh)}"
        return copy


def line(name: str, took: list[float], base: float, per: str = "") -> str:
    """One printed line: acts a second, the middle one, and how many times the floor."""
    middle = median(took)
    return (
        f"  {name:<44} {len(took) / sum(took):8.1f}/s   p50 {middle * 1e3:8.2f} ms   "
        f"×{middle / base:5.2f} of Core ({base * 1e3:.2f} ms){per}"
    )
