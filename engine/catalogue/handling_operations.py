"""Operations of limits, decline, extension and supervision (articles 10, 11; R57, R59–R63, R69, R70)."""

from typing import Any

from sqlalchemy import select

from engine import clock
from engine.catalogue import pools, telling
from engine.catalogue.act import Act
from engine.errors import Invalid
from engine.handlings.models import Handling, Reminder, Supervision


def decline(act: Act) -> dict[str, Any]:
    """退件: not competent, within two working days of receipt, with a reason (R57, A13)."""
    handling = act.current_handling()
    handling.state = "declined"
    handling.close_reason = str(act.form.get("reason", ""))
    handling.suggested_unit, handling.declined_at = str(act.form.get("suggested_unit", ""))[:80], act.now
    act.undoable("handling.reopen", handling_id=handling.id)
    act.case.arrived_on = clock.local(act.now).date()  # the department's transit target starts again
    telling.department(act, "declined")
    return {"outcome": "declined"}


def check_decline(act: Act) -> None:
    """Refuse a 退件 after the second working day."""
    limit = act.parameter("decline_target")
    last = act.calendar.working_days(act.current_handling().received_on, limit)
    if clock.local(act.now).date() > last:
        raise Invalid(
            f"退件须在收到来文之日起 {limit} 个工作日内提出（本件至 {last:%Y-%m-%d} 止），现已超过，请承办并书面反馈。"
        )


def close_handling(act: Act) -> dict[str, Any]:
    """The answer is accepted and copied to all three."""
    act.current_handling().state = "answered"
    act.record("task_done", result="答复完成")
    if act.item is None or not _others_open(act):
        telling.reporter(act, "rating_invitation")
    return {"outcome": "answered"}


def _others_open(act: Act) -> bool:
    """Does another sub-item still wait for its answer (R58)? The reporter is asked for a rating once."""
    query = select(Handling.id).where(
        Handling.case_id == act.case.id, Handling.state == "open", Handling.id != act.current_handling().id
    )
    return act.session.scalars(query.limit(1)).first() is not None


def remind(act: Act, days_before: int) -> None:
    """催办, once per limit version; superseded ones are recorded and not sent (R70)."""
    handling, due = act.current_handling(), limit_end(act)
    query = select(Reminder.id).where(
        Reminder.handling_id == handling.id,
        Reminder.days_before == days_before,
        Reminder.limit_version == handling.limit_version,
    )
    if act.session.scalars(query).first() is not None:
        return
    overdue = act.now >= due
    act.session.add(
        Reminder(
            handling_id=handling.id, days_before=days_before, limit_version=handling.limit_version,
            due_at=act.due_at or act.now, fired_at=act.now, sent=not overdue, reason="已逾期" if overdue else "",
        )
    )  # fmt: skip
    act.record("reminder_superseded" if overdue else "reminded", result=f"届满前 {days_before} 个工作日")
    if not overdue:
        telling.organisation(act, "reminder", handling.unit_id)


def limit_end(act: Act) -> Any:
    """The moment the handling's limit in force ends: 24:00 of its last day (A2)."""
    return clock.end_of(limit_day(act))


def limit_day(act: Act) -> Any:
    """The last day of the limit in force: 10, or with consent 30 working days from the same receipt (article 11)."""
    handling = act.current_handling()
    days = act.parameter("extended_answer_limit" if handling.extended else "answer_limit")
    return act.calendar.working_days(handling.received_on, days)


def raise_supervision(act: Act, step: int) -> None:
    """One rung of the ladder, once per handling: a 督办 task in a named box and messages (article 12, R69)."""
    handling = act.current_handling()
    query = select(Supervision).where(Supervision.handling_id == handling.id, Supervision.step == step)
    known = act.session.scalars(query).first()
    if known is not None:
        # The answer that closed it was returned as no answer: the same rung is open again, nobody is told twice.
        known.closed_at = None
        return
    pool = pools.supervisor(act, step)
    act.session.add(
        Supervision(
            handling_id=handling.id, case_id=act.case.id, step=step, organisation_id=pool.organisation_id,
            duty=pool.duty, due_at=act.due_at or act.now, fired_at=act.now,
        )
    )  # fmt: skip
    act.record(
        "overdue" if step == 0 else "supervised",
        result=act.organisation_name(pool.organisation_id),
        data={"step": step, "fired_at": act.now.isoformat()},
    )
    telling.organisation(act, "supervision", pool.organisation_id, pool.duty)
    if step == 0:
        telling.organisation(act, "overdue", handling.unit_id, "head")
        telling.delegate(act, "overdue")
        telling.organisation(act, "overdue", act.case.studio_id)
