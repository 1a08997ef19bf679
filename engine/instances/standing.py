"""Where running instances stand, as the projections show it: for lists, and counted for the drawing of a version."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from engine import bpmn, clock
from engine.packages import queries as packages
from engine.work.models import Deadline, Instance, Subscription, Task

Place = tuple[str, str]  # process id, element id


@dataclass(frozen=True)
class Standing:
    """One open step, or one event that is waited for, of an instance. `since` and `due_at` are aware UTC, None where
    there is none."""

    process_id: str
    element_id: str
    name: str
    since: datetime | None
    due_at: datetime | None
    due_on: date | None
    open_task: bool


@dataclass
class Crowd:
    """What stands at one element: how many tokens, how many of them overdue, and since which days (Shenzhen)."""

    count: int = 0
    overdue: int = 0
    since: Counter[date] = field(default_factory=Counter)


def standing(session: Session, instance_ids: Collection[int]) -> dict[int, list[Standing]]:
    """Open steps of each instance in the order they began; for one without any, the events it waits for."""
    found: dict[int, list[Standing]] = {instance_id: [] for instance_id in instance_ids}
    for task in session.scalars(select(Task).where(Task.instance_id.in_(instance_ids)).order_by(Task.id)):
        found[task.instance_id].append(
            Standing(task.process_id, task.element_id, task.name, task.created_at, task.due_at, task.due_on, True)
        )
    empty = [instance_id for instance_id, steps in found.items() if not steps]
    timers = select(Deadline).where(Deadline.instance_id.in_(empty), Deadline.host_token == "")
    for timer in session.scalars(timers.order_by(Deadline.due_at)):
        found[timer.instance_id].append(
            Standing(timer.process_id, timer.element_id, timer.name, None, timer.due_at, None, False)
        )
    events = select(Subscription, Instance.package_id).join(Instance, Instance.id == Subscription.instance_id)
    events = events.where(Subscription.instance_id.in_(empty), Subscription.host_token == "")
    for event, package_id in session.execute(events.order_by(Subscription.id)):
        named = packages.compiled(session, package_id).elements(event.process_id)
        name = next((one.name for one in named if one.id == event.element_id and one.name), event.message)
        found[event.instance_id].append(Standing(event.process_id, event.element_id, name, None, None, None, False))
    return found


def crowds(session: Session, package_id: int, only: str = "") -> dict[Place, Crowd]:
    """How many tokens of running instances of a version stand at each element; a call activity has what stands inside
    it (of the process `only` alone, if given: each call costs a count)."""
    found: dict[Place, Crowd] = {}
    for row in _steps(session, package_id):
        _add(found.setdefault((row.process_id, row.element_id), Crowd()), row)
    for place, count in _events(session, package_id):
        found.setdefault(place, Crowd()).count += count
    package = packages.compiled(session, package_id)
    for process_id in [only] if only else package.processes:
        for element in package.elements(process_id):
            if element.called:
                crowd = _inside(session, package_id, process_id, element)
                if crowd.count:
                    found[process_id, element.id] = crowd
    return found


def _add(crowd: Crowd, row: Any) -> None:
    crowd.count += row.number
    crowd.overdue += row.late or 0
    day = row.day if isinstance(row.day, date) else date.fromisoformat(row.day)
    crowd.since[day] += row.number


def _local_day(session: Session, moment: Any) -> Any:
    if session.get_bind().dialect.name == "sqlite":
        return func.date(moment, "+8 hours")
    return func.date(func.timezone("Asia/Shanghai", moment))


def _running(package_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Instance.package_id == package_id, Instance.status != "ended"


def _steps(session: Session, package_id: int, *more: ColumnElement[bool], inside: bool = False) -> Iterator[Any]:
    """Counts by element and day; `inside`: of instances, by day alone."""
    day = _local_day(session, Task.created_at).label("day")
    late = func.sum(case((Task.due_at <= clock.now(), 1), else_=0)).label("late")
    place = () if inside else (Task.process_id, Task.element_id)
    number = func.count(Task.instance_id.distinct()) if inside else func.count()
    query = select(*place, day, number.label("number"), late).join(Instance, Instance.id == Task.instance_id)
    yield from session.execute(query.where(*_running(package_id), *more).group_by(*place, day))


def _events(session: Session, package_id: int) -> Iterator[tuple[Place, int]]:
    """Events waited for by themselves, not on a step."""
    for table in (Deadline, Subscription):
        query = select(table.process_id, table.element_id, func.count().label("number"))
        query = query.join(Instance, Instance.id == table.instance_id)
        query = query.where(*_running(package_id), table.host_token == "")
        for row in session.execute(query.group_by(table.process_id, table.element_id)):
            yield (row.process_id, row.element_id), row.number


def _inside(session: Session, package_id: int, process_id: str, call: bpmn.Element) -> Crowd:
    """What stands inside a call."""
    crowd = Crowd()
    for row in _steps(session, package_id, _within(process_id, call.id), inside=True):
        _add(crowd, row)
    return crowd


def inside(package: bpmn.Package, process_id: str, element_id: str) -> Select[int] | None:
    """The instances that stand inside a call, as a query; None for an element that calls nothing."""
    if not any(one.id == element_id and one.called for one in package.elements(process_id)):
        return None
    return select(Task.instance_id).where(_within(process_id, element_id))


def _within(process_id: str, element_id: str) -> ColumnElement[bool]:
    return Task.within.contains(f" {process_id}/{element_id} ", autoescape=True)
