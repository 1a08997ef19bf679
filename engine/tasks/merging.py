"""并案 and 拆并: several forms about one matter get one answer; every reporter is told and rates (R58, A16)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from engine import access, instances
from engine.access import Actor, Verb, require
from engine.cases import queries as cases
from engine.cases.models import Case
from engine.catalogue import pools, scopes
from engine.catalogue.act import Act
from engine.catalogue.merging import MERGED
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.feedback.models import Feedback
from engine.handlings.models import Handling
from engine.tasks.doing import Completed, finish, may_complete
from engine.tasks.reading import locked_task, name_of
from engine.tasks.reviewing import ROLE
from engine.tasks.routing import LONGEST_BASIS, held, review
from engine.work import operations as work
from engine.work.models import Instance, Task

SHOWN, LOOKED_AT = 20, 200
CONDUCT = "party"  # 党建与代表履职


@dataclass(frozen=True)
class Choice:
    """A case that may be joined: `words` says how alike it is, "" when it was only found; `held_by` who has it;
    `barred` why it may not be joined after all."""

    case: Case
    task_id: int | None
    words: str
    chosen: bool
    held_by: str
    barred: str = ""


@dataclass(frozen=True)
class Choices:
    """`members` may join this case; `leads` are handled already and this case may join one: those that look alike,
    or that somebody looked for."""

    members: Sequence[Choice]
    leads: Sequence[Choice]


def choices(session: Session, actor: Actor, task_id: int, wanted: str = "") -> Choices:
    """What may be joined with the case of this review: those that look alike, the likeliest first; the others only for
    who looks for them by `wanted`, part of number or summary."""
    task, case = held(session, actor, task_id)

    waiting = select(Case, Task).join(Task, Task.case_id == Case.id)
    reviews = waiting.where(Task.role == ROLE, Task.organisation_id == task.organisation_id, Task.handling_id.is_(None))
    handled = select(Case).join(Task, Task.case_id == Case.id).where(Task.role == "answer", Task.handling_id.is_(None))
    free = (Case.id != case.id, Case.merged_into_id.is_(None), Case.instruction == "", *_matching(wanted))
    same = (Case.tier == case.tier, Case.street_id == case.street_id, Case.district_id == case.district_id)
    found = session.execute(reviews.where(*free, Case.leads.is_(False)).order_by(Case.id.desc()).limit(LOOKED_AT)).all()
    leads = session.scalars(handled.where(*free, *same).order_by(Case.id.desc()).limit(LOOKED_AT)).all()
    return Choices(
        members=_shown(session, actor, case, dict(found), wanted),
        leads=_shown(session, actor, case, dict.fromkeys(leads), wanted) if not case.leads else [],
    )


def _shown(session: Session, actor: Actor, case: Case, found: Mapping[Case, Task | None], wanted: str) -> list[Choice]:
    """The likely ones, and behind them what was looked for; what must stay apart only when it was looked for."""
    likely = {one.case: one for one in cases.resembling(session, case, found)}
    shown = [*likely, *(other for other in found if wanted.strip() and other not in likely)]
    choices = []
    for other in shown:
        task, one = found[other], likely.get(other)
        holder = task.assignee_id if task is not None and task.assignee_id not in (None, actor.person_id) else None
        words, chosen = (one.words, one.chosen) if one is not None else ("", False)
        barred = apart(case, other)
        if wanted.strip() or not barred:
            choices.append(Choice(other, task.id if task else None, words, chosen, name_of(session, holder), barred))
    return choices[:SHOWN]


def apart(case: Case, other: Case) -> str:
    """Why two cases must not become one, "" when they may: what is said about the work of a delegate (R16) goes with
    nothing else, and not with what is said to another delegate, who would get the answer."""
    if CONDUCT not in (case.matter, other.matter):
        return ""
    if case.matter != other.matter:
        return "党建与代表履职的意见建议不与其他事项并案"
    return "" if case.delegate_id == other.delegate_id else "党建与代表履职的意见建议只与同一市党代表的并案"


def _matching(wanted: str) -> tuple[ColumnElement[bool], ...]:
    text = wanted.strip()[:80]
    return (Case.number.contains(text, autoescape=True) | Case.summary.contains(text, autoescape=True),) if text else ()


def merge(session: Session, actor: Actor, task_id: int, case_ids: Sequence[int], reason: str) -> list[Completed]:
    """并案: the cases join the one under review; each waits for its answer from now on. Every one of them must be under
    review by the same department, taken by nobody else."""
    reason = _reason(reason)
    if not case_ids:
        raise Invalid("请选择要并入本件的意见建议。", errors={"members": "请至少选择一件。"})
    lead = session.get(Task, task_id)
    instance_ids = {lead.instance_id} if lead else set()
    members = {case_id: _review_task(session, actor, case_id) for case_id in sorted(set(case_ids))}
    for instance_id in sorted(instance_ids | {task.instance_id for task in members.values()}):
        work.lock_instance(session, instance_id)  # in one order, so that two departments never wait for each other
    leading = review(session, actor, task_id)
    _may_lead(session, leading.case)
    return [
        _join(session, actor, task.id, leading.case, leading.task.organisation_id, reason) for task in members.values()
    ]


def join(session: Session, actor: Actor, task_id: int, lead_id: int, reason: str) -> Completed:
    """并案 the other way: the case under review joins one that a unit of the same tier handles already."""
    reason = _reason(reason)
    lead = session.get(Case, lead_id)
    task = session.get(Task, task_id)
    if lead is None or task is None or not access.may(actor, Verb.CASE_READ, scopes.case_scope(session, lead)):
        raise NotFound
    running = select(Instance.id).where(Instance.case_id == lead_id, Instance.status == "open")
    for instance_id in sorted({task.instance_id, *session.scalars(running)}):
        work.lock_instance(session, instance_id)
    session.refresh(lead)
    own = review(session, actor, task_id)
    if (lead.tier, lead.street_id) != (own.case.tier, own.case.street_id):
        raise Conflict(f"{lead.number} 不在本级办理，不能并入。")
    _may_lead(session, lead)
    return _join(session, actor, task_id, lead, own.task.organisation_id, reason)


def _reason(reason: str) -> str:
    text = reason.strip()
    if not text or len(text) > LONGEST_BASIS:
        raise Invalid(
            "请写明并案的理由。", errors={"reason": f"请写明理由，不超过{LONGEST_BASIS}字；理由会记入办理过程。"}
        )
    return text


def _review_task(session: Session, actor: Actor, case_id: int) -> Task:
    query = select(Task).where(Task.case_id == case_id, Task.role == ROLE, Task.handling_id.is_(None))
    task = session.scalars(query).first()
    case = session.get(Case, case_id)
    if case is None or not access.may(actor, Verb.CASE_READ, scopes.case_scope(session, case)):
        raise NotFound
    if task is None:
        raise Conflict(f"{case.number} 已不在受理审查环节，不能并入。请刷新页面查看最新情况。")
    return task


def _may_lead(session: Session, lead: Case) -> None:
    if lead.merged_into_id is not None:
        raise Conflict(f"{lead.number} 已并入另一件，不能作为主件。")
    if lead.closed_at is not None or _answered(session, lead):
        raise Conflict(f"{lead.number} 已经答复，不能再并案。")
    items = select(Handling.id).where(Handling.case_id == lead.id, Handling.item.is_not(None), Handling.state == "open")
    if session.scalars(items.limit(1)).first() is not None:
        raise Conflict(f"{lead.number} 已分项办理，不能作为主件。")


def _answered(session: Session, lead: Case) -> bool:
    query = select(Feedback.id).where(
        Feedback.case_id == lead.id, Feedback.state.in_(("written", "delivered", "accepted"))
    )
    return session.scalars(query.limit(1)).first() is not None


def _join(
    session: Session, actor: Actor, task_id: int, lead: Case, department_id: int | None, reason: str
) -> Completed:
    locked = locked_task(session, actor, task_id)
    task, case = locked.task, locked.case
    if case.id == lead.id:
        raise Conflict("一件不能并入它自己。")
    if barred := apart(case, lead):
        raise Conflict(f"{barred}，{case.number} 与 {lead.number} 请分别办理。")
    if task.organisation_id != department_id or task.role != ROLE:
        raise Conflict(f"{case.number} 不由本组织部门受理，不能并入。")
    if case.leads and members_waiting(session, case):
        raise Conflict(f"{case.number} 是另一次并案的主件，请先拆并。")
    if task.assignee_id is None and work.claim(session, task.id, actor.person_id):
        locked = locked_task(session, actor, task_id)
    may_complete(session, actor, locked.task, locked.scope)
    return finish(session, actor, locked, {"decision": "merge", "lead_id": lead.id, "reason": reason})


def members_waiting(session: Session, case: Case) -> bool:
    """Does any case wait for this one's answer?"""
    query = select(Case.id).where(Case.merged_into_id == case.id, Case.state == MERGED)
    return session.scalars(query.limit(1)).first() is not None


