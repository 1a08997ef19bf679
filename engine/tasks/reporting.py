"""整理汇总 (article 10, R48): a studio reports several signed forms in one go, each an act of its own.

The batch is one human act in one transaction; inside it every form has its savepoint, so that one that cannot be
reported stays behind with its reason and holds up none of the others (docs/decisions/0021).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, Verb, require
from engine.cases import content
from engine.cases.models import Case
from engine.errors import Conflict, Invalid, LianxinError, NotFound
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation
from engine.reports.models import ReportBatch, ReportItem
from engine.tasks.doing import claim, complete
from engine.work.models import Task

ROLE = "report"
MOST = 200
NOT_WAITING = "此件现在不在待报送环节，可能已经报送或正在补正。"


@dataclass(frozen=True)
class Waiting:
    """A form the studio may report now; `void`: its signature no longer holds."""

    task: Task
    case: Case
    void: bool


@dataclass(frozen=True)
class Row:
    """A form of a batch. `position` 0: it stayed behind, `refusal` says why; `withdrawn`: taken back afterwards."""

    item: ReportItem
    case: Case
    withdrawn: bool


def waiting_reports(session: Session, actor: Actor, studio_id: int) -> list[Waiting]:
    """The forms of the actor's studio that wait to be reported, in the order of their numbers."""
    require(actor, Verb.CASE_REGISTER, organisation.organisation_scope(session, studio_id))
    query = select(Task, Case).join(Case, Case.id == Task.case_id)
    query = query.where(Task.role == ROLE, Task.organisation_id == studio_id).order_by(Case.year, Case.sequence)
    return [Waiting(row.Task, row.Case, row.Case.content_hash != content.digest(row.Case)) for row in
            session.execute(query)]  # fmt: skip


def report_batch(session: Session, actor: Actor, studio_id: int, case_ids: Sequence[int]) -> ReportBatch:
    """汇总上报: report these forms of the actor's studio. Invalid when none was picked; Conflict with the reasons when
    none could be reported, and then no batch is written."""
    require(actor, Verb.CASE_REGISTER, organisation.organisation_scope(session, studio_id))
    if not case_ids:
        raise Invalid("请先勾选要报送的登记表。")
    if len(case_ids) > MOST:
        raise Invalid(f"一次最多报送 {MOST} 份，请分批报送。")
    query = select(Case).where(Case.id.in_(case_ids), Case.studio_id == studio_id).order_by(Case.year, Case.sequence)
    cases = session.scalars(query).all()
    if len(cases) != len(set(case_ids)):
        raise NotFound
    results = [(case, _report(session, actor, studio_id, case.id)) for case in cases]
    if all(refusal for _case, refusal in results):
        raise Conflict("没有一份可以报送。" + " ".join(f"{case.number}：{refusal}" for case, refusal in results[:5]))
    batch = _batch(session, actor, studio_id, cases[0])
    position = 0
    for case, refusal in results:
        position += not refusal
        session.add(
            ReportItem(
                batch_id=batch.id, case_id=case.id, position=0 if refusal else position, refusal=refusal[:300]
            )
        )  # fmt: skip
    session.flush()
    return batch


def _report(session: Session, actor: Actor, studio_id: int, case_id: int) -> str:
    """Why this form was not reported, "" when it was."""
    waiting = select(Task).where(Task.case_id == case_id, Task.role == ROLE, Task.organisation_id == studio_id)
    task = session.scalars(waiting).first()
    if task is None:
        return NOT_WAITING
    try:
        with session.begin_nested():
            if task.assignee_id is None:
                claim(session, actor, task.id)
            complete(session, actor, task.id, {"decision": "report"})
    except LianxinError as refused:
        return refused.message
    return ""


def _batch(session: Session, actor: Actor, studio_id: int, case: Case) -> ReportBatch:
    now = clock.now()
    year = clock.local(now).year
    studio = session.scalars(select(Organisation).where(Organisation.id == studio_id).with_for_update()).one()
    last = select(func.max(ReportBatch.sequence)).where(ReportBatch.studio_id == studio_id, ReportBatch.year == year)
    sequence = (session.scalar(last) or 0) + 1
    street = organisation.department_of(session, case.street_id)
    batch = ReportBatch(
        studio_id=studio_id, year=year, sequence=sequence, studio_name=studio.name, receiver_id=street.id,
        number=f"{studio.name.removesuffix('党代表工作室')}报〔{year}〕{sequence}号", receiver_name=street.name,
        by_id=actor.person_id, by_name=actor.name, at=now,
    )  # fmt: skip
    session.add(batch)
    session.flush()
    return batch


def batches(session: Session, actor: Actor, studio_id: int, limit: int = 20) -> list[tuple[ReportBatch, int]]:
    """The studio's reports, the latest first, with how many forms each carried."""
    require(actor, Verb.CASE_REGISTER, organisation.organisation_scope(session, studio_id))
    carried = select(func.count()).where(ReportItem.batch_id == ReportBatch.id, ReportItem.position > 0)
    query = select(ReportBatch, carried.correlate(ReportBatch).scalar_subquery())
    query = query.where(ReportBatch.studio_id == studio_id).order_by(ReportBatch.id.desc()).limit(limit)
    return [(row[0], row[1]) for row in session.execute(query)]


def batch_of(session: Session, actor: Actor, batch_id: int) -> tuple[ReportBatch, list[Row]]:
    """A report of the actor's studio with its forms: those of the cover list first, then those that stayed behind."""
    batch = session.get(ReportBatch, batch_id)
    if batch is None:
        raise NotFound
    scope = organisation.organisation_scope(session, batch.studio_id)
    require(actor, Verb.CASE_REGISTER, scope)
    query = select(ReportItem, Case).join(Case, Case.id == ReportItem.case_id).where(ReportItem.batch_id == batch_id)
    query = query.order_by(ReportItem.position == 0, ReportItem.position, ReportItem.id)
    return batch, [
        Row(row.ReportItem, row.Case, row.ReportItem.position > 0 and row.Case.sent_street_at is None)
        for row in session.execute(query)
    ]
