"""The path of a case through the tiers: who held it, from when to when, how many working days (R55)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from engine import clock
from engine.calendar import Calendar
from engine.cases.models import Case
from engine.catalogue.tiers import tier
from engine.work.models import History

ENDS = frozenset({"closed", "void", "terminated", "filed"})


@dataclass(frozen=True)
class Hop:
    """One holder in turn. `days` are working days from arrival (day 0) to leaving, or to today; the hops of a case add
    up to `total` exactly, because each begins where the one before ends."""

    holder: str
    tier: str
    since: datetime
    until: datetime | None
    days: int = 0


@dataclass(frozen=True)
class Path:
    """All hops, and the working days from registration to the end or today."""

    hops: tuple[Hop, ...]
    total: int


def trace(case: Case, history: Sequence[History], departments: Mapping[str, str], calendar: Calendar) -> Path:
    """The path that the history tells. `departments`: name of the organisation department per tier."""
    hops = [Hop(case.studio_name, "community", case.registered_at, None)]
    for row in history:
        moved = _moved(row, hops, departments)
        if row.act in ENDS:
            hops[-1] = replace(hops[-1], until=row.at)
            break
        if moved is not None and moved[0] != hops[-1].holder:
            hops[-1] = replace(hops[-1], until=row.at)
            hops.append(Hop(moved[0], moved[1], row.at, None))
    end = _day(hops[-1].until)
    counted = [replace(hop, days=calendar.between(_day(hop.since), _day(hop.until))) for hop in hops]
    return Path(tuple(counted), calendar.between(_day(case.registered_at), end))


def _day(moment: datetime | None) -> date:
    return clock.local(moment or clock.now()).date()


def _moved(row: History, hops: Sequence[Hop], departments: Mapping[str, str]) -> tuple[str, str] | None:
    """(holder, tier) after this row, None when the case stays where it is."""
    if row.act == "reported":
        return departments["street"], "street"
    if row.act == "escalated":
        above = (row.tier and tier(row.tier).escalates_to) or "committee"
        return departments[above], above
    if row.act == "instructed" and row.result != "阅存":
        return departments["city"], "city"
    if row.act == "received":
        return row.organisation_name, row.tier
    if row.act in ("answered", "declined"):
        return departments.get(row.tier, row.organisation_name), row.tier
    if row.act == "feedback_returned":
        unit = next((hop for hop in reversed(hops) if hop.holder not in departments.values()), None)
        return (unit.holder, unit.tier) if unit else None
    if row.act == "withdrawn":
        return (row.organisation_name, row.tier) if row.organisation_name else None
    return None
