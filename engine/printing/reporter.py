"""How much of the reporter a paper shows: in full to those who have to reach him, masked to the others (R99, A28)."""

from dataclasses import dataclass

from engine.access import Actor, CaseScope
from engine.cases import masking
from engine.cases.masking import Contact
from engine.cases.models import Case
from engine.catalogue import contacts

HIDDEN = "不公开"


@dataclass(frozen=True)
class Reporter:
    """反映人情况 as printed."""

    name: str
    gender: str
    age: int | None
    phone: str
    employer: str
    employer_address: str
    address: str
    address_phone: str


def in_full(case: Case) -> Reporter:
    """Everything that was written down."""
    return _reporter(case, masking.contact(case, full=True))


def shown(actor: Actor, case: Case, scope: CaseScope) -> Reporter:
    """What this reader's paper says: telephone and address as on the pages; nothing at all of one who asked for it
    (不公开身份) but to the studio, the delegate and the organisation departments."""
    if contacts.hides_reporter(actor, case):
        return Reporter(HIDDEN, "", None, "", "", "", "", "")
    return _reporter(case, contacts.contact(actor, case, scope))


def _reporter(case: Case, contact: Contact) -> Reporter:
    return Reporter(
        name=case.reporter_name or "不署名",
        gender=case.reporter_gender,
        age=case.reporter_age,
        phone=contact.phone,
        employer=case.reporter_employer,
        employer_address=contact.employer_address,
        address=contact.address,
        address_phone=contact.address_phone,
    )
