"""退回补正: the street gives a registration form back to the studio that filled it in (R57, A15)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from engine.access import Actor
from engine.errors import Invalid
from engine.tasks.doing import Completed, finish
from engine.tasks.routing import may_decide, review

LONGEST = 300


def return_to_studio(session: Session, actor: Actor, task_id: int, form: Mapping[str, Any]) -> Completed:
    """退回补正 with its reason: the studio amends, the delegate signs again, and the case is back at this review
    without another report. `form`: `reason`."""
    locked = review(session, actor, task_id)
    reason = str(form.get("reason", "")).strip()
    if not reason or len(reason) > LONGEST:
        raise Invalid("请写明退回的理由。", errors={"reason": f"请写明需要补正什么，不超过{LONGEST}字；工作室会看到。"})
    may_decide(session, locked.task, locked.case, "return")
    return finish(session, actor, locked, {"decision": "return_to_studio", "basis": reason, "reason": reason})
