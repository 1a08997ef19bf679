"""Loading a case is being allowed to: nobody holds one he may not see (R54)."""

from sqlalchemy.orm import Session

from engine import access
from engine.access import Actor, Verb
from engine.cases.models import Case, Signature
from engine.catalogue import contacts, scopes
from engine.errors import NotFound


def readable(session: Session, actor: Actor, case_id: int, verb: Verb = Verb.CASE_READ) -> Case:
    """The case; NotFound when there is none or it is outside the actor's reach."""
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    access.require(actor, verb, scopes.case_scope(session, case))
    return case


def signature(session: Session, actor: Actor, signature_id: int) -> bytes:
    """The picture of a signature made by hand, for those who may read its case; else NotFound. The reporter's is
    not for the unit when he asked for secrecy (A28)."""
    row = session.get(Signature, signature_id)
    if row is None or row.image is None:
        raise NotFound()
    case = readable(session, actor, row.case_id)
    if row.party == "reporter" and contacts.hides_reporter(actor, case):
        raise NotFound
    return row.image
