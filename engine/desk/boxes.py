"""The eleven boxes of words.md and their counts (R91): one statement, the numbers of the database this moment."""

from sqlalchemy import ColumnElement, Integer, case, cast, distinct, func, select
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor
from engine.cases.models import Case, Draft
from engine.desk import conditions
from engine.feedback.models import Copy
from engine.work.models import History, Task
from engine.workdays import lamps
from engine.workdays.queries import calendar

# in the order of every tile, menu and filter
BOXES = (
    "todo",
    "receipt",
    "in_hand",
    "done",
    "unread",
    "read",
    "registered",
    "drafts",
    "supervision",
    "due_soon",
    "overdue",
)


def boxes(session: Session, actor: Actor) -> dict[str, int]:
    """How many rows each box holds for this person, in the order of BOXES."""
    me = actor.person_id
    supervised = conditions.supervised(actor).subquery()
    row = session.execute(
        select(
            *_tasks(session, actor),
            *_copies(actor),
            select(func.count(distinct(History.case_id)))
            .where(conditions.finished(actor))
            .scalar_subquery()
            .label("done"),
            _count(Case.registered_by_id == me).label("registered"),
            _count(Draft.person_id == me).label("drafts"),
            select(func.count(distinct(supervised.c.case_id))).scalar_subquery().label("supervision"),
        )
    ).one()
    return {box: int(getattr(row, box) or 0) for box in BOXES}


def _tasks(session: Session, actor: Actor) -> list[ColumnElement[int]]:
    now, soon = clock.now(), lamps.soon_until(calendar(session))
    counted = (
        select(
            func.count().label("todo"),
            _many(conditions.awaiting_receipt(actor)).label("receipt"),
            _many(conditions.in_hand(actor)).label("in_hand"),
            _many((Task.due_at <= soon) & ~conditions.overdue(now)).label("due_soon"),
            _many(conditions.overdue(now)).label("overdue"),
        )
        .where(conditions.to_do(actor))
        .cte("counted_tasks")
    )
    return [select(column).scalar_subquery().label(column.key) for column in counted.columns]


def _copies(actor: Actor) -> list[ColumnElement[int]]:
    counted = (
        select(_many(Copy.read_at.is_(None)).label("unread"), _many(Copy.read_at.is_not(None)).label("read"))
        .where(conditions.copies(actor))
        .cte("counted_copies")
    )
    return [select(column).scalar_subquery().label(column.key) for column in counted.columns]


def _many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(case((condition, 1), else_=0)), 0), Integer)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).where(condition).scalar_subquery()
