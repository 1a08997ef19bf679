"""The path of a case through the tiers: who held it, from when to when, how many working days (R55)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from engine import clock
from engine.calendar import Calendar
from engine.cases.models import Case
from engine.catalogue.tiers import below, tier
from engine.handlings.models import Handling
from engine.work.models import History

ENDS = frozenset({"closed", "void", "terminated", "filed"})
# acts by which somebody hands the case on
HANDS = frozenset((
    "reported", "referred", "escalated", "sent_down", "split", "instructed", "answered", "declined",
    "feedback_returned", "returned_to_studio", "recalled", "redo_decided",
))  # fmt: skip
ITEMS = "分项承办单位"


@dataclass(frozen=True)
class Hop:
    """One holder in turn. `days` are working days from arrival (day 0) to leaving, or to today; the hops of a case add
    up to `total` exactly, because each begins where the one before ends. `act` moved it on, `by` whom; "" while it is
    here."""

    holder: str
    tier: str
    since: datetime
    until: datetime | None
    days: int = 0
    by: str = ""
    act: str = ""


@dataclass(frozen=True)
class Path:
    """All hops, and the working days from registration to the end or today. `since_receipt` counts from the day the
    first unit received, however often the case was declined and referred again (R57); `transfers`: which
    referral in a row this is, one done again (重办) not counted."""

    hops: tuple[Hop, ...]
    total: int
    first_received_on: date | None = None
    since_receipt: int = 0
    transfers: int = 0


def trace(case: Case, history: Sequence[History], departments: Mapping[str, str], calendar: Calendar) -> Path:
    """The path that the history tells. `departments`: name of the organisation department per tier."""
    hops = [Hop(case.studio_name, "community", case.registered_at, None)]
    hand, items = ("", ""), 0
    for row in history:
        if row.act in HANDS:
            hand = (row.actor_name, row.act)
        if row.act in ENDS:
            hops[-1] = replace(hops[-1], until=row.at, by=row.actor_name, act=row.act)
            break
        moved, items = _of_items(row, departments, items) if items else (_moved(row, hops, departments), items)
        if row.act == "split":
            items = int((row.data or {}).get("items", 0))
        if moved is not None and moved[0] != hops[-1].holder:
            hops[-1] = replace(hops[-1], until=row.at, by=hand[0], act=hand[1])
            hops.append(Hop(moved[0], moved[1], row.at, None))
            hand = ("", "")
    end = _day(hops[-1].until)
    counted = [replace(hop, days=calendar.between(_day(hop.since), _day(hop.until))) for hop in hops]
    return Path(tuple(counted), calendar.between(_day(case.registered_at), end))


def _of_items(row: History, departments: Mapping[str, str], items: int) -> tuple[tuple[str, str] | None, int]:
    """Sub-items are at their units all at once: the case is back at the department when the last is answered (R58)."""
    if row.act == "withdrawn":
        return (row.organisation_name, row.tier), 0
    left = items - (row.act == "feedback_accepted")
    return ((departments.get(row.tier, ""), row.tier) if not left else None), left


def with_receipts(path: Path, handlings: Sequence[Handling], calendar: Calendar) -> Path:
    """The path with what the units' receipts say of it; `handlings` in the order of their receipts."""
    found = [row for row in handlings if row.state != "withdrawn"]
    if not found:
        return path
    answered = [row.answered_at for row in found]
    end = max(moment for moment in answered if moment) if found[-1].answered_at else path.hops[-1].until
    back = Counter(row.item for row in found if row.state in ("declined", "recalled"))
    first = found[0].received_on
    return replace(
        path,
        first_received_on=first,
        since_receipt=calendar.between(first, _day(end)),
        transfers=1 + max(back.values(), default=0),
    )


def _day(moment: datetime | None) -> date:
    return clock.local(moment or clock.now()).date()


def _moved(row: History, hops: Sequence[Hop], departments: Mapping[str, str]) -> tuple[str, str] | None:
    """(holder, tier) after this row, None when the case stays where it is."""
    reached = _tier_reached(row)
    if reached:
        return departments[reached], reached
    if row.act == "returned_to_studio":
        return hops[0].holder, "community"
    if row.act == "split":
        return ITEMS, row.tier
    if row.act == "received":
        return row.organisation_name, row.tier
    if row.act in ("answered", "declined", "recalled"):
        return departments.get(row.tier, row.organisation_name), row.tier
    if row.act == "feedback_returned":
        unit = next((hop for hop in reversed(hops) if hop.holder not in departments.values()), None)
        return (unit.holder, unit.tier) if unit else None
    if row.act == "withdrawn" and row.organisation_name:
        return row.organisation_name, row.tier
    return None


def _tier_reached(row: History) -> str:
    """The tier whose department has the case after this row, "" when it went nowhere on the ladder."""
    if row.act == "reported":
        return "street"
    if row.act == "escalated":
        return (row.tier and tier(row.tier).escalates_to) or "committee"
    if row.act == "sent_down":
        return below(row.tier) or row.tier
    return "city" if row.act == "instructed" and row.result != "阅存" else ""
