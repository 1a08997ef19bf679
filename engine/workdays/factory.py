"""The factory edition of the calendar: processes/calendars/*.csv with the columns date,kind,notice,issued[,scope]."""

import csv
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from engine.calendar import DayRow
from engine.errors import Misconfigured


def read_rows(directory: Path) -> list[DayRow]:
    """The rows of every *.csv of a folder (date,kind,notice,issued[,scope]); Misconfigured names file and line."""
    rows = []
    for file in sorted(directory.glob("*.csv")):
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for number, line in enumerate(csv.DictReader(lines), start=2):
                rows.append(_row(line, f"{file.name} 第{number}行"))
    return rows


def _row(line: Mapping[str, str | None], where: str) -> DayRow:
    kind, scope = line.get("kind"), line.get("scope") or "national"
    if kind not in ("off", "work") or scope not in ("national", "city"):
        raise Misconfigured(f"工作日历 {where}：kind 只能是 off 或 work，scope 只能是 national 或 city。")
    try:
        day, issued = date.fromisoformat(line.get("date") or ""), date.fromisoformat(line.get("issued") or "")
    except ValueError as error:
        raise Misconfigured(f"工作日历 {where}：日期应写作 2026-03-04 的形式。") from error
    return DayRow(
        day,
        "work" if kind == "work" else "off",
        line.get("notice") or "",
        issued,
        "city" if scope == "city" else "national",
    )
