"""Looking for cases that nothing would ever move again: no task, no timer, no message to wait for, and no incident.

Such a case is a mistake of a diagram or of ours. It must be found by us, not by the resident who waits.
"""

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from engine.cases.models import Case
from engine.work import operations as work
from engine.work.models import Deadline, Incident, Instance, Subscription, Task

CAUSE = "stuck"
MESSAGE = "此件没有待办任务，也没有等待的时限或消息，将无人办理。请管理员检查流程图后处理。"
BATCH = 200


def check_stuck(session: Session) -> int:
    """Raise an incident for each open case that waits for nothing; returns how many new ones.

    The rows are locked and those locked by others left out, so that two looking at once do not report twice.
    """
    found = [*_instances(session), *_cases_without_instance(session)]
    for case_id, instance_id, process_id in found:
        work.raise_incident(session, CAUSE, MESSAGE, case_id=case_id, instance_id=instance_id, process_id=process_id)
    return len(found)


def _instances(session: Session) -> list[tuple[int | None, int | None, str]]:
    query = (
        select(Instance.case_id, Instance.id, Instance.process_id)
        .where(Instance.status == "open")
        .where(*(~exists().where(table.instance_id == Instance.id) for table in (Task, Deadline, Subscription)))
        .where(~_open_incident(Incident.instance_id == Instance.id))
    )
    query = query.order_by(Instance.id).limit(BATCH).with_for_update(skip_locked=True, of=Instance)
    return [(row.case_id, row.id, row.process_id) for row in session.execute(query)]


def _cases_without_instance(session: Session) -> list[tuple[int | None, int | None, str]]:
    running = exists().where(Instance.case_id == Case.id, Instance.status != "ended")
    query = select(Case.id).where(Case.closed_at.is_(None), ~running, ~_open_incident(Incident.case_id == Case.id))
    query = query.order_by(Case.id).limit(BATCH).with_for_update(skip_locked=True, of=Case)
    return [(case_id, None, "") for case_id in session.scalars(query)]


def _open_incident(same: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(same, Incident.resolved_at.is_(None))
