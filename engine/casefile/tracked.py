"""The four tracked items of article 12: 办理方案、办理人员、办理时限、办理结果 (R75)."""

from dataclasses import dataclass
from datetime import datetime

from engine import clock
from engine.calendar import Calendar
from engine.casefile.limit import Limit
from engine.feedback.models import Feedback
from engine.handlings.models import Handling, Review

TARGET = 3  # working days within which a unit names the person (A17)


@dataclass(frozen=True)
class Tracked:
    """One item: what is known of it and since when; `late` when it should be there and is not (yellow)."""

    name: str
    value: str
    at: datetime | None
    there: bool
    late: bool = False


def items(
    calendar: Calendar,
    review: Review | None,
    handling: Handling,
    handler: str,
    limit: Limit | None,
    feedback: Feedback | None,
    due: datetime,
) -> tuple[Tracked, ...]:
    """The four items of the current handling. `value` of the result is its code; `due` is the end of the answer's
    limit, also when it no longer runs."""
    passed = calendar.between(handling.received_on, clock.today())
    requirement = review.requirement if review is not None else ""
    return (
        Tracked("办理方案", requirement, review.decided_at if review and requirement else None, bool(requirement)),
        Tracked("办理人员", handler, handling.signed_at, bool(handler), not handler and passed > TARGET),
        _time(limit, feedback, due),
        Tracked(
            "办理结果",
            feedback.result if feedback else "",
            feedback.delivered_at if feedback else None,
            feedback is not None,
            feedback is None and bool(limit and limit.lamp.colour == "red"),
        ),
    )


def _time(limit: Limit | None, feedback: Feedback | None, due: datetime) -> Tracked:
    if feedback is not None:
        on_time = feedback.delivered_at < due
        return Tracked("办理时限", "按期答复" if on_time else "逾期答复", due, True, not on_time)
    late = bool(limit and limit.lamp.colour == "red")
    return Tracked("办理时限", limit.lamp.words if limit else "", due, limit is not None, late)
