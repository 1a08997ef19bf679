"""`lianxin workdays DATE N`: when a limit ends and why, day by day (article 11)."""

import json
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import click
from sqlalchemy import inspect, make_url
from sqlalchemy.exc import SQLAlchemyError

from engine import config
from engine.calendar import MAX_DAYS, Calendar, Day, Limit
from engine.db import connect, reading
from engine.errors import Invalid
from engine.workdays import queries
from engine.workdays.factory import read_rows
from engine.workdays.models import WorkdayRow

TABLE = WorkdayRow.__tablename__
WEEKDAYS = "一二三四五六日"


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("received", metavar="DATE")
@click.argument("days", metavar="N")
@click.option("--known-on", metavar="DATE", help="只用该日（含）以前印发的放假通知。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def workdays(received: str, days: str, known_on: str | None, as_json: bool) -> None:
    """自收到之日 DATE（如 2026-02-13）起第 N 个工作日是哪一天，逐日说明理由。"""
    start, count = _date(received, "收到日期"), _count(days)
    calendar, source = current_calendar(_date(known_on, "--known-on ") if known_on is not None else None)
    limit = calendar.limit(start, count)
    if as_json:
        click.echo(json.dumps(_as_json(limit), ensure_ascii=False, indent=2))
        return
    click.echo("\n".join(_as_text(limit, calendar, source)))


def _date(text: str, name: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise Invalid(f"{name}“{text}”不是日期，请写作 2026-03-04 的形式。")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{name}“{text}”不存在，请检查年、月、日。") from error


def _count(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]+", text):
        raise Invalid(f"工作日数“{text}”应为整数，如 10。")
    if text.startswith("-"):
        raise Invalid(f"工作日数不能是负数（{text[:12]}）。")
    if len(text.lstrip("0")) > 6 or int(text) > MAX_DAYS:
        raise Invalid(f"工作日数不能超过 {MAX_DAYS}。")
    return int(text)


def current_calendar(known_on: date | None) -> tuple[Calendar, str]:
    """The database's calendar where there is one, else the factory edition; and which of the two it is."""
    settings = config.load()
    try:
        if _exists(settings.database_url) and (stored := _stored(settings.database_url, known_on)):
            return stored, "数据库"
    except SQLAlchemyError:
        # Said aloud: an administrator's own notices may be missing from the answer.
        click.echo("提示：数据库无法读取，以下按出厂工作日历计算。", err=True)
    return Calendar(read_rows(settings.processes_dir / "calendars"), known_on=known_on), "出厂文件"


def _stored(url: str, known_on: date | None) -> Calendar | None:
    engine = connect(url)
    try:
        with reading(engine) as session:
            if inspect(session.connection()).has_table(TABLE) and queries.any_recorded(session):
                return queries.calendar(session, known_on)
            return None
    finally:
        engine.dispose()


def _exists(url: str) -> bool:
    """False for an SQLite file that is not there: connecting would create it."""
    where = make_url(url)
    return where.get_backend_name() != "sqlite" or bool(where.database and Path(where.database).is_file())


def _as_json(limit: Limit) -> dict[str, Any]:
    return {
        "received": limit.received.isoformat(),
        "days": limit.days,
        "due": limit.due.isoformat(),
        "provisional": limit.provisional,
        "explanation": [
            {
                "date": day.date.isoformat(),
                "working": day.working,
                "reason": day.reason,
                "notice": day.notice,
                "provisional": day.provisional,
                "count": day.count,
            }
            for day in limit.explanation
        ],
    }


def _as_text(limit: Limit, calendar: Calendar, source: str) -> Iterable[str]:
    known = f"，只用 {calendar.known_on} 以前（含当日）印发的通知" if calendar.known_on else ""
    mark = "（暂定：所涉年份尚无放假通知）" if limit.provisional else ""
    yield f"收到日期：{_named(limit.received)}（当日不计）"
    yield f"办理时限：{limit.days} 个工作日"
    yield f"截止日：{_named(limit.due)} 24:00{mark}"
    yield f"工作日历：{source}{known}"
    if limit.explanation:
        yield ""
        yield _line("日期", "星期", "工作日", "理由")
    for day in limit.explanation:
        yield _day_line(day)


def _day_line(day: Day) -> str:
    counted = f"第{day.count}个" if day.count is not None else "不计"
    reason = f"{day.reason}（暂定）" if day.provisional and not day.reason.startswith("暂按") else day.reason
    return _line(day.date.isoformat(), f"周{WEEKDAYS[day.date.weekday()]}", counted, reason)


def _line(*cells: str) -> str:
    widths = (12, 6, 10, 0)
    return "".join(cell + " " * max(0, width - _width(cell)) for cell, width in zip(cells, widths, strict=True))


def _width(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _named(day: date) -> str:
    return f"{day.isoformat()}（周{WEEKDAYS[day.weekday()]}）"
