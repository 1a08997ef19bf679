"""Messages to one case, signals to all that wait for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import bpmn, instances
from engine.access import Actor, Verb, require
from engine.cases.models import Case
from engine.db import Begin
from engine.errors import Conflict, LianxinError, NotFound
from engine.operate.intervention import begin
from engine.work.models import Instance, Subscription


@dataclass(frozen=True)
class Delivered:
    """What a signal did to one instance; `problem` is the sentence that kept it from arriving."""

    instance_id: int
    case_number: str
    problem: str = ""


def message(
    session: Session, actor: Actor, case_number: str, name: str, reason: str, payload: Mapping[str, Any] | None = None
) -> int:
    """Deliver a message to the case of this number, wherever it waits for it; how many events took it. The number is
    the correlation. NotFound for an unknown number, Conflict when nothing of the case waits for that message."""
    require(actor, Verb.INSTANCE_OPERATE)
    query = select(Instance.id).join(Case, Case.id == Instance.case_id)
    found = session.scalars(query.where(Case.number == case_number).order_by(Instance.id)).all()
    if not found:
        raise NotFound
    waiting = select(Subscription.instance_id).where(Subscription.instance_id.in_(found), Subscription.message == name)
    taken = sum(
        _deliver(session, actor, instance_id, ("message", name), reason, payload)
        for instance_id in sorted(set(session.scalars(waiting)))
    )
    if not taken:
        raise Conflict(f"此件现在没有等待“{name}”的环节，请刷新页面查看最新情况。")
    return taken


def signal(
    begin_transaction: Begin, actor: Actor, name: str, reason: str, payload: Mapping[str, Any] | None = None
) -> list[Delivered]:
    """Give a signal to every instance that waits for it, each in a transaction of its own that the entry point's
    `begin` opens; a suspended or broken one is reported and keeps nobody else from it."""
    with begin_transaction() as session:
        require(actor, Verb.INSTANCE_OPERATE)
        query = (
            select(Subscription.instance_id, Case.number)
            .outerjoin(Case, Case.id == Subscription.case_id)
            .where(Subscription.message == name)
        )
        waiting = sorted({(row.instance_id, row.number or "") for row in session.execute(query)})
    delivered = []
    for instance_id, number in waiting:
        problem = ""
        try:
            with begin_transaction() as session:
                if not _deliver(session, actor, instance_id, ("signal", name), reason, payload):
                    continue
        except LianxinError as refused:
            problem = refused.message
        delivered.append(Delivered(instance_id, number, problem))
    return delivered


def _deliver(
    session: Session, actor: Actor, instance_id: int, what: tuple[str, str], reason: str,
    payload: Mapping[str, Any] | None,
) -> int:  # fmt: skip
    kind, name = what
    instance, act = begin(session, actor, instance_id, reason)
    run = instances.restored(session, instance, act)
    before = instances.Projection.of(run)
    waiting = [item for item in run.subscriptions() if (item.kind, item.name) == what]
    if not waiting:
        return 0
    act.process_id, act.element_id = waiting[0].process_id, waiting[0].element_id
    act.form = payload or {}
    with session.no_autoflush:
        act.history = act.record("messaged", result=name[:80], opinion=reason, data={"kind": kind, "name": name})
        for item in waiting:
            try:
                run.send(name, payload, item.token)
            except bpmn.NotWaiting:  # the first of them withdrew it
                continue
        instances.follow(session, instance, act, run, before)
    return len(waiting)
