"""What a department does with a review beside its form: 分项转交 and 下转, and whether it may (R57, R58)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from engine.access import Actor
from engine.cases.models import Case
from engine.catalogue import scopes, tiers
from engine.errors import Conflict, Invalid, NotFound
from engine.tasks.doing import Completed, finish, may_complete
from engine.tasks.reading import Locked, locked_task, readable
from engine.tasks.reviewing import ROLE, may_return, members
from engine.work.models import Task

LEAST_ITEMS, MOST_ITEMS = 2, 9
LONGEST, LONGEST_BASIS = 600, 300


def review(session: Session, actor: Actor, task_id: int) -> Locked:
    """The review the actor holds, locked; Conflict for a task that is none, or one of a sub-item."""
    locked = locked_task(session, actor, task_id)
    if locked.task.role != ROLE or locked.task.handling_id is not None:
        raise Conflict("只有受理审查环节可以这样办理，请回到受理审查页面。")
    may_complete(session, actor, locked.task, locked.scope)
    return locked


def held(session: Session, actor: Actor, task_id: int) -> tuple[Task, Case]:
    """The same without a lock, for a page about the review."""
    task, case = readable(session, actor, task_id)
    if task.role != ROLE or task.handling_id is not None:
        raise NotFound
    may_complete(session, actor, task, scopes.task_scope(session, task, case))
    return task, case


def may(session: Session, actor: Actor, task_id: int, way: str) -> None:
    """Before the page of 分项转交 ("split"), 并案 ("merge"), 下转 ("send_down") or 退回补正 ("return") opens: refused
    as the act itself would be."""
    task, case = held(session, actor, task_id)
    may_decide(session, task, case, way)


def may_decide(session: Session, task: Task, case: Case, way: str) -> None:
    """Conflict with a sentence where the case cannot go this way now."""
    if way == "return":
        if not may_return(task, case):
            raise Conflict("只有街道首次受理审查时可以退回工作室补正；上级来的件请重新上报，并案的主件请先拆并。")
        return
    if way != "split" and case.instruction:
        raise Conflict(f"市委已有批示，请按批示转交承办，不能{_NAMES[way]}。")
    if way == "send_down" and tiers.below(case.tier) in (None, "community"):
        raise Conflict("街道是最低一级受理层级，不能再下转；登记表需要补正的，请退回党代表工作室。")
    if way == "split" and members(session, case):
        raise Conflict("本件是并案的主件，不能再分项。请先拆并，再分项转交。")


_NAMES = {"send_down": "下转", "merge": "并案"}


def send_down(session: Session, actor: Actor, task_id: int, form: Mapping[str, Any]) -> Completed:
    """下转: the upper tier gives the case to the tier below, with its reason (R57, A14). `form`: `reason`."""
    locked = review(session, actor, task_id)
    reason = str(form.get("reason", "")).strip()
    if not reason or len(reason) > LONGEST_BASIS:
        raise Invalid(
            "请写明下转的理由。", errors={"reason": f"请写明理由，不超过{LONGEST_BASIS}字；理由会记入办理过程。"}
        )
    may_decide(session, locked.task, locked.case, "send_down")
    return finish(session, actor, locked, {"decision": "send_down", "basis": reason, "reason": reason})


def split(session: Session, actor: Actor, task_id: int, form: Mapping[str, Any]) -> Completed:
    """分项转交: each matter of the form to a unit of its own, all under one number (R58, A16). `form`: `basis`, and
    `text_1`, `unit_1`, `text_2` …; rows left empty do not count. Invalid names every wrong field."""
    locked = review(session, actor, task_id)
    may_decide(session, locked.task, locked.case, "split")
    rows, errors = items_of(form)
    basis = str(form.get("basis", "")).strip()
    if not basis or len(basis) > LONGEST_BASIS:
        errors["basis"] = f"请写明管理权限依据，不超过{LONGEST_BASIS}字。"
    if len(rows) < LEAST_ITEMS:
        errors.setdefault("text_2", f"分项转交至少要有{LEAST_ITEMS}项；只有一件事的，请直接转交。")
    if errors:
        raise Invalid(f"有 {len(errors)} 处需要修改，请看标红的栏目。", errors=errors)
    return finish(session, actor, locked, {"decision": "split", "basis": basis, "items": rows})


def items_of(form: Mapping[str, Any]) -> tuple[Sequence[dict[str, str]], dict[str, str]]:
    """The rows somebody filled in, and a sentence per wrong field; the rows move up where one was left empty."""
    rows, errors = [], {}
    for number in range(1, MOST_ITEMS + 1):
        text, unit = (str(form.get(f"{name}_{number}", "")).strip() for name in ("text", "unit"))
        if not text and not unit:
            continue
        rows.append({"text": text, "unit_id": unit})
        if not text or len(text) > LONGEST:
            errors[f"text_{number}"] = f"请写明第{number}项是什么事，不超过{LONGEST}字。"
        if not unit:
            errors[f"unit_{number}"] = "请选择本级的承办单位。"
    return rows, errors
