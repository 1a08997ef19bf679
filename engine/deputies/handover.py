"""交接: every task somebody has claimed goes to one or several others of the organisation, in one act (I14)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, PostRef, TaskScope, Verb, in_pool
from engine.cases.models import Case, Draft
from engine.deputies import reaching
from engine.errors import Invalid
from engine.handlings.models import Handling
from engine.notices import operations as notices
from engine.organisation.models import Organisation, Person, Post
from engine.organisation.queries import in_force
from engine.work import operations as work
from engine.work.models import Task

PERSONAL = "须由本人办理，不能交接"


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
    receivers: Sequence[tuple[Person, str]]  # with the organisation's name


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
    held = _held(session, actor, person_id)
    places = {row.task.organisation_id for row in held} - {None}
    return Leaver(person, held, _near(session, person_id, {place for place in places if place is not None}))


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
    """Share the tasks among the receivers, each to one who holds the duty it asks for and has got the fewest so far;
    one line per task. Invalid when nobody was chosen."""
    person = reaching.reached(session, actor, Verb.TASK_HAND_OVER, person_id)
    held = _held(session, actor, person_id)
    chosen = [one for one in dict.fromkeys(receiver_ids) if one != person_id]
    if not chosen:
        raise Invalid("请选择接手的人员。", {"to": "请至少选择一人。"})
    if not held:
        raise Invalid(f"{person.name}手头没有可以交接的事项。")
    plan = _plan(session, held, chosen)
    names = {row.id: row for row in session.scalars(select(Person).where(Person.id.in_(chosen)))}
    for receiver_id in set(plan.values()):
        wanted = [task_id for task_id, to in plan.items() if to == receiver_id]
        got = _give(session, person_id, receiver_id, wanted)
        for missed in set(wanted) - got:
            plan.pop(missed)
        if got:
            _tell(session, names[receiver_id], person, len(got))
    work_rows = [row for row in held if row.task.id in plan]
    for row in work_rows:
        _record(session, actor, row, f"{person.name} → {names[plan[row.task.id]].name}")
    return [_line(row, plan, names) for row in held]


def _plan(session: Session, held: Sequence[Held], chosen: Sequence[int]) -> dict[int, int]:
    """Task → receiver."""
    posts: dict[int, list[PostRef]] = {}
    for person, post, _name in _posts(session, {row.task.organisation_id or 0 for row in held}):
        posts.setdefault(person.id, []).append(post)
    load: Counter[int] = Counter()
    plan: dict[int, int] = {}
    for row in held:
        scope = TaskScope(row.task.organisation_id, row.task.duty)
        fit = [one for one in chosen if in_pool(Actor(one, "", tuple(posts.get(one, ()))), scope)]
        if fit and not row.personal:
            plan[row.task.id] = min(fit, key=lambda one: load[one])
            load[plan[row.task.id]] += 1
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


def _tell(session: Session, receiver: Person, person: Person, count: int) -> None:
    body = f"{person.name}已签收的{count}件事项交接给您，请在“在办”中继续办理，时限不变。"
    notices.tell(session, "handed_over", f"{person.name}交接{count}件", body, case_id=None, person_id=receiver.id)


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
