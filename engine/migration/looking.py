"""Reading batches: how far they are, what became of each case, and whether its way back is still open."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from engine.access import Actor, Verb, require
from engine.cases.models import Case
from engine.errors import NotFound
from engine.packages.models import MigrationBatch, MigrationResult, Package
from engine.work.models import Instance

PER_PAGE = 50


@dataclass(frozen=True)
class BatchView:
    """A batch with its two versions and how many of its cases ended up how (waiting, moved, refused, failed, undone);
    `undoable`: how many can still go back."""

    batch: MigrationBatch
    old: Package
    new: Package
    outcomes: Counter[str]
    undoable: int

    @property
    def total(self) -> int:
        """Cases of the batch."""
        return self.outcomes.total()

    @property
    def done(self) -> int:
        """Cases that were looked at."""
        return self.total - self.outcomes["waiting"]


@dataclass(frozen=True)
class ResultView:
    """One case of a batch; `undoable`: no step was made since it went over."""

    result: MigrationResult
    number: str
    undoable: bool


def batches(session: Session, actor: Actor, key: str) -> list[BatchView]:
    """The batches of a procedure, newest first."""
    require(actor, Verb.INSTANCE_MIGRATE)
    query = select(MigrationBatch.id).join(Package, Package.id == MigrationBatch.to_package_id)
    found = session.scalars(query.where(Package.key == key).order_by(MigrationBatch.id.desc())).all()
    return [batch(session, actor, batch_id) for batch_id in found]


def batch(session: Session, actor: Actor, batch_id: int) -> BatchView:
    """One batch; NotFound."""
    require(actor, Verb.INSTANCE_MIGRATE)
    row = session.get(MigrationBatch, batch_id)
    if row is None:
        raise NotFound
    counts = select(MigrationResult.outcome, func.count().label("number")).where(MigrationResult.batch_id == batch_id)
    found = session.execute(counts.group_by(MigrationResult.outcome))
    undoable = (
        select(func.count()).select_from(MigrationResult).join(Instance, Instance.id == MigrationResult.instance_id)
    )
    return BatchView(
        row, session.get_one(Package, row.from_package_id), session.get_one(Package, row.to_package_id),
        Counter({each.outcome: each.number for each in found}),
        session.scalar(undoable.where(MigrationResult.batch_id == batch_id, *_open())) or 0,
    )  # fmt: skip


def _open() -> tuple[ColumnElement[bool], ...]:
    return (
        MigrationResult.outcome == "moved", MigrationResult.revision == Instance.revision, Instance.status != "ended",
    )  # fmt: skip


def results(
    session: Session, actor: Actor, batch_id: int, outcome: str = "", page: int = 1
) -> tuple[list[ResultView], int]:
    """One page of the cases of a batch, those that stayed first, and how many there are."""
    require(actor, Verb.INSTANCE_MIGRATE)
    mine = [MigrationResult.batch_id == batch_id, *([MigrationResult.outcome == outcome] if outcome else [])]
    total = session.scalar(select(func.count()).select_from(MigrationResult).where(*mine)) or 0
    query = select(MigrationResult, Case.number, Instance.revision, Instance.status)
    query = query.join(Instance, Instance.id == MigrationResult.instance_id).outerjoin(
        Case, Case.id == Instance.case_id
    )
    stayed = MigrationResult.outcome.in_(("refused", "failed")).desc()
    rows = session.execute(
        query.where(*mine).order_by(stayed, MigrationResult.id).offset((max(page, 1) - 1) * PER_PAGE).limit(PER_PAGE)
    )
    return [
        ResultView(
            row.MigrationResult, row.number or "",
            row.MigrationResult.outcome == "moved" and row.MigrationResult.revision == row.revision
            and row.status != "ended",
        )
        for row in rows
    ], total  # fmt: skip
