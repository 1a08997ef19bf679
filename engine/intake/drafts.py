"""草稿: registrations that are not finished. Each has a key its page made up, so that a liaison may have several, and
go on with each of them at another computer."""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, Verb, require
from engine.attachments.models import Attachment
from engine.cases.models import Case, Draft
from engine.errors import Conflict, Invalid
from engine.organisation import queries as organisation

FORM = "registration"
MOST = 50
MOST_TEXT = 200_000  # characters of all fields together


def save_draft(session: Session, actor: Actor, studio_id: int, submitted: Mapping[str, Any], key: str = "") -> Draft:
    """暂存 a registration that is not finished; it has no number yet (A21). The same key is the same draft."""
    require(actor, Verb.CASE_REGISTER, organisation.organisation_scope(session, studio_id))
    data = {name: value for name, value in submitted.items() if isinstance(value, str)}
    if len(json.dumps(data, ensure_ascii=False)) > MOST_TEXT:
        raise Invalid("草稿太长，没有保存。请删减后再暂存。")
    draft = draft_of(session, actor, key)
    if draft is None:
        if len(drafts_of(session, actor)) >= MOST:
            raise Conflict(f"最多保存 {MOST} 份草稿，请先登记或删去不用的。")
        draft = Draft(
            person_id=actor.person_id, task_id=None, form=FORM, key=key[:32], data={}, saved_at=clock.now()
        )  # fmt: skip
        session.add(draft)
    draft.data, draft.saved_at = data | {"studio_id": str(studio_id)}, clock.now()
    session.flush()
    return draft


def draft_of(session: Session, actor: Actor, key: str = "") -> Draft | None:
    """The actor's own draft of that key."""
    query = select(Draft).where(
        Draft.person_id == actor.person_id, Draft.task_id.is_(None), Draft.form == FORM, Draft.key == key
    )
    return session.scalars(query.order_by(Draft.saved_at.desc(), Draft.id.desc())).first()


def drafts_of(session: Session, actor: Actor) -> Sequence[Draft]:
    """All the actor's unfinished registrations, the last touched first."""
    query = select(Draft).where(Draft.person_id == actor.person_id, Draft.task_id.is_(None), Draft.form == FORM)
    return session.scalars(query.order_by(Draft.saved_at.desc(), Draft.id.desc())).all()


def another_key(session: Session, actor: Actor, key: str) -> str:
    """`key`, or, when a form was registered from its page already, a new one, which the draft has from here on."""
    used = select(Case.id).where(Case.registered_by_id == actor.person_id, Case.draft_key == key)
    if not key or session.scalars(used).first() is None:
        return key
    fresh, draft = secrets.token_urlsafe(12), draft_of(session, actor, key)
    if draft is not None:
        draft.key = fresh
    return fresh


def discard_draft(session: Session, actor: Actor, key: str) -> None:
    """Throw a draft away, with the files added to it; nothing happens when there is none."""
    forget(session, draft_of(session, actor, key))


def forget(session: Session, draft: Draft | None) -> None:
    """The row of a draft goes; files that still belong to it go with it."""
    if draft is not None:
        session.execute(delete(Attachment).where(Attachment.draft_id == draft.id))
        session.delete(draft)
        session.flush()
