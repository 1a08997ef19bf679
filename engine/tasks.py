"""Working on tasks: look, claim, give back, complete, take back, ask for more time, end a case (I1–I6)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine import clock, forms, instances
from engine.access import Actor, TaskScope, Verb, may, require
from engine.cases.models import Case, Draft
from engine.catalogue import handling_operations, pools, scopes, telling
from engine.catalogue.act import Act
from engine.errors import Conflict, Invalid, NotFound, TaskTaken
from engine.handlings import operations as handlings
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation, Person
from engine.packages import queries as packages
from engine.work import operations as work
from engine.work.models import History, Instance, Task, Withdrawal


@dataclass(frozen=True)
class TaskView:
    """A task with everything its page needs; `values` are the draft, else what the form starts with."""

    task: Task
    case: Case
    form: forms.Form | None
    values: dict[str, Any]
    proposal: dict[str, Any]
    may_claim: bool
    may_complete: bool
    may_release: bool
    may_extend: bool
    holder_name: str


@dataclass(frozen=True)
class Completed:
    """What happened after an act: sentences naming where the case went."""

    case_id: int
    next: tuple[str, ...]


def load(session: Session, actor: Actor, task_id: int) -> TaskView:
    """The task for its page; NotFound outside the actor's reach, TaskTaken when it has just been done."""
    task, case = _readable(session, actor, task_id)
    scope = scopes.task_scope(session, task, case)
    form = form_of(session, task.instance_id, task.form) if task.form else None
    draft = _draft(session, actor.person_id, task.id)
    proposal = _proposal(session, task, case)
    return TaskView(
        task=task,
        case=case,
        form=form,
        values=draft.data if draft else _prefill(form, case, proposal),
        proposal=proposal,
        may_claim=task.assignee_id is None and may(actor, Verb.TASK_CLAIM, scope),
        may_complete=_holds(actor, task) and may(actor, Verb.TASK_COMPLETE, scope),
        may_release=task.assignee_id is not None and may(actor, Verb.TASK_RELEASE, scope),
        may_extend=task.role == "answer" and _holds(actor, task) and _extension_possible(session, actor, case, task),
        holder_name=_name(session, task.assignee_id),
    )


def form_of(session: Session, instance_id: int, name: str) -> forms.Form:
    """The form of that name in the package version the instance runs on."""
    instance = session.get_one(Instance, instance_id)
    return forms.load(packages.file(session, instance.package_id, f"forms/{name}.json"))


def _readable(session: Session, actor: Actor, task_id: int) -> tuple[Task, Case]:
    task = session.get(Task, task_id)
    if task is None or task.case_id is None:
        raise _gone(session, actor, task_id)
    case = session.get_one(Case, task.case_id)
    require(actor, Verb.TASK_READ, scopes.task_scope(session, task, case))
    return task, case


def _locked(session: Session, actor: Actor, task_id: int) -> tuple[Task, Case, Instance, TaskScope]:
    """The task to act on, read after its instance was locked, so that nothing of it can be stale (rule 2)."""
    instance = work.lock_instance_of(session, task_id)
    query = select(Task, Case).join(Case, Case.id == Task.case_id).where(Task.id == task_id)
    row = session.execute(query.execution_options(populate_existing=True)).first() if instance else None
    if row is None or instance is None:
        raise _gone(session, actor, task_id)
    scope = scopes.task_scope(session, row.Task, row.Case)
    require(actor, Verb.TASK_READ, scope)
    return row.Task, row.Case, instance, scope


def _gone(session: Session, actor: Actor, task_id: int) -> Exception:
    """Who was faster, if the one asking may know it."""
    query = select(History).where(History.task_id == task_id, History.case_id.is_not(None))
    row = session.scalars(query.order_by(History.id.desc()).limit(1)).first()
    if row is None or row.case_id is None:
        return NotFound()
    case = session.get_one(Case, row.case_id)
    if not may(actor, Verb.CASE_READ, scopes.case_scope(session, case)):
        return NotFound()
    at = clock.local(row.at)
    who = row.actor_name or "系统"
    return TaskTaken(f"“{row.element_name}”已由{who}于{at:%Y-%m-%d %H:%M}办理完毕。您填写的内容没有提交，仍在本页。")


def _holds(actor: Actor, task: Task) -> bool:
    return actor.person_id in (task.assignee_id, task.person_id)


def _name(session: Session, person_id: int | None) -> str:
    person = session.get(Person, person_id) if person_id else None
    return person.name if person else ""


def _prefill(form: forms.Form | None, case: Case, proposal: Mapping[str, Any]) -> dict[str, Any]:
    """What a form starts with: the case's own facts under the same names, and the proposed unit (jurisdiction)."""
    if form is None:
        return {}
    values: dict[str, Any] = {}
    for field in forms.fields(form):
        value = proposal.get(field.name, getattr(case, field.name, None))
        if value not in (None, ""):
            values[field.name] = value.isoformat() if hasattr(value, "isoformat") else value
    return values


