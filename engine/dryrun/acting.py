"""Doing one act of a walk in the sandbox: through the real use cases, as the person whose turn it is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock, instances, intake, supervising, tasks
from engine.access import Actor
from engine.attachments.models import Attachment
from engine.cases.models import Case, Draft
from engine.catalogue.act import Act as Deed
from engine.dryrun import world
from engine.dryrun.acts import Act
from engine.dryrun.finding import actor_for, answers, case_of, find, of_department, taken, the_case, waiting_of
from engine.errors import Conflict, Invalid
from engine.organisation import queries as organisation
from engine.organisation.models import Delegate, Organisation, Person
from engine.packages import queries as packages
from engine.parameters import operations as parameters
from engine.work.models import Task, Withdrawal

# An ordinary opinion; an act's own form says what is different.
ORDINARY: Mapping[str, str] = {
    "reporter_naming": "named",
    "reporter_name": "推演反映人",
    "reporter_gender": "female",
    "reporter_age": "45",
    "reporter_phone": "13800000000",
    "reporter_employer": "无",
    "reporter_address": "推演用地址",
    "channel": "visit",
    "matter": "environment",
    "content": "这是推演用的意见内容，不是真实的意见建议。",
    "summary": "推演用意见，不是真实的意见建议。",
    "reporter_signature": "handwritten",
    "settlement": "street",
}


REFERRED: Sequence[Act] = (
    {"do": "start"},
    {"do": "complete", "role": "signature", "form": {"decision": "sign", "signature_name": world.DELEGATE_NAME}},
    {"do": "complete", "role": "report", "form": {"decision": "report"}},
    {
        "do": "complete",
        "role": "tier_review",
        "form": {"decision": "refer", "unit_id": "@street-unit", "basis": "推演"},
    },
)
ESCALATED: Act = {"do": "complete", "role": "tier_review", "form": {"decision": "escalate", "basis": "推演"}}
# Where a dry run may begin: (name, words, acts that are done already).
PRESETS: Sequence[tuple[str, str, Sequence[Act]]] = (
    ("registration", "从登记开始，逐步办理", ()),
    ("referred", "承办单位刚刚收到来文（收到当天）", REFERRED),
    ("reported", "街道组织部门刚刚收到来文", REFERRED[:3]),
)


def do(session: Session, key: str, act: Act) -> None:
    """One act, inside the sandbox's transaction. Raises what the use case raises for people."""
    _DOES[str(act["do"])](session, key, act)


def _start(session: Session, key: str, act: Act) -> None:
    if case_of(session) is not None:
        raise Conflict("这次推演已经登记过一件，请另起一次推演。")
    liaison = session.scalars(select(Person).where(Person.login == "liaison")).one()
    studio = session.scalars(select(Organisation).where(Organisation.code == world.STUDIO)).one()
    form = dict(ORDINARY) | {"reflected_on": clock.today().isoformat()} | answers(session, act)
    form["delegate_id"] = intake.delegates_for(session, studio.id)[0][0]
    actor = organisation.actor(session, liaison.id)
    if key == intake.PROCESS:
        _add_material(session, intake.save_draft(session, actor, studio.id, form))
        intake.register(session, actor, studio.id, form)
        return
    _start_other(session, key, intake.draw_up(session, actor, studio.id, form | {"reporter_age": None}))


def _add_material(session: Session, draft: Draft) -> None:
    """A sandbox has no files; the form of an opinion from the network asks for one all the same (R36)."""
    if draft.data.get("channel") == "network":
        session.add(
            Attachment(
                draft_id=draft.id, purpose="registration", filename="推演材料", media_type="text/plain", size=0,
                sha256="", uploaded_by_id=draft.person_id, uploaded_by_name="", at=clock.now(),
            )
        )  # fmt: skip
        session.flush()


def _start_other(session: Session, key: str, case: Case) -> None:
    """A procedure that no form of ours registers: its first process, with a fictitious case."""
    package = packages.in_force(session, key, clock.today())
    process_id = packages.compiled(session, package.id).processes[0]
    instances.start(session, package.id, process_id, Deed(session, case, 0), {})


def _claim(session: Session, _key: str, act: Act) -> None:
    task = find(session, act)
    tasks.claim(session, actor_for(session, task, act), task.id)


def _complete(session: Session, _key: str, act: Act) -> None:
    actor, task_id = taken(session, find(session, act), act)
    shown = tasks.load(session, actor, task_id).values if act.get("prefill") else {}
    tasks.complete(session, actor, task_id, {name: str(value) for name, value in shown.items()} | answers(session, act))


def _extend(session: Session, _key: str, act: Act) -> None:
    actor, task_id = taken(session, find(session, {"role": "answer", "name": "承办并书面反馈"} | dict(act)), act)
    tasks.request_extension(session, actor, task_id, answers(session, act))


def _cosign(session: Session, _key: str, _act: Act) -> None:
    liaison = session.scalars(select(Person).where(Person.login == "liaison")).one()
    second = session.scalars(select(Delegate.id).where(Delegate.code == world.COSIGNER)).one()
    form = {"delegate_id": str(second)}
    tasks.add_cosigner(session, organisation.actor(session, liaison.id), the_case(session).id, form)


