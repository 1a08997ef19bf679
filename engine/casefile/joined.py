"""Cases about one matter (并案, R58): which one leads, which ones wait for its answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import access
from engine.access import Actor, Verb
from engine.cases.models import Case
from engine.catalogue import scopes


@dataclass(frozen=True)
class Member:
    """A case as the page of another shows it. `readable`: the actor may open it; a unit reads what it says, because it
    answers it too, and not who said it."""

    id: int
    number: str
    summary: str
    content: str
    state: str
    readable: bool


@dataclass(frozen=True)
class Joined:
    """`lead`: whose answer this case waits for or took; `members`: the cases that joined this one."""

    lead: Member | None = None
    members: Sequence[Member] = ()


def joined(session: Session, actor: Actor, case: Case) -> Joined:
    """The cases joined with this one; nothing is asked of the database for a case that stands alone."""
    lead = session.get(Case, case.merged_into_id) if case.merged_into_id else None
    query = select(Case).where(Case.merged_into_id == case.id).order_by(Case.id)
    members = session.scalars(query).all() if case.leads else ()
    return Joined(_member(session, actor, lead) if lead else None, [_member(session, actor, row) for row in members])


def _member(session: Session, actor: Actor, case: Case) -> Member:
    may = access.may(actor, Verb.CASE_READ, scopes.case_scope(session, case))
    return Member(case.id, case.number, case.summary, case.content, case.state, may)
