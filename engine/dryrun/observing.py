"""What a walk led to, in the order it happened: steps that opened, timers that fired, last days, notices, the end.

Everything is dated in working days from day zero, so that the same procedure gives the same list whenever it is tried:
the unit's receipt (article 11), before it the registration. What happens at 24:00 of a day, or on a day off, belongs to
the next working day.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.dryrun import passing
from engine.dryrun.playing import Passed, Play, opened
from engine.notices.models import Notice
from engine.organisation.models import Organisation, Person
from engine.work.models import Instance
from engine.workdays import queries as workdays

TASKS = ("userTask", "manualTask")


@dataclass(frozen=True)
class Observation:
    """`what`: step (opened) | fired (a timer) | due (`day` working days) | notice (`element` its kind, `to` its
    receiver) | end (`element` the end event). `since`: registered | received; `act`: the act of the walk it is of."""

    what: str
    act: int
    element: str
    name: str
    since: str
    day: int
    to: str = ""

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, as an expectation keeps it."""
        return asdict(self)


def observe(play: Play) -> list[Observation]:
    """Everything observable of a played walk, in order."""
    with opened(play) as session:
        found = [_step(session, step) for step in play.passed if _tells(step)]
        found += _dues(session, play)
        found += _notices(session, play)
        ended = _end(session, play)
    order = {"step": 0, "fired": 0, "due": 1, "notice": 2}
    found.sort(key=lambda item: (item.act, 0 if item.what == "due" else item.day, order[item.what]))
    return [*found, *ended]


def _tells(step: Passed) -> bool:
    return (step.kind in TASKS and step.what == "entered") or (step.what == "fired" and bool(step.name))


def _step(session: Session, step: Passed) -> Observation:
    since, day = day_of(session, step.at)
    what = "step" if step.what == "entered" else "fired"
    return Observation(what, step.act, step.element_id, step.name or step.element_id, since, day)


def day_of(session: Session, moment: datetime) -> tuple[str, int]:
    """(registered | received, working day) of a moment."""
    since, zero = passing.counted_from(session, moment)
    days, here = workdays.calendar(session), clock.local(moment).date()
    if here == zero:
        return since, 0
    return since, days.between(zero, here) + (not days.day(here).working)


def _dues(session: Session, play: Play) -> list[Observation]:
    days = workdays.calendar(session)
    return [
        Observation("due", due.act, due.element_id, due.name, "received", days.between(due.counted_from, due.due_on))
        for due in play.dues
    ]


def _notices(session: Session, play: Play) -> list[Observation]:
    found = []
    for row in session.scalars(select(Notice).order_by(Notice.id)):
        since, day = day_of(session, row.created_at)
        act = next((number for number, done in enumerate(play.done) if row.id <= done.notice_id), 0)
        found.append(Observation("notice", act, row.kind, title(row), since, day, receiver(session, row)))
    return found


def title(notice: Notice) -> str:
    """What the notice is about, without the case it names."""
    return notice.subject.partition("：")[0].partition(" ")[0][:40]


def receiver(session: Session, notice: Notice) -> str:
    """Who gets a notice, in words."""
    if notice.channel != "inbox":
        return "反映人"
    if notice.person_id is not None:
        return session.get_one(Person, notice.person_id).name
    organisation = session.get(Organisation, notice.organisation_id) if notice.organisation_id else None
    head = "（负责人）" if notice.duty == "head" else ""
    return f"{organisation.name}{head}" if organisation else ""


def _end(session: Session, play: Play) -> list[Observation]:
    instance = session.scalars(select(Instance).order_by(Instance.id).limit(1)).first()
    if instance is None or instance.status != "ended":
        return []
    ends = [step for step in play.passed if step.kind == "endEvent" and step.process_id == instance.process_id]
    if not ends:
        return []
    last = ends[-1]
    since, day = day_of(session, last.at)
    return [Observation("end", last.act, last.element_id, last.name or last.element_id, since, day)]
