"""Playing a walk: the acts one after the other in a sandbox, and what is left of it in the end.

A walk always plays the same on the same stage, so that what was played once is kept for a while, and going on by one
act plays one act: any process can answer for any walk, and taking an act back is playing one fewer.
"""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from engine import bpmn, clock, instances
from engine.db import reading
from engine.dryrun import acting, acts, finding, memory, passing
from engine.dryrun.acts import Act
from engine.dryrun.staging import Stage
from engine.errors import Invalid, LianxinError
from engine.notices.models import Notice
from engine.packages.models import Package
from engine.work.models import History, Incident, Task

PAUSE = timedelta(minutes=10)  # what one act of a person takes
KEPT = 150


@dataclass(frozen=True)
class Done:
    """One act: when it was over, why it failed, and the last rows it left (what is newer belongs to later acts)."""

    label: str
    at: datetime
    error: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()  # incidents it caused
    history_id: int = 0
    notice_id: int = 0


@dataclass(frozen=True)
class Passed:
    """An element a token entered, completed, left or fired, with the number of the act it belongs to."""

    act: int
    at: datetime
    process_id: str
    element_id: str
    name: str
    kind: str
    what: str


@dataclass(frozen=True)
class Due:
    """A task that had this last day after this act."""

    act: int
    element_id: str
    name: str
    due_on: date
    counted_from: date


@dataclass(frozen=True)
class Play:
    """A walk played as far as it goes. `failed` is the act it stopped at; the sandbox stands where it was before it."""

    stage: Stage
    content: bytes
    now: datetime
    done: tuple[Done, ...] = ()
    passed: tuple[Passed, ...] = ()
    dues: tuple[Due, ...] = ()

    @property
    def failed(self) -> Done | None:
        """The act that could not be done, None when all were."""
        return self.done[-1] if self.done and self.done[-1].error else None

    @property
    def covered(self) -> frozenset[tuple[str, str]]:
        """(process, element) of everything a token came to."""
        return frozenset((step.process_id, step.element_id) for step in self.passed)


_kept: OrderedDict[str, Play] = OrderedDict()
_lock = threading.Lock()


def play(stage: Stage, starts_at: datetime, walk: Sequence[Act], *, keep: bool = True) -> Play:
    """Play the acts from registration at `starts_at` up to the first that fails; `keep` it for who comes back to it."""
    names = _names(stage, starts_at, walk)
    known = next((number for number in range(len(walk), -1, -1) if names[number] in _kept), None)
    found = _kept.get(names[known]) if known is not None else None
    if known is None or found is None:
        known, found = 0, _empty(stage, starts_at)
    if known == len(walk) or found.failed:
        return found
    with memory.sandbox(found.content) as engine:
        game = _Game(engine, found)
        for act in walk[known:]:
            if not game.do(act):
                break
        result = game.result()
    return _keep(names[len(walk)], result) if keep else result


def _names(stage: Stage, starts_at: datetime, walk: Sequence[Act]) -> list[str]:
    digest = hashlib.sha256(f"{stage.name} {starts_at.isoformat()}".encode())
    names = [digest.hexdigest()]
    for act in walk:
        digest.update(json.dumps(act, sort_keys=True, ensure_ascii=False).encode())
        names.append(digest.hexdigest())
    return names


def _keep(name: str, result: Play) -> Play:
    with _lock:
        _kept[name] = result
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return result


def _empty(stage: Stage, starts_at: datetime) -> Play:
    """The world with the files as version 1, in force since the measures are."""
    with memory.sandbox(stage.world.content) as engine:
        with clock.frozen(starts_at), memory.act(engine) as session:
            session.add(Package(
                key=stage.key, version=1, checksum=stage.laid.checksum, reason="推演",
                effective_from=clock.MEASURES_IN_FORCE, published_at=clock.now(),
            ))  # fmt: skip
        return Play(stage, memory.snapshot(engine), starts_at)


