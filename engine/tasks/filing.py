"""What a unit files beside its answer: 登记收文 and 办理方案 (article 11 「及时登记并办理」, R59, R75)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, Verb, require
from engine.cases.models import Case
from engine.catalogue import receipt_operations, scopes
from engine.catalogue.act import Act
from engine.errors import Conflict
from engine.tasks.doing import act_on, checked
from engine.tasks.reading import beside, locked_task, readable
from engine.work.models import Task


@dataclass(frozen=True)
class FilingView:
    """The answer task a unit files something beside, and what its forms start with."""

    task: Task
    case: Case
    values: dict[str, str]


def filing_view(session: Session, actor: Actor, task_id: int) -> FilingView:
    """For the pages of these acts; NotFound, Forbidden and Conflict as they."""
    task, case = readable(session, actor, task_id)
    require(actor, Verb.HANDLING_FILE, scopes.task_scope(session, task, case))
    handling = Act(session, case, task.instance_id).handling
    if task.role != "answer" or handling is None:
        raise Conflict("只有正在办理的来文才能登记收文、填报办理方案。")
    known = {
        "number": handling.receipt_number,
        "received_on": (handling.receipt_on or clock.today()).isoformat(),
        "handler_id": str(handling.handler_id or actor.person_id),
        "plan": handling.plan,
    }
    return FilingView(task, case, known)


def register_receipt(session: Session, actor: Actor, task_id: int, form: Mapping[str, Any]) -> str:
    """登记收文 with the unit's own number, date and 办理人员; returns what to tell. Invalid, Conflict, and as every act
    NotFound or Forbidden."""
    number = _file(session, actor, task_id, "receipt", form, receipt_operations.register_receipt)
    return f"已登记收文：{number}。办理时限自收到来文之日起算，不因登记而变化。"


def file_plan(session: Session, actor: Actor, task_id: int, form: Mapping[str, Any]) -> str:
    """办理方案 and 办理人员; returns what to tell."""
    _file(session, actor, task_id, "plan", form, receipt_operations.file_plan)
    return "办理方案已填报，组织部门、工作室和市党代表可以看到。"


def _file(
    session: Session, actor: Actor, task_id: int, name: str, form: Mapping[str, Any], write: Callable[[Act], None]
) -> str:
    locked = locked_task(session, actor, task_id)
    task = locked.task
    require(actor, Verb.HANDLING_FILE, locked.scope)
    if task.role != "answer":
        raise Conflict("只有正在办理的来文才能登记收文、填报办理方案。")
    act = act_on(session, actor, locked.case, task, checked(beside(session, task.instance_id, name), form))
    locked.known_to(act)
    write(act)
    return act.current_handling().receipt_number
