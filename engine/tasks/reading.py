"""A task as its page shows it: who may do what, what the form starts with, what is proposed (I1, I7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, exists, select, true
from sqlalchemy.orm import Session

from engine import clock, forms
from engine.access import Actor, TaskScope, Verb, acts_for, may, require
from engine.cases.models import Case, Draft
from engine.catalogue import scopes
from engine.catalogue.act import Act
from engine.catalogue.leading import leader
from engine.errors import NotFound, TaskTaken
from engine.handlings import operations as handlings
from engine.handlings.models import Handling, Supervision
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation, Person
from engine.packages import queries as packages
from engine.packages.models import Package
from engine.parameters import queries as parameters
from engine.supervision.models import Slip
from engine.tasks import reviewing
from engine.work import operations as work
from engine.work.models import History, Instance, Task, Withdrawal
from engine.workdays import queries as workdays


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
    may_extend: bool  # once he has it
    holder_name: str
    deputy_for: str = ""  # the absent colleague in whose place the actor works on it (代理)
    delegate: str = ""  # who leads the case now
    person_name: str = ""  # whose own act it is, which nobody can do in his place


def load(session: Session, actor: Actor, task_id: int) -> TaskView:
    """The task for its page; NotFound outside the actor's reach, TaskTaken when it has just been done."""
    task, case = readable(session, actor, task_id)
    scope = scopes.task_scope(session, task, case)
    form = form_of(session, task.instance_id, task.form) if task.form else None
    draft = draft_of(session, actor.person_id, task.id)
    proposal = reviewing.proposal(session, task, case)
    return TaskView(
        task=task,
        case=case,
        form=form,
        values=draft.data if draft else _prefill(form, case, proposal),
        proposal=proposal,
        may_claim=task.assignee_id is None and may(actor, Verb.TASK_CLAIM, scope),
        may_complete=holds(actor, task) and may(actor, Verb.TASK_COMPLETE, scope),
        may_release=task.assignee_id is not None and may(actor, Verb.TASK_RELEASE, scope),
        may_extend=task.role == "answer" and _extension_possible(session, actor, case, task),
        holder_name=name_of(session, task.assignee_id),
        deputy_for=absent.name if (absent := acts_for(actor, scope)) else "",
        delegate=leader(session, case),
        person_name=name_of(session, task.person_id),
    )


def form_of(session: Session, instance_id: int, name: str) -> forms.Form:
    """The form of that name in the package version the instance runs on."""
    instance = session.get_one(Instance, instance_id)
    return forms.load(packages.file(session, instance.package_id, f"forms/{name}.json"))


def beside(session: Session, instance_id: int, name: str) -> forms.Form:
    """As `form_of`, for a form beside the task; an older version takes it from the factory edition."""
    instance = session.get_one(Instance, instance_id)
    return forms.load(packages.supplied(session, instance.package_id, f"forms/{name}.json"))


def readable(session: Session, actor: Actor, task_id: int) -> tuple[Task, Case]:
    """The task and its case without locking; NotFound outside the actor's reach, TaskTaken when it was just done."""
    task = session.get(Task, task_id)
    if task is None or task.case_id is None:
        raise _gone(session, actor, task_id)
    case = session.get_one(Case, task.case_id)
    require(actor, Verb.TASK_READ, scopes.task_scope(session, task, case))
    return task, case


@dataclass(frozen=True)
class Locked:
    """A task to act on, and what nearly every act on it asks for: read in two statements, because each is a way to the
    database and back (docs/decisions/0017)."""

    task: Task
    case: Case
    instance: Instance
    scope: TaskScope
    handling: Handling | None  # the sub-item's, else the latest one not withdrawn
    supervised: bool  # something of the ladder is open
    slipped: bool  # a slip is open
    withdrawable: bool  # the act before could be taken back until now
    drafted: bool
    calendar: workdays.State
    parameters: parameters.State

    def known_to(self, act: Act) -> None:
        """Spare the act these questions."""
        if self.task.handling_id is not None:
            act.keep(f"handling {self.task.handling_id}", self.handling)
            act.look_at(self.task.handling_id)
        act.keep("handling", self.handling)
        act.keep("supervised", self.supervised)
        act.keep("slipped", self.slipped)
        act.keep("withdrawable", self.withdrawable)
        act.keep("calendar", workdays.calendar(act.session, state=self.calendar))
        act.keep("parameter state", self.parameters)


