"""The calendar as the database has it this moment."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from engine.calendar import Calendar, DayRow
from engine.workdays.models import WorkdayRow

# Calendars of past days (known_on) are few; a runaway caller must not fill the memory.
MAX_KEPT = 64


@dataclass
class _Kept:
    state: tuple[Any, ...]
    rows: list[DayRow]
    calendars: dict[date | None, Calendar] = field(default_factory=dict)


_kept: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()


State = tuple[Any, ...]
# Count, highest id, newest change: recorded_at tells apart a rolled-back row from the next one with its id.
STATE = select(
    func.count().label("days"), func.max(WorkdayRow.id).label("last_day"), func.max(WorkdayRow.recorded_at).label("at")
).subquery("calendar_state")
_READ_STATE = select(STATE)


def calendar(session: Session, known_on: date | None = None, state: State | None = None) -> Calendar:
    """The calendar of all recorded notices, or of those issued by `known_on`.

    Kept per process and database, and looked up again by the state of the table at every call, so an edited holiday
    arrives at once in every process. `state`: the row of STATE, where the caller has just read it beside other things.
    """
    engine = session.get_bind().engine
    state = state or tuple(session.execute(_READ_STATE).one())
    kept = _kept.get(engine)
    if kept is None or kept.state != state:
        kept = _kept[engine] = _Kept(state, _rows(session))
    found = kept.calendars.get(known_on)
    if found is None:
        if len(kept.calendars) >= MAX_KEPT:
            kept.calendars.clear()
        found = kept.calendars[known_on] = Calendar(kept.rows, known_on=known_on)
    return found


def any_recorded(session: Session) -> bool:
    """Whether the database has a calendar at all (before the first import it has none)."""
    return session.scalar(select(WorkdayRow.id).limit(1)) is not None


def _rows(session: Session) -> list[DayRow]:
    table = WorkdayRow
    query = select(table.day, table.kind, table.notice, table.issued, table.scope).order_by(table.id)
    return [DayRow(row.day, row.kind, row.notice, row.issued, row.scope) for row in session.execute(query)]
