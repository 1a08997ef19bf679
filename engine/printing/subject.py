"""The case a paper is about: loaded and authorised in one step, with what every paper says of it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import access, clock
from engine.access import Actor, CaseScope, Verb
from engine.attachments.models import Attachment
from engine.cases import versions
from engine.cases.models import Case, Signature
from engine.catalogue import scopes
from engine.catalogue.leading import leader
from engine.errors import NotFound
from engine.handlings.models import Handling
from engine.organisation.models import Organisation, Person
from engine.parameters import queries as parameters
from engine.printing.reporter import Reporter, shown
from engine.workdays import lamps
from engine.workdays.queries import calendar


@dataclass(frozen=True)
class Subject:
    """A case the actor may read, and how much of the reporter the paper says."""

    session: Session
    actor: Actor
    case: Case
    scope: CaseScope
    person: Reporter

    def organisation(self, organisation_id: int | None) -> str:
        """Its name, "" for none."""
        row = self.session.get(Organisation, organisation_id) if organisation_id else None
        return row.name if row else ""

    def someone(self, person_id: int | None) -> Person | None:
        """A person of the house."""
        return self.session.get(Person, person_id) if person_id else None

    def name(self, person_id: int | None) -> str:
        """Somebody's name, "" for nobody."""
        row = self.someone(person_id)
        return row.name if row else ""

    def leader(self, at: datetime) -> str:
        """The delegate who led the case at that moment (R64)."""
        return leader(self.session, self.case, at)

    def contact(self, person_id: int | None) -> str:
        """Name and telephone of somebody in office."""
        row = self.someone(person_id)
        return f"{row.name} {row.phone}".strip() if row else ""

    def due(self, handling: Handling, *, extended: bool | None = None) -> date:
        """The last day of a handling's limit (article 11); of the first or the extended one when asked."""
        longer = handling.extended if extended is None else extended
        name = "extended_answer_limit" if longer else "answer_limit"
        days = parameters.value(self.session, name, handling.received_on)
        return lamps.last_day(clock.end_of(calendar(self.session).working_days(handling.received_on, days)))

    def limit(self, handling: Handling, *, extended: bool = False) -> int:
        """Working days of the limit in force when the unit received it."""
        name = "extended_answer_limit" if extended else "answer_limit"
        return parameters.value(self.session, name, handling.received_on)

    def passed(self, start: date, end: date) -> int:
        """Working days from `start`, which is day 0, to `end`."""
        return calendar(self.session).between(start, end)

    def attached(self) -> int:
        """How many files belong to the form."""
        mine = (Attachment.case_id == self.case.id, Attachment.purpose == "registration")
        return self.session.scalar(select(func.count()).where(*mine)) or 0

    def number(self, handling: Handling | None = None) -> str:
        """The case's number, with -1, -2 for a sub-item (R58)."""
        return f"{self.case.number}-{handling.item}" if handling is not None and handling.item else self.case.number

    def signature(self, purpose: str, party: str) -> Signature | None:
        """The newest signature of a party; under the form only one for the content as it stands (R43), the reporter's
        also for what the delegate has only turned over to the street since (R42)."""
        query = select(Signature).where(
            Signature.case_id == self.case.id, Signature.purpose == purpose, Signature.party == party
        )
        if purpose == "registration":
            mine = party == "reporter"
            held = versions.confirmed(self.session, self.case) if mine else {self.case.content_hash}
            query = query.where(Signature.content_hash.in_(held))
        return self.session.scalars(query.order_by(Signature.id.desc())).first()


def subject(session: Session, actor: Actor, case_id: int, verb: Verb = Verb.CASE_READ) -> Subject:
    """The case behind a paper: who may read the case prints its papers. NotFound outside the actor's reach."""
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    scope = scopes.case_scope(session, case)
    access.require(actor, verb, scope)
    return Subject(session, actor, case, scope, shown(actor, case, scope))
