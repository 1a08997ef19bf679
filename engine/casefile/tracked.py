"""The four tracked items of article 12: 办理方案、办理人员、办理时限、办理结果 (R75)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from engine import clock
from engine.calendar import Calendar
from engine.casefile.limit import Limit
from engine.feedback.models import Feedback
from engine.handlings.models import Handling

_INSTANT = timedelta(seconds=1)  # a limit ends at 00:00 of the day after its last one


@dataclass(frozen=True)
class Tracked:
    """One item: what is known of it and since when; `late` when it should be there and is not (yellow)."""

    name: str
    value: str
    at: datetime | None
    there: bool
    late: bool = False


@dataclass(frozen=True)
class Track:
    """One handling as it is followed: the whole case, or one sub-item of it (R58). `limit` while its answer waits."""

    handling: Handling
    unit: str
    limit: Limit | None
    items: tuple[Tracked, ...]


def items(
    calendar: Calendar,
    handling: Handling,
    handler: str,
    limit: Limit | None,
    feedback: Feedback | None,
    due: datetime,
    target: int,
) -> tuple[Tracked, ...]:
    """The four items of the current handling. `value` of the result is its code; `due` is the end of the answer's
    limit, also when it no longer runs; `target`: working days within which plan and person are asked (A17)."""
    late = feedback is None and calendar.between(handling.received_on, clock.today()) > target
    named_at = handling.handler_named_at or handling.signed_at
    return (
        Tracked("办理方案", handling.plan, handling.planned_at, bool(handling.plan), late and not handling.plan),
        Tracked("办理人员", handler, named_at if handler else None, bool(handler), late and not handler),
        _time(calendar, limit, feedback, due),
        Tracked(
            "办理结果",
            feedback.result if feedback else "",
            feedback.delivered_at if feedback else None,
            feedback is not None,
            feedback is None and bool(limit and limit.lamp.colour == "red"),
        ),
    )


def _time(calendar: Calendar, limit: Limit | None, feedback: Feedback | None, due: datetime) -> Tracked:
    if feedback is not None:
        on_time = feedback.delivered_at < due
        days = calendar.between(clock.local(due - _INSTANT).date(), clock.local(feedback.delivered_at).date())
        return Tracked("办理时限", "按期答复" if on_time else f"逾期{days}个工作日答复", due, True, not on_time)
    late = bool(limit and limit.lamp.colour == "red")
    return Tracked("办理时限", limit.lamp.words if limit else "", due, limit is not None, late)
