"""How much of the reporter a paper shows: in full to those who have to reach him, masked to the others (R99, A28)."""

from dataclasses import dataclass, replace

from engine import access
from engine.access import Actor, CaseScope, Verb
from engine.cases.models import Case

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
    return Reporter(
        name=case.reporter_name or "不署名",
        gender=case.reporter_gender,
        age=case.reporter_age,
        phone=case.reporter_phone,
        employer=case.reporter_employer,
        employer_address=case.reporter_employer_address,
        address=case.reporter_address,
        address_phone=case.reporter_address_phone,
    )


def shown(actor: Actor, case: Case, scope: CaseScope) -> Reporter:
    """What this reader's paper says: the studio, the delegate, the organisation departments of the area and the
    handling unit reach him and read all of it; a unit learns nothing of one who asked for it (不公开身份)."""
    full = in_full(case)
    if access.may(actor, Verb.LEDGER_READ, scope) or actor.person_id == case.delegate_person_id:
        return full
    units = {post.organisation_id for post in actor.posts if post.kind == "unit"}
    if case.confidential:
        return Reporter(HIDDEN, "", None, "", "", "", "", "")
    if units & scope.organisation_ids:
        return full
    return replace(full, phone=masked(full.phone), address_phone=masked(full.address_phone))


def masked(phone: str) -> str:
    """138****0000: the first three and the last four digits, however it was written; shorter ones the last two.

    >>> masked("13800001234"), masked("0755-2555 0000"), masked("110"), masked("")
    ('138****1234', '075****0000', '*10', '')
    """
    digits = "".join(character for character in phone if character.isdigit())
    if len(digits) < 8:
        return "*" * max(len(digits) - 2, 0) + digits[-2:]
    return f"{digits[:3]}****{digits[-4:]}"
