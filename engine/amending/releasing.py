"""Releasing: a second person puts a notice or a value in force; then every running limit is asked again (R72, R88).

The release is one act. What follows is done in small transactions from a cursor: whoever continues (the request that
released, the watch of any process), a killed one loses at most its own step, and asking twice moves nothing twice.
"""

import time
from datetime import date, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from engine import clock, instances
from engine.access import Actor, Verb, require
from engine.amending.checking import Draft, changes
from engine.amending.examining import AT_ONCE, STEP, move_row, next_instances
from engine.amending.proposing import check_notice, locked
from engine.amendments.models import Amendment, AmendmentMove
from engine.calendar import Calendar
from engine.catalogue.act import Act
from engine.db import Begin
from engine.errors import Conflict, LianxinError
from engine.notices import operations as notices
from engine.parameters import operations as parameters
from engine.work import operations as work
from engine.work.models import Instance, Task
from engine.workdays import operations as workdays
from engine.workdays import queries
from engine.workdays.models import MissingYear

VERBS = {"notice": Verb.CALENDAR_RELEASE, "parameter": Verb.PARAMETERS_CHANGE}
NOTICE = "deadline_moved"


def release(session: Session, actor: Actor, amendment_id: int) -> Amendment:
    """Put it in force. Conflict when it is decided already, when the same person proposed it, or when it is not
    plausible any more (another notice came between)."""
    amendment = locked(session, amendment_id)
    require(actor, VERBS[amendment.kind])
    if amendment.state != "proposed":
        raise Conflict("这份草案已经发布或撤回，请刷新页面查看。")
    if amendment.proposed_by_id == actor.person_id:
        raise Conflict("录入和发布须由两个人完成。请市委组织部另一位同事核对后发布。")
    if amendment.kind == "notice":
        amendment.effects = list(_record_notice(session, actor, Draft.of(amendment.content)))
    else:
        content = amendment.content
        since = date.fromisoformat(content["effective_from"])
        parameters.set_value(session, content["name"], content["value"], since, amendment.proposed_by_id)
        amendment.effects = [amendment.title]
    amendment.state, amendment.released_at = "released", clock.now()
    amendment.released_by_id, amendment.released_by_name = actor.person_id, actor.name
    session.execute(delete(AmendmentMove).where(AmendmentMove.amendment_id == amendment.id))
    amendment.cursor = amendment.examined = amendment.failed = 0
    amendment.examined_at = None
    amendment.total = session.scalar(select(func.count()).select_from(Instance).where(Instance.status == "open")) or 0
    carry_on(session, amendment, AT_ONCE)
    return amendment


def _record_notice(session: Session, actor: Actor, draft: Draft) -> list[str]:
    wrong = [remark.sentence for remark in check_notice(session, actor, draft) if remark.level == "error"]
    if wrong:
        raise Conflict(wrong[0])
    before = queries.calendar(session)
    said = changes(draft, before, Calendar([*before.rows(), *draft.rows]))
    workdays.record_notice(session, notice=draft.number, issued=draft.issued, days=draft.days, scope=draft.scope)
    missing = session.get(MissingYear, draft.year)
    if missing is not None and missing.filled_at is None and queries.calendar(session).covers(draft.year):
        missing.filled_at = clock.now()
    return said


def carry_on(session: Session, amendment: Amendment, seconds: float) -> None:
    """Ask the next running instances again until the time is up or all are through; then the amendment is done."""
    last = time.monotonic() + seconds
    while amendment.state == "released":
        rows = next_instances(session, amendment)
        for instance in rows:
            _move(session, amendment, instance.id)
            amendment.cursor, amendment.examined = instance.id, amendment.examined + 1
        if len(rows) < STEP:
            amendment.state, amendment.examined_at = "done", clock.now()
        session.flush()
        if time.monotonic() > last:
            break


def _move(session: Session, amendment: Amendment, instance_id: int) -> None:
    """One instance, as a whole or not at all; one that cannot be asked becomes an incident and holds up nobody."""
    instance = instances.locked(session, instance_id)
    if instance.status != "open":
        return
    act = Act(session, instances.case_of(session, instance), instance.id)
    reason = f"{amendment.title}（{amendment.proposed_by_name}录入，{amendment.released_by_name}发布）"
    try:
        with session.begin_nested():
            moves = instances.recompute(session, instance, act, reason)
            session.add_all(move_row(amendment, instance, move) for move in moves)
            for move in moves:
                if move.limit:
                    _tell(session, act, move, amendment.title)
            if moves and act.handling is not None and act.handling.state == "open":
                act.handling.first_due_on = act.calendar.working_days(
                    act.handling.received_on, act.parameter("answer_limit")
                )
            session.flush()
    except LianxinError as problem:
        amendment.failed += 1
        work.raise_incident(
            session, "recompute_failed", f"“{amendment.title}”发布后，此件的截止日未能重算：{problem}",
            case_id=instance.case_id, instance_id=instance.id, process_id=instance.process_id,
        )  # fmt: skip


def _tell(session: Session, act: Act, move: instances.Move, title: str) -> None:
    """The holder of the step (or its pool) and the signing delegate learn the new day."""
    old, new = (clock.local(moment - timedelta(microseconds=1)).date() for moment in (move.old, move.new))
    case = act.case
    subject = f"{case.number or ''}截止日由{old}改为{new}"
    body = f"因“{title}”，“{move.name}”的截止日由{old}改为{new}，请按新的截止日办理。"
    task = session.get(Task, move.task_id) if move.task_id else None
    if task is not None:
        person = task.assignee_id or task.person_id
        notices.tell(
            session, NOTICE, subject, body, case_id=case.id, person_id=person,
            organisation_id=None if person else task.organisation_id, duty="" if person else task.duty,
        )  # fmt: skip
    if case.delegate_person_id and (task is None or case.delegate_person_id not in (task.assignee_id, task.person_id)):
        notices.tell(session, NOTICE, subject, body, case_id=case.id, person_id=case.delegate_person_id)


def step(begin: Begin) -> int:
    """Continue one released amendment by a handful of instances in a transaction of its own; how many."""
    with begin() as session:
        waiting = select(Amendment).where(Amendment.state == "released").order_by(Amendment.id).limit(1)
        amendment = session.scalars(waiting.with_for_update(skip_locked=True)).first()
        if amendment is None:
            return 0
        done = amendment.examined
        carry_on(session, amendment, 0)
        return max(amendment.examined - done, 1)
