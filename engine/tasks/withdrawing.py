"""撤回: taking back one's last act before the next person has 签收-ed (I6)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import instances
from engine.access import Actor, Verb, require
from engine.cases.models import Case
from engine.catalogue import scopes, telling
from engine.catalogue.act import Act
from engine.errors import Conflict, NotFound
from engine.work.models import Instance, Task, Withdrawal


def withdrawable(session: Session, actor: Actor, case_id: int) -> Withdrawal | None:
    """The actor's last act on the case, while it can still be taken back."""
    memory = session.scalars(
        select(Withdrawal).where(Withdrawal.case_id == case_id, Withdrawal.actor_id == actor.person_id)
    ).first()
    if memory is None:
        return None
    instance = session.get_one(Instance, memory.instance_id)
    signed = select(Task.id).where(Task.act_id == memory.history_id, Task.assignee_id.is_not(None))
    if instance.revision != memory.revision or session.scalars(signed.limit(1)).first() is not None:
        return None
    return memory


def withdraw(session: Session, actor: Actor, case_id: int) -> None:
    """撤回 the actor's last act, only before the next person has 签收-ed; the clock is as before (I6)."""
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound()
    require(actor, Verb.CASE_WITHDRAW, scopes.case_scope(session, case))
    memory = session.scalars(
        select(Withdrawal).where(Withdrawal.case_id == case_id, Withdrawal.actor_id == actor.person_id)
    ).first()
    if memory is None:
        raise Conflict("没有可以撤回的办理动作。")
    instance = instances.locked(session, memory.instance_id)
    session.expire_all()
    if withdrawable(session, actor, case_id) is None:
        raise Conflict("下一环节已签收或已有新的办理动作，不能再撤回。如需更正，请联系下一环节退回。")
    act = Act(session, case, instance.id, actor=actor, organisation_id=memory.task["organisation_id"])
    _withdraw_notices(session, memory, act)
    instances.withdraw(session, instance, memory, act)


def _withdraw_notices(session: Session, memory: Withdrawal, act: Act) -> None:
    for task in session.scalars(select(Task).where(Task.act_id == memory.history_id)):
        if task.organisation_id:
            telling.organisation(act, "withdrawn", task.organisation_id, task.duty)
    for step in memory.undo:
        if "notices" in step:
            telling.withdraw(session, step["notices"])
