"""The writes of one act, sent together: PostgreSQL gets them in one go (the driver's pipeline), SQLite one by one.

An act writes some ten rows, and on its way to the database each costs more than in it: the statement is built, looked
up, bound, sent and waited for. Here SQLAlchemy compiles each statement once per process, and nobody waits before the
last one is sent. The unit of work stays what it is for everything that is not hot (docs/decisions/0017). What was sent
is told to the session as its own flush does it (`_register_persistent`), so that a savepoint that is rolled back
forgets these rows too.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from psycopg.pq import TransactionStatus
from sqlalchemy import Column, Connection, Dialect, Executable, Table, bindparam, insert, inspect, update
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstanceState, Session

from engine.db import Base

Values = Mapping[str, Any]


@dataclass(frozen=True)
class _Text:
    """A statement as the driver takes it: its text, the names of its values in order, the places of those that are
    converted, and the values it has itself."""

    text: str
    names: tuple[str, ...]
    converted: tuple[tuple[int, Callable[[Any], Any]], ...]
    own: Values

    def bound(self, values: Values) -> list[Any]:
        """The values in order, converted; nothing stays NULL, also in a JSON column."""
        values = {**self.own, **values} if self.own else values
        found = [values[name] for name in self.names]
        for place, convert in self.converted:
            if found[place] is not None:
                found[place] = convert(found[place])
        return found


_texts: dict[tuple[Executable, str], _Text] = {}


def _text(statement: Any, dialect: Dialect) -> _Text:
    """The statement compiled; once per process and kind of database."""
    known = _texts.get((statement, dialect.name))
    if known is None:
        compiled = statement.compile(dialect=_in_order(dialect))
        names = tuple(compiled.positiontup)
        converters = [compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
        known = _texts[statement, dialect.name] = _Text(
            str(compiled),
            names,
            tuple((place, convert) for place, convert in enumerate(converters) if convert is not None),
            {name: bind.value for name, bind in compiled.binds.items() if not bind.required},
        )
    return known


def _in_order(dialect: Dialect) -> Dialect:
    """The same database spoken to with values in order, not by name: the driver need not look them up each time."""
    return dialect if dialect.positional else cast(type[DefaultDialect], type(dialect))(paramstyle="format")


@dataclass(frozen=True)
class _Kind:
    """How rows of a table are written: its place in the order of foreign keys, its INSERT, and what a column that was
    not given becomes."""

    table: Table
    place: int
    insert: Executable
    asking: Executable
    defaults: Values


@cache
def _kind(table_name: str) -> _Kind | None:
    """None for a table that only the unit of work can write: its key is not a counted id, or a default is computed."""
    table = Base.metadata.tables[table_name]
    defaults = {column.key: _default(column) for column in table.columns if column.key != "id"}
    if table.primary_key.columns.keys() != ["id"] or any(callable(default) for default in defaults.values()):
        return None
    plain = insert(table).values({name: bindparam(name) for name in defaults})
    return _Kind(table, Base.metadata.sorted_tables.index(table), plain, plain.returning(table.c.id), defaults)


def _default(column: Column[Any]) -> Any:
    return getattr(column.default, "arg", None)


@cache
def _update(table_name: str, names: tuple[str, ...]) -> Executable:
    table = Base.metadata.tables[table_name]
    return update(table).where(table.c.id == bindparam("the_id")).values({name: bindparam(name) for name in names})


@dataclass
class _Waiting:
    """One statement, sent once for each of its rows; `refusal` when it did not touch exactly one row; once all went
    well `done`, and the session's `states` count as flushed."""

    statement: Executable
    rows: Sequence[Values]
    refusal: Exception | None = None
    done: Callable[[list[Any]], None] | None = None
    states: Sequence[InstanceState[Any]] = ()
    cursors: list[Any] = field(default_factory=list)


