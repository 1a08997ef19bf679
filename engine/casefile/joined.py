"""Cases about one matter (并案, R58): which one leads, which ones wait for its answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import access
from engine.access import Actor, Verb
from engine.cases.models import Case
from engine.catalogue import scopes
from engine.catalogue.merging import MERGED
from engine.organisation.models import Organisation
from engine.work.models import Task


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
    """`lead`: whose answer this case waits for or took; `members`: the cases that joined this one. While this one
    waits, `unit` has the leading case until `due_on`; "" and None otherwise."""

    lead: Member | None = None
    members: Sequence[Member] = ()
    unit: str = ""
    due_on: date | None = None


def joined(session: Session, actor: Actor, case: Case) -> Joined:
    """The cases joined with this one; nothing is asked of the database for a case that stands alone."""
    lead = session.get(Case, case.merged_into_id) if case.merged_into_id else None
    query = select(Case).where(Case.merged_into_id == case.id).order_by(Case.id)
    members = session.scalars(query).all() if case.leads else ()
    unit, due_on = _waits_for(session, lead) if lead is not None and case.state == MERGED else ("", None)
    told = _member(session, actor, lead) if lead else None
    return Joined(told, [_member(session, actor, row) for row in members], unit, due_on)


def _waits_for(session: Session, lead: Case) -> tuple[str, date | None]:
    query = select(Organisation.name, Task.due_on).join(Organisation, Organisation.id == Task.organisation_id)
    found = session.execute(query.where(Task.case_id == lead.id, Task.role == "answer").limit(1)).first()
    return (found[0], found[1]) if found else ("", None)


def _member(session: Session, actor: Actor, case: Case) -> Member:
    may = access.may(actor, Verb.CASE_READ, scopes.case_scope(session, case))
    return Member(case.id, case.number, case.summary, case.content, case.state, may)
