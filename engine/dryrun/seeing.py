"""What a page shows of a sandbox: where it stands, who may act, what waits for its time, what went out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import casefile, clock, tasks
from engine.cases.models import Case
from engine.catalogue.act import Act
from engine.dryrun import acts, finding, observing, passing, world
from engine.dryrun.playing import Play, opened
from engine.errors import NotFound
from engine.handlings import operations as handlings
from engine.notices.models import Notice
from engine.organisation import queries as organisation
from engine.organisation.labels import DUTIES
from engine.organisation.models import Organisation, Person
from engine.work.models import Deadline, History, Incident, Instance, Subscription, Task, Withdrawal
from engine.workdays import queries as workdays
from engine.workdays.lamps import Lamp, lamp

JUMPS = (8, 10, 11, 30)  # the working days of article 11 and its supervision


@dataclass(frozen=True)
class Seat:
    """Somebody who may do a task now."""

    login: str
    words: str


@dataclass(frozen=True)
class Waiting:
    """An open task. `place` is its organisation, `holder` who signed for it ("" = nobody yet); `of` tells several of
    one element apart, see engine.dryrun.acts."""

    element: str
    role: str
    of: str
    name: str
    place: str
    seats: tuple[Seat, ...]
    holder: str
    pooled: bool
    due_on: date | None
    days: int
    counted_from: date | None
    lamp: Lamp | None
    provisional: bool
    may_extend: bool

    @property
    def key(self) -> str:
        """How an address names it."""
        return f"{self.element}~{self.of}" if self.of else self.element

    @property
    def of_words(self) -> str:
        """The same for people; "" where there is no other."""
        return acts.of_words(self.of) if self.of else ""


@dataclass(frozen=True)
class Timer:
    """A timer that waits, with the working day it falls on."""

    name: str
    due_at: datetime
    words: str


@dataclass(frozen=True)
class Told:
    """A notice that would go out."""

    at: datetime
    to: str
    channel: str
    subject: str
    body: str
    act: int


@dataclass(frozen=True)
class Jump:
    """A button that moves the clock: to the n-th working day; `over`: it is past."""

    day: int
    on: date
    over: bool


@dataclass(frozen=True)
class Sight:
    """Everything the page of a dry run shows. `day_words` is today's working day in words."""

    now: datetime
    day_words: str
    counted_from: str
    zero: date | None
    case: Case | None
    ended: bool
    waiting: tuple[Waiting, ...]
    timers: tuple[Timer, ...]
    messages: tuple[str, ...]
    notices: tuple[Told, ...]
    history: Sequence[History]
    incidents: Sequence[str]
    jumps: tuple[Jump, ...]
    next_due: datetime | None
    may_withdraw: bool
    may_terminate: bool
    joined: bool  # a case waits for the answer of this one

    def waits(self, role: str) -> bool:
        """Does the first case itself wait for a step of this role?"""
        return any(item.role == role and not item.of for item in self.waiting)

    @property
    def today(self) -> date:
        """The sandbox's calendar date."""
        return clock.local(self.now).date()


def see(play: Play) -> Sight:
    """The sandbox as it stands after the walk."""
    with opened(play) as session:
        case, since = finding.case_of(session), passing.counted_from(session, play.now)
        instance = session.scalars(select(Instance).order_by(Instance.id).limit(1)).first()
        deadlines = session.scalars(select(Deadline).order_by(Deadline.due_at, Deadline.id)).all()
        messages = session.scalars(select(Subscription.message)).all()
        return Sight(
            now=play.now,
            day_words=expressed(session, play.now),
            counted_from=since[0],
            zero=since[1] if case else None,
            case=case,
            ended=instance is not None and instance.status == "ended",
            waiting=tuple(_waiting(session, task) for task in finding.open_tasks(session)),
            timers=tuple(Timer(row.name, row.due_at, expressed(session, row.due_at)) for row in deadlines),
            messages=tuple(messages),
            notices=tuple(_told(session, play)),
            history=session.scalars(select(History).order_by(History.id)).all(),
            incidents=session.scalars(select(Incident.message).order_by(Incident.id)).all(),
            jumps=_jumps(session, play.now, since[1]) if case else (),
            next_due=deadlines[0].due_at if deadlines else None,
            may_withdraw=_withdrawable(session, case),
            may_terminate="terminate" in messages,
            joined="lead_answered" in messages,
        )