def _proposal(session: Session, task: Task, case: Case) -> dict[str, Any]:
    """What jurisdiction.dmn proposed for this review: tier, unit and reason (article 10, 管理权限)."""
    if task.role != "tier_review":
        return {}
    instructed = handlings.latest_review(session, case.id)
    if case.instruction and instructed is not None and instructed.tier == "committee":
        unit = {"unit_id": str(instructed.unit_id)} if instructed.unit_id else {}
        return {"decision": "refer", "basis": f"市委批示：{case.instruction}"[:300]} | unit
    data = instances.data_of(session, task, case)
    found = {name: data[name] for name in ("proposed_tier", "proposed_matter", "proposal_reason") if data.get(name)}
    if found.get("proposal_reason"):
        found["basis"] = found["proposal_reason"]
    if found.get("proposed_tier", case.tier) != case.tier:
        return found | {"decision": "escalate"}
    department = session.get(Organisation, task.organisation_id)
    if department is not None:
        matter = str(found.get("proposed_matter", case.matter))
        units = organisation.units_of(session, case.tier, department.place_id, matter)
        if units:
            found |= {"decision": "refer", "unit_id": str(units[0].id), "unit_name": units[0].name}
    return found


# ------------------------------------------------------------------------------------------------ claim and release


def claim(session: Session, actor: Actor, task_id: int) -> Task:
    """签收: of everybody pressing at once exactly one gets it, the others read who has it (I4)."""
    task, case, _, scope = _locked(session, actor, task_id)
    require(actor, Verb.TASK_CLAIM, scope)
    if task.assignee_id == actor.person_id:
        return task
    if not work.claim(session, task.id, actor.person_id):
        raise TaskTaken(f"“{task.name}”已由{_name(session, task.assignee_id)}签收。")
    work.record(session, "claimed", **_place(session, actor, task, case), received_at=task.created_at)
    if task.role == "answer":
        _signed_for(session, actor, case)
    return task


def _signed_for(session: Session, actor: Actor, case: Case) -> None:
    handling = Act(session, case, 0).handling
    if handling is not None and handling.signed_at is None:
        handling.signed_at, handling.handler_id = clock.now(), actor.person_id
    case.state = instances.shown_state(session, case, "handling")


def release(session: Session, actor: Actor, task_id: int) -> Task:
    """退还: back to the pool; a head may give back what somebody of the organisation holds."""
    task, case, _, scope = _locked(session, actor, task_id)
    require(actor, Verb.TASK_RELEASE, scope)
    if task.assignee_id is None or not work.release(session, task.id, task.assignee_id):
        raise Conflict("这项任务现在没有人签收，不需要退还。")
    work.record(session, "released", **_place(session, actor, task, case))
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
        "organisation_id": task.organisation_id,
        "organisation_name": organisation_row.name if organisation_row else "",
        "tier": case.tier,
    }


# ------------------------------------------------------------------------------------------------ complete


def complete(session: Session, actor: Actor, task_id: int, form: Mapping[str, Any]) -> Completed:
    """办理: one transaction from the form to the next inbox. Invalid names every wrong field; the page keeps what was
    typed. `form` is what the page sent: strings by field name."""
    task, case, instance, scope = _locked(session, actor, task_id)
    _may_complete(session, actor, task, scope)
    data = checked(form_of(session, task.instance_id, task.form), form) if task.form else {}
    act = _act(session, actor, case, task, data)
    outcome = instances.complete(session, instance, task, act)
    session.execute(delete(Draft).where(Draft.task_id == task_id))
    return Completed(case.id, _whereto(session, outcome))


def _may_complete(session: Session, actor: Actor, task: Task, scope: TaskScope) -> None:
    if task.assignee_id is None and task.person_id is None and may(actor, Verb.TASK_CLAIM, scope):
        raise Conflict(f"请先签收“{task.name}”，再办理。")
    if task.assignee_id not in (None, actor.person_id):
        raise TaskTaken(f"“{task.name}”已由{_name(session, task.assignee_id)}签收，正在办理。")
    require(actor, Verb.EXTENSION_CONSENT if task.role == "extension_consent" else Verb.TASK_COMPLETE, scope)


def checked(form: forms.Form, submitted: Mapping[str, Any]) -> dict[str, Any]:
    """The typed values of a submitted form; Invalid with a sentence per wrong field."""
    data = forms.clean(form, submitted)
    errors = forms.validate(form, data)
    if errors:
        raise Invalid(f"有 {len(errors)} 处需要修改，请看标红的栏目。", errors=errors)
    return data


def _act(session: Session, actor: Actor | None, case: Case, task: Task, data: Mapping[str, Any]) -> Act:
    return Act(
        session=session,
        case=case,
        instance_id=task.instance_id,
        actor=actor,
        organisation_id=task.organisation_id,
        form=data,
        role=task.role,
        process_id=task.process_id,
        element_id=task.element_id,
        element_name=task.name,
    )


