"""交接: every task somebody has claimed, and every scan and draft he keeps (engine.deputies.keeping), goes to one or
several others of the organisation, in one act (I14)."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, PostRef, TaskScope, Verb, in_pool
from engine.cases.models import Case, Draft
from engine.deputies import keeping, reaching
from engine.deputies.keeping import Kept
from engine.errors import Invalid
from engine.handlings.models import Handling
from engine.notices import operations as notices
from engine.organisation.models import Organisation, Person, Post
from engine.organisation.queries import in_force
from engine.work import operations as work
from engine.work.models import Task

PERSONAL = "须由本人办理，不能交接"
WHERE_NEXT = {keeping.SCAN: "请在“扫描件归档”中输入编号归档", keeping.DRAFT: "请在“草稿箱”中继续填写"}
Given = TypeVar("Given", bound=Hashable)


@dataclass(frozen=True)
class Held:
    """A task the person has claimed, or that is for the person alone (`personal`)."""

    task: Task
    number: str
    organisation: str
    personal: bool


@dataclass(frozen=True)
class Leaver:
    """Somebody whose tasks are handed over, and who could take them."""

    person: Person
    held: Sequence[Held]
    kept: Sequence[Kept]
    receivers: Sequence[tuple[Person, str]]  # with the organisation's name

    @property
    def scans(self) -> list[Kept]:
        """The scans that wait for their number."""
        return [row for row in self.kept if row.kind == keeping.SCAN]

    @property
    def drafts(self) -> list[Kept]:
        """The registrations half filled in."""
        return [row for row in self.kept if row.kind == keeping.DRAFT]


@dataclass(frozen=True)
class Handed:
    """What became of one task: who has it now, or why nobody."""

    number: str
    step: str
    to: str
    refusal: str = ""


def leaver(session: Session, actor: Actor, person_id: int) -> Leaver:
    """The person with the open tasks the actor may hand over: a head those of the own organisation."""
    person = reaching.reached(session, actor, Verb.TASK_HAND_OVER, person_id)
    held, kept = _held(session, actor, person_id), keeping.kept(session, actor, person_id)
    places = {row.task.organisation_id for row in held if row.task.organisation_id is not None}
    places |= {studio.id for row in kept for studio in row.studios}
    return Leaver(person, held, kept, _near(session, person_id, places))


def _held(session: Session, actor: Actor, person_id: int) -> list[Held]:
    query = (
        select(Task, Case.number, Organisation.name)
        .outerjoin(Case, Case.id == Task.case_id)
        .outerjoin(Organisation, Organisation.id == Task.organisation_id)
        .where(or_(Task.assignee_id == person_id, Task.person_id == person_id))
        .order_by(Task.due_at.is_(None), Task.due_at, Task.id)
    )
    mine = None if reaching.administers(actor) else reaching.headed(actor)
    return [
        Held(task, number or "", name or "", task.person_id is not None)
        for task, number, name in session.execute(query)
        if mine is None or task.organisation_id in mine
    ]


def _posts(session: Session, places: Iterable[int]) -> list[tuple[Person, PostRef, str]]:
    query = (
        select(Person, Post.duty, Organisation)
        .join(Post, Post.person_id == Person.id)
        .join(Organisation, Organisation.id == Post.organisation_id)
        .where(Post.organisation_id.in_(list(places)), in_force(clock.today()), Person.active)
        .order_by(Post.id)
    )
    return [
        (person, PostRef(place.id, duty, place.kind, place.tier, place.place_id), place.name)
        for person, duty, place in session.execute(query)
    ]


def _near(session: Session, person_id: int, places: set[int]) -> list[tuple[Person, str]]:
    found: dict[int, tuple[Person, str]] = {}
    for person, _post, name in _posts(session, places):
        if person.id != person_id:
            found.setdefault(person.id, (person, name))
    return list(found.values())


def hand_over(session: Session, actor: Actor, person_id: int, receiver_ids: Sequence[int]) -> list[Handed]:
    """Share the tasks, scans and drafts among the receivers, each to one who holds the duty it asks for and has got the
    fewest so far; one line for each of them. Invalid when nobody was chosen."""
    person = reaching.reached(session, actor, Verb.TASK_HAND_OVER, person_id)
    held, kept = _held(session, actor, person_id), keeping.kept(session, actor, person_id)
    chosen = [one for one in dict.fromkeys(receiver_ids) if one != person_id]
    if not chosen:
        raise Invalid("请选择接手的人员。", {"to": "请至少选择一人。"})
    if not held and not kept:
        raise Invalid(f"{person.name}手头没有可以交接的事项。")
    tasks = [(row.task.id, (TaskScope(row.task.organisation_id, row.task.duty),)) for row in held if not row.personal]
    plan = _plan(session, tasks, chosen)
    given = [(row, tuple(TaskScope(studio.id, "liaison") for studio in row.studios)) for row in kept]
    keepers = _plan(session, given, chosen)
    names = {row.id: row for row in session.scalars(select(Person).where(Person.id.in_(chosen)))}
    for receiver_id in dict.fromkeys([*plan.values(), *keepers.values()]):
        wanted = [task_id for task_id, to in plan.items() if to == receiver_id]
        got = _give(session, person_id, receiver_id, wanted)
        for missed in set(wanted) - got:
            plan.pop(missed)
        share = [row for row, to in keepers.items() if to == receiver_id]
        moved = keeping.give(session, person_id, names[receiver_id], share)
        for late in set(share) - set(moved):  # filed or registered meanwhile
            keepers.pop(late)
        if got or moved:
            _tell(session, names[receiver_id], person, len(got), moved)
            _record_kept(session, actor, person, names[receiver_id], moved)
    work_rows = [row for row in held if row.task.id in plan]
    for row in work_rows:
        _record(session, actor, row, f"{person.name} → {names[plan[row.task.id]].name}")
    return [_line(row, plan, names) for row in held] + [_kept_line(row, keepers, names) for row in kept]


def _plan(
    session: Session, given: Sequence[tuple[Given, tuple[TaskScope, ...]]], chosen: Sequence[int]
) -> dict[Given, int]:
    """What is given → receiver: one who may do it in one of its places."""
    posts: dict[int, list[PostRef]] = {}
    for person, post, _name in _posts(session, {place.organisation_id or 0 for _, places in given for place in places}):
        posts.setdefault(person.id, []).append(post)
    load: Counter[int] = Counter()
    plan: dict[Given, int] = {}
    for one_given, places in given:
        fit = [
            one for one in chosen if any(in_pool(Actor(one, "", tuple(posts.get(one, ()))), place) for place in places)
        ]
        if fit:
            plan[one_given] = min(fit, key=lambda one: load[one])
            load[plan[one_given]] += 1
    return plan


def _give(session: Session, person_id: int, receiver_id: int, wanted: list[int]) -> set[int]:
    """Who is faster wins: a task done in between is not in the answer."""
    mine = update(Task).where(Task.id.in_(wanted), Task.assignee_id == person_id)
    moved = mine.values(assignee_id=receiver_id).returning(Task.id).execution_options(synchronize_session=False)
    got = set(session.scalars(moved))
    drafts = update(Draft).where(Draft.task_id.in_(got), Draft.person_id == person_id)
    session.execute(drafts.values(person_id=receiver_id).execution_options(synchronize_session=False))
    answers = select(Task.case_id).where(Task.id.in_(got), Task.role == "answer")
    session.execute(
        update(Handling)
        .where(Handling.case_id.in_(answers), Handling.state == "open", Handling.handler_id == person_id)
        .values(handler_id=receiver_id)
        .execution_options(synchronize_session=False)
    )
    return got


def _tell(session: Session, receiver: Person, person: Person, tasks: int, kept: Sequence[Kept]) -> None:
    parts = [f"{person.name}已签收的{tasks}件事项交接给您，请在“在办”中继续办理，时限不变。"] if tasks else []
    for kind, count in Counter(row.kind for row in kept).items():
        parts.append(f"{person.name}的{count}件{kind}交接给您，{WHERE_NEXT[kind]}。")
    subject = f"{person.name}交接{tasks + len(kept)}件"
    notices.tell(session, "handed_over", subject, "".join(parts), case_id=None, person_id=receiver.id)


def _record_kept(session: Session, actor: Actor, person: Person, receiver: Person, kept: Sequence[Kept]) -> None:
    """One history row for each kind: they belong to no case yet."""
    for kind in dict.fromkeys(row.kind for row in kept):
        taken = [row for row in kept if row.kind == kind]
        work.record(
            session, "handed_over", element_name=kind, actor_id=actor.person_id, actor_name=actor.name,
            organisation_id=taken[0].studios[0].id, organisation_name=taken[0].studios[0].name,
            result=f"{person.name} → {receiver.name}"[:80], opinion="、".join(row.name for row in taken),
        )  # fmt: skip


def _record(session: Session, actor: Actor, row: Held, result: str) -> None:
    task = row.task
    work.record(
        session, "handed_over", case_id=task.case_id, instance_id=task.instance_id, process_id=task.process_id,
        element_id=task.element_id, element_name=task.name, actor_id=actor.person_id, actor_name=actor.name,
        organisation_id=task.organisation_id, organisation_name=row.organisation, result=result[:80],
    )  # fmt: skip


def _line(row: Held, plan: dict[int, int], names: dict[int, Person]) -> Handed:
    to = plan.get(row.task.id)
    if to is not None:
        return Handed(row.number, row.task.name, names[to].name)
    why = PERSONAL if row.personal else f"所选人员在{row.organisation}没有相应职务，或事项刚刚已经办理"
    return Handed(row.number, row.task.name, "", why)


def _kept_line(row: Kept, keepers: dict[Kept, int], names: dict[int, Person]) -> Handed:
    to = keepers.get(row)
    step = f"{row.kind} {row.name}"
    if to is not None:
        return Handed(row.number, step, names[to].name)
    return Handed(row.number, step, "", f"所选人员不是{row.where}的联络员，或{row.kind}刚刚已经处理")
