"""Rows made once by the real commands in empty tables, and written again row by row for the next test.

Moments that were "now" when they were made are "now" again.
"""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Table, func, insert, select
from sqlalchemy.orm import Session

from engine import clock, db

Rows = list[tuple[Table, list[dict[str, Any]]]]
_NOW = object()
_kept: dict[Callable[[Session], object], Rows] = {}


def repeat(session: Session, make: Callable[[Session], object]) -> None:
    """What `make(session)` writes into empty tables: really made at the first call in a process, copied afterwards.
    Where somebody wrote before, it is always really made."""
    if make in _kept:
        if _empty(session, (table for table, _ in _kept[make])):
            _put(session, _kept[make])
            return
        make(session)
    elif _empty(session, db.Base.metadata.sorted_tables):
        with clock.frozen(clock.now()):
            make(session)
            session.flush()
            _kept[make] = _taken(session)
    else:
        make(session)


def _empty(session: Session, tables: Iterable[Table]) -> bool:
    """Whether there is no row in any of them."""
    looks = [select(select(table).exists().label("found")) for table in tables]
    return not any(session.scalars(looks[0].union_all(*looks[1:])))


def _taken(session: Session) -> Rows:
    rows = []
    for table in db.Base.metadata.sorted_tables:
        found = [dict(row) for row in session.execute(select(table)).mappings()]
        for row in found:
            row |= {name: _NOW for name, value in row.items() if value == clock.now()}
        if found:
            rows.append((table, found))
    return rows


def _put(session: Session, kept: Rows) -> None:
    now = clock.now()
    for table, rows in kept:
        session.execute(
            insert(table), [{name: now if value is _NOW else value for name, value in row.items()} for row in rows]
        )
    if session.get_bind().dialect.name == "postgresql":  # ids were given: the counters go on behind them
        session.execute(
            select(*(
                func.setval(func.pg_get_serial_sequence(table.name, "id"), max(row["id"] for row in rows))
                for table, rows in kept
                if table.autoincrement_column is not None and table.autoincrement_column.name == "id"
            ))
        )  # fmt: skip
