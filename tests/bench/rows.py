"""The rows a completion really writes, found by comparing every table before and after it, and the statements it sends.

The floor of the benchmark writes exactly these rows; README.md lists them, and tests/bench/test_rows.py compares.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sqlalchemy import Engine, event, select

from engine import db, tasks
from engine.cases.models import Case
from tests import factories
from tests.people import Cast

STEPS = ("signed", "reported", "referred", "answered", "accepted")
Row = dict[str, Any]
Rows = dict[str, dict[tuple[Any, ...], Row]]


@dataclass(frozen=True)
class Written:
    """Rows inserted and deleted by table, and of rows updated the key with the columns that changed."""

    inserted: dict[str, list[Row]]
    updated: dict[str, list[tuple[Row, Row]]]
    deleted: dict[str, list[Row]]

    def count(self) -> int:
        """Rows touched."""
        kinds: tuple[dict[str, list[Any]], ...] = (self.inserted, self.updated, self.deleted)
        return sum(len(rows) for kind in kinds for rows in kind.values())

    def lines(self) -> Iterator[str]:
        """What README.md says of it."""
        for name, old in sorted(self.deleted.items()):
            yield f"DELETE {name} {len(old)}"
        for name, new in sorted(self.inserted.items()):
            yield f"INSERT {name} {len(new)}"
        for name, changes in sorted(self.updated.items()):
            for _, changed in changes:
                yield f"UPDATE {name} 1 ({', '.join(sorted(changed))})"


@dataclass(frozen=True)
class Step:
    """One completion: what was written between the one before and it (registering, claiming), and by itself."""

    name: str
    before: Written
    act: Written


@dataclass
class Statements:
    """The statements sent to the driver while it listens."""

    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Round trips, without BEGIN and COMMIT."""
        return len(self.reads) + len(self.writes)


@contextmanager
def listening(engine: Engine) -> Iterator[Statements]:
    """Notes every statement sent meanwhile."""
    found = Statements()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        verb = statement.split(None, 1)[0].upper()
        if verb == "SELECT":
            found.reads.append(statement)
        elif verb in ("INSERT", "UPDATE", "DELETE", "WITH"):
            found.writes.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def walk(engine: Engine, cast: Cast) -> Iterator[Callable[[], None]]:
    """The five completions of one fresh case, each to be called once, in order; registering and claiming are acts of
    their own and happen in between."""
    with db.transaction(engine) as session:
        case_id = factories.registered(session, replace(cast, session=session)).id
    for name in STEPS:
        yield partial(_act, engine, *_claimed(engine, cast, case_id, name))


def form_of(cast: Cast, name: str) -> tuple[str, str, dict[str, Any]]:
    """Who completes a step, the role of its task, and the form."""
    if name != "referred":
        return factories.STEPS[name]
    unit_id = str(cast.organisations["street_unit"].id)
    return "street_clerk", "tier_review", {"decision": "refer", "unit_id": unit_id, "basis": "属本级管理权限"}


def _claimed(engine: Engine, cast: Cast, case_id: int, name: str) -> tuple[Any, int, dict[str, Any]]:
    who, role, form = form_of(cast, name)
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


def recorded(engine: Engine, cast: Cast) -> list[Step]:
    """The five completions of one case with the rows each of them wrote."""
    found, left = [], snapshot(engine)
    for name, step in zip(STEPS, walk(engine, cast), strict=True):
        before = snapshot(engine)
        step()
        after = snapshot(engine)
        found.append(Step(name, difference(left, before), difference(before, after)))
        left = after
    return found


def snapshot(engine: Engine) -> Rows:
    """Every row of every table, by primary key."""
    with db.reading(engine) as session:
        return {
            table.name: {
                tuple(row[column.name] for column in table.primary_key): dict(row)
                for row in session.execute(select(table)).mappings()
            }
            for table in db.Base.metadata.sorted_tables
        }


def difference(before: Rows, after: Rows) -> Written:
    """What was written between two snapshots."""
    written = Written({}, {}, {})
    for name, rows in after.items():
        # SQLite gives the number of a deleted row away again: another token is another row
        old = before[name]
        again = {key for key, row in rows.items() if key in old and old[key].get("token") != row.get("token")}
        new = [row for key, row in rows.items() if key not in old or key in again]
        gone = [row for key, row in old.items() if key not in rows or key in again]
        changed = [
            (row, {column: value for column, value in row.items() if old[key][column] != value})
            for key, row in rows.items()
            if key in old and old[key] != row and key not in again
        ]
        for kind, found in ((written.inserted, new), (written.updated, changed), (written.deleted, gone)):
            if found:
                kind[name] = found  # type: ignore[assignment]
    return written
