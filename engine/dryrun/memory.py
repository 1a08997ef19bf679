"""Sandboxes: private databases in memory, filled from a snapshot, used for a moment, and filled with the next one.

Nothing here is connected to the live database. The engines are kept because their compiled statements are: the next dry
run is several times faster for it.
"""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from engine import db

IDLE = 4  # engines kept; more than this many dry runs at once make their own
_idle: list[Engine] = []


@contextmanager
def sandbox(content: bytes) -> Iterator[Engine]:
    """A database with this content, for this block alone."""
    try:
        engine = _idle.pop()
    except IndexError:
        engine = db.in_memory()
    try:
        _raw(engine).deserialize(zlib.decompress(content))
        yield engine
    except BaseException:
        engine.dispose()  # whatever it was doing, nobody shall meet it again
        raise
    if len(_idle) < IDLE:
        _idle.append(engine)
    else:
        engine.dispose()


@contextmanager
def empty() -> Iterator[Engine]:
    """A database with all tables and no rows."""
    engine = db.in_memory()
    try:
        db.Base.metadata.create_all(engine)
        yield engine
    finally:
        engine.dispose()


@contextmanager
def act(engine: Engine) -> Iterator[Session]:
    """One act in a sandbox: nobody else stands at its door, so it opens and commits here."""
    with db.transaction(engine) as session:
        yield session


def snapshot(engine: Engine) -> bytes:
    """Everything in the sandbox now; no transaction may be open."""
    return zlib.compress(_raw(engine).serialize(), 1)


def _raw(engine: Engine) -> sqlite3.Connection:
    with engine.connect() as connection:
        return cast(sqlite3.Connection, connection.connection.driver_connection)
