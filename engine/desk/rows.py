"""The rows of every list: one shape for inbox, search and messages of cases (columns of words.md)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.cases.models import Case
from engine.handlings.models import Handling, Supervision
from engine.organisation.models import Organisation, Person, Place
from engine.supervision.models import Slip
from engine.work.models import Task
from engine.workdays.lamps import SOFT, Lamp, lamp, last_day
from engine.workdays.queries import calendar

ROW = TypeVar("ROW")
SHOWN_UNITS = 2
MERGED = "merged"  # the state of a case that waits for the answer of another


@dataclass(frozen=True)
class Page(Generic[ROW]):
    """One page of a list; `total` counts all of it. Pages begin with 1."""

    rows: Sequence[ROW]
    total: int
    page: int
    per_page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.per_page))


@dataclass(frozen=True, slots=True)
class Row:
    """One line: facts of the case, where it stands, and the lamp of its limit (None: no limit runs)."""

    case_id: int | None
    number: str
    summary: str
    reporter: str
    delegate: str
    community: str
    step: str
    unit: str
    received_on: date | None
    days: int | None
    due_on: date | None
    lamp: Lamp | None
    provisional: bool
    state: str
    overdue: bool
    supervised: bool
    task_id: int | None = None
    holder: str = ""
    claimable: bool = False
    at: datetime | None = None
    copy_id: int | None = None
    deputy_for: str = ""  # the absent colleague whose task it is (代理)
    draft_key: str | None = None  # of a registration that is not finished


@dataclass(frozen=True, slots=True)
class Item:
    """What a list found: a case, perhaps its task, a copy, and the moment that matters in that list."""

    case_id: int | None
    task: Task | None = None
    at: datetime | None = None
    copy_id: int | None = None
    deputy_for: str = ""


def rows(session: Session, items: Sequence[Item]) -> list[Row]:
    """Fill the columns for a page of items, with a handful of statements whatever its length."""
    ids = {item.case_id for item in items if item.case_id is not None}
    facts = _Facts(session, ids)
    return [facts.row(item) for item in items]


class _Facts:
    """The tables around a page of cases."""

    def __init__(self, session: Session, ids: Iterable[int]) -> None:
        ids = list(ids)
        self.calendar = calendar(session)
        self.cases = {case.id: case for case in session.scalars(select(Case).where(Case.id.in_(ids)))}
        # a joined case waits for the limit and the unit of the one that leads (R58)
        ids += {case.merged_into_id for case in self.cases.values() if case.state == MERGED and case.merged_into_id}
        places = {case.community_id for case in self.cases.values()}
        self.places = dict(session.execute(select(Place.id, Place.name).where(Place.id.in_(places))).all())
        self.tasks: dict[int, list[Task]] = {}
        for task in session.scalars(select(Task).where(Task.case_id.in_(ids)).order_by(Task.id)):
            self.tasks.setdefault(task.case_id or 0, []).append(task)
        self.handlings: dict[int, list[tuple[Handling, str]]] = {}
        for handling, unit in session.execute(
            select(Handling, Organisation.name)
            .join(Organisation, Organisation.id == Handling.unit_id)
            .where(Handling.case_id.in_(ids), Handling.state.not_in(("withdrawn", "declined")))
            .order_by(Handling.id)
        ):
            self.handlings.setdefault(handling.case_id, []).append((handling, unit))
        ladder = select(Supervision.case_id).where(Supervision.case_id.in_(ids), Supervision.closed_at.is_(None))
        orders = select(Slip.case_id).where(Slip.case_id.in_(ids), Slip.closed_at.is_(None), Slip.kind == "order")
        self.supervised = set(session.scalars(ladder.union(orders)))
        holders = {task.assignee_id for tasks in self.tasks.values() for task in tasks if task.assignee_id}
        self.holders = dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(holders))).all())

    def row(self, item: Item) -> Row:
        """One line."""
        case = self.cases[item.case_id or 0]
        source = (case.merged_into_id or case.id) if case.state == MERGED else case.id
        open_tasks = self.tasks.get(case.id, [])
        limited = item.task if item.task is not None and item.task.due_at else limiting(self.tasks.get(source, []))
        handling, unit = self._handling(source, item.task, limited)
        due_at = limited.due_at if limited else None
        due_on = last_day(due_at) if due_at else None
        soft = limited is not None and limited.role in SOFT
        received_on = handling.received_on if handling else case.arrived_on
        return Row(
            case_id=case.id,
            number=case.number,
            summary=case.summary,
            reporter="不公开身份" if case.confidential else case.reporter_name,
            delegate=case.delegate_name,
            community=self.places.get(case.community_id, ""),
            step=item.task.name if item.task else "、".join(dict.fromkeys(task.name for task in open_tasks)),
            unit=unit,
            received_on=received_on,
            days=self.calendar.between(received_on, due_on) if received_on and due_on else None,
            due_on=due_on,
            lamp=lamp(self.calendar, due_at, soft) if due_at else None,
            provisional=limited.provisional if limited else False,
            state=case.state,
            overdue=bool(due_at and due_at <= clock.now() and not soft),
            supervised=case.id in self.supervised,
            task_id=item.task.id if item.task else None,
            holder=self.holders.get(item.task.assignee_id or 0, "") if item.task else "",
            claimable=item.task is not None and item.task.assignee_id is None and item.task.person_id is None,
            at=item.at,
            copy_id=item.copy_id,
            deputy_for=item.deputy_for,
        )

    def _handling(self, case_id: int, task: Task | None, limited: Task | None) -> tuple[Handling | None, str]:
        """Whose day of receipt counts, and the unit: of a split form that of the line's own task, else all of them."""
        found = self.handlings.get(case_id, [])
        if not found or found[-1][0].item is None:
            return found[-1] if found else (None, "")
        items = {handling.item: (handling, unit) for handling, unit in found if handling.item is not None}
        by_id = {handling.id: (handling, unit) for handling, unit in items.values()}
        counted = by_id.get(limited.handling_id or 0, found[-1]) if limited else found[-1]
        own = by_id.get(task.handling_id or 0) if task else None
        return counted[0], own[1] if own else units([unit for _handling, unit in items.values()])


def units(names: Sequence[str]) -> str:
    """The units of a split form in one cell."""
    several = list(dict.fromkeys(names))
    return "、".join(several) if len(several) <= SHOWN_UNITS else f"{several[0]}等{len(several)}个单位"


def limiting(tasks: Sequence[Task]) -> Task | None:
    """The open task that carries the limit of a case: the answer of the unit, else the one due first."""
    dated = [task for task in tasks if task.due_at is not None]
    answers = [task for task in dated if task.role == "answer"]
    return min(answers or dated, key=lambda task: task.due_at or clock.now(), default=None)
