"""催办, 督办, 督办意见, replies and 收回改派 from the pages of a case: beside the tasks, while a unit works on it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock, forms, instances
from engine.access import Actor, Verb, may, require
from engine.cases.models import Case
from engine.catalogue import scopes, supervision_operations
from engine.catalogue.act import Act
from engine.errors import Conflict, Invalid, NotFound
from engine.handlings.models import Handling
from engine.organisation.models import Organisation
from engine.packages import queries as packages
from engine.parameters.rules import RULES
from engine.supervision.models import Slip
from engine.work.models import Instance, Task

LONGEST = {"urge": 300, "opinion": 500, "reply": 2000, "recall": 600}
FORM = "supervision_note"  # the same form as the task of the ladder


@dataclass(frozen=True)
class SlipView:
    """A slip with its case and the names; `may_reply`: the actor's unit has not answered it yet."""

    slip: Slip
    case: Case
    issuer: str
    unit: str
    may_reply: bool


def urge(session: Session, actor: Actor, case_id: int, text: str = "") -> Slip:
    """催办 by an organisation department or the studio; Conflict the second time in a day."""
    data = {"reason": _text(text, "urge", required=False)}
    return _each(session, _opened(session, actor, Verb.CASE_URGE, case_id, data), supervision_operations.urge)


def _each(session: Session, acts: list[Act], press: Callable[[Act], Slip]) -> Slip:
    """One slip per unit at work (several on a form with sub-items); the first one."""
    found = [press(act) for act in acts]
    session.flush()
    return found[0]


def form(session: Session, actor: Actor, case_id: int) -> forms.Form:
    """The form of a 督办通知单, as the version of the procedure has it."""
    return _form(session, _working(session, _case(session, actor, Verb.SUPERVISION_ISSUE, case_id))[0].instance_id)


def _form(session: Session, instance_id: int) -> forms.Form:
    instance = session.get_one(Instance, instance_id)
    return forms.load(packages.file(session, instance.package_id, f"forms/{FORM}.json"))


def own_task(session: Session, actor: Actor, case_id: int) -> Task | None:
    """The 督办 task of the ladder on this case that the actor has or may take: its slip is the one to issue (R69)."""
    case = _case(session, actor, Verb.SUPERVISION_ISSUE, case_id)
    for task in session.scalars(select(Task).where(Task.case_id == case.id, Task.role == "supervision")):
        scope = scopes.task_scope(session, task, case)
        if may(actor, Verb.TASK_COMPLETE, scope) or (task.assignee_id is None and may(actor, Verb.TASK_CLAIM, scope)):
            return task
    return None


def order(session: Session, actor: Actor, case_id: int, submitted: Mapping[str, Any]) -> Slip:
    """督办: a slip of an organisation department of the area to the unit; Invalid names the wrong fields."""
    acts = _opened(session, actor, Verb.SUPERVISION_ISSUE, case_id, {})
    schema = _form(session, acts[0].instance_id)
    data = forms.clean(schema, submitted)
    errors = forms.validate(schema, data)
    if errors:
        raise Invalid(f"有 {len(errors)} 处需要修改，请看标红的栏目。", errors=errors)
    for act in acts:
        act.form = data
    return _each(session, acts, supervision_operations.ordered)


def opine(session: Session, actor: Actor, case_id: int, text: str) -> Slip:
    """督办意见 of the signing delegate (R74): unit and organisation department get it."""
    data = {"reason": _text(text, "opinion")}
    return _each(session, _opened(session, actor, Verb.SUPERVISION_OPINE, case_id, data), supervision_operations.opine)


def recallable(session: Session, actor: Actor, case_id: int) -> None:
    """Before the form of 收回改派 opens: Conflict with what stands against it and where to change that."""
    tasks = _working(session, _case(session, actor, Verb.HANDLING_RECALL, case_id))
    case = session.get_one(Case, case_id)
    _recallable([_act(session, actor, case, task, {}, several=len(tasks) > 1) for task in tasks])


def recall(session: Session, actor: Actor, case_id: int, reason: str) -> None:
    """收回改派 by the department that referred, where the parameter of its tier allows it and the unit is that late."""
    acts = _opened(session, actor, Verb.HANDLING_RECALL, case_id, {"reason": _text(reason, "recall")})
    _recallable(acts)
    instances.send(session, session.get_one(Instance, acts[0].instance_id), "recall", acts[0])


def _recallable(acts: Sequence[Act]) -> None:
    act = acts[0]
    if len(acts) > 1 or act.item is not None:
        raise Conflict("本件分项转交，各项不能收回改派，请逐项督办。")
    since, handling = supervision_operations.recall_from(act), act.current_handling()
    if act.organisation_id != handling.department_id:
        raise Conflict("只能由转交本件的组织部门收回改派。")
    if since is None:
        label = RULES[supervision_operations.RECALL.format(tier=handling.tier)].label
        raise Conflict(
            f"本件收到时本级没有启用收回改派，承办单位仍须办理。需要启用的，请市委组织部在“办法参数”中设置“{label}”。"
        )
    if act.now < since:
        raise Conflict(f"承办单位逾期未满规定的工作日，{clock.local(since):%Y-%m-%d} 起可以收回改派。")


