"""Notices as rows: the factory import, an edited holiday arriving at once, and the command `lianxin workdays`."""

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine import clock
from engine.calendar import FACTORY, Calendar
from engine.cli import main
from engine.db import Base, connect, reading, transaction
from engine.errors import Invalid
from engine.workdays import operations, queries
from engine.workdays.factory import read_rows
from engine.workdays.models import WorkdayRow

AMENDMENT = ("国办发明电〔2026〕9号", date(2026, 3, 1))


@pytest.fixture
def filled(database: Engine) -> Engine:
    with transaction(database) as session:
        operations.import_factory(session, FACTORY)
    return database


def rows(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(WorkdayRow)) or 0


# ------------------------------------------------------------------ import


def test_the_factory_edition_arrives_once(database: Engine) -> None:
    with transaction(database) as session:
        assert operations.import_factory(session, FACTORY) == 578
    with transaction(database) as session:
        assert operations.import_factory(session, FACTORY) == 0
        assert rows(session) == 578


def test_the_database_calendar_says_what_the_files_say(filled: Engine) -> None:
    files = Calendar(read_rows(FACTORY))
    with reading(filled) as session:
        stored = queries.calendar(session)
    for i in range(366 * 18):
        day = date(2009, 12, 1) + timedelta(i)
        assert stored.day(day) == files.day(day)
    assert stored.notices() == files.notices()


def test_a_later_import_never_overwrites_a_recorded_notice(filled: Engine, tmp_path: Path) -> None:
    """The database is the truth: a changed factory file adds new notices only."""
    folder = tmp_path / "calendars"
    shutil.copytree(FACTORY, folder)
    file = folder / "state_council.csv"
    text = file.read_text(encoding="utf-8").replace("2026-01-04,work,", "2026-01-04,off,")
    file.write_text(text + "2026-03-09,off,国办发明电〔2026〕9号,2026-03-01\n", encoding="utf-8")
    with transaction(filled) as session:
        assert operations.import_factory(session, folder) == 1
        calendar = queries.calendar(session)
    assert calendar.day(date(2026, 1, 4)).working is True
    assert calendar.day(date(2026, 3, 9)).working is False


def test_a_day_removed_by_an_administrator_does_not_return_with_the_next_import(filled: Engine) -> None:
    with transaction(filled) as session:
        days = {day: kind for day, kind in days_of_2026(session).items() if day != date(2026, 1, 4)}
        operations.record_notice(session, notice="", issued=date(2025, 11, 4), days=days)
    with transaction(filled) as session:
        assert operations.import_factory(session, FACTORY) == 0
        assert queries.calendar(session).day(date(2026, 1, 4)).reason == "周末"


def days_of_2026(session: Session) -> dict[date, Any]:
    query = select(WorkdayRow.day, WorkdayRow.kind).where(WorkdayRow.issued == date(2025, 11, 4))
    return {row.day: row.kind for row in session.execute(query)}


def test_a_day_stands_once_in_a_notice(filled: Engine) -> None:
    with pytest.raises(IntegrityError), transaction(filled) as session:
        session.add(WorkdayRow(day=date(2026, 1, 1), kind="work", notice="", issued=date(2025, 11, 4)))


# ------------------------------------------------------------------ recording


def test_a_recorded_amendment_moves_limits_from_its_day_of_issue_on(filled: Engine) -> None:
    """R72; known_on still gives the calendar of before."""
    received = date(2026, 2, 27)
    number, issued = AMENDMENT
    with reading(filled) as session:
        assert queries.calendar(session).working_days(received, 10) == date(2026, 3, 12)
    with transaction(filled) as session:
        done = operations.record_notice(session, notice=number, issued=issued, days={date(2026, 3, 9): "off"})
        assert done.changed
        assert (done.before, done.after) == ({}, {date(2026, 3, 9): ("off", "national")})
    with reading(filled) as session:
        assert queries.calendar(session).working_days(received, 10) == date(2026, 3, 13)
        assert queries.calendar(session, date(2026, 2, 28)).working_days(received, 10) == date(2026, 3, 12)
        assert queries.calendar(session, issued).working_days(received, 10) == date(2026, 3, 13)


def test_recording_the_notice_of_a_new_year_makes_its_limits_firm(filled: Engine) -> None:
    """R73: 暂定 until the notice is entered."""
    with reading(filled) as session:
        assert queries.calendar(session).limit(date(2026, 11, 23), 30).provisional
    days = {date(2027, 1, 1) + timedelta(i): "off" for i in range(3)} | {
        date(2027, 2, 6) + timedelta(i): "off" for i in range(9)
    }
    with transaction(filled) as session:
        operations.record_notice(session, notice="", issued=date(2026, 11, 20), days=days)  # type: ignore[arg-type]
    with reading(filled) as session:
        limit = queries.calendar(session).limit(date(2026, 11, 23), 30)
    assert (limit.due, limit.provisional) == (date(2027, 1, 5), False)
    assert limit.explanation[-3].reason == "国务院办公厅关于2027年部分节假日安排的通知（2026-11-20）：放假"


