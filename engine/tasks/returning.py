"""退回补正: the street gives a registration form back to the studio that filled it in (R57, A15)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from engine.access import Actor
from engine.errors import Conflict, Invalid
from engine.tasks.doing import Completed, finish
from engine.tasks.reviewing import may_return
from engine.tasks.routing import review

LONGEST = 300


def return_to_studio(session: Session, actor: Actor, task_id: int, form: Mapping[str, Any]) -> Completed:
    """退回补正 with its reason: the studio amends, the delegate signs again, and the case is back at this review
    without another report. `form`: `reason`."""
    locked = review(session, actor, task_id)
    reason = str(form.get("reason", "")).strip()
    if not reason or len(reason) > LONGEST:
        raise Invalid("请写明退回的理由。", errors={"reason": f"请写明需要补正什么，不超过{LONGEST}字；工作室会看到。"})
    if not may_return(locked.task, locked.case):
        raise Conflict("只有街道首次受理审查时可以退回工作室补正；上级来的件请重新上报，并案的主件请先拆并。")
    return finish(session, actor, locked, {"decision": "return_to_studio", "basis": reason, "reason": reason})
