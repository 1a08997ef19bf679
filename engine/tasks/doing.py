"""Claiming, giving back and completing tasks: each one act, one winner, one transaction (I4, I5, I8)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from engine import clock, forms, instances
from engine.access import Actor, TaskScope, Verb, acts_for, may, require
from engine.cases.models import Case, Draft
from engine.catalogue import scopes
from engine.catalogue.act import Act
from engine.catalogue.leading import leader
from engine.errors import Conflict, Invalid, TaskTaken
from engine.organisation.models import Organisation
from engine.tasks.reading import Locked, draft_of, form_of, locked_task, name_of, readable
from engine.work import operations as work
from engine.work.models import Task


@dataclass(frozen=True)
class Completed:
    """What happened after an act: sentences naming where the case went."""

    case_id: int
    next: tuple[str, ...]


def claim(session: Session, actor: Actor, task_id: int) -> Task:
    """签收: of everybody pressing at once exactly one gets it, the others read who has it (I4). What a deputy takes is
    the absent colleague's, so that it is back with her when the dates have passed (I14)."""
    locked = locked_task(session, actor, task_id)
    task, case = locked.task, locked.case
    require(actor, Verb.TASK_CLAIM, locked.scope)
    if task.assignee_id in actor.ids:
        return task
    absent = acts_for(actor, locked.scope)
    holder_id = absent.person_id if absent else actor.person_id
    place = _place(session, actor, task, case)
    if not work.claim(session, task.id, holder_id):
        raise TaskTaken(f"“{task.name}”已由{name_of(session, task.assignee_id)}签收。")
    work.record(session, "claimed", **place, received_at=task.created_at)
    if task.role == "answer":
        _signed_for(session, holder_id, locked)
    return task


def _signed_for(session: Session, holder_id: int, locked: Locked) -> None:
    case, handling = locked.case, locked.handling
    if handling is not None and handling.signed_at is None:
        handling.signed_at, handling.handler_id = clock.now(), holder_id
    case.state = instances.shown_state(session, case, "handling")


def release(session: Session, actor: Actor, task_id: int) -> Task:
    """退还: back to the pool; a head may give back what somebody of the organisation holds."""
    locked = locked_task(session, actor, task_id)
    task, case = locked.task, locked.case
    require(actor, Verb.TASK_RELEASE, locked.scope)
    place = _place(session, actor, task, case)
    if task.assignee_id is None or not work.release(session, task.id, task.assignee_id):
        raise Conflict("这项任务现在没有人签收，不需要退还。")
    work.record(session, "released", **place)
    if task.role == "answer":
        case.state = instances.shown_state(session, case, "handling")
    return task


def _place(session: Session, actor: Actor, task: Task, case: Case) -> dict[str, Any]:
    organisation_row = session.get(Organisation, task.organisation_id) if task.organisation_id else None
    return {
        "case_id": case.id,
        "instance_id": task.instance_id,
        "process_id": task.process_id,
        "element_id": task.element_id,
        "element_name": task.name,
        "actor_id": actor.person_id,
        "actor_name": actor.name,
        "on_behalf_of": _absent_name(actor, task),
        "organisation_id": task.organisation_id,
        "organisation_name": organisation_row.name if organisation_row else "",
        "tier": case.tier,
    }


def _absent_name(actor: Actor, task: Task) -> str:
    """Whose place the actor takes (代理), "" for nobody's."""
    absent = acts_for(actor, scopes.pool_scope(task))
    return absent.name if absent else ""


def complete(session: Session, actor: Actor, task_id: int, form: Mapping[str, Any]) -> Completed:
    """办理: one transaction from the form to the next inbox. Invalid names every wrong field; the page keeps what was
    typed. `form` is what the page sent: strings by field name."""
    locked = locked_task(session, actor, task_id)
    task = locked.task
    may_complete(session, actor, task, locked.scope)
    data = checked(form_of(session, task.instance_id, task.form), form) if task.form else {}
    return finish(session, actor, locked, data)


def finish(session: Session, actor: Actor, locked: Locked, data: Mapping[str, Any]) -> Completed:
    """Complete a locked task the actor may complete, with data that were checked before."""
    act = act_on(session, actor, locked.case, locked.task, data)
    locked.known_to(act)
    outcome = instances.complete(session, locked.instance, locked.task, act)
    if locked.drafted:
        session.execute(_FORGET_DRAFTS, {"done": locked.task.id})
    return Completed(locked.case.id, _whereto(act, outcome))