_READ = (
    select(
        Task,
        Case,
        Instance,
        Package.checksum,
        Handling,
        Supervision.organisation_id.label("supervisor"),
        Supervision.closed_at,
        exists().where(Withdrawal.instance_id == Task.instance_id).label("withdrawable"),
        exists().where(Draft.task_id == Task.id).label("drafted"),
        exists().where(Slip.case_id == Task.case_id, Slip.closed_at.is_(None)).label("slipped"),
        workdays.STATE,
        parameters.STATE,
    )
    .join(Case, Case.id == Task.case_id)
    .join(Instance, Instance.id == Task.instance_id)
    .join(Package, Package.id == Instance.package_id)
    .join(workdays.STATE, true())
    .join(parameters.STATE, true())
    .outerjoin(Handling, and_(Handling.case_id == Case.id, Handling.state != "withdrawn"))
    .outerjoin(Supervision, Supervision.case_id == Case.id)
    .where(Task.id == bindparam("task_id"))
    .order_by(Handling.id)
    .execution_options(populate_existing=True)
)


def locked_task(session: Session, actor: Actor, task_id: int) -> Locked:
    """The task to act on, read after its instance was locked, so that nothing of it can be stale (rule 2)."""
    work.lock_instance_of(session, task_id)
    rows = session.execute(_READ, {"task_id": task_id}).all()
    if not rows:
        raise _gone(session, actor, task_id)
    last = rows[-1]
    packages.known(session, last.Instance.package_id, last.checksum)
    took_part = {row.Handling.unit_id for row in rows if row.Handling} | {row.supervisor for row in rows} - {None}
    days, set_ = len(workdays.STATE.c), len(parameters.STATE.c)
    scope = scopes.task_scope(session, last.Task, last.Case, took_part)
    require(actor, Verb.TASK_READ, scope)
    return Locked(
        last.Task, last.Case, last.Instance, scope, _handling_of(last.Task, rows),
        supervised=any(row.supervisor is not None and row.closed_at is None for row in rows),
        slipped=last.slipped, withdrawable=last.withdrawable, drafted=last.drafted,
        calendar=tuple(last[-days - set_ : -set_]), parameters=tuple(last[-set_:]),
    )  # fmt: skip


def _handling_of(task: Task, rows: Sequence[Any]) -> Handling | None:
    """Whose limit the task is under: of several sub-items its own (R58)."""
    own = (row.Handling for row in rows if row.Handling is not None and row.Handling.id == task.handling_id)
    handling: Handling | None = next(own, rows[-1].Handling)
    return handling


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


def holds(actor: Actor, task: Task) -> bool:
    """Does the actor hold the task, himself or as a deputy, or is it for him personally?"""
    return task.assignee_id in actor.ids or task.person_id == actor.person_id


def name_of(session: Session, person_id: int | None) -> str:
    """The person's name, "" for nobody."""
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


def draft_of(session: Session, person_id: int, task_id: int) -> Draft | None:
    """What the person typed and did not send yet."""
    return session.scalars(select(Draft).where(Draft.person_id == person_id, Draft.task_id == task_id)).first()


def _extension_possible(session: Session, actor: Actor, case: Case, task: Task) -> bool:
    act = Act(session, case, task.instance_id)
    act.look_at(task.handling_id)
    handling = act.handling
    return (
        handling is not None
        and not handling.extended
        and handlings.unsettled_extension(session, handling.id) is None
        and may(actor, Verb.EXTENSION_REQUEST, scopes.task_scope(session, task, case))
    )


def options(session: Session, source: str, case: Case, task: Task | None = None) -> list[tuple[str, str]]:
    """The choices of a form field with `x-options`: (value, label)."""
    if source == "units":
        department = session.get_one(Organisation, task.organisation_id) if task else None
        if department is None or department.kind == "committee":
            units = organisation.units_of(session, "city", organisation.city(session).id)
        else:
            units = organisation.units_of(session, department.tier, department.place_id)
        return [(str(unit.id), unit.name) for unit in units]
    if source == "staff":
        pool = organisation.pool_members(session, task.organisation_id or 0) if task else None
        return [(str(person.id), person.name) for person in pool.people] if pool else []
    if source == "delegates":
        return [(str(row.id), person.name) for row, person in organisation.delegates_of(session, case.community_id)]
    raise NotFound()
