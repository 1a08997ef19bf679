"""What a command finds when it opens the database: nothing yet, another version, nobody there."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from engine import db
from engine.cli import main

PLACES = """district_code,district,street_code,street,community_code,community
440308,盐田区,440308003,沙头角街道,440308003006,沙头角社区居民委员会
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """`lianxin …` on an installation that has never been used."""
    for name in ("DATABASE_URL", "LIANXIN_DEMO", "LIANXIN_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LIANXIN_DATA", str(tmp_path / "data"))

    def command(*words: str) -> Result:
        return CliRunner().invoke(main, list(words), prog_name="lianxin")

    return command


def test_the_first_command_makes_the_tables_and_the_second_run_changes_nothing(run, tmp_path: Path) -> None:
    file = tmp_path / "places.csv"
    file.write_text(PLACES, encoding="utf-8")
    first = run("import-places", str(file))
    assert first.exit_code == 0, first.output
    assert "新增0处" not in first.output
    second = run("import-places", str(file))
    assert "新增0处，变更0处" in second.output


def test_another_version_of_the_tables_is_named(run, tmp_path: Path) -> None:
    assert run("first-administrator").exit_code == 0
    engine = db.connect(f"sqlite:///{tmp_path / 'data' / 'lianxin.sqlite3'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    engine.dispose()
    refused = run("sweep")
    assert refused.exit_code == 2
    assert "lianxin upgrade" in refused.output


def test_a_database_that_does_not_answer_is_one_sentence(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    refused = run("sweep")
    assert refused.exit_code == 2
    assert "数据库无法使用" in refused.output


def test_eval_reads_dates_written_as_text(run) -> None:
    data = '{"received_on": "2026-02-13"}'
    assert '"2026-03-05"' in run("eval", "working_days(received_on, 10)", "--data", data).output
    assert "不是日期" in run("eval", "working_days('soon', 10)").output
