"""交接: every task somebody has claimed, and every scan that waits for its number, goes to one or several others of the
organisation, in one act (I14)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, PostRef, TaskScope, Verb, in_pool
from engine.attachments import queries as attachments
from engine.attachments.models import Attachment
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
SCAN = "待归档扫描件"


@dataclass(frozen=True)
class Held:
    """A task the person has claimed, or that is for the person alone (`personal`)."""

    task: Task
    number: str
    organisation: str
    personal: bool


@dataclass(frozen=True)
class Scan:
    """A scan of a signed form the person keeps until its number is typed; `number`: the case it may belong to. Any
    liaison of `studios` can type it."""

    file: Attachment
    number: str
    studios: tuple[Organisation, ...]

    @property
    def where(self) -> str:
        """The studios by name."""
        return "、".join(studio.name for studio in self.studios)


@dataclass(frozen=True)
class Leaver:
    """Somebody whose tasks are handed over, and who could take them."""

    person: Person
    held: Sequence[Held]
    scans: Sequence[Scan]
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
    held, scans = _held(session, actor, person_id), _scans(session, actor, person_id)
    places = {row.task.organisation_id for row in held if row.task.organisation_id is not None}
    places |= {studio.id for scan in scans for studio in scan.studios}
    return Leaver(person, held, scans, _near(session, person_id, places))


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


def _scans(session: Session, actor: Actor, person_id: int) -> list[Scan]:
    """Those the actor may hand over; a post that has ended counts, the scans are still there."""
    files = session.execute(
        select(Attachment, Case.number, Case.studio_id).outerjoin(Case, Case.id == Attachment.subject_id)
        .where(*attachments.waiting(person_id)).order_by(Attachment.id)
    ).all()  # fmt: skip
    if not files:
        return []
    kept = select(Post.organisation_id).where(Post.person_id == person_id)
    query = select(Organisation).where(Organisation.id.in_(kept), Organisation.kind == "studio")
    if not reaching.administers(actor):
        query = query.where(Organisation.id.in_(reaching.headed(actor)))
    studios = tuple(session.scalars(query.order_by(Organisation.id)))
    found = []
    for file, number, studio_id in files:
        near = tuple(studio for studio in studios if studio_id in (None, studio.id))
        if near:
            found.append(Scan(file, number or "", near))
    return found


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
    """Share the tasks and scans among the receivers, each to one who holds the duty it asks for and has got the fewest
    so far; one line per task and scan. Invalid when nobody was chosen."""
    person = reaching.reached(session, actor, Verb.TASK_HAND_OVER, person_id)
    held, scans = _held(session, actor, person_id), _scans(session, actor, person_id)
    chosen = [one for one in dict.fromkeys(receiver_ids) if one != person_id]
    if not chosen:
        raise Invalid("请选择接手的人员。", {"to": "请至少选择一人。"})
    if not held and not scans:
        raise Invalid(f"{person.name}手头没有可以交接的事项。")
    tasks = [(row.task.id, (TaskScope(row.task.organisation_id, row.task.duty),)) for row in held if not row.personal]
    plan = _plan(session, tasks, chosen)
    given = [(scan.file.id, tuple(TaskScope(studio.id, "liaison") for studio in scan.studios)) for scan in scans]
    keepers = _plan(session, given, chosen)
    names = {row.id: row for row in session.scalars(select(Person).where(Person.id.in_(chosen)))}
    for receiver_id in dict.fromkeys([*plan.values(), *keepers.values()]):
        wanted = [task_id for task_id, to in plan.items() if to == receiver_id]
        got = _give(session, person_id, receiver_id, wanted)
        for missed in set(wanted) - got:
            plan.pop(missed)
        files = [file_id for file_id, to in keepers.items() if to == receiver_id]
        kept = _keep(session, person_id, receiver_id, files)
        for missed in set(files) - kept:  # filed meanwhile
            keepers.pop(missed)
        if got or kept:
            _tell(session, names[receiver_id], person, len(got), len(kept))
    work_rows = [row for row in held if row.task.id in plan]
    for row in work_rows:
        _record(session, actor, row, f"{person.name} → {names[plan[row.task.id]].name}")
    _record_scans(session, actor, person, scans, {file_id: names[to].name for file_id, to in keepers.items()})
    return [_line(row, plan, names) for row in held] + [_scan_line(scan, keepers, names) for scan in scans]


def _plan(
    session: Session, given: Sequence[tuple[int, tuple[TaskScope, ...]]], chosen: Sequence[int]
) -> dict[int, int]:
    """What is given, by its id → receiver: one who may do it in one of its places."""
    posts: dict[int, list[PostRef]] = {}
    for person, post, _name in _posts(session, {place.organisation_id or 0 for _, places in given for place in places}):
        posts.setdefault(person.id, []).append(post)
    load: Counter[int] = Counter()
    plan: dict[int, int] = {}
    for given_id, places in given:
        fit = [
            one for one in chosen if any(in_pool(Actor(one, "", tuple(posts.get(one, ()))), place) for place in places)
        ]
        if fit:
            plan[given_id] = min(fit, key=lambda one: load[one])
            load[plan[given_id]] += 1
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


def _keep(session: Session, person_id: int, receiver_id: int, wanted: Sequence[int]) -> set[int]:
    """The scans are the receiver's from now on; who uploaded them keeps his name on them. Those that still waited."""
    if not wanted:
        return set()
    mine = update(Attachment).where(Attachment.id.in_(wanted), *attachments.waiting(person_id))
    moved = mine.values(uploaded_by_id=receiver_id).returning(Attachment.id)
    return set(session.scalars(moved.execution_options(synchronize_session=False)))


def _tell(session: Session, receiver: Person, person: Person, tasks: int, scans: int) -> None:
    parts = []
    if tasks:
        parts.append(f"{person.name}已签收的{tasks}件事项交接给您，请在“在办”中继续办理，时限不变。")
    if scans:
        parts.append(f"{person.name}的{scans}件{SCAN}交接给您，请在“扫描件归档”中输入编号归档。")
    subject = f"{person.name}交接{tasks + scans}件"
    notices.tell(session, "handed_over", subject, "".join(parts), case_id=None, person_id=receiver.id)


def _record_scans(
    session: Session, actor: Actor, person: Person, scans: Sequence[Scan], keepers: dict[int, str]
) -> None:
    """One history row per receiver: the scans belong to no case yet."""
    for name in dict.fromkeys(keepers.values()):
        taken = [scan for scan in scans if keepers.get(scan.file.id) == name]
        work.record(
            session, "handed_over", element_name=SCAN, actor_id=actor.person_id, actor_name=actor.name,
            organisation_id=taken[0].studios[0].id, organisation_name=taken[0].studios[0].name,
            result=f"{person.name} → {name}"[:80], opinion="、".join(scan.file.filename for scan in taken),
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


def _scan_line(scan: Scan, keepers: dict[int, int], names: dict[int, Person]) -> Handed:
    to = keepers.get(scan.file.id)
    step = f"{SCAN} {scan.file.filename}"
    if to is not None:
        return Handed(scan.number, step, names[to].name)
    return Handed(scan.number, step, "", f"所选人员不是{scan.where}的联络员，或扫描件刚刚已经归档")