def expressed(session: Session, moment: datetime) -> str:
    """The working day of a moment in words."""
    since, day = observing.day_of(session, moment)
    if since == "received":
        return f"收到后第{day}个工作日" if day else "收到当天"
    return f"登记后第{day}个工作日" if day else "登记当天"


def _waiting(session: Session, task: Task) -> Waiting:
    days = workdays.calendar(session)
    zero = _zero(session, task) if task.due_on else None
    people = finding.entitled(session, task)
    place = session.get(Organisation, task.organisation_id) if task.organisation_id else None
    return Waiting(
        element=task.element_id,
        role=task.role,
        of=finding.of(session, task),
        name=task.name,
        place=place.name if place else "市党代表",
        seats=tuple(Seat(person.login, _words(session, task, person)) for person in people),
        holder=_words(session, task, session.get_one(Person, task.assignee_id)) if task.assignee_id else "",
        pooled=task.person_id is None,
        due_on=task.due_on,
        days=days.between(zero, task.due_on) if zero and task.due_on else 0,
        counted_from=zero,
        lamp=lamp(days, task.due_at) if task.due_at else None,
        provisional=task.provisional,
        may_extend=_may_extend(session, task),
    )


def _words(session: Session, task: Task, person: Person) -> str:
    posts = organisation.actor(session, person.id).posts
    duty = next((post.duty for post in posts if post.organisation_id == task.organisation_id), "")
    return DUTIES.get(duty, person.name)


def _zero(session: Session, task: Task) -> date:
    case = finding.case_of(session)
    if task.role != "answer" and case is not None and case.arrived_on is not None:
        return case.arrived_on
    return passing.counted_from(session, clock.now())[1]


def _may_extend(session: Session, task: Task) -> bool:
    case = finding.case_of(session)
    if task.role != "answer" or case is None:
        return False
    handling = Act(session, case, task.instance_id).handling
    pending = handling is not None and handlings.pending_extension(session, handling.id) is not None
    return handling is not None and not handling.extended and not pending


def _told(session: Session, play: Play) -> list[Told]:
    return [
        Told(
            at=row.created_at, to=observing.receiver(session, row), channel=row.channel, subject=row.subject,
            body=row.body,
            act=next((number for number, done in enumerate(play.done) if row.id <= done.notice_id), len(play.done) - 1),
        )
        for row in session.scalars(select(Notice).order_by(Notice.id.desc()))
    ]  # fmt: skip


def _jumps(session: Session, now: datetime, zero: date) -> tuple[Jump, ...]:
    days = workdays.calendar(session)
    found = ((day, days.working_days(zero, day)) for day in JUMPS)
    return tuple(Jump(day, on, clock.at(on, passing.OPENS) <= now) for day, on in found)


def _withdrawable(session: Session, case: Case | None) -> bool:
    if case is None:
        return False
    memory = session.scalars(select(Withdrawal).where(Withdrawal.case_id == case.id)).first()
    if memory is None:
        return False
    actor = organisation.actor(session, memory.actor_id)
    return tasks.withdrawable(session, actor, case.id) is not None


def drawing(play: Play, process_id: str | None) -> dict[str, Any]:
    """The diagram as the page of a case would show it, with what passed by itself marked as well: the one asked for,
    else where the oldest open task is. NotFound before registration. See engine.casefile.diagram for its parts."""
    with opened(play) as session:
        case = finding.case_of(session)
        if case is None:
            raise NotFound
        waiting = finding.open_tasks(session)
        process_id = process_id or (waiting[0].process_id if waiting else None)
        watcher = session.scalars(select(Person).where(Person.login == world.WATCHER)).one()
        actor = organisation.actor(session, watcher.id)
        drawn = casefile.diagram(session, actor, case.id, process_id)
        if not drawn["current"]:  # where this case does not wait, one that joined it may
            for joined in session.scalars(select(Case.id).where(Case.merged_into_id == case.id)):
                own = casefile.diagram(session, actor, joined, drawn["process"])
                drawn["current"] = sorted({*drawn["current"], *own["current"]})
    told = {act["element"] for act in drawn["done"]}
    passed = {
        step.element_id: step.at for step in play.passed
        if step.process_id == drawn["process"] and step.what in ("completed", "fired")
    }  # fmt: skip
    drawn["done"] += [
        {"element": element, "who": "系统", "when": clock.local(at).strftime("%Y-%m-%d %H:%M"), "what": "经过"}
        for element, at in passed.items() if element not in told
    ]  # fmt: skip
    return drawn
