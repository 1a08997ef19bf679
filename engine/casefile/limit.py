"""The limit of a case as people see it: from which receipt, how many working days, until when."""

from dataclasses import dataclass
from datetime import date, datetime

from engine.calendar import Calendar
from engine.handlings.models import Handling
from engine.work.models import Task
from engine.workdays.lamps import SOFT, Lamp, lamp, last_day


@dataclass(frozen=True)
class Limit:
    """A limit that runs. `days` working days from `received_on` (day 0) end at 24:00 of `due_on`."""

    received_on: date
    days: int
    due_on: date
    due_at: datetime
    lamp: Lamp
    provisional: bool
    task_id: int
    name: str


def of_task(calendar: Calendar, task: Task, handling: Handling | None, arrived_on: date | None) -> Limit | None:
    """The limit a task carries, None when it has none. An answer counts from the unit's receipt (article 11), a
    decision of an organisation department from its arrival there (article 10)."""
    if task.due_at is None:
        return None
    due_on = last_day(task.due_at)
    received_on = handling.received_on if handling is not None and task.role == "answer" else arrived_on
    received_on = received_on if received_on is not None and received_on <= due_on else last_day(task.created_at)
    return Limit(
        received_on=received_on,
        days=calendar.between(received_on, due_on),
        due_on=due_on,
        due_at=task.due_at,
        lamp=lamp(calendar, task.due_at, task.role in SOFT),
        provisional=task.provisional,
        task_id=task.id,
        name=task.name,
    )


def leading(limits: list[tuple[Task, Limit]]) -> Limit | None:
    """The one limit shown for the case: the unit's answer, else what is due first."""
    answers = [limit for task, limit in limits if task.role == "answer"]
    return min(answers or [limit for _task, limit in limits], key=lambda limit: limit.due_at, default=None)
