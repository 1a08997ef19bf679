"""A batch of migrations, each instance in its own transaction, and the way back while no step was made since."""

import logging
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine import bpmn, clock, instances
from engine.access import Actor, Verb, require
from engine.db import Begin
from engine.errors import Conflict, Invalid, LianxinError, NotFound
from engine.migration.planning import carry, running, versions
from engine.migration.replacing import act_on, give_back, held, replace
from engine.packages import queries as packages
from engine.packages.models import MigrationBatch, MigrationResult, Package
from engine.work.models import Instance

log = logging.getLogger(__name__)


def prepare(
    session: Session, actor: Actor, from_id: int, to_id: int, reason: str, mapping: Mapping[str, str] | None = None,
    only: Collection[int] | None = None,
) -> MigrationBatch:  # fmt: skip
    """Decide to carry every running instance over (or `only` these); `run` does it. Invalid without a reason or when
    nothing is left to carry."""
    versions(session, actor, from_id, to_id)
    if not reason.strip():
        raise Invalid("请写明换用新版流程的理由。", errors={"reason": "请写明理由。"})
    found = session.scalars(select(Instance.id).where(*running(from_id)).order_by(Instance.id)).all()
    chosen = [row for row in found if only is None or row in only]
    if not chosen:
        raise Invalid("没有可以换用的件：原版本上已经没有在办的件，或者没有选中任何一件。")
    batch = MigrationBatch(
        from_package_id=from_id, to_package_id=to_id, mapping=dict(mapping or {}), reason=reason,
        actor_id=actor.person_id, actor_name=actor.name, created_at=clock.now(),
    )  # fmt: skip
    session.add(batch)
    session.flush()
    session.add_all(MigrationResult(batch_id=batch.id, instance_id=row, deadlines=[], tasks=[]) for row in chosen)
    session.flush()
    return batch


def run(begin: Begin, actor: Actor, batch_id: int, limit: int | None = None) -> Counter[str]:
    """Carry over what still waits in the batch (at most `limit` of it), each instance in a transaction of its own that
    `begin` opens; how many of the batch ended up how. Safe to call again after a crash, and by two at once. A case that
    fails is written down and keeps nobody else; a database that goes away ends the run, and nothing is lost."""
    with begin() as session:
        require(actor, Verb.INSTANCE_MIGRATE)
        waiting = select(MigrationResult.id).where(MigrationResult.batch_id == batch_id)
        waiting = waiting.where(MigrationResult.outcome == "waiting").order_by(MigrationResult.id).limit(limit)
        todo = session.scalars(waiting).all()
    for result_id in todo:
        try:
            with begin() as session:
                _move(session, actor, result_id)
        except DBAPIError as problem:
            if problem.connection_invalidated or problem.statement is None:
                raise
            _failed(begin, result_id, problem)
        except Exception as problem:  # noqa: BLE001 - one broken case must not hold up the others
            _failed(begin, result_id, problem)
    with begin() as session:
        counts = select(MigrationResult.outcome, func.count()).where(MigrationResult.batch_id == batch_id)
        return Counter({row[0]: row[1] for row in session.execute(counts.group_by(MigrationResult.outcome))})


def _failed(begin: Begin, result_id: int, problem: Exception) -> None:
    log.exception("migration result %s failed", result_id)
    reason = f"未能换用，此件仍用原版（{type(problem).__name__}）。"
    if isinstance(problem, LianxinError):
        reason = problem.message
    with begin() as session:
        result = session.get_one(MigrationResult, result_id)
        result.outcome, result.reason, result.at = "failed", reason, clock.now()


def _move(session: Session, actor: Actor, result_id: int) -> None:
    result = session.get_one(MigrationResult, result_id, with_for_update=True)
    if result.outcome != "waiting":
        return
    batch = session.get_one(MigrationBatch, result.batch_id)
    instance = instances.locked(session, result.instance_id)
    result.at = clock.now()
    if instance.status == "ended" or instance.package_id != batch.from_package_id:
        result.outcome, result.reason = "refused", "此件已经办结，或者已不在原版本上。"
        return
    act = act_on(session, actor, instance)
    carried = carry(session, instance, act, batch.to_package_id, batch.mapping)
    result.deadlines = [_plain(fate) for fate in carried.timers]
    if carried.run is None:
        result.outcome, result.element_id = "refused", carried.refusals[0].element_id
        result.reason = "".join(refusal.reason for refusal in carried.refusals)
        return
    result.state, result.tasks = instance.state, held(session, instance)
    names = _numbers(session, batch)
    act.history = act.record("migrated", result=names, opinion=batch.reason, data={"batch": batch.id})
    replace(session, instance, act, batch.to_package_id, carried.run)
    result.outcome, result.revision = "moved", instance.revision