def view(session: Session, actor: Actor, slip_id: int) -> SlipView:
    """A slip for its page; NotFound outside the actor's reach."""
    slip = session.get(Slip, slip_id)
    if slip is None:
        raise NotFound
    case = session.get_one(Case, slip.case_id)
    scope = scopes.case_scope(session, case)
    require(actor, Verb.CASE_READ, scope)
    issuer = session.get_one(Organisation, slip.organisation_id).name if slip.organisation_id else slip.author_name
    mine = _works_at(actor, slip.unit_id) and may(actor, Verb.SUPERVISION_REPLY, scope)
    waiting = slip.kind != "urge" and slip.replied_at is None and slip.closed_at is None
    return SlipView(slip, case, issuer, session.get_one(Organisation, slip.unit_id).name, mine and waiting)


def reply(session: Session, actor: Actor, slip_id: int, text: str) -> Slip:
    """回复督办 by the unit; once, and only while its answer is still due."""
    seen = view(session, actor, slip_id)
    require(actor, Verb.SUPERVISION_REPLY, scopes.case_scope(session, seen.case))
    said = {"reason": _text(text, "reply")}
    acts = _opened(session, actor, Verb.SUPERVISION_REPLY, seen.case.id, said)
    act = next((one for one in acts if one.current_handling().id == seen.slip.handling_id), None)
    session.refresh(seen.slip)
    if act is None or not view(session, actor, slip_id).may_reply:
        raise Conflict("这份督办已经回复或已经办结，不需要再回复。")
    act.organisation_id = seen.slip.unit_id
    supervision_operations.reply(act, seen.slip)
    session.flush()
    return seen.slip


def _text(text: str, kind: str, *, required: bool = True) -> str:
    text, most = text.strip(), LONGEST[kind]
    if required and not text:
        raise Invalid("请填写内容。", {"text": "请填写内容。"})
    if len(text) > most:
        raise Invalid(f"最多{most}个字，请缩短。", {"text": f"现有{len(text)}个字，最多{most}个字。"})
    return text


def _case(session: Session, actor: Actor, verb: Verb, case_id: int) -> Case:
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    require(actor, verb, scopes.case_scope(session, case))
    return case


def _working(session: Session, case: Case) -> Sequence[Task]:
    """What the units working on the case have open, as it stands in the database now; Conflict when there is none."""
    query = select(Task).where(Task.case_id == case.id, Task.role == "answer").order_by(Task.id)
    found = session.scalars(query.execution_options(populate_existing=True)).all()
    if not found:
        raise Conflict("现在没有承办单位在办理此件，不能催办、督办或收回。")
    return found


def _opened(session: Session, actor: Actor, verb: Verb, case_id: int, data: Mapping[str, Any]) -> list[Act]:
    """An act per unit working on the case, its instance locked; Conflict when none is."""
    case = _case(session, actor, verb, case_id)
    instances.locked(session, _working(session, case)[0].instance_id)
    found = _working(session, case)
    return [_act(session, actor, case, task, data, several=len(found) > 1) for task in found]


def _act(session: Session, actor: Actor, case: Case, task: Task, data: Mapping[str, Any], *, several: bool) -> Act:
    act = Act(
        session, case, task.instance_id, actor=actor, form=data, process_id=task.process_id,
        element_id=task.element_id, element_name=task.name,
    )  # fmt: skip
    if several:
        query = select(Handling.id).where(
            Handling.case_id == case.id, Handling.unit_id == task.organisation_id, Handling.state == "open"
        )
        act.look_at(session.scalars(query.order_by(Handling.id.desc()).limit(1)).first())
    act.organisation_id = _acting(actor, act)
    return act


def _acting(actor: Actor, act: Act) -> int | None:
    """In whose name: the department that referred, else the one of the lowest tier over the case, else the studio."""
    case, first = act.case, act.current_handling().department_id
    over = {case.street_id: 1, case.district_id: 2}
    ranked = {
        post.organisation_id: (
            0 if post.organisation_id == first else over.get(post.place_id, 3 if post.tier == "city" else 9)
        )
        for post in actor.posts
        if post.kind == "department" and (post.place_id in over or post.tier == "city")
    }
    if ranked:
        return min(ranked, key=lambda key: ranked[key])
    return next((post.organisation_id for post in actor.posts if post.organisation_id == case.studio_id), None)


def _works_at(actor: Actor, organisation_id: int) -> bool:
    return any(post.organisation_id == organisation_id for post in actor.posts)
