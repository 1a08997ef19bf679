"""Suspend, resume and cancel a whole instance."""

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from engine import bpmn, catalogue, instances
from engine.access import Actor
from engine.errors import Conflict
from engine.operate.intervention import begin
from engine.work.models import Deadline, Instance, Subscription


def suspend(session: Session, actor: Actor, instance_id: int, reason: str) -> Instance:
    """挂起: from now on no deadline fires and no completion, message or 撤回 is accepted; the limits run on, because
    the measures know no pause (article 11). Conflict when it is not running."""
    instance, act = begin(session, actor, instance_id, reason)
    if instance.status != "open":
        raise Conflict("此件已经办结或挂起，不能再挂起。")
    instance.status = "suspended"
    act.record("suspended", opinion=reason)
    session.flush()
    return instance


def resume(session: Session, actor: Actor, instance_id: int, reason: str) -> Instance:
    """恢复: limits are asked again (the calendar may have changed meanwhile), and what became due fires at the next
    sweep with its true due time (R71). Conflict when it is not suspended."""
    instance, act = begin(session, actor, instance_id, reason)
    if instance.status != "suspended":
        raise Conflict("此件没有挂起，不需要恢复。")
    instance.status = "open"
    act.record("resumed", opinion=reason)
    session.execute(update(Deadline).where(Deadline.instance_id == instance.id).values(retry_at=None))
    session.flush()
    instances.recompute(session, instance, act, reason)
    return instance


def cancel(session: Session, actor: Actor, instance_id: int, reason: str) -> None:
    """Everything of the instance ends: tasks (each with its history row), deadlines, subscriptions. Its case is 终止 as
    by the organisation department (R117): marked, open handlings closed, the parties told. Conflict when it ended."""
    instance, act = begin(session, actor, instance_id, reason)
    if instance.status == "ended":
        raise Conflict("此件已经结束，不能再终止。")
    run = instances.restored(session, instance, act, suspended=True)
    before = instances.Projection.of(run)
    bpmn.cancel(run)
    if instance.case_id is None:
        act.record("terminated", opinion=reason)
    elif act.case.closed_at is None:
        act.form = {"reason": reason}
        catalogue.SERVICES["case.terminate"](act)
    instances.follow(session, instance, act, run, before)
    for table in (Deadline, Subscription):  # also rows that a mistake left without a token
        session.execute(delete(table).where(table.instance_id == instance.id))
