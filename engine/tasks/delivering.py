"""送达: what became of a copy of the answer, written down by who brought it (article 11 「谁提出、反馈谁」, R66)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import instances
from engine.access import Actor, Verb, require
from engine.cases.models import Case
from engine.catalogue import feedback_operations, scopes
from engine.catalogue.act import Act
from engine.errors import Conflict, NotFound
from engine.feedback.models import Copy
from engine.tasks.doing import checked
from engine.tasks.reading import beside
from engine.work.models import Instance, Task


@dataclass(frozen=True)
class Delivery:
    """A copy that has not arrived, with its case."""

    copy: Copy
    case: Case
    instance_id: int


def undelivered(session: Session, actor: Actor, copy_id: int) -> Delivery:
    """The copy, for the page of this act. NotFound outside the actor's reach, Conflict when it has arrived or when the
    letter is a task of its own."""
    copy = session.get(Copy, copy_id)
    if copy is None:
        raise NotFound
    case = session.get_one(Case, copy.case_id)
    require(actor, Verb.COPY_DELIVER, scopes.case_scope(session, case))
    if copy.state == "delivered":
        raise Conflict("这一份已经送达，不需要再登记。")
    letter = select(Task.id).where(Task.case_id == case.id, Task.role == "letter")
    if copy.channel == "letter" and session.scalars(letter).first() is not None:
        raise Conflict("纸质答复请在“送达纸质答复”待办中登记。")
    query = select(Instance.id).where(Instance.case_id == case.id).order_by(Instance.id.desc()).limit(1)
    return Delivery(copy, case, session.scalars(query).one())


def record_delivery(session: Session, actor: Actor, copy_id: int, form: Mapping[str, Any]) -> str:
    """登记送达: it arrived, with its proof; or not, with the reason and what is done next. Returns what to tell."""
    found = undelivered(session, actor, copy_id)
    case, data = found.case, checked(beside(session, found.instance_id, "delivery"), form)
    instances.locked(session, found.instance_id)
    act = Act(session, case, found.instance_id, actor=actor, form=data, element_name="登记送达")
    held = [post for post in actor.posts if post.kind in ("studio", "department")]
    act.organisation_id = next((post.organisation_id for post in held if post.organisation_id == case.studio_id), None)
    act.organisation_id = act.organisation_id or (held[0].organisation_id if held else None)
    feedback_operations.record_delivery(act, found.copy)
    instances.recount(session, case)
    return "已登记送达。" if data["outcome"] == "delivered" else "已登记，请按下一步措施办理，送达后再登记一次。"