def test_a_corrected_notice_is_replaced_whole(filled: Engine) -> None:
    number, issued = AMENDMENT
    first, second = {date(2026, 3, 9): "off"}, {date(2026, 3, 10): "off", date(2026, 3, 14): "work"}
    with transaction(filled) as session:
        operations.record_notice(session, notice=number, issued=issued, days=first)  # type: ignore[arg-type]
        again = operations.record_notice(session, notice=number, issued=issued, days=first)  # type: ignore[arg-type]
        assert not again.changed
        operations.record_notice(session, notice=number, issued=issued, days=second)  # type: ignore[arg-type]
        calendar = queries.calendar(session)
    worked = {day: calendar.day(date(2026, 3, day)).working for day in (9, 10, 14)}
    assert worked == {9: True, 10: False, 14: True}


@pytest.mark.parametrize(
    ("days", "scope", "words"),
    [
        ({}, "national", "没有任何一天"),
        ({date(2026, 3, 9): "half"}, "national", "2026-03-09"),
        ({date(2026, 3, 9): "off"}, "city", "文号"),
    ],
)
def test_a_notice_that_says_nothing_usable_is_refused(filled: Engine, days: Any, scope: Any, words: str) -> None:
    with pytest.raises(Invalid, match=words), transaction(filled) as session:
        operations.record_notice(session, notice=" ", issued=date(2026, 3, 1), days=days, scope=scope)


# ------------------------------------------------------------------ kept calendars


def test_an_unchanged_table_gives_the_same_calendar(filled: Engine) -> None:
    with reading(filled) as session:
        first = queries.calendar(session)
    with reading(filled) as session:
        assert queries.calendar(session) is first
        assert queries.calendar(session, date(2020, 1, 1)) is queries.calendar(session, date(2020, 1, 1))


def test_any_edit_arrives_at_once_even_past_the_operations(filled: Engine) -> None:
    """Another process may delete the newest row, add one, or change one in place."""
    day = date(2026, 10, 10)  # the last row of the factory edition
    seen = []
    with clock.frozen(clock.at(date(2026, 3, 1))), transaction(filled) as session:
        seen.append(queries.calendar(session).day(day).working)
        session.execute(delete(WorkdayRow).where(WorkdayRow.day == day))
        seen.append(queries.calendar(session).day(day).working)
        session.add(WorkdayRow(day=day, kind="work", notice="x", issued=date(2026, 3, 1)))
        seen.append(queries.calendar(session).day(day).working)
    with transaction(filled) as session:
        row = session.scalars(select(WorkdayRow).where(WorkdayRow.day == day)).one()
        row.kind = "off"
        seen.append(queries.calendar(session).day(day).working)
    assert seen == [True, False, True, False]


def test_rows_rolled_back_do_not_stay_in_the_calendar(filled: Engine) -> None:
    with Session(filled) as session:
        session.add(WorkdayRow(day=date(2026, 3, 9), kind="off", notice="x", issued=date(2026, 3, 1)))
        assert queries.calendar(session).day(date(2026, 3, 9)).working is False
        session.rollback()
    with transaction(filled) as session:
        session.add(WorkdayRow(day=date(2026, 3, 10), kind="off", notice="x", issued=date(2026, 3, 1)))
        calendar = queries.calendar(session)
    assert calendar.day(date(2026, 3, 9)).working is True
    assert calendar.day(date(2026, 3, 10)).working is False