@contextmanager
def opened(result: Play) -> Iterator[Session]:
    """Look into the sandbox of a play, with its clock; what is written there is gone afterwards."""
    with memory.sandbox(result.content) as engine, clock.frozen(result.now), reading(engine) as session:
        yield session
        session.expunge_all()  # what a page was given stays readable when the sandbox is gone


class _Game:
    """A sandbox in use: acts change it, `result` is what it has become."""

    def __init__(self, engine: Engine, start: Play) -> None:
        self.engine, self.start, self.now = engine, start, start.now
        self.done, self.passed, self.dues = list(start.done), list(start.passed), list(start.dues)

    def result(self) -> Play:
        """The sandbox as it stands."""
        return replace(
            self.start, content=memory.snapshot(self.engine), now=self.now, done=tuple(self.done),
            passed=tuple(self.passed), dues=tuple(self.dues),
        )  # fmt: skip

    def do(self, act: Act) -> bool:
        """One act; False when it failed."""
        before = len(self.passed)
        try:
            self._wait(act) if act["do"] == "wait" else self._act(act)
        except LianxinError as refusal:
            self._refused(act, refusal, before)
            return False
        except Exception as problem:  # noqa: BLE001 - a diagram may break in ways nobody foresaw; the page says which
            self._refused(act, LianxinError(), before, f"流程没有走通：{problem}")
            return False
        self._after(act)
        return True

    def _label(self, act: Act) -> str:
        return acts.label(act, self.start.stage.laid.names)

    def _refused(self, act: Act, refusal: LianxinError, before: int, sentence: str = "") -> None:
        del self.passed[before:]
        errors = refusal.errors if isinstance(refusal, Invalid) else {}
        self.done.append(Done(self._label(act), self.now, sentence or refusal.message, dict(errors)))

    def _heard(self, steps: list[bpmn.Step], at: datetime) -> None:
        number = len(self.done)
        self.passed += [
            Passed(number, at, step.process_id, step.element_id, step.name, step.kind, step.what) for step in steps
        ]

    def _wait(self, act: Act) -> None:
        moment = passing.target(self.engine, self.now, act)
        passing.until(self.engine, self.now, moment, self._heard)
        self.now = moment

    def _act(self, act: Act) -> None:
        moment = datetime.fromisoformat(act["at"]) if act.get("at") else self.now
        if moment > self.now:
            passing.until(self.engine, self.now, moment, self._heard)
            self.now = moment
        with clock.frozen(self.now), instances.watched() as steps, memory.act(self.engine) as session:
            acting.do(session, self.start.stage.key, act)
        self._heard(steps, self.now)
        if not act.get("at"):
            passing.until(self.engine, self.now, self.now + PAUSE, self._heard)
            self.now += PAUSE

    def _after(self, act: Act) -> None:
        number = len(self.done)
        known = {due.element_id: due.due_on for due in self.dues}
        with clock.frozen(self.now), memory.act(self.engine) as session:
            for task in finding.open_tasks(session):
                if task.due_on is not None and known.get(task.element_id) != task.due_on:
                    self.dues.append(_due(session, number, task, self.now))
            seen = sum(len(row.troubles) for row in self.done)
            troubles = session.scalars(select(Incident.message).order_by(Incident.id).offset(seen)).all()
            history = session.scalar(select(func.max(History.id))) or 0
            notice = session.scalar(select(func.max(Notice.id))) or 0
        self.done.append(Done(
            self._label(act), self.now, troubles=tuple(troubles), history_id=history, notice_id=notice,
        ))  # fmt: skip


def _due(session: Session, number: int, task: Task, now: datetime) -> Due:
    since = passing.counted_from(session, now)[1]
    if task.role != "answer":
        case = finding.case_of(session)
        since = case.arrived_on if case is not None and case.arrived_on is not None else since
    assert task.due_on is not None  # noqa: S101 - the caller asks only for tasks that have one
    return Due(number, task.element_id, task.name, task.due_on, since)
