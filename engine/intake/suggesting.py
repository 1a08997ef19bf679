"""What the registration page offers while somebody types: opinions that may be the same, the delegate of last time."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, Verb, require
from engine.cases import queries
from engine.cases.models import Case
from engine.cases.queries import Likely
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation


def similar(
    session: Session, actor: Actor, studio_id: int, text: str, chosen: Collection[int] = ()
) -> list[Likely]:  # fmt: skip
    """Opinions of the same community of the last 30 days that resemble what is typed; never another studio's."""
    require(actor, Verb.CASE_REGISTER, organisation.organisation_scope(session, studio_id))
    studio = session.get_one(Organisation, studio_id)
    return queries.similar(session, studio.place_id, text, clock.now(), chosen=chosen)


def usual_delegate(session: Session, studio_id: int, delegates: Collection[str]) -> str:
    """Whom the form starts with: the one delegate there is, else the one of the studio's last registration; ""."""
    if len(delegates) == 1:
        return next(iter(delegates))
    query = select(Case.delegate_id).where(Case.studio_id == studio_id).order_by(Case.id.desc()).limit(1)
    last = str(session.scalar(query) or "")
    return last if last in delegates else ""
