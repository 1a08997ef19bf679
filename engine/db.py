"""The database: one engine per process, one declarative base, one place that commits.

`transaction()` belongs to entry points only (web request, worker task, CLI command); operations never commit.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import DateTime, Dialect, Engine, MetaData, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session
from sqlalchemy.pool import StaticPool
from sqlalchemy.types import JSON, TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# How an entry point hands down the right to open transactions: `with begin() as session:` is one act.
Begin = Callable[[], AbstractContextManager[Session]]


class UTCDateTime(TypeDecorator[datetime]):
    """Aware datetimes, stored in UTC on both databases; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime refused; use engine.clock")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables of the house."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UTCDateTime, dict[str, Any]: JSON, list[Any]: JSON}

    def __init__(self, **columns: Any) -> None:
        """A new row with these columns. SQLAlchemy's own constructor sets them one by one, each with its events, and a
        completion makes a dozen rows; nothing of ours listens, and there are no relationships (0017)."""
        for name in columns:
            if name not in self.__mapper__.columns:
                raise TypeError(f"{type(self).__name__} has no column {name}")
        self.__dict__.update(columns)


def connect(url: str) -> Engine:
    """An engine for SQLite (WAL, foreign keys, explicit BEGIN) or PostgreSQL, with the house's settings."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": 30}, json_serializer=_json)
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    return create_engine(
        url, pool_size=10, max_overflow=20, pool_pre_ping=True, connect_args={"connect_timeout": 10},
        json_serializer=_json,
    )  # fmt: skip


def _json(value: Any) -> str:
    """Chinese as it is, not as escapes of six letters each."""
    return orjson.dumps(value).decode()


def in_memory() -> Engine:
    """A private SQLite database of one connection nobody else ever sees (dry runs); empty, gone with the engine."""
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}, json_serializer=_json
    )
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_connect(connection: Any, _record: Any) -> None:
    # pysqlite's own BEGIN starts deferred and silently loses concurrent updates: we send BEGIN ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Any) -> None:
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """One human act: everything inside is committed together, or nothing is."""
    with Session(engine, expire_on_commit=False) as session:
        yield session  # what is raised here closes the session, which rolls back
        session.commit()


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A consistent view without write locks; anything written in it is rolled back."""
    options = {"reading": True} if engine.dialect.name == "sqlite" else {"postgresql_readonly": True}
    with (
        engine.connect().execution_options(**options) as connection,
        Session(connection, expire_on_commit=False) as session,
    ):
        if engine.dialect.name == "sqlite":  # it has no row locks and would let a page pass that fails on PostgreSQL
            event.listen(session, "do_orm_execute", _refuse_lock)
        yield session
        if engine.dialect.name == "sqlite":
            session.rollback()
        else:  # it could not write; after a ROLLBACK the driver throws its prepared statements away
            session.commit()


def _refuse_lock(state: ORMExecuteState) -> None:
    if getattr(state.statement, "_for_update_arg", None) is not None:
        raise RuntimeError("a reading cannot lock rows")


def away(problem: BaseException) -> bool:
    """Whether the database is gone, restarting or busy: nobody's mistake, so no incident (no statement: it could not
    even connect)."""
    if not isinstance(problem, DBAPIError):
        return False
    return problem.connection_invalidated or problem.statement is None or "database is locked" in str(problem.orig)