class Batch:
    """What one act has to write. Nothing is sent before `send`; the order is kept."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._waiting: list[_Waiting] = []
        self._connection: Connection | None = None  # the transaction's; an act lives within one

    def add(
        self,
        statement: Executable,
        *rows: Values,
        refusal: Exception | None = None,
        done: Callable[[list[Any]], None] | None = None,
        states: Sequence[InstanceState[Any]] = (),
    ) -> None:
        """A statement made once, with a `bindparam` for every value; sent for each of the rows. `refusal` is raised
        when it does not touch exactly one row; once all went well `done` is called (with the driver's cursors), and the
        `states` of the session's rows that were written count as flushed."""
        if rows:
            self._waiting.append(_Waiting(statement, rows, refusal, done, states))

    def insert(self, kind: type[Base], rows: Sequence[Values]) -> None:
        """Rows of one table that nobody needs as objects."""
        entry = _kind(kind.__tablename__)
        if entry is None:
            raise TypeError(f"{kind.__name__} is written by the unit of work")
        self.add(entry.insert, *({**entry.defaults, **row} for row in rows))

    def insert_new(self, *only: Base) -> None:
        """What was added to the session (or `only` these), in the order of foreign keys. When it is sent, the rows
        have their ids and belong to the session as after a flush."""
        new: dict[str, tuple[_Kind, list[Base]]] = {}
        for row in only or self.session.new:
            kind = _kind(row.__tablename__)
            if kind is not None and row.__dict__.get("id") is None:
                new.setdefault(row.__tablename__, (kind, []))[1].append(row)
        for kind, rows in sorted(new.values(), key=lambda found: found[0].place):
            self._insert_objects(kind, rows)

    def _insert_objects(self, kind: _Kind, rows: list[Base]) -> None:
        states = [inspect(row) for row in rows]
        for row, state in zip(rows, states, strict=True):
            self.session._new.pop(state, None)  # noqa: SLF001 - the unit of work must not send it as well
            row.__dict__.update({name: kind.defaults[name] for name in kind.defaults.keys() - row.__dict__.keys()})

        asking = self.session.get_bind().dialect.name == "postgresql"  # SQLite's driver tells the id unasked

        def known(cursors: list[Any]) -> None:
            for row, cursor in zip(rows, cursors, strict=True):
                row.__dict__["id"] = cursor.fetchone()[0] if asking else cursor.lastrowid

        self.add(kind.asking if asking else kind.insert, *(row.__dict__ for row in rows), done=known, states=states)

    def update_changed(self) -> None:
        """The columns that changed on the session's rows. When it is sent they count as flushed."""
        for row in self.session.dirty:
            state = inspect(row)
            names = tuple(sorted(name for name, old in state.committed_state.items() if row.__dict__[name] != old))
            if _kind(row.__tablename__) is None or not names:
                continue
            values = {"the_id": row.__dict__["id"], **{name: row.__dict__[name] for name in names}}
            self.add(_update(row.__tablename__, names), values, states=[state])

    def send(self) -> None:
        """Send what waits. Raises the refusal of a statement that missed its row, and what SQLAlchemy raises."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        connection = self._connection = self._connection or self.session.connection()
        raw: Any = connection.connection.driver_connection
        try:
            with raw.pipeline() if hasattr(raw, "pipeline") and not _alone(waiting, raw) else nullcontext():
                for item in waiting:
                    self._execute(item, raw, connection)
        except connection.dialect.loaded_dbapi.Error as error:
            raise _told(error, waiting, connection) from error
        for item in waiting:
            if item.refusal is not None and [cursor.rowcount for cursor in item.cursors] != [1]:
                raise item.refusal
        for item in waiting:
            if item.done is not None:
                item.done(item.cursors)
        flushed = {state for item in waiting for state in item.states}
        if flushed:
            self.session._register_persistent(flushed)  # noqa: SLF001

    def _execute(self, item: _Waiting, raw: Any, connection: Connection) -> None:
        text = _text(item.statement, connection.dialect)
        listeners = connection.dispatch.before_cursor_execute  # who listens to the engine hears these as well
        for values in item.rows:
            cursor, bound = raw.cursor(), text.bound(values)
            for listener in listeners:
                listener(connection, cursor, text.text, bound, None, False)
            cursor.execute(text.text, bound)
            item.cursors.append(cursor)


def _alone(waiting: list[_Waiting], raw: Any) -> bool:
    """One row, and no BEGIN to go with it: nothing to send together."""
    return len(waiting) == 1 and len(waiting[0].rows) == 1 and raw.info.transaction_status != TransactionStatus.IDLE


def rows(session: Session, statement: Executable, values: Values) -> list[tuple[Any, ...]]:
    """What a SELECT made once answers, as the driver gives it: for texts, numbers and truth (SQLite: 0 and 1) only,
    because nothing is converted."""
    found: list[tuple[Any, ...]] = []
    batch = Batch(session)
    batch.add(statement, values, done=lambda cursors: found.extend(cursors[0].fetchall()))
    batch.send()
    return found


def _told(error: Any, waiting: list[_Waiting], connection: Connection) -> BaseException:
    """The driver's error as SQLAlchemy would tell it; a connection that broke is not used again."""
    broken = connection.dialect.is_disconnect(error, connection.connection.driver_connection, None)
    if broken:
        connection.invalidate(error)
    texts = "; ".join(_text(item.statement, connection.dialect).text for item in waiting)
    told: BaseException = DBAPIError.instance(
        texts, None, error, connection.dialect.loaded_dbapi.Error, connection_invalidated=broken,
        dialect=connection.dialect,
    )  # fmt: skip
    return told