def may_separate(session: Session, actor: Actor, case: Case) -> bool:
    """May the actor take this case out of its 并案: the department that has it, until the answer."""
    if case.state != MERGED or case.merged_into_id is None:
        return False
    act = Act(session, case, 0)
    own = {post.organisation_id for post in actor.posts}
    return pools.tier_department(act).id in own and not _answered(session, session.get_one(Case, case.merged_into_id))


def separate(session: Session, actor: Actor, case_id: int, reason: str) -> None:
    """拆并: the case goes back to the review of its department, until the leading one is answered."""
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    require(actor, Verb.CASE_READ, scopes.case_scope(session, case))
    if not reason.strip() or len(reason.strip()) > LONGEST_BASIS:
        raise Invalid("请写明拆并的理由。", errors={"reason": f"请写明理由，不超过{LONGEST_BASIS}字。"})
    running = select(Instance).where(
        Instance.case_id.in_([case_id, case.merged_into_id or case_id]), Instance.status == "open"
    )
    found = {row.case_id: row.id for row in session.scalars(running)}
    for instance_id in sorted(found.values()):
        work.lock_instance(session, instance_id)
    session.refresh(case)
    act = Act(session, case, found.get(case_id, 0), actor=actor, form={"reason": reason.strip()})
    act.organisation_id = pools.tier_department(act).id
    if act.organisation_id not in {post.organisation_id for post in actor.posts}:
        raise Forbidden("拆并")
    if not may_separate(session, actor, case):
        raise Conflict("主件已经答复，或本件没有并案，不能拆并。")
    instances.send(session, instances.locked(session, found[case_id]), "unmerged", act)
