"""The thread that looks without a broker: it survives its database, and ends when told."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from engine import config
from engine.commands.duties import DUTIES, Watch
from tests.workers.house import House, living, wait_for


@pytest.fixture
def house(database: Engine, tmp_path: Path) -> Iterator[House]:
    with living(database, tmp_path) as house:
        house.cases(1)
        yield house


@pytest.fixture
def watch(house: House) -> Iterator[Watch]:
    thread = Watch(house.settings, pace=0.01)
    thread.start()
    yield thread
    thread.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_it_looks_again_and_again(house: House, watch: Watch) -> None:
    house.go_to("first reminder")
    house.wait_until("reminded", 1)
    house.go_to("second reminder")
    house.wait_until("reminded", 2)


def test_a_database_that_restarts_is_looked_at_again(postgresql: Engine, tmp_path: Path) -> None:
    with living(postgresql, tmp_path) as house:
        house.cases(1)
        watch = Watch(house.settings, pace=0.01)
        watch.start()
        house.go_to("first reminder")
        house.wait_until("reminded", 1)
        postgresql.dispose()
        with postgresql.begin() as connection:
            killed = connection.execute(
                text(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            ).scalar_one()
        assert killed >= 1
        house.go_to("second reminder")
        house.wait_until("reminded", 2)
        assert watch.is_alive()
        watch.stop()
        watch.join(10)


def test_a_database_that_is_not_there_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    url = f"sqlite:///{tmp_path / 'missing' / 'x.sqlite3'}"
    watch = Watch(replace(config.load(), database_url=url, data_dir=tmp_path), pace=0.001)
    watch.start()
    wait_for(lambda: "will be tried again" in caplog.text)
    time.sleep(0.1)
    assert watch.is_alive()
    watch.stop()
    watch.join(10)
    assert not watch.is_alive()


def test_it_does_not_keep_a_process_from_ending(tmp_path: Path) -> None:
    assert Watch(replace(config.load(), data_dir=tmp_path)).daemon
    assert set(DUTIES) == {
        "sweep_deadlines", "send_notices", "check_stuck", "tend_calendar", "print_books", "clear_prints", "clear_files",
    }  # fmt: skip
