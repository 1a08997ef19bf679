"""What an intervention would do, in rows: which tasks end and begin, which deadlines go, come or move, which notices
would go out. It really happens, inside a savepoint that is taken back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.access import Actor, Verb, require
from engine.notices.models import Notice
from engine.operate.path import rehearse
from engine.organisation.models import Organisation, Person
from engine.work.models import Deadline, Instance, Subscription, Task


@dataclass(frozen=True)
class Step:
    """An open step: who has it and until when."""

    name: str
    holder: str
    due_on: date | None


@dataclass(frozen=True)
class Timer:
    """A deadline: `old` and `new` due times, None where there is none."""

    name: str
    role: str
    old: datetime | None
    new: datetime | None


@dataclass(frozen=True)
class Told:
    """A notice that would go out: its channel, its kind (folder under notices/) and who gets it."""

    channel: str
    kind: str
    receiver: str


@dataclass(frozen=True)
class Outlook:
    """The effects of an intervention. `ends`: nothing is left to do afterwards; `status`: what the instance is then."""

    tasks_gone: tuple[Step, ...]
    tasks_new: tuple[Step, ...]
    timers_gone: tuple[Timer, ...]
    timers_new: tuple[Timer, ...]
    timers_moved: tuple[Timer, ...]
    messages_gone: tuple[str, ...]
    notices: tuple[Told, ...]
    ends: bool
    status: str


def outlook(session: Session, actor: Actor, instance_id: int, verb: Callable[[], object]) -> Outlook:
    """The effects of `verb` on one instance, without them; raises what `verb` raises."""
    require(actor, Verb.INSTANCE_OPERATE)
    before = _Rows(session, instance_id)
    last = session.scalar(select(func.max(Notice.id))) or 0

    def tried() -> Outlook:
        verb()
        session.flush()
        session.expire_all()
        return _compare(session, before, _Rows(session, instance_id), last)

    return rehearse(session, tried)


class _Rows:
    """The projections of one instance at one moment, as plain values."""

    def __init__(self, session: Session, instance_id: int) -> None:
        tasks = session.scalars(select(Task).where(Task.instance_id == instance_id).order_by(Task.id)).all()
        timers = session.scalars(
            select(Deadline).where(Deadline.instance_id == instance_id).order_by(Deadline.due_at)
        )  # fmt: skip
        waiting = session.scalars(select(Subscription).where(Subscription.instance_id == instance_id))
        self.case_id = session.scalar(select(Instance.case_id).where(Instance.id == instance_id))
        self.status = session.scalar(select(Instance.status).where(Instance.id == instance_id)) or ""
        self.tasks = {row.token: Step(row.name, holder(session, row), row.due_on) for row in tasks}
        self.timers = {(row.token, row.occurrence): (row.name, row.role, row.due_at) for row in timers}
        self.messages = {row.token: row.message for row in waiting}


def _compare(session: Session, before: _Rows, after: _Rows, last_notice: int) -> Outlook:
    both = [key for key in before.timers if key in after.timers]
    told = select(Notice).where(Notice.id > last_notice, Notice.case_id == before.case_id).order_by(Notice.id)
    return Outlook(
        tasks_gone=_only(before.tasks, after.tasks),
        tasks_new=_only(after.tasks, before.tasks),
        timers_gone=tuple(Timer(*before.timers[key], None) for key in before.timers if key not in after.timers),
        timers_new=tuple(
            Timer(*row[:2], None, row[2]) for key, row in after.timers.items() if key not in before.timers
        ),
        timers_moved=tuple(
            Timer(*before.timers[key], after.timers[key][2]) for key in both
            if before.timers[key][2] != after.timers[key][2]
        ),
        messages_gone=_only(before.messages, after.messages),
        notices=tuple(Told(row.channel, row.kind, _receiver(session, row)) for row in session.scalars(told)),
        ends=after.status == "ended" and before.status != "ended",
        status=after.status,
    )  # fmt: skip


def _only(here: Mapping[str, Any], there: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row for key, row in here.items() if key not in there)


def holder(session: Session, task: Task) -> str:
    """Whose step it is: the organisation, or the one person."""
    if task.organisation_id is not None:
        row = session.get(Organisation, task.organisation_id)
        return row.name if row else ""
    person = session.get(Person, task.person_id) if task.person_id else None
    return person.name if person else ""


def _receiver(session: Session, notice: Notice) -> str:
    if notice.organisation_id is not None:
        row = session.get(Organisation, notice.organisation_id)
        return row.name if row else ""
    person = session.get(Person, notice.person_id) if notice.person_id else None
    return person.name if person else "反映人"
