"""Past cases gone through again on other files: which would have gone another way, or been due another day.

Each case is played twice in the sandbox, on the version it really ran on and on the files in question, so that whatever
the sandbox does not know of the real case is missing on both sides. One case that cannot be played never stops others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock, definitions
from engine.access import Actor, Verb, require
from engine.cases.models import Case
from engine.dryrun import histories, world
from engine.dryrun.observing import TASKS
from engine.dryrun.playing import Passed, Play, play
from engine.dryrun.staging import Stage, lay
from engine.errors import LianxinError
from engine.packages.models import Package
from engine.work.models import Instance

MOST = 200


@dataclass(frozen=True)
class DueMoved:
    """A last day that would have been another (None: none at all)."""

    name: str
    old: date | None
    new: date | None


@dataclass(frozen=True)
class Replayed:
    """One past case on the other files. `outcome`: same | way | due | skipped; `sentence` says where, or why not."""

    number: str
    registered_on: date
    version: int
    outcome: str
    sentence: str = ""
    dues: tuple[DueMoved, ...] = ()


def candidates(session: Session, actor: Actor, key: str, limit: int) -> list[int]:
    """The last cases of a procedure, finished or running, newest first, as ids of their instances."""
    require(actor, Verb.INSTANCE_OPERATE)
    versions = session.scalars(select(Package.id).where(Package.key == key)).all()
    return histories.recent(session, versions, min(max(limit, 1), MOST))


def replay(session: Session, actor: Actor, on: Stage, instance_id: int) -> Replayed | None:
    """One past case; None when it is gone. Never raises for what is wrong with the case: `skipped` says it. Of the case
    only number, dates and steps are told."""
    require(actor, Verb.INSTANCE_OPERATE)
    instance = session.get(Instance, instance_id)
    case = session.get(Case, instance.case_id) if instance is not None and instance.case_id else None
    if instance is None or case is None:
        return None
    package = session.get_one(Package, instance.package_id)
    registered = clock.local(case.registered_at).date()
    try:
        return _compared(session, on, instance, case, package)
    except LianxinError as refusal:
        return Replayed(case.number, registered, package.version, "skipped", refusal.message)
    except Exception as problem:  # noqa: BLE001 - an old case may be odd in ways nobody foresaw
        return Replayed(case.number, registered, package.version, "skipped", f"不能按历史重走：{problem}")


def _compared(session: Session, on: Stage, instance: Instance, case: Case, package: Package) -> Replayed:
    laid = lay(on.key, definitions.files(session, package.id))
    walk = histories.walk_of(session, instance, case, laid.package)
    before = play(Stage(laid, world.of(session)), case.registered_at, walk, keep=False)
    registered = clock.local(case.registered_at).date()
    if before.failed:
        reason = f"按第{package.version}版也不能照历史重走（“{before.failed.label}”：{before.failed.error}）"
        return Replayed(case.number, registered, package.version, "skipped", reason)
    after = play(on, case.registered_at, walk, keep=False)
    dues = _dues(before, after)
    sentence = _other_way(before, after)
    outcome = "way" if sentence else "due" if dues else "same"
    return Replayed(case.number, registered, package.version, outcome, sentence, dues)


def _other_way(before: Play, after: Play) -> str:
    """The first step that is another one, in words; "" for the same way."""
    ways = [_way(one) for one in (before, after)]
    last = len(after.done) - 1 if after.failed else len(before.done)
    for number, done in enumerate(before.done[:last]):
        old, new = (way.get(number, []) for way in ways)
        if _ids(old) != _ids(new):
            when = clock.local(done.at)
            return f"{when:%Y-%m-%d}{done.label}之后：原来{_names(old, new)}，现在{_names(new, old)}。"
    if after.failed:
        when = clock.local(after.failed.at)
        return f"{when:%Y-%m-%d}“{after.failed.label}”走不通：{after.failed.error}"
    return ""


def _way(one: Play) -> dict[int, list[Passed]]:
    """The tasks that opened and the ends that were reached, by act."""
    found: dict[int, list[Passed]] = {}
    for step in one.passed:
        opens = step.kind in TASKS and step.what == "entered"
        if opens or (step.kind == "endEvent" and step.process_id == one.passed[0].process_id):
            found.setdefault(step.act, []).append(step)
    return found


def _ids(steps: Sequence[Passed]) -> list[str]:
    return sorted(step.element_id for step in steps)


def _names(steps: Sequence[Passed], others: Sequence[Passed]) -> str:
    known = _ids(others)
    names = [step.name or step.element_id for step in steps if step.element_id not in known]
    return f"进入“{'”“'.join(names)}”" if names else "没有进入别的环节"


def _dues(before: Play, after: Play) -> tuple[DueMoved, ...]:
    """Last days that differ, task by task and each time it had one."""
    olds, news = (_by_task(one) for one in (before, after))
    moved = []
    for name in dict.fromkeys([*olds, *news]):
        old, new = olds.get(name, []), news.get(name, [])
        for number in range(max(len(old), len(new))):
            pair = tuple(days[number] if number < len(days) else None for days in (old, new))
            if pair[0] != pair[1]:
                moved.append(DueMoved(name, *pair))
    return tuple(moved)


def _by_task(one: Play) -> dict[str, list[date]]:
    found: dict[str, list[date]] = {}
    for due in one.dues:
        found.setdefault(due.name, []).append(due.due_on)
    return found
