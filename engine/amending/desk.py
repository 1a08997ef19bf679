"""What the pages of the calendar and of the parameters show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, Verb, require
from engine.amending.checking import Draft
from engine.amendments.models import Amendment, AmendmentMove
from engine.calendar import Calendar, Day, Notice
from engine.cases.models import Case
from engine.errors import NotFound
from engine.parameters import queries as parameters
from engine.parameters.models import Parameter
from engine.workdays import queries as workdays

SHOWN = 200  # moved limits on one page; the rest is counted
READ = {"notice": Verb.CALENDAR_READ, "parameter": Verb.PARAMETERS_READ}


@dataclass(frozen=True)
class Month:
    """One month in weeks from Monday; None pads the first and the last week."""

    number: int
    weeks: Sequence[Sequence[Day | None]]


@dataclass(frozen=True)
class Year:
    """A year's calendar. `special`: the days that are not what their weekday says."""

    year: int
    months: Sequence[Month]
    covered: bool
    special: Sequence[Day]
    working: int


@dataclass(frozen=True)
class Shown:
    """An amendment with the limits it moves (`total` of them), dates first to last day."""

    amendment: Amendment
    moves: Sequence[tuple[AmendmentMove, str, date, date]]
    total: int
    limits: int


def year(session: Session, actor: Actor, number: int) -> Year:
    """The calendar of a year as the notices in force make it."""
    require(actor, Verb.CALENDAR_READ)
    return laid_out(workdays.calendar(session), number)


def laid_out(calendar: Calendar, number: int) -> Year:
    """Any calendar's year, also one that is only proposed."""
    first = date(number, 1, 1)
    days = [calendar.day(first + timedelta(offset)) for offset in range((date(number + 1, 1, 1) - first).days)]
    months = []
    for month in range(1, 13):
        own: list[Day | None] = [day for day in days if day.date.month == month]
        start = own[0].date.weekday() if own[0] else 0
        padded = [None] * start + own
        padded += [None] * (-len(padded) % 7)
        months.append(Month(month, [padded[at : at + 7] for at in range(0, len(padded), 7)]))
    special = [day for day in days if day.working != (day.date.weekday() < 5)]
    return Year(number, months, calendar.covers(number), special, sum(day.working for day in days))


def notices(session: Session, actor: Actor) -> Sequence[Notice]:
    """The notices in force, newest first."""
    require(actor, Verb.CALENDAR_READ)
    return tuple(reversed(workdays.calendar(session).notices()))


def amendments(session: Session, actor: Actor, kind: str) -> Sequence[Amendment]:
    """Proposals and releases of a kind, newest first."""
    require(actor, READ[kind])
    return list(
        session.scalars(select(Amendment).where(Amendment.kind == kind).order_by(Amendment.id.desc()).limit(100))
    )


def amendment(session: Session, actor: Actor, amendment_id: int) -> Shown:
    """One amendment and what it moves; NotFound when there is none."""
    found = session.get(Amendment, amendment_id)
    if found is None:
        raise NotFound
    require(actor, READ[found.kind])
    mine = AmendmentMove.amendment_id == amendment_id
    query = select(AmendmentMove, Case.number).outerjoin(Case, Case.id == AmendmentMove.case_id).where(mine)
    order = (AmendmentMove.role != "limit", AmendmentMove.new_at, AmendmentMove.id)
    rows = session.execute(query.order_by(*order).limit(SHOWN))
    moves = [(row.AmendmentMove, row.number or "", _day(row.AmendmentMove.old_at), _day(row.AmendmentMove.new_at))
             for row in rows]  # fmt: skip
    count = select(func.count()).select_from(AmendmentMove).where(mine)
    limits = session.scalar(count.where(AmendmentMove.role == "limit")) or 0
    return Shown(found, moves, session.scalar(count) or 0, limits)


def _day(moment: datetime) -> date:
    return clock.local(moment - timedelta(microseconds=1)).date()


def values(session: Session, actor: Actor) -> tuple[dict[str, int], list[Parameter]]:
    """Today's value of every parameter, and the values set for later."""
    require(actor, Verb.PARAMETERS_READ)
    today = clock.today()
    return parameters.values(session, today), parameters.planned(session, today)


def preview(session: Session, actor: Actor, draft: Draft) -> Year:
    """The year of a notice as it would be with it."""
    require(actor, Verb.CALENDAR_READ)
    return laid_out(Calendar([*workdays.calendar(session).rows(), *draft.rows]), draft.year)
