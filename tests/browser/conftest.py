"""Real Chromium in front of the real server: one house with the cast, one with the living demo."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine

from engine import config, db
from engine.demo.build import build
from tests import factories, people, served
from tests.browser.eyes import DESK, Eyes

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]
Open = Callable[..., Eyes]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def database(sqlite: Engine) -> Engine:
    """The house of one test; the server looks at the same file."""
    return sqlite


@pytest.fixture
def cast(database: Engine) -> people.Cast:
    """The installed house, on the server's own clock."""
    return factories.prepared(database)


@pytest.fixture
def house(database: Engine, cast: people.Cast, tmp_path: Path) -> Iterator[str]:
    """The address of the house with the cast."""
    settings = served.environment(
        DATABASE_URL=database.url.render_as_string(hide_password=False), LIANXIN_DATA=str(tmp_path / "data")
    )
    with served.web(settings, tmp_path / "web.log") as (host, port):
        yield f"http://{host}:{port}"


@pytest.fixture(scope="session")
def demo_file(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the living demo in it, to be copied."""
    file = tmp_path_factory.mktemp("demo") / "demo.sqlite3"
    shutil.copyfile(_sqlite_template, file)
    engine = db.connect(f"sqlite:///{file}")
    with db.transaction(engine) as session:
        build(session, config.ROOT / "processes")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
    engine.dispose()
    return file


@pytest.fixture
def demo(demo_file: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a demo of this test's own."""
    shutil.copyfile(demo_file, tmp_path / "demo.sqlite3")
    settings = served.environment(
        DATABASE_URL=f"sqlite:///{tmp_path / 'demo.sqlite3'}", LIANXIN_DATA=str(tmp_path / "data"), LIANXIN_DEMO="1"
    )
    with served.web(settings, tmp_path / "web.log") as (host, port):
        yield f"http://{host}:{port}"


@pytest.fixture
def eyes(browser: Browser) -> Iterator[Open]:
    """`eyes(address, size)` opens a browser window; what its console says unnoticed fails the test."""
    opened: list[Eyes] = []

    def open_window(address: str, size: tuple[int, int] = DESK) -> Eyes:
        opened.append(Eyes(browser, address, size))
        return opened[-1]

    yield open_window
    complaints = [complaint for each in opened for complaint in each.complaints]
    for each in opened:
        each.close()
    assert complaints == []
