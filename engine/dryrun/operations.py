"""The rows of dry runs and scenarios: who may start, go on, take back, keep. Of the live database nothing else is
written, whatever happens in the sandbox."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, Verb, require
from engine.dryrun import acts, expecting, passing
from engine.dryrun.acts import Act
from engine.dryrun.observing import Observation
from engine.dryrun.playing import Play, play
from engine.dryrun.staging import Stage
from engine.errors import Conflict, Invalid, NotFound
from engine.scenarios.models import DryRun, Scenario
from engine.workdays import queries as workdays

KEPT = 20  # dry runs of one person and procedure; the oldest go
MOST_SCENARIOS = 100


# ------------------------------------------------------------------------------------------------ dry runs


def first_moment(session: Session, day: date | None = None) -> datetime:
    """09:00 of the day, or of today; the next working day where it is none."""
    day, days = day or clock.today(), workdays.calendar(session)
    return clock.at(day if days.day(day).working else days.working_days(day, 1), passing.OPENS)


def begin(
    session: Session, actor: Actor, key: str, *, version: int | None, starts_at: datetime, walk: Sequence[Act],
    title: str = "",
) -> DryRun:  # fmt: skip
    """A new dry run on a version, or on the draft (None), with these acts to begin with."""
    require(actor, Verb.DEFINITION_PUBLISH)
    run = DryRun(
        key=key, version=version, title=title[:120], person_id=actor.person_id, starts_at=starts_at,
        acts=[acts.clean(act) for act in walk], changed_at=clock.now(),
    )  # fmt: skip
    session.add(run)
    session.flush()
    for old in mine(session, actor, key)[KEPT:]:
        session.delete(old)
    return run


def mine(session: Session, actor: Actor, key: str) -> list[DryRun]:
    """The actor's own dry runs of a procedure, newest first."""
    require(actor, Verb.DEFINITION_READ)
    query = select(DryRun).where(DryRun.key == key, DryRun.person_id == actor.person_id)
    return list(session.scalars(query.order_by(DryRun.changed_at.desc(), DryRun.id.desc())))


def load(session: Session, actor: Actor, key: str, run_id: int, *, writing: bool = False) -> DryRun:
    """One's own dry run; NotFound for anybody else's."""
    require(actor, Verb.DEFINITION_PUBLISH if writing else Verb.DEFINITION_READ)
    query = select(DryRun).where(DryRun.id == run_id, DryRun.key == key, DryRun.person_id == actor.person_id)
    run = session.scalars(query.with_for_update() if writing else query).first()
    if run is None:
        raise NotFound
    return run


def perform(actor: Actor, run: DryRun, on: Stage, act: Mapping[str, Any], step: int) -> Play:
    """Go on by one act; `step` is how many acts the page showed. Invalid with a sentence per wrong field, Conflict for
    anything else the sandbox refuses; the walk is as it was then."""
    require(actor, Verb.DEFINITION_PUBLISH)
    if step != len(run.acts):
        raise Conflict("这次推演在另一个页面上走了一步，请刷新页面后再继续。")
    if len(run.acts) >= acts.MOST:
        raise Conflict(f"一次推演最多 {acts.MOST} 步。请保存为情景，或另起一次推演。")
    cleaned = acts.clean(act)
    if cleaned.get("element") in on.laid.names:
        cleaned["name"] = on.laid.names[cleaned["element"]]
    walk = [*run.acts, cleaned]
    before = play(on, run.starts_at, run.acts)
    if before.failed:
        raise Conflict(f"第{len(before.done)}步“{before.failed.label}”已经走不通，请先撤销到它之前。")
    result = play(on, run.starts_at, walk)
    if result.failed:
        refused = result.failed
        raise Invalid(refused.error, refused.errors) if refused.errors else Conflict(refused.error)
    run.acts, run.changed_at = walk, clock.now()
    return result


def undo(actor: Actor, run: DryRun, steps: int = 1) -> None:
    """Take the last acts back."""
    require(actor, Verb.DEFINITION_PUBLISH)
    run.acts, run.changed_at = run.acts[: max(len(run.acts) - steps, 0)], clock.now()


def remove(session: Session, actor: Actor, run: DryRun) -> None:
    """Throw a dry run away."""
    require(actor, Verb.DEFINITION_PUBLISH)
    session.delete(run)


# ------------------------------------------------------------------------------------------------ scenarios


def scenario(session: Session, actor: Actor, key: str, scenario_id: int) -> Scenario:
    """One scenario of a procedure; NotFound when it has none of that id."""
    require(actor, Verb.DEFINITION_READ)
    found = session.get(Scenario, scenario_id)
    if found is None or found.key != key or not found.active:
        raise NotFound
    return found


def keep(session: Session, actor: Actor, run: DryRun, name: str, expected: Sequence[Observation]) -> Scenario:
    """保存为情景: the walk with what it must lead to from now on. Invalid without name, acts or expectation, Conflict
    for a name that is taken."""
    require(actor, Verb.DEFINITION_PUBLISH)
    if not run.acts:
        raise Invalid("这次推演还没有任何步骤，不能保存为情景。")
    known = select(Scenario.id).where(Scenario.key == run.key, Scenario.active)
    if len(session.scalars(known).all()) >= MOST_SCENARIOS:
        raise Conflict(f"一个流程最多 {MOST_SCENARIOS} 个情景，请先删去不用的。")
    kept = Scenario(
        key=run.key, name=_name(session, run.key, name), starts_at=run.starts_at, acts=list(run.acts),
        expectations=_expectations(expected), author_id=actor.person_id, author_name=actor.name,
        changed_at=clock.now(),
    )  # fmt: skip
    return _stored(session, kept)


def change(session: Session, actor: Actor, kept: Scenario, name: str, expected: Sequence[Observation]) -> Scenario:
    """Another name, fewer or newer expectations; refusals as in `keep`."""
    require(actor, Verb.DEFINITION_PUBLISH)
    kept.name = _name(session, kept.key, name, kept.id)
    kept.expectations = _expectations(expected)
    kept.author_id, kept.author_name, kept.changed_at = actor.person_id, actor.name, clock.now()
    return kept


def delete(session: Session, actor: Actor, kept: Scenario) -> None:
    """Let a scenario guard nothing any more; the factory's stay as a row, so that no upgrade brings them back."""
    require(actor, Verb.DEFINITION_PUBLISH)
    if not kept.factory:
        session.delete(kept)
        return
    kept.active, kept.name = False, f"{kept.name[:90]}（已删 {kept.id}）"
    kept.author_id, kept.author_name, kept.changed_at = actor.person_id, actor.name, clock.now()


def _name(session: Session, key: str, name: str, own: int | None = None) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 100:
        raise Invalid("请给情景起一个名称，不超过 100 字。", errors={"name": "请填写名称，不超过 100 字。"})
    taken = session.scalars(select(Scenario.id).where(Scenario.key == key, Scenario.name == name)).first()
    if taken not in (None, own):
        raise Invalid(f"已有名为“{name}”的情景。", errors={"name": "请换一个名称。"})
    return name


def _expectations(expected: Sequence[Observation]) -> list[dict[str, Any]]:
    if not expected:
        raise Invalid("请至少保留一条期望，否则情景什么都不检查。", errors={"keep": "请至少保留一条。"})
    return [item.as_dict() for item in expecting.read([item.as_dict() for item in expected])]


def _stored(session: Session, kept: Scenario) -> Scenario:
    try:
        with session.begin_nested():
            session.add(kept)
    except IntegrityError:
        raise Conflict(f"刚刚有人保存了名为“{kept.name}”的情景，请换一个名称。") from None
    return kept
