"""Take a case past a step, back to one, or to another one of the same part of the procedure."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import delete
from sqlalchemy.orm import Session

from engine import bpmn, instances
from engine.access import Actor, Verb, require
from engine.cases.models import Draft
from engine.catalogue.act import Act
from engine.errors import Conflict, NotFound
from engine.operate.intervention import begin, short
from engine.work import operations as work
from engine.work.models import Instance, Task

Done = TypeVar("Done")


def rehearse(session: Session, verb: Callable[[], Done]) -> Done:
    """What an intervention would do, without doing it: it really happens, inside a savepoint that is taken back.

    `rehearse(session, lambda: move(session, actor, 7, "t3", "answer", "…"))` gives the Effects for the page that asks.
    """
    savepoint = session.begin_nested()
    try:
        return verb()
    finally:
        savepoint.rollback()
        session.expire_all()  # rows were also written without the session's knowledge


def tokens(session: Session, actor: Actor, instance_id: int) -> list[bpmn.Position]:
    """Where the instance stands: what `move` and `go_back` may take hold of."""
    require(actor, Verb.INSTANCE_OPERATE)
    return bpmn.positions(_look(session, instance_id))


def _look(session: Session, instance_id: int) -> bpmn.Run:
    instance = session.get(Instance, instance_id)
    if instance is None:
        raise NotFound
    act = Act(session, instances.case_of(session, instance), instance.id)
    return instances.restored(session, instance, act, suspended=True)


def places(session: Session, actor: Actor, instance_id: int, token: str) -> list[bpmn.Target]:
    """Where the token may be moved; `earlier` ones are what it may be sent back to."""
    require(actor, Verb.INSTANCE_OPERATE)
    return bpmn.targets(_look(session, instance_id), token)


def move(session: Session, actor: Actor, instance_id: int, token: str, element_id: str, reason: str) -> bpmn.Effects:
    """Cancel the token where it waits and start at another element of the same scope, which then happens as drawn:
    services run. CannotMove with the reason when that would leave something waiting for ever."""
    return _go(session, actor, instance_id, ("moved", bpmn.move), token, element_id, reason)


def go_back(session: Session, actor: Actor, instance_id: int, token: str, element_id: str, reason: str) -> bpmn.Effects:
    """Have an earlier step of the same scope done again. CannotMove inside a parallel block. What was done since stays
    in the record: nothing is taken back (撤回 does that)."""
    return _go(session, actor, instance_id, ("sent_back", bpmn.go_back), token, element_id, reason)


def _go(
    session: Session, actor: Actor, instance_id: int, verb: tuple[str, Callable[[bpmn.Run, str, str], None]],
    token: str, element_id: str, reason: str,
) -> bpmn.Effects:  # fmt: skip
    instance, act = begin(session, actor, instance_id, reason)
    run = instances.restored(session, instance, act)
    before, waiting = instances.Projection.of(run), bpmn.waits(run)
    there = next((target.name for target in bpmn.targets(run, token) if target.element_id == element_id), element_id)
    here = next((one for one in bpmn.positions(run) if one.token == token), None)
    code, change = verb
    with session.no_autoflush:
        change(run, token, element_id)
        if here is not None:
            act.process_id, act.element_id, act.element_name = here.process_id, here.element_id, here.name
        act.history = act.record(
            code, result=short(f"{act.element_name or act.element_id} → {there or element_id}"), opinion=reason,
            data={"from": act.element_id, "to": element_id, "token": token},
        )  # fmt: skip
        instances.follow(session, instance, act, run, before)
    return bpmn.effects(waiting, bpmn.waits(run))


def skip(
    session: Session, actor: Actor, task_id: int, reason: str, flags: Mapping[str, Any] | None = None
) -> bpmn.Effects:
    """Complete a step without its operation: nothing of what it would have written is there. `flags` are what the
    gateways behind it ask for ({"decision": "accept"}); without them the default flow is taken. NoWay when none is
    drawn, Conflict when the step was done meanwhile."""
    task = session.get(Task, task_id)
    if task is None:
        require(actor, Verb.INSTANCE_OPERATE)
        raise Conflict("这项任务已不在办理中，请刷新页面查看最新情况。")
    instance, act = begin(session, actor, task.instance_id, reason)
    run = instances.restored(session, instance, act)
    before, waiting = instances.Projection.of(run), bpmn.waits(run)
    if before.tasks.pop(task.token, None) is None:
        raise Conflict("这项任务已不在办理中，请刷新页面查看最新情况。")
    act.process_id, act.element_id, act.element_name = task.process_id, task.element_id, task.name
    with session.no_autoflush:
        work.take(act.batch, task)
        act.history = act.record(
            "skipped", opinion=reason, received_at=task.created_at, working_days=act.days_used(task.created_at),
            data={"flags": dict(flags)} if flags else None,
        )  # fmt: skip
        run.complete(task.token, flags or {})
        instances.follow(session, instance, act, run, before)
    session.execute(delete(Draft).where(Draft.task_id == task_id))
    return bpmn.effects(waiting, bpmn.waits(run))
