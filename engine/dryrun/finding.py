"""Who and what a walk in the sandbox is about: its case, the tasks that wait, the person whose turn it is."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock, tasks
from engine.access import Actor
from engine.cases.models import Case
from engine.dryrun import world
from engine.dryrun.acts import MEMBER, Act
from engine.errors import Conflict, NotFound
from engine.handlings.models import Handling
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation, Person
from engine.work.models import Task


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


def the_case(session: Session) -> Case:
    """The same; Conflict before it is registered."""
    case = case_of(session)
    if case is None:
        raise Conflict("还没有登记意见建议，请先登记。")
    return case


def of(session: Session, task: Task) -> str:
    """Which of several tasks of one element this is: see engine.dryrun.acts."""
    if task.case_id != the_case(session).id:
        return MEMBER
    item = session.get_one(Handling, task.handling_id).item if task.handling_id else None
    return str(item) if item is not None else ""


def find(session: Session, act: Act) -> Task:
    """The open task the act is about: of its element, else of its role."""
    waiting = [task for task in open_tasks(session) if not act.get("of") or of(session, task) == act["of"]]
    for name in ("element", "role"):
        wanted = act.get(name)
        column = "element_id" if name == "element" else "role"
        found = [task for task in waiting if wanted and getattr(task, column) == wanted]
        if found:
            return found[0]
    raise Conflict(f"“{act.get('name') or act.get('element') or act.get('role')}”现在没有等待办理。")


def actor_for(session: Session, task: Task, act: Act) -> Actor:
    """Who does the task: the login the act names, else the first who may."""
    people = entitled(session, task)
    if act.get("who"):
        named = session.scalars(select(Person).where(Person.login == act["who"])).first()
        if named is None:
            raise NotFound
        return organisation.actor(session, named.id)
    if not people:
        raise Conflict(f"“{task.name}”没有人可以办理。")
    return organisation.actor(session, people[0].id)


def answers(session: Session, act: Act) -> dict[str, Any]:
    """The act's answers, organisations by the ids of this sandbox."""
    codes = {row.code: str(row.id) for row in session.execute(select(Organisation.code, Organisation.id))}
    codes["today"] = clock.today().isoformat()
    form: Mapping[str, str] = act.get("form") or {}
    return {name: codes.get(value[1:], "") if value.startswith("@") else value for name, value in form.items()}


def taken(session: Session, task: Task, act: Act) -> tuple[Actor, int]:
    """The task in the hands of who may do it."""
    actor = actor_for(session, task, act)
    if task.person_id is None and task.assignee_id is None:
        tasks.claim(session, actor, task.id)
        session.flush()
    return actor, task.id


def waiting_of(session: Session, case: Case, role: str) -> Task | None:
    """The open task of that role of that case, a sub-item's left aside."""
    found = (task for task in open_tasks(session) if task.case_id == case.id and task.role == role)
    return next((task for task in found if task.handling_id is None), None)


def of_department(session: Session, case: Case) -> Actor:
    """Somebody of the organisation department of the tier that has the case."""
    code = world.DEPARTMENTS.get(case.tier, "")
    department = session.scalars(select(Organisation).where(Organisation.code == code)).one()
    return organisation.actor(session, organisation.pool_members(session, department.id).people[0].id)
