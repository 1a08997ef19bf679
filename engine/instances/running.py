"""The verbs on a running procedure: start, complete, fire, send, recompute."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import bpmn, catalogue, clock
from engine.cases.models import Case
from engine.catalogue.act import Act
from engine.errors import Conflict, Misconfigured, NotFound
from engine.instances.host import Host, merge_place, replace_place
from engine.instances.moving import Move, moves_of
from engine.instances.projection import Projection
from engine.instances.saving import Outcome, restore, save, write
from engine.instances.withdrawing import memory_of, remember
from engine.packages import queries as packages
from engine.work import operations as work
from engine.work.models import Deadline, Instance, Task


def start(
    session: Session, package_id: int, process_id: str, act: Act, data: Mapping[str, Any],
    start_event: str | None = None, *, beside: bool = False,
) -> Outcome:  # fmt: skip
    """Start a procedure for `act.case` on exactly this package version, up to its first waits; `start_event`: the timer
    or message start that happened, else the plain one; `beside` the case's own procedure, which goes on."""
    place = {"beside_id" if beside else "case_id": act.case.id}
    instance = Instance(package_id=package_id, process_id=process_id, started_at=clock.now(), **place)
    session.add(instance)
    session.flush()
    act.instance_id = instance.id
    with session.no_autoflush:
        package = packages.compiled(session, package_id)
        run = bpmn.start(package, process_id, data, Host(act), start_event=start_event)
        return save(session, instance, act, run, Projection())


def complete(session: Session, instance: Instance, task: Task, act: Act) -> Outcome:
    """Complete an open task as `act.actor`: its operation runs with the form, then the tokens move on."""
    with session.no_autoflush:
        run = restore(session, instance, act)
        before = Projection.of(run)
        open_task = before.tasks.pop(task.token, None)
        if open_task is None:
            raise Conflict("这项任务已不在办理中，请刷新页面查看最新情况。")
        memory = memory_of(instance, task, act, open_task)
        work.take(act.batch, task)
        act.received_at = task.created_at
        act.keep("measure", open_task.data.get("measure"))
        here = replace_place(act, task.process_id, task.element_id, task.name, open_task.extensions)
        flags = _submit(here, str(open_task.extensions.get("operation", "")))
        merge_place(act, here)
        act.received_at = None
        if act.history is not None:
            act.history.task_id = task.id
        run.complete(task.token, flags)
        outcome = write(session, instance, act, run, before)
        remember(instance, act, None if outcome.ended else memory)
        act.batch.send()
    pass_on(session, act)
    return outcome


def _submit(act: Act, operation: str) -> dict[str, Any]:
    if not operation:
        act.history = act.record("task_done", opinion=str(act.form.get("opinion", "")))
        return {name: value for name, value in act.form.items() if name == "decision"}
    submit = catalogue.SUBMISSIONS.get(operation)
    if submit is None:
        raise Misconfigured(f"“{act.element_name}”要执行的操作 {operation} 不存在，请管理员在流程图中改正。")
    return submit(act) or {}


def fire(session: Session, instance: Instance, deadline: Deadline, act: Act) -> Outcome:
    """A waiting timer that is due fires, with its true due time on everything it writes (R69, R71)."""
    act.due_at = deadline.due_at
    with session.no_autoflush:
        run = restore(session, instance, act)
        before = Projection.of(run)
        run.fire(deadline.token)
        return save(session, instance, act, run, before)


def send(session: Session, instance: Instance, message: str, act: Act, *, host_token: str | None = None) -> Outcome:
    """Deliver a message to the event waiting for it (on the task `host_token`, or anywhere in the instance)."""
    with session.no_autoflush:
        run = restore(session, instance, act)
        before = Projection.of(run)
        waiting = [
            item.token
            for item in before.subscriptions.values()
            if item.name == message and host_token in (None, item.host_token)
        ]
        if not waiting:
            raise Conflict("此件当前的环节不能进行这项操作，请刷新页面查看最新情况。")
        run.send(message, None, waiting[0])
        outcome = write(session, instance, act, run, before)
        remember(instance, act, None)
        act.batch.send()
    pass_on(session, act)
    return outcome


def pass_on(session: Session, act: Act) -> None:
    """What the act has to say to other cases (并案, R58), in the same transaction; a case that cannot hear it now (it
    was suspended) gets an incident, and the message can be sent by hand once it goes on."""
    waiting, act.outgoing = act.outgoing, []
    for message in sorted(waiting, key=lambda item: item.case_id):
        query = select(Instance.id).where(Instance.case_id == message.case_id, Instance.status != "ended")
        instance = locked(session, session.scalars(query).one())
        other = Act(
            session, session.get_one(Case, message.case_id), instance.id, actor=act.actor,
            on_behalf_of=act.on_behalf_of, organisation_id=act.organisation_id, form={"reason": message.reason},
        )  # fmt: skip
        if instance.status == "open":
            send(session, instance, message.name, other)
            continue
        work.raise_incident(
            session, "not_heard", f"{message.reason}，但本件已挂起，没有收到。恢复后请补发流程消息 {message.name}。",
            case_id=message.case_id, instance_id=instance.id,
        )  # fmt: skip


def recompute(session: Session, instance: Instance, act: Act, reason: str) -> list[Move]:
    """Evaluate every waiting timer again (calendar or parameter changed); limits that moved stand in the history, also
    those of overdue steps, whose timer waits no more. What only became firm (暂定) is saved without a word."""
    act.recompute = reason
    run = restore(session, instance, act)
    before = Projection.of(run)
    moves, firm = moves_of(session, instance, act, run, before)
    for move in moves:
        if move.limit:
            days = [clock.local(at - timedelta(seconds=1)).date().isoformat() for at in (move.old, move.new)]
            act.record("deadline_moved", result=" → ".join(days), opinion=reason, data={"old": days[0], "new": days[1]})
    if moves or firm:
        save(session, instance, act, run, before)
    return moves


def data_of(session: Session, task: Task, case: Case) -> Mapping[str, Any]:
    """The token data an open task sees (routing flags and decisions); {} when it is gone."""
    instance = session.get_one(Instance, task.instance_id)
    run = restore(session, instance, Act(session, case, instance.id))
    return next((row.data for row in run.tasks() if row.token == task.token), {})


def locked(session: Session, instance_id: int) -> Instance:
    """The instance, locked for this act; NotFound when there is none."""
    instance = work.lock_instance(session, instance_id)
    if instance is None:
        raise NotFound()
    return instance