def _object(session: Session, _key: str, act: Act) -> None:
    second = session.scalars(select(Delegate.person_id).where(Delegate.code == world.COSIGNER)).one()
    form = {"decision": "object", "reason": "推演"} | answers(session, act)
    tasks.cosigner_view(session, organisation.actor(session, second), the_case(session).id, form)


def _review(session: Session, act: Act) -> tuple[Actor, int]:
    """The review that waits, taken by who decides it."""
    return taken(session, find(session, {"element": "review", "name": "受理审查"} | dict(act)), act)


def _return(session: Session, _key: str, act: Act) -> None:
    actor, task_id = _review(session, act)
    tasks.return_to_studio(session, actor, task_id, {"reason": "推演"} | answers(session, act))


def _split(session: Session, _key: str, act: Act) -> None:
    actor, task_id = _review(session, act)
    tasks.split(session, actor, task_id, {"basis": "推演"} | answers(session, act))


def _send_down(session: Session, _key: str, act: Act) -> None:
    actor, task_id = _review(session, act)
    tasks.send_down(session, actor, task_id, {"reason": "推演"} | answers(session, act))


def _merge(session: Session, _key: str, act: Act) -> None:
    """Another resident registers the same matter, and it comes as far as this case: there the two are joined, by the
    review of this case while it waits there, else by its own."""
    lead = the_case(session)
    form = answers(session, act)
    reason = str(form.pop("reason", "推演"))
    member = _registered_too(session, lead, form)
    review = waiting_of(session, lead, "tier_review")
    if review is not None:
        actor, task_id = taken(session, review, act)
        tasks.merge(session, actor, task_id, [member.case_id or 0], reason)
    else:
        actor, task_id = taken(session, member, act)
        tasks.join(session, actor, task_id, lead.id, reason)


def _registered_too(session: Session, lead: Case, different: Mapping[str, Any]) -> Task:
    """The review of a second case, at the tier where the first one is; `different` from an ordinary opinion."""
    if lead.tier not in world.DEPARTMENTS or lead.tier == "committee":
        raise Conflict("本件还没有报到组织部门，或已报市委，不能并案。")
    liaison = session.scalars(select(Person).where(Person.login == "liaison")).one()
    form = dict(ORDINARY) | {
        "reporter_name": "另一位反映人", "reporter_phone": "13800000001", "matter": lead.matter,
        "reflected_on": clock.today().isoformat(), "delegate_id": intake.delegates_for(session, lead.studio_id)[0][0],
    }  # fmt: skip
    member = intake.register(session, organisation.actor(session, liaison.id), lead.studio_id, {**form, **different})
    steps = [REFERRED[1], REFERRED[2], *[ESCALATED] * list(world.DEPARTMENTS).index(lead.tier)]
    for step in steps:
        session.flush()
        task = waiting_of(session, member, str(step["role"]))
        if task is None:
            break
        actor, task_id = taken(session, task, step)
        tasks.complete(session, actor, task_id, answers(session, step))
    session.flush()
    task = waiting_of(session, member, "tier_review")
    if task is None:
        raise Conflict("另一件没有走到本件所在的组织部门，不能并案。")
    return task


def _separate(session: Session, _key: str, act: Act) -> None:
    """The case that joined last goes its own way again."""
    lead = the_case(session)
    member = session.scalars(
        select(Case).where(Case.merged_into_id == lead.id).order_by(Case.id.desc()).limit(1)
    ).first()
    if member is None:
        raise Conflict("没有并入本件的意见建议，不能拆并。")
    reason = str(answers(session, act).get("reason", "推演"))
    tasks.separate(session, of_department(session, member), member.id, reason)


def _recall(session: Session, _key: str, act: Act) -> None:
    case = the_case(session)
    reason = str(answers(session, act).get("reason", "推演"))
    supervising.recall(session, of_department(session, case), case.id, reason)


def _parameter(session: Session, _key: str, act: Act) -> None:
    """In force from today, for what is received from now on, as the measures have it (R88)."""
    form = answers(session, act)
    name, value = str(form.get("name", "")), str(form.get("value", "")).strip()
    if not value.isdigit():
        raise Invalid("请填写一个整数。", errors={"value": "请填写一个整数。"})
    watcher = session.scalars(select(Person.id).where(Person.login == world.WATCHER)).one()
    parameters.set_value(session, name, int(value), clock.today(), watcher)


def _terminate(session: Session, _key: str, act: Act) -> None:
    case = the_case(session)
    if case.tier not in world.DEPARTMENTS:
        raise Conflict("还没有报到街道组织部门，不能终止。")
    tasks.terminate(session, of_department(session, case), case.id, answers(session, act))


def _withdraw(session: Session, _key: str, _act: Act) -> None:
    case = the_case(session)
    memory = session.scalars(select(Withdrawal).where(Withdrawal.case_id == case.id)).first()
    if memory is None:
        raise Conflict("没有可以撤回的办理动作。")
    tasks.withdraw(session, organisation.actor(session, memory.actor_id), case.id)


_DOES: Mapping[str, Callable[[Session, str, Act], None]] = {
    "start": _start, "claim": _claim, "complete": _complete, "extend": _extend, "terminate": _terminate,
    "withdraw": _withdraw, "cosign": _cosign, "object": _object,
    "return": _return, "split": _split, "send_down": _send_down, "merge": _merge, "separate": _separate,
    "recall": _recall, "parameter": _parameter,
}  # fmt: skip
