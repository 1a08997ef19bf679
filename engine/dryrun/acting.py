"""Doing one act of a walk in the sandbox: through the real use cases, as the person whose turn it is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock, instances, intake, tasks
from engine.access import Actor
from engine.attachments.models import Attachment
from engine.cases.models import Case, Draft
from engine.catalogue.act import Act as Deed
from engine.dryrun import world
from engine.dryrun.acts import Act
from engine.errors import Conflict, NotFound
from engine.organisation import queries as organisation
from engine.organisation.models import Delegate, Organisation, Person
from engine.packages import queries as packages
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
# Where a dry run may begin: (name, words, acts that are done already).
PRESETS: Sequence[tuple[str, str, Sequence[Act]]] = (
    ("registration", "从登记开始，逐步办理", ()),
    ("referred", "承办单位刚刚收到来文（收到当天）", REFERRED),
    ("reported", "街道组织部门刚刚收到来文", REFERRED[:3]),
)


def do(session: Session, key: str, act: Act) -> None:
    """One act, inside the sandbox's transaction. Raises what the use case raises for people."""
    _DOES[str(act["do"])](session, key, act)


def case_of(session: Session) -> Case | None:
    """The sandbox's one case."""
    return session.scalars(select(Case).order_by(Case.id).limit(1)).first()


def open_tasks(session: Session) -> Sequence[Task]:
    """What waits for somebody, oldest first."""
    return session.scalars(select(Task).order_by(Task.id)).all()


def entitled(session: Session, task: Task) -> list[Person]:
    """Who may do this task now: its holder, the one person it is for, or everybody of its pool."""
    person_id = task.assignee_id or task.person_id
    if person_id is not None:
        return [session.get_one(Person, person_id)]
    if task.organisation_id is None:
        return []
    return list(organisation.pool_members(session, task.organisation_id, task.duty).people)


def _case(session: Session) -> Case:
    case = case_of(session)
    if case is None:
        raise Conflict("还没有登记意见建议，请先登记。")
    return case


def _start(session: Session, key: str, act: Act) -> None:
    if case_of(session) is not None:
        raise Conflict("这次推演已经登记过一件，请另起一次推演。")
    liaison = session.scalars(select(Person).where(Person.login == "liaison")).one()
    studio = session.scalars(select(Organisation).where(Organisation.code == world.STUDIO)).one()
    form = dict(ORDINARY) | {"reflected_on": clock.today().isoformat()} | _form(session, act)
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


def _find(session: Session, act: Act) -> Task:
    """The open task the act is about: of its element, else of its role."""
    waiting = open_tasks(session)
    for name in ("element", "role"):
        wanted = act.get(name)
        column = "element_id" if name == "element" else "role"
        found = [task for task in waiting if wanted and getattr(task, column) == wanted]
        if found:
            return found[0]
    raise Conflict(f"“{act.get('name') or act.get('element') or act.get('role')}”现在没有等待办理。")


def _actor(session: Session, task: Task, act: Act) -> Actor:
    people = entitled(session, task)
    if act.get("who"):
        named = session.scalars(select(Person).where(Person.login == act["who"])).first()
        if named is None:
            raise NotFound
        return organisation.actor(session, named.id)
    if not people:
        raise Conflict(f"“{task.name}”没有人可以办理。")
    return organisation.actor(session, people[0].id)


def _form(session: Session, act: Act) -> dict[str, Any]:
    """The act's answers, organisations by the ids of this sandbox."""
    codes = {row.code: str(row.id) for row in session.execute(select(Organisation.code, Organisation.id))}
    codes["today"] = clock.today().isoformat()
    form: Mapping[str, str] = act.get("form") or {}
    return {name: codes.get(value[1:], "") if value.startswith("@") else value for name, value in form.items()}


def _claim(session: Session, _key: str, act: Act) -> None:
    task = _find(session, act)
    tasks.claim(session, _actor(session, task, act), task.id)


def _complete(session: Session, _key: str, act: Act) -> None:
    task = _find(session, act)
    actor = _actor(session, task, act)
    if task.person_id is None and task.assignee_id is None:
        tasks.claim(session, actor, task.id)
        session.flush()
    shown = tasks.load(session, actor, task.id).values if act.get("prefill") else {}
    tasks.complete(session, actor, task.id, {name: str(value) for name, value in shown.items()} | _form(session, act))


def _extend(session: Session, _key: str, act: Act) -> None:
    task = _find(session, {"role": "answer", "name": "承办并书面反馈"})
    actor = _actor(session, task, act)
    if task.assignee_id is None:
        tasks.claim(session, actor, task.id)
        session.flush()
    tasks.request_extension(session, actor, task.id, _form(session, act))


def _cosign(session: Session, _key: str, _act: Act) -> None:
    liaison = session.scalars(select(Person).where(Person.login == "liaison")).one()
    second = session.scalars(select(Delegate.id).where(Delegate.code == world.COSIGNER)).one()
    form = {"delegate_id": str(second)}
    tasks.add_cosigner(session, organisation.actor(session, liaison.id), _case(session).id, form)


def _object(session: Session, _key: str, act: Act) -> None:
    second = session.scalars(select(Delegate.person_id).where(Delegate.code == world.COSIGNER)).one()
    form = {"decision": "object", "reason": "推演"} | _form(session, act)
    tasks.cosigner_view(session, organisation.actor(session, second), _case(session).id, form)


def _review(session: Session, act: Act) -> tuple[Actor, int]:
    """The review that waits, taken by who decides it."""
    task = _find(session, {"element": "review", "name": "受理审查"})
    actor = _actor(session, task, act)
    if task.assignee_id is None:
        tasks.claim(session, actor, task.id)
        session.flush()
    return actor, task.id


def _return(session: Session, _key: str, act: Act) -> None:
    actor, task_id = _review(session, act)
    tasks.return_to_studio(session, actor, task_id, {"reason": "推演"} | _form(session, act))


def _split(session: Session, _key: str, act: Act) -> None:
    actor, task_id = _review(session, act)
    tasks.split(session, actor, task_id, {"basis": "推演"} | _form(session, act))


def _send_down(session: Session, _key: str, act: Act) -> None:
    actor, task_id = _review(session, act)
    tasks.send_down(session, actor, task_id, {"reason": "推演"} | _form(session, act))


def _terminate(session: Session, _key: str, act: Act) -> None:
    case = _case(session)
    code = world.DEPARTMENTS.get(case.tier)
    if code is None:
        raise Conflict("还没有报到街道组织部门，不能终止。")
    department = session.scalars(select(Organisation).where(Organisation.code == code)).one()
    person = organisation.pool_members(session, department.id).people[0]
    tasks.terminate(session, organisation.actor(session, person.id), case.id, _form(session, act))


def _withdraw(session: Session, _key: str, _act: Act) -> None:
    case = _case(session)
    memory = session.scalars(select(Withdrawal).where(Withdrawal.case_id == case.id)).first()
    if memory is None:
        raise Conflict("没有可以撤回的办理动作。")
    tasks.withdraw(session, organisation.actor(session, memory.actor_id), case.id)


_DOES: Mapping[str, Callable[[Session, str, Act], None]] = {
    "start": _start, "claim": _claim, "complete": _complete, "extend": _extend, "terminate": _terminate,
    "withdraw": _withdraw, "cosign": _cosign, "object": _object,
    "return": _return, "split": _split, "send_down": _send_down,
}  # fmt: skip
