"""What expressions in a diagram may read and call: case facts from tables, and the working-day functions."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from engine import clock
from engine.catalogue import meeting
from engine.catalogue.act import Act
from engine.errors import Invalid

PARAMETERS = (
    "answer_limit", "extended_answer_limit", "transit_target", "first_reminder", "second_reminder",
    "second_supervision", "third_supervision", "sign_target", "plan_target",
)  # fmt: skip
CASE_FACTS = ("arrived_on", "tier", "matter", "settlement", "channel", "instruction", "reported")
HANDLING_FACTS = {"received_on": "received_on", "extended": "extended", "handling_tier": "tier"}
DERIVED: dict[str, Callable[[Act], Any]] = {
    "anonymous": lambda act: not act.case.reporter_name,  # 不署名: rated by two (A27)
    "measure_due_on": lambda act: meeting.measure(act).due_on,
}
FACTS = frozenset((*PARAMETERS, *CASE_FACTS, *HANDLING_FACTS, *DERIVED))


def fact(act: Act, name: str) -> Any:
    """The fact `name` of this case; KeyError when there is none of that name."""
    if name in PARAMETERS:
        return act.parameter(name)
    if name in HANDLING_FACTS:
        return getattr(act.current_handling(), HANDLING_FACTS[name])
    if name in DERIVED:
        return DERIVED[name](act)
    if name == "arrived_on" and act.case.arrived_on is None:  # moved here by hand before it ever arrived
        return clock.local(act.case.registered_at if act.case.id else act.now).date()
    if name in CASE_FACTS:
        return getattr(act.case, name)
    raise KeyError(name)


def at(day: date, clock_time: str) -> datetime:
    """The moment `HH:MM` of `day` in Shenzhen."""
    try:
        moment = time.fromisoformat(clock_time)
    except ValueError:
        raise Invalid(f"“{clock_time}”不是时刻，请写成 09:00 的样子。") from None
    return clock.at(date(day.year, day.month, day.day), moment.hour, moment.minute)


def functions(act: Act) -> dict[str, Callable[..., Any]]:
    """The functions of the expression language that need the house: calendar and clock."""
    return {
        "working_days": act.calendar.working_days,
        "at": at,
        "today": clock.today,
        "days": lambda count: timedelta(days=count),
    }


FUNCTIONS = frozenset(("working_days", "at", "today", "days"))
