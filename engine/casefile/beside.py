"""What a person may do to a case now beside its tasks: the delegates' words, co-signers, deliveries (article 11)."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from engine import access, clock
from engine.access import Actor, CaseScope, Verb
from engine.casefile.file import CaseFile
from engine.catalogue import scopes
from engine.organisation.models import Delegate, Person

BEFORE_REPORT = ("awaiting_signature", "awaiting_report")


@dataclass(frozen=True)
class HandlingActs:
    """`phone`: write down the delegate's word; `confirm`: stand by it; `view`: object as a co-signer; `deliver`: ids of
    copies whose delivery this person may record."""

    phone: bool
    confirm: bool
    view: bool
    cosigner: bool
    replace: bool
    deliver: frozenset[int]

    def __bool__(self) -> bool:
        return self.phone or self.confirm or self.view or self.cosigner or self.replace


def handling_acts(session: Session, actor: Actor, file: CaseFile) -> HandlingActs:
    """Decided from what the page has loaded, and the scope of the case."""
    scope, case, roles = scopes.case_scope(session, file.case), file.case, {step.task.role for step in file.steps}
    extensions = [row for handling in file.handlings for row in handling.extensions]
    said = {(row.extension_id, row.person_id) for handling in file.handlings for row in handling.views}
    open_ones = [
        row for handling in file.handlings if handling.handling.state == "open" for row in handling.extensions[-1:]
        if row.decision in ("", "consented", "disputed") and (row.id, actor.person_id) not in said
    ]  # fmt: skip

    def may(verb: Verb) -> bool:
        return access.may(actor, verb, scope)

    return HandlingActs(
        phone="extension_consent" in roles and may(Verb.EXTENSION_RECORD),
        confirm=any(row.unconfirmed for row in extensions) and may(Verb.EXTENSION_CONSENT),
        view=bool(open_ones) and may(Verb.EXTENSION_VIEW),
        cosigner=case.state in BEFORE_REPORT and may(Verb.COSIGNER_ADD),
        replace=case.closed_at is None and may(Verb.DELEGATE_REPLACE) and _out_of_office(session, file),
        deliver=_deliverable(actor, file, scope, roles),
    )


def _deliverable(actor: Actor, file: CaseFile, scope: CaseScope, roles: set[str]) -> frozenset[int]:
    waiting = [row for row, _name in file.copies if row.state != "delivered"]
    if not waiting or not access.may(actor, Verb.COPY_DELIVER, scope):
        return frozenset()
    return frozenset(row.id for row in waiting if row.channel != "letter" or "letter" not in roles)


def _out_of_office(session: Session, file: CaseFile) -> bool:
    delegate, person = session.get(Delegate, file.case.delegate_id), session.get(Person, file.case.delegate_person_id)
    ended = delegate is not None and delegate.ends_on is not None and delegate.ends_on < clock.today()
    return ended or (person is not None and not person.active)
