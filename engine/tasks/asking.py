"""What is asked beside the task itself: 申请延期 (article 11, R62) and 终止 (R117)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import instances
from engine.access import Actor, Verb, require
from engine.cases.models import Case
from engine.catalogue import extension_operations, handling_operations, pools, scopes, telling
from engine.catalogue.act import Act
from engine.catalogue.leading import leader
from engine.errors import Conflict, NotFound
from engine.handlings import operations as handlings
from engine.tasks.doing import act_on, checked
from engine.tasks.reading import form_of, holds, locked_task, readable
from engine.work.models import Instance, Task


def may_request(session: Session, actor: Actor, task_id: int) -> None:
    """Before the form of 申请延期 opens: refused as the request itself would be."""
    task, case = readable(session, actor, task_id)
    require(actor, Verb.EXTENSION_REQUEST, scopes.task_scope(session, task, case))
    act = act_on(session, actor, case, task, {})
    act.look_at(task.handling_id)
    _may_request(actor, task, act)


def _may_request(actor: Actor, task: Task, act: Act) -> None:
    if task.role != "answer" or not holds(actor, task):
        raise Conflict("请先签收本件，由承办人申请延期。")
    handling = act.current_handling()
    if handling.extended:
        raise Conflict("本件已经延期一次，不能再次延期（第十一条）。")
    if handlings.unsettled_extension(act.session, handling.id) is not None:
        raise Conflict("延期申请已送市党代表，请等待答复。")


def request_extension(session: Session, actor: Actor, task_id: int, form: Mapping[str, Any]) -> str:
    """申请延期 of the unit holding the answer (R62): before the limit ends it goes to the signing delegate; afterwards
    it is recorded and changes nothing. Returns the sentence that says which."""
    locked = locked_task(session, actor, task_id)
    task, case, instance = locked.task, locked.case, locked.instance
    require(actor, Verb.EXTENSION_REQUEST, locked.scope)
    act = act_on(session, actor, case, task, {})
    locked.known_to(act)
    _may_request(actor, task, act)
    data = act.form = checked(form_of(session, task.instance_id, "extension_request"), form)
    late = act.now >= handling_operations.limit_end(act)
    extension = extension_operations.open_extension(act, data["reason"], data.get("work_done", ""))
    if late:
        extension.decision = "late_request"
        act.record("late_extension_request", opinion=data["reason"])
        return "办理时限已过，延期申请只作记录，截止日不变。请尽快书面反馈。"
    act.history = act.record("extension_requested", opinion=data["reason"])
    session.flush()
    telling.delegate(act, "extension_requested")
    for person_id in locked.scope.case.cosigner_ids if locked.scope.case else ():
        telling.person(act, "cosign_asked", person_id)
    instances.send(session, instance, "extension_requested", act, host_token=task.token)
    asked = leader(session, case)
    return f"延期申请已送市党代表{asked}。代表同意之前，截止日不变；不答复视为不同意。"


def terminate(session: Session, actor: Actor, case_id: int, form: Mapping[str, Any]) -> None:
    """终止 by the organisation department that has the case now, with reason and the body referred to (R117)."""
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound()
    require(actor, Verb.CASE_TERMINATE, scopes.case_scope(session, case))
    row = session.scalars(select(Instance).where(Instance.case_id == case_id, Instance.status == "open")).first()
    if row is None:
        raise Conflict("此件已经结束，不能终止。")
    instance = instances.locked(session, row.id)
    data = checked(form_of(session, instance.id, "terminate"), form)
    act = Act(session, case, instance.id, actor=actor, form=data)
    act.organisation_id = _acting_department(actor, pools.tier_department(act).id)
    instances.send(session, instance, "terminate", act)


def _acting_department(actor: Actor, department_id: int) -> int:
    held = [post.organisation_id for post in actor.posts if post.kind == "department"]
    if department_id in held:
        return department_id
    return held[0]
