"""What every intervention begins with: the right to it, a reason, the locked instance."""

from sqlalchemy.orm import Session

from engine import instances
from engine.access import Actor, Verb, require
from engine.catalogue.act import Act
from engine.errors import Invalid
from engine.work.models import Instance

LONGEST_RESULT = 80  # history.result


def begin(session: Session, actor: Actor, instance_id: int, reason: str) -> tuple[Instance, Act]:
    """The instance, locked, and the act on it. Forbidden without `instance.operate`, Invalid without a reason, NotFound
    for an unknown instance."""
    require(actor, Verb.INSTANCE_OPERATE)
    if not reason.strip():
        raise Invalid("请写明理由，理由会记入办理过程。", errors={"reason": "请写明理由。"})
    instance = instances.locked(session, instance_id)
    act = Act(session, instances.case_of(session, instance), instance.id, actor=actor)
    act.organisation_id = next((post.organisation_id for post in actor.posts if post.kind == "administration"), None)
    return instance, act


def short(text: str) -> str:
    """A result as long as the history can hold."""
    return text if len(text) <= LONGEST_RESULT else text[: LONGEST_RESULT - 1] + "…"
