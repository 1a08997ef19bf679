"""Notices enter and change here, a whole notice at a time; the caller then re-evaluates the waiting limits (R72)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine.calendar import Kind, Scope
from engine.errors import Invalid
from engine.workdays.factory import read_rows
from engine.workdays.models import WorkdayRow


@dataclass(frozen=True)
class Recorded:
    """What recording a notice changed: kind and scope by date, as they stood (`before`) and as they stand (`after`)."""

    before: Mapping[date, tuple[Kind, Scope]]
    after: Mapping[date, tuple[Kind, Scope]]

    @property
    def changed(self) -> bool:
        """False when the notice already said exactly this."""
        return self.before != self.after


def import_factory(session: Session, directory: Path) -> int:
    """Add the notices of the factory files that the database does not have; the number of rows added.

    Idempotent. A notice already recorded is left as it stands, whatever the file says: the database is the truth.
    """
    recorded = {tuple(row) for row in session.execute(select(WorkdayRow.notice, WorkdayRow.issued).distinct())}
    new = [row for row in read_rows(directory) if (row.notice, row.issued) not in recorded]
    session.add_all(
        WorkdayRow(day=row.date, kind=row.kind, notice=row.notice, issued=row.issued, scope=row.scope) for row in new
    )
    session.flush()
    return len(new)


def record_notice(
    session: Session, *, notice: str, issued: date, days: Mapping[date, Kind], scope: Scope = "national"
) -> Recorded:
    """Make one notice, named by number and day of issue, say exactly `days`.

    A notice is corrected here, or superseded by a later one, but never withdrawn (an import would bring it back).
    Raises Invalid for no days at all, a day that is neither off nor work, a city notice without number or name.
    """
    notice = notice.strip()
    _check(notice, days, scope)
    same = (WorkdayRow.notice == notice, WorkdayRow.issued == issued)
    rows = session.execute(select(WorkdayRow.day, WorkdayRow.kind, WorkdayRow.scope).where(*same))
    recorded = Recorded(
        before={row.day: (row.kind, row.scope) for row in rows},
        after={day: (kind, scope) for day, kind in days.items()},
    )
    if recorded.changed:
        session.execute(delete(WorkdayRow).where(*same))
        session.add_all(
            WorkdayRow(day=day, kind=kind, notice=notice, issued=issued, scope=scope)
            for day, kind in sorted(days.items())
        )
        session.flush()
    return recorded


def _check(notice: str, days: Mapping[date, Kind], scope: Scope) -> None:
    if not days:
        raise Invalid("通知中没有任何一天。请逐日写明放假或调休上班。")
    if scope == "city" and not notice:
        raise Invalid("本市的工作日调整请写明文号或文件名称。")
    if wrong := sorted(day.isoformat() for day, kind in days.items() if kind not in ("off", "work")):
        raise Invalid(f"每一天只能是放假或调休上班，请检查：{'、'.join(wrong)}。")