def _whereto(session: Session, outcome: instances.Outcome) -> tuple[str, ...]:
    if outcome.ended:
        return ("本件已办理完毕。",)
    return tuple(f"已送{_receiver(session, task)}：{task.name}" for task in outcome.opened)


def _receiver(session: Session, task: Task) -> str:
    if task.person_id:
        return _name(session, task.person_id)
    return session.get_one(Organisation, task.organisation_id).name


def complete_as_reporter(session: Session, case: Case, form: Mapping[str, Any]) -> None:
    """The reporter's own grade from the tracking page, in place of the studio's record (D4, R79); the page has
    checked number and code."""
    query = select(Task).where(Task.case_id == case.id, Task.role == "rating_reporter")
    task = session.scalars(query).first()
    if task is None:
        raise Conflict("评议已经完成，感谢您的参与。")
    instance = instances.locked(session, task.instance_id)
    data = checked(form_of(session, task.instance_id, task.form), form)
    instances.complete(session, instance, task, _act(session, None, case, task, data))


# ------------------------------------------------------------------------------------------------ drafts


def _draft(session: Session, person_id: int, task_id: int) -> Draft | None:
    return session.scalars(select(Draft).where(Draft.person_id == person_id, Draft.task_id == task_id)).first()


def save_draft(session: Session, actor: Actor, task_id: int, form: Mapping[str, Any]) -> None:
    """暂存: what was typed stays on the server until the task is done (I12). At most 200 kB."""
    task, case = _readable(session, actor, task_id)
    require(actor, Verb.TASK_COMPLETE, scopes.task_scope(session, task, case))
    data = {name: value for name, value in form.items() if isinstance(value, str)}
    if len(json.dumps(data)) > 200_000:
        raise Invalid("草稿太长，请删减后再保存。")
    draft = _draft(session, actor.person_id, task_id)
    if draft is None:
        draft = Draft(person_id=actor.person_id, task_id=task_id, form=task.form, data=data, saved_at=clock.now())
        session.add(draft)
    draft.data, draft.saved_at = data, clock.now()


# ------------------------------------------------------------------------------------------------ 撤回


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


# ------------------------------------------------------------------------------------------------ extension, 终止


def _extension_possible(session: Session, actor: Actor, case: Case, task: Task) -> bool:
    handling = Act(session, case, task.instance_id).handling
    return (
        handling is not None
        and not handling.extended
        and handlings.pending_extension(session, handling.id) is None
        and may(actor, Verb.EXTENSION_REQUEST, scopes.task_scope(session, task, case))
    )


def request_extension(session: Session, actor: Actor, task_id: int, form: Mapping[str, Any]) -> str:
    """申请延期 of the unit holding the answer (R62): before the limit ends it goes to the signing delegate; afterwards
    it is recorded and changes nothing. Returns the sentence that says which."""
    task, case, instance, scope = _locked(session, actor, task_id)
    require(actor, Verb.EXTENSION_REQUEST, scope)
    if task.role != "answer" or not _holds(actor, task):
        raise Conflict("请先签收本件，由承办人申请延期。")
    data = checked(form_of(session, task.instance_id, "extension_request"), form)
    act = _act(session, actor, case, task, data)
    handling = act.current_handling()
    if handling.extended:
        raise Conflict("本件已经延期一次，不能再次延期（第十一条）。")
    if handlings.pending_extension(session, handling.id) is not None:
        raise Conflict("延期申请已送市党代表，请等待答复。")
    late = act.now >= handling_operations.limit_end(act)
    extension = handling_operations.open_extension(act, data["reason"], data.get("work_done", ""))
    if late:
        extension.decision = "late_request"
        act.record("late_extension_request", opinion=data["reason"])
        return "办理时限已过，延期申请只作记录，截止日不变。请尽快书面反馈。"
    act.history = act.record("extension_requested", opinion=data["reason"])
    session.flush()
    telling.delegate(act, "extension_requested")
    instances.send(session, instance, "extension_requested", act, host_token=task.token)
    return f"延期申请已送市党代表{case.delegate_name}。代表同意之前，截止日不变；不答复视为不同意。"


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


def options(session: Session, source: str, case: Case, task: Task | None = None) -> list[tuple[str, str]]:
    """The choices of a form field with `x-options`: (value, label)."""
    if source == "units":
        department = session.get_one(Organisation, task.organisation_id) if task else None
        if department is None or department.kind == "committee":
            units = organisation.units_of(session, "city", organisation.city(session).id)
        else:
            units = organisation.units_of(session, department.tier, department.place_id)
        return [(str(unit.id), unit.name) for unit in units]
    if source == "delegates":
        return [(str(row.id), person.name) for row, person in organisation.delegates_of(session, case.community_id)]
    raise NotFound()
