"""The schema through time, on both databases: Alembic without files of its own on disk.

A new revision: change the models, then `make migration NAME="what changes"`, and read what it wrote.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, inspect

from engine.db import Base
from engine.errors import LianxinError

SCRIPTS = Path(__file__).parent
# Any number; it keeps two `migrate` of one installation apart (PostgreSQL advisory lock).
LOCK = 5_108_216


class SchemaUnknown(LianxinError):
    """数据库的版本（{found}）本程序不认识，多半是较新版本的程序建立的。请使用较新的程序，或恢复备份。"""


class SchemaUnversioned(LianxinError):
    """数据库里已有 {tables} 个表，却没有版本记录，不能升级。请换一个空数据库，或恢复备份。"""


def metadata() -> MetaData:
    """Every table of the house: all modules named `models`, and the demo clock."""
    house = Path(__file__).parent.parent
    for file in sorted(house.rglob("models.py")):
        importlib.import_module(".".join(("engine", *file.relative_to(house).with_suffix("").parts)))
    importlib.import_module("engine.rehearsal")
    return Base.metadata


def head() -> str:
    """The revision this program works with."""
    return str(ScriptDirectory.from_config(configuration()).get_current_head())


def current(engine: Engine) -> str | None:
    """The revision the database is at, None before the first one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, revision: str = "head") -> tuple[str | None, str | None]:
    """Bring the database to `revision` in one transaction; returns (before, after).

    Raises SchemaUnknown for a database of a newer program, SchemaUnversioned for tables without a version.
    """
    return _move(engine, command.upgrade, revision)


def downgrade(engine: Engine, revision: str) -> tuple[str | None, str | None]:
    """Take the schema back to `revision` ("base" = no tables); for tests and emergencies, it loses data."""
    return _move(engine, command.downgrade, revision)


def build(connection: Connection, revision: str) -> None:
    """Make the tables of `revision` in an empty database, inside the caller's transaction (restore)."""
    command.upgrade(configuration(connection), revision)


def check_known(revision: str) -> None:
    """Raise SchemaUnknown for a revision of a newer program."""
    script = ScriptDirectory.from_config(configuration())
    if revision not in {known.revision for known in script.walk_revisions()}:
        raise SchemaUnknown(found=revision)


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's settings without an ini file; `connection` is the one to work on."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("file_template", "v%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def _move(engine: Engine, move: object, revision: str) -> tuple[str | None, str | None]:
    with _alone(engine) as connection:
        before = _checked(connection)
        move(configuration(connection), revision)  # type: ignore[operator]
        after = MigrationContext.configure(connection).get_current_revision()
    return before, after


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """One transaction that no second migration can overtake."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            # Batch operations rebuild tables, which would delete what refers to them; only settable outside BEGIN.
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            yield connection
            if engine.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise RuntimeError("the migration left rows without their parents")
    engine.dispose()  # connections know the old schema, and the pragma above


def _checked(connection: Connection) -> str | None:
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None:
        check_known(found)
    tables = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
    if found is None and tables:
        raise SchemaUnversioned(tables=len(tables))
    return found
