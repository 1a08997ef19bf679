"""One box as a list: most urgent first, by pages, filtered by text."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from engine import access, clock
from engine.access import Actor
from engine.cases.models import Case, Draft
from engine.catalogue import scopes
from engine.desk import conditions
from engine.desk.boxes import BOXES
from engine.desk.rows import Item, Page, Row, rows
from engine.errors import NotFound
from engine.feedback.models import Copy
from engine.handlings.models import Supervision
from engine.work.models import History, Task
from engine.workdays import lamps
from engine.workdays.queries import calendar

PER_PAGE = 50
TASK_BOXES = frozenset({"todo", "receipt", "in_hand", "due_soon", "overdue"})


def inbox(
    session: Session, actor: Actor, box: str, page: int = 1, per_page: int = PER_PAGE, text: str = ""
) -> Page[Row]:
    """A page of one box; raises NotFound for a box that does not exist. Tasks outside a case do not appear yet."""
    if box not in BOXES:
        raise NotFound
    if box == "drafts":
        return _drafts(session, actor, page, per_page)
    query, item = _query(session, actor, box)
    if text := text.strip():
        query = (query.join(Case, Case.id == Task.case_id) if box in TASK_BOXES else query).where(matches(text))
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    found = session.execute(query.limit(per_page).offset((max(page, 1) - 1) * per_page)).all()
    return Page(rows(session, [item(*row) for row in found]), total, max(page, 1), per_page)


def matches(text: str) -> ColumnElement[bool]:
    """Part of the number, the reporter's or delegate's name, or the content."""
    pattern = f"%{text.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
    columns = (Case.number, Case.reporter_name, Case.delegate_name, Case.content, Case.summary)
    return or_(*(column.like(pattern, escape="!") for column in columns))


Query = Any  # a select of differing columns; each list says beside it how a row becomes an Item
Found = tuple[Query, Callable[..., Item]]


def _query(session: Session, actor: Actor, box: str) -> Found:
    if box in ("unread", "read"):
        return _copies(actor, unread=box == "unread")
    if box == "registered":
        query: Query = select(Case.id, Case.registered_at).where(Case.registered_by_id == actor.person_id)
        return query.order_by(Case.registered_at.desc(), Case.id.desc()), _case
    if box == "done":
        at = func.max(History.at)
        query = select(History.case_id, at).join(Case, Case.id == History.case_id).where(conditions.finished(actor))
        return query.group_by(History.case_id).order_by(at.desc(), History.case_id.desc()), _case
    if box == "supervision":
        return _supervision(actor), _case
    return _tasks(session, actor, box), lambda task: Item(task.case_id, task, deputy_for=_deputised(actor, task))


def _deputised(actor: Actor, task: Task) -> str:
    absent = access.acts_for(actor, scopes.pool_scope(task)) if actor.absent else None
    return absent.name if absent else ""


def _case(case_id: int, at: Any = None) -> Item:
    return Item(case_id, at=at)


def _tasks(session: Session, actor: Actor, box: str) -> Query:
    now, soon = clock.now(), lamps.soon_until(calendar(session))
    conditions_of = {
        "todo": conditions.to_do(actor),
        "receipt": conditions.awaiting_receipt(actor),
        "in_hand": conditions.in_hand(actor),
        "due_soon": conditions.to_do(actor) & (Task.due_at <= soon) & ~conditions.overdue(now),
        "overdue": conditions.to_do(actor) & conditions.overdue(now),
    }
    query = select(Task).where(conditions_of[box], Task.case_id.is_not(None))
    return query.order_by(Task.due_at.is_(None), Task.due_at, Task.created_at, Task.id)


def _supervision(actor: Actor) -> Query:
    first = func.min(Supervision.due_at)
    query = select(Case.id, first).outerjoin(
        Supervision, (Supervision.case_id == Case.id) & Supervision.closed_at.is_(None)
    )
    return query.where(Case.id.in_(conditions.supervised(actor))).group_by(Case.id).order_by(first, Case.id)


def _copies(actor: Actor, *, unread: bool) -> Found:
    state = Copy.read_at.is_(None) if unread else Copy.read_at.is_not(None)
    query = select(Copy.case_id, Copy.created_at, Copy.id).join(Case, Case.id == Copy.case_id)
    query = query.where(conditions.copies(actor), state).order_by(Copy.created_at.desc(), Copy.id.desc())
    return query, lambda case_id, at, copy_id: Item(case_id, at=at, copy_id=copy_id)


def _drafts(session: Session, actor: Actor, page: int, per_page: int) -> Page[Row]:
    """Half-filled forms: of a task with its case, or of an opinion not yet registered."""
    mine = Draft.person_id == actor.person_id
    total = session.scalar(select(func.count()).where(mine)) or 0
    query: Query = select(Draft, Task).outerjoin(Task, Task.id == Draft.task_id).where(mine)
    found = session.execute(query.order_by(Draft.saved_at.desc()).limit(per_page).offset((page - 1) * per_page)).all()
    ready = rows(session, [Item(task.case_id, task, draft.saved_at) for draft, task in found if task])
    by_task = {row.task_id: row for row in ready}
    lines = [by_task.get(draft.task_id) or _unregistered(draft) for draft, _task in found]
    return Page(lines, total, page, per_page)


def _unregistered(draft: Draft) -> Row:
    return Row(
        case_id=None,
        number="尚未编号" if draft.task_id is None else "任务已结束",
        summary=str(draft.data.get("content", ""))[:60],
        reporter=str(draft.data.get("reporter_name", "")),
        delegate="",
        community="",
        step="登记",
        unit="",
        received_on=None,
        days=None,
        due_on=None,
        lamp=None,
        provisional=False,
        state="draft",
        overdue=False,
        supervised=False,
        at=draft.saved_at,
        draft_key=draft.key if draft.task_id is None else None,
    )