def test_two_databases_in_one_process_do_not_share_a_calendar(filled: Engine, tmp_path: Path) -> None:
    other = connect(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    Base.metadata.create_all(other, tables=[Base.metadata.tables["workday_rows"]])
    with reading(filled) as session:
        assert queries.any_recorded(session)
        assert queries.calendar(session).notices() != ()
    with reading(other) as session:
        assert not queries.any_recorded(session)
        assert queries.calendar(session).notices() == ()
        assert queries.calendar(session).limit(date(2026, 2, 13), 10).provisional
    other.dispose()


def test_many_days_of_knowledge_do_not_fill_the_memory(filled: Engine) -> None:
    with reading(filled) as session:
        for i in range(queries.MAX_KEPT * 2):
            known = date(2020, 1, 1) + timedelta(i)
            assert queries.calendar(session, known).known_on == known


# ------------------------------------------------------------------ the command


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LIANXIN_DATA", str(tmp_path / "var"))
    monkeypatch.setenv("LIANXIN_ENV", "local")
    for name in ("DATABASE_URL", "LIANXIN_DEMO", "LIANXIN_PROCESSES"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["workdays", *arguments], prog_name="lianxin")

    return run


def test_the_command_lists_every_day_with_its_reason(run: Any) -> None:
    result = run("2026-02-13", "10")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "截止日：2026-03-05（周四） 24:00" in lines
    assert "工作日历：出厂文件" in lines
    assert len(lines) == 6 + 20
    assert lines[6].split() == [
        "2026-02-14", "周六", "第1个", "国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）：调休上班",
    ]  # fmt: skip
    assert lines[-1].split() == ["2026-03-05", "周四", "第10个", "工作日"]


def test_the_command_speaks_json(run: Any) -> None:
    answer = json.loads(run("2026-11-23", "30", "--json").stdout)
    assert list(answer) == ["received", "days", "due", "provisional", "explanation"]
    assert (answer["due"], answer["provisional"]) == ("2027-01-05", True)
    assert answer["explanation"][-5] == {
        "date": "2027-01-01",
        "working": False,
        "reason": "暂按法定节假日：元旦",
        "notice": None,
        "provisional": True,
        "count": None,
    }
    assert json.loads(run("2019-03-15", "30", "--known-on", "2019-03-15", "--json").stdout)["due"] == "2019-04-29"
    assert json.loads(run("2019-03-15", "30", "--json").stdout)["due"] == "2019-04-28"
    assert json.loads(run("2026-03-07", "0", "--json").stdout)["explanation"] == []
    assert "（暂定" in run("2026-11-23", "30").stdout


def test_the_command_asks_the_database_where_it_has_notices(
    run: Any, filled: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction(filled) as session:
        operations.record_notice(session, notice=AMENDMENT[0], issued=AMENDMENT[1], days={date(2026, 3, 5): "off"})
    monkeypatch.setenv("DATABASE_URL", filled.url.render_as_string(hide_password=False))
    assert "截止日：2026-03-06" in run("2026-02-13", "10").stdout
    assert "工作日历：数据库，只用 2026-02-28 以前" in run("2026-02-13", "10", "--known-on", "2026-02-28").stdout
    assert "截止日：2026-03-05" in run("2026-02-13", "10", "--known-on", "2026-02-28").stdout


def test_an_empty_or_missing_database_leaves_the_factory_edition(
    run: Any, database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url.render_as_string(hide_password=False))
    assert "工作日历：出厂文件" in run("2026-02-13", "10").stdout
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'nowhere.sqlite3'}")
    assert "工作日历：出厂文件" in run("2026-02-13", "10").stdout
    assert not (tmp_path / "nowhere.sqlite3").exists()


def test_an_unreadable_database_is_said_aloud(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.sqlite3").write_bytes(b"this is no database" * 100)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'broken.sqlite3'}")
    result = run("2026-02-13", "10")
    assert result.exit_code == 0
    assert "数据库无法读取" in result.stderr
    assert "截止日：2026-03-05" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["2026-13-40", "10"], "不存在"),
        (["2026-02-29", "10"], "不存在"),
        (["20260213", "10"], "不是日期"),
        (["２０２６-02-13", "10"], "不是日期"),
        (["yesterday", "10"], "不是日期"),
        (["2026-02-13", "ten"], "应为整数"),
        (["2026-02-13", "1.5"], "应为整数"),
        (["2026-02-13", "-1"], "不能是负数"),
        (["2026-02-13", "2001"], "不能超过 2000"),
        (["2026-02-13", "9" * 5000], "不能超过 2000"),
        (["9999-12-30", "10"], "超出可计算的范围"),
        (["2026-02-13", "10", "--known-on", "2026-02-30"], "不存在"),
        (["2026-02-13", "10", "--known-on"], "缺少值"),
        (["2026-02-13"], "缺少 N"),
        ([], "缺少 DATE"),
        (["2026-02-13", "10", "20"], "无法识别"),
        (["2026-02-13", "10", "--wrong"], "无法识别"),
    ],
)
def test_bad_input_gets_one_chinese_sentence(run: Any, arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in result.stderr
    assert result.stderr.startswith("错误：")
    assert len(result.stderr.splitlines()) == 1


def test_the_bounds_of_n_are_computed(run: Any) -> None:
    assert run("2026-02-13", "2000").exit_code == 0
    assert run("2026-02-13", "0002", "--json").exit_code == 0


def test_the_group_helps_and_refuses_in_words() -> None:
    runner = CliRunner()
    assert "workdays" in runner.invoke(main, []).stdout
    assert runner.invoke(main, ["--help"]).exit_code == 0
    unknown = runner.invoke(main, ["nonsense"])
    assert (unknown.exit_code, unknown.stderr[:3]) == (2, "错误：")
    option = runner.invoke(main, ["--nonsense"])
    assert (option.exit_code, "没有选项 --nonsense" in option.stderr) == (2, True)
