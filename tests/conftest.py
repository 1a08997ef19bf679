"""What every test may ask for: both databases, a session, and a clock that stands where the test says.

`database` runs a test twice, on SQLite and on PostgreSQL, each time with all tables and no rows.
"""

import importlib
import os
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from shutil import copyfile

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import URL, Engine, delete, literal, select, text, union_all
from sqlalchemy.orm import Session

import engine
from engine import clock, db
from tests import people, postgres
from tests.moments import moment

for _module in pkgutil.walk_packages(engine.__path__, "engine."):
    if _module.name.endswith(".models") or _module.name == "engine.rehearsal":
        importlib.import_module(_module.name)


# Speed belongs in `make bench`: a busy machine must not fail a property, and the same commit fails the same way twice.
settings.register_profile("house", deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        postgres.prepare()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        postgres.stop()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are no name: an archive made while tests are collected has the hour in it, and two workers disagree."""
    return argname if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that start processes wait more than they work: they come first, so that no test worker stands idle at the
    end while the other still waits for one of them."""
    items.sort(key=lambda item: item.get_closest_marker("processes") is None)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    template = db.connect(f"sqlite:///{file}")
    db.Base.metadata.create_all(template)
    with template.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
    template.dispose()
    return file


@pytest.fixture(scope="session")
def _postgres_url() -> Iterator[URL]:
    name = f"lianxin_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    url = postgres.make_database(name)
    tables = db.connect(url.render_as_string(hide_password=False))
    db.Base.metadata.create_all(tables)
    tables.dispose()
    yield url
    postgres.drop_database(name)


@pytest.fixture
def sqlite(_sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    """SQLite with all tables, empty."""
    copyfile(_sqlite_template, tmp_path / "lianxin.sqlite3")
    database = db.connect(f"sqlite:///{tmp_path / 'lianxin.sqlite3'}")
    yield database
    database.dispose()


@pytest.fixture
def postgresql(_postgres_url: URL) -> Iterator[Engine]:
    """PostgreSQL with all tables, empty."""
    database = db.connect(_postgres_url.render_as_string(hide_password=False))
    yield database
    database.dispose()
    _empty(_postgres_url)


def _empty(url: URL) -> None:
    """Take away what a test left: TRUNCATE of every table costs ten times the few rows there are."""
    cleaner = db.connect(url.render_as_string(hide_password=False))
    tables = db.Base.metadata.sorted_tables
    with cleaner.begin() as connection:
        connection.execute(text("SET lock_timeout = '10s'"))  # a test that left a transaction open is named, not hung
        connection.execute(text(f"LOCK TABLE {', '.join(table.name for table in tables)}"))
        looks = (select(literal(table.name)).where(select(table).exists()) for table in tables)
        full = set(connection.scalars(union_all(*looks)))
        for table in reversed(tables):
            if table.name in full:
                connection.execute(delete(table))
        connection.execute(text(
            "SELECT setval(format('%I.%I', schemaname, sequencename), 1, false) FROM pg_sequences WHERE last_value > 0"
        ))  # fmt: skip
    cleaner.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Engine:
    """An engine with all tables and no rows; the test runs once on each database.

    Its address for other processes: `database.url.render_as_string(hide_password=False)`.
    """
    found: Engine = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def session(database: Engine) -> Iterator[Session]:
    """A session in one transaction that is rolled back at the end. On SQLite it holds the write lock: a test with two
    transactions takes `database` and opens its own with `db.transaction`."""
    with Session(database, expire_on_commit=False) as session:
        session.begin()
        yield session
        session.rollback()


@pytest.fixture
def cast(session: Session) -> people.Cast:
    """Everybody of tests/people.py, in the transaction of `session`."""
    return people.settle(session)


@pytest.fixture
def at() -> Iterator[Callable[[str | date | datetime], datetime]]:
    """`at("2026-03-05 09:00")` holds the clock there (Shenzhen time) until the next call or the end of the test.

    New threads start with their own clock; run them in `contextvars.copy_context()`.
    """
    with ExitStack() as stack:

        def hold(when: str | date | datetime) -> datetime:
            stack.close()
            stack.enter_context(clock.frozen(moment(when)))
            return clock.now()

        yield hold