def _numbers(session: Session, batch: MigrationBatch, *, back: bool = False) -> str:
    ids = (batch.from_package_id, batch.to_package_id)
    numbers = [session.get_one(Package, package_id).version for package_id in (reversed(ids) if back else ids)]
    return " → ".join(f"第 {number} 版" for number in numbers)


def _plain(fate: bpmn.TimerFate) -> dict[str, Any]:
    return {
        "element_id": fate.element_id, "name": fate.name, "what": fate.what,
        "old": fate.old.isoformat() if fate.old else None, "new": fate.new.isoformat() if fate.new else None,
    }  # fmt: skip


def undo(session: Session, actor: Actor, result_id: int, reason: str) -> None:
    """Put one instance back on its old version, as it was. Conflict when any step was made since."""
    require(actor, Verb.INSTANCE_MIGRATE)
    if not reason.strip():
        raise Invalid("请写明换回原版流程的理由。", errors={"reason": "请写明理由。"})
    result = session.get(MigrationResult, result_id, with_for_update=True)
    if result is None:
        raise NotFound
    instance = instances.locked(session, result.instance_id)
    batch = session.get_one(MigrationBatch, result.batch_id)
    if result.outcome != "moved" or instance.revision != result.revision or instance.status == "ended":
        raise Conflict("换用之后此件已有新的办理动作，或者已经换回，不能再换回原版流程。")
    act = act_on(session, actor, instance)
    old = bpmn.restore(packages.compiled(session, batch.from_package_id), result.state or b"", instances.Host(act))
    act.history = act.record(
        "migration_undone", result=_numbers(session, batch, back=True), opinion=reason, data={"batch": batch.id}
    )
    replace(session, instance, act, batch.from_package_id, old)
    give_back(session, instance, result.tasks)
    result.outcome, result.at, result.state = "undone", clock.now(), None
    session.flush()


@dataclass(frozen=True)
class Undone:
    """What a way back achieved: how many went back, (instance, what kept it) of those that stayed, and the last result
    looked at (None: that was all)."""

    back: int
    stayed: list[tuple[int, str]]
    last: int | None


def undo_batch(begin: Begin, actor: Actor, batch_id: int, reason: str) -> list[tuple[int, str]]:
    """`undo` for every instance of a batch, each in a transaction of its own; (instance, what kept it) of those that
    stay on the new version."""
    return undo_some(begin, actor, batch_id, reason).stayed


def undo_some(
    begin: Begin, actor: Actor, batch_id: int, reason: str, *, after: int = 0, limit: int | None = None
) -> Undone:
    """The same for at most `limit` results behind `after`, so that a page can show how far it is. Invalid without a
    reason."""
    with begin() as session:
        require(actor, Verb.INSTANCE_MIGRATE)
        if not reason.strip():
            raise Invalid("请写明换回原版流程的理由。", errors={"reason": "请写明理由。"})
        query = select(MigrationResult.id, MigrationResult.instance_id).where(MigrationResult.batch_id == batch_id)
        query = query.where(MigrationResult.outcome == "moved", MigrationResult.id > after)
        moved = session.execute(query.order_by(MigrationResult.id).limit(limit)).all()
    stayed = []
    for result_id, instance_id in moved:
        try:
            with begin() as session:
                undo(session, actor, result_id, reason)
        except LianxinError as refused:
            stayed.append((instance_id, refused.message))
    last = moved[-1].id if limit is not None and len(moved) == limit else None
    return Undone(len(moved) - len(stayed), stayed, last)


def forget(session: Session, batch_id: int) -> None:
    """Drop the states kept for the way back (the batch is final); its results stay readable."""
    session.execute(update(MigrationResult).where(MigrationResult.batch_id == batch_id).values(state=None, tasks=[]))