_FORGET_DRAFTS = delete(Draft.__table__).where(Draft.__table__.c.task_id == bindparam("done"))  # type: ignore[arg-type]


def may_complete(session: Session, actor: Actor, task: Task, scope: TaskScope) -> None:
    """Conflict or Forbidden with a sentence unless the actor holds the task and may complete it."""
    if task.assignee_id is None and task.person_id is None and may(actor, Verb.TASK_CLAIM, scope):
        raise Conflict(f"请先签收“{task.name}”，再办理。")
    if task.person_id is not None and task.person_id in actor.ids - {actor.person_id}:
        raise Conflict(f"“{task.name}”须由{name_of(session, task.person_id)}本人办理，不能代理。")
    if task.assignee_id is not None and task.assignee_id not in actor.ids:
        raise TaskTaken(f"“{task.name}”已由{name_of(session, task.assignee_id)}签收，正在办理。")
    require(actor, Verb.EXTENSION_CONSENT if task.role == "extension_consent" else Verb.TASK_COMPLETE, scope)


def checked(form: forms.Form, submitted: Mapping[str, Any]) -> dict[str, Any]:
    """The typed values of a submitted form; Invalid with a sentence per wrong field."""
    data = forms.clean(form, submitted)
    errors = forms.validate(form, data)
    if errors:
        raise Invalid(f"有 {len(errors)} 处需要修改，请看标红的栏目。", errors=errors)
    return data


def act_on(session: Session, actor: Actor | None, case: Case, task: Task, data: Mapping[str, Any]) -> Act:
    """The act of completing or asking something about this task, in the name of its pool."""
    return Act(
        session=session,
        case=case,
        instance_id=task.instance_id,
        actor=actor,
        on_behalf_of=_absent_name(actor, task) if actor is not None else "",
        organisation_id=task.organisation_id,
        form=data,
        role=task.role,
        process_id=task.process_id,
        element_id=task.element_id,
        element_name=task.name,
    )


def _whereto(act: Act, outcome: instances.Outcome) -> tuple[str, ...]:
    if outcome.ended:
        if act.role == "consultation_measure":  # it has an instance of its own: the case goes on
            return ("商定事项已落实。",)
        return ("本件已作废，编号保留。" if act.case.outcome == "void" else "本件已办理完毕。",)
    if act.role == "supervision" and act.history is not None:  # its slip went out, and no step waits for it
        return (f"已下发督办通知单，文号 {act.history.result}。",)
    return tuple(f"已送{_receiver(act, task)}：{task.name}" for task in outcome.opened)


def _receiver(act: Act, task: Task) -> str:
    if task.person_id and task.person_id == act.case.delegate_person_id:
        return leader(act.session, act.case)
    return name_of(act.session, task.person_id) if task.person_id else act.organisation_name(task.organisation_id)


def complete_as_reporter(session: Session, case: Case, form: Mapping[str, Any]) -> None:
    """The reporter's own grade from the tracking page, in place of the studio's record (D4, R79); the page has
    checked number and code."""
    query = select(Task).where(Task.case_id == case.id, Task.role == "rating_reporter")
    task = session.scalars(query).first()
    if task is None:
        raise Conflict("评议已经完成，感谢您的参与。")
    instance = instances.locked(session, task.instance_id)
    data = checked(form_of(session, task.instance_id, task.form), form)
    instances.complete(session, instance, task, act_on(session, None, case, task, data))


def save_draft(session: Session, actor: Actor, task_id: int, form: Mapping[str, Any]) -> None:
    """暂存: what was typed stays on the server until the task is done (I12). At most 200 kB."""
    task, case = readable(session, actor, task_id)
    require(actor, Verb.TASK_COMPLETE, scopes.task_scope(session, task, case))
    data = {name: value for name, value in form.items() if isinstance(value, str) and not value.startswith("data:")}
    if len(json.dumps(data)) > 200_000:
        raise Invalid("草稿太长，请删减后再保存。")
    draft = draft_of(session, actor.person_id, task_id)
    if draft is None:
        draft = Draft(person_id=actor.person_id, task_id=task_id, form=task.form, data=data, saved_at=clock.now())
        session.add(draft)
    draft.data, draft.saved_at = data, clock.now()
