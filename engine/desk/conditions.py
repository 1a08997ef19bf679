"""Whose task, case or copy is it: the conditions behind boxes, lists and search, as SQL; access.py decides the same."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true, union
from sqlalchemy.orm import InstrumentedAttribute

from engine import access
from engine.access import Actor
from engine.cases.models import Case, CaseDelegate
from engine.feedback.models import Copy
from engine.handlings.models import Handling, Supervision
from engine.notices.models import Notice
from engine.supervision import operations as slips
from engine.supervision.models import Slip
from engine.work.models import History, Task
from engine.workdays import lamps

# Acts by which somebody finished a task: the rows of 已办. Taking and giving back a task is not finishing it.
COMPLETIONS = frozenset(
    {
        "signed",
        "returned_to_studio",
        "amended",
        "answered_on_the_spot",
        "reported",
        "referred",
        "escalated",
        "sent_down",
        "split",
        "merged",
        "answered",
        "declined",
        "extension_consented",
        "extension_consented_late",
        "extension_refused",
        "extension_disputed",
        "extension_settled",
        "supervision_noted",
        "feedback_accepted",
        "feedback_returned",
        "letter_sent",
        "instructed",
        "filed",
        "rated",
        "rating_agreed",
        "redo_decided",
        "consultation_closed",
        "measure_done",
        "void",
        "terminated",
        "task_done",
    }
)


def organisations(actor: Actor) -> frozenset[int]:
    """The organisations the actor works in; none for administrators."""
    return access.reach(actor).organisation_ids


def _pools(
    actor: Actor, organisation: InstrumentedAttribute[int | None], duty: InstrumentedAttribute[str]
) -> ColumnElement[bool]:
    mine = organisations(actor)
    posts = [post for post in actor.posts if post.organisation_id in mine]
    if not posts:
        return false()
    return or_(*(and_(organisation == post.organisation_id, duty.in_(_duties(post.duty))) for post in posts))


def _duties(held: str) -> tuple[str, ...]:
    """The pools a duty opens: its own and the common one; the head can do what the staff can."""
    return ("", held, "staff") if held == "head" else ("", held)


def awaiting_receipt(actor: Actor) -> ColumnElement[bool]:
    """待签收: in one of the actor's pools, taken by nobody."""
    return and_(Task.assignee_id.is_(None), Task.person_id.is_(None), _pools(actor, Task.organisation_id, Task.duty))


def in_hand(actor: Actor) -> ColumnElement[bool]:
    """在办: taken by the actor or an absent colleague the actor stands in for, or for the actor in person."""
    mine = or_(Task.assignee_id == actor.person_id, Task.person_id == actor.person_id)
    if not actor.absent:
        return mine
    away = Task.assignee_id.in_(sorted(actor.ids - {actor.person_id}))
    return or_(mine, and_(away, _pools(actor, Task.organisation_id, Task.duty)))


def to_do(actor: Actor) -> ColumnElement[bool]:
    """待办: 待签收 and 在办."""
    return or_(awaiting_receipt(actor), in_hand(actor))


def overdue(now: datetime) -> ColumnElement[bool]:
    """逾期: a limit has passed. A passed target of ours is none, it stays in 临期 (R49)."""
    return and_(Task.due_at <= now, Task.role.not_in(lamps.SOFT))


def finished(actor: Actor) -> ColumnElement[bool]:
    """已办: history rows of tasks the actor finished."""
    return and_(History.actor_id == actor.person_id, History.act.in_(COMPLETIONS), History.case_id.is_not(None))


def supervised(actor: Actor) -> Select[tuple[int | None]]:
    """督办: ids of cases with a supervision task of the actor, an open supervision addressed to the actor's
    organisations, one of their own handlings under supervision, or an open slip or opinion that concerns them."""
    mine = organisations(actor)
    open_ones = select(Supervision.case_id).where(Supervision.closed_at.is_(None))
    found = union(
        select(Task.case_id).where(to_do(actor), Task.role == "supervision"),
        open_ones.where(Supervision.organisation_id.in_(mine)),
        open_ones.join(Handling, Handling.id == Supervision.handling_id).where(Handling.unit_id.in_(mine)),
        select(Slip.case_id).where(slips.concerning(mine)),
    ).subquery()
    return select(found.c.case_id)


def copies(actor: Actor) -> ColumnElement[bool]:
    """Copies in the actor's own box and in those of the actor's organisations."""
    addressed = or_(Copy.person_id == actor.person_id, Copy.organisation_id.in_(organisations(actor)))
    return and_(addressed, Copy.channel == "inbox")


def messages(actor: Actor) -> ColumnElement[bool]:
    """In-app messages to the actor or to a pool of the actor."""
    addressed = or_(Notice.person_id == actor.person_id, _pools(actor, Notice.organisation_id, Notice.duty))
    return and_(addressed, Notice.channel == "inbox", Notice.state != "withdrawn")


def readable(actor: Actor) -> ColumnElement[bool]:
    """Cases within reach of the actor; says the same as `access.Reach.covers`
    over `catalogue.scopes.case_scope` (R54, R76)."""
    seen = access.reach(actor)
    if seen.city:
        return true()
    if not seen:
        return false()
    mine = seen.organisation_ids
    handled = select(Handling.case_id).where(Handling.unit_id.in_(mine), Handling.state != "withdrawn")
    supervised_by_us = select(Supervision.case_id).where(Supervision.organisation_id.in_(mine))
    # each way has an index of its own and an empty one is left out: nobody's search walks through the whole city
    ways: list[ColumnElement[bool]] = []
    if mine:
        ways += [Case.studio_id.in_(mine), Case.id.in_(handled), Case.id.in_(supervised_by_us)]
    if seen.street_ids:
        ways.append(Case.street_id.in_(seen.street_ids))
    if seen.district_ids:
        ways.append(Case.district_id.in_(seen.district_ids))
    if seen.committee:
        ways.append(or_(Case.tier == "committee", Case.instruction != ""))
    if seen.delegate_person_id is not None:
        beside = select(CaseDelegate.case_id).where(
            CaseDelegate.person_id == seen.delegate_person_id, CaseDelegate.role == "cosigner"
        )
        ways += [Case.delegate_person_id == seen.delegate_person_id, Case.id.in_(beside)]
    return or_(false(), *ways)
