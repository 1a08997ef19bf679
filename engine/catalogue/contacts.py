"""How a reporter is reached, as one person may see it: decided by the policy alone (R99)."""

from engine import access
from engine.access import Actor, CaseScope, Verb
from engine.cases import masking
from engine.cases.masking import Contact
from engine.cases.models import Case


def contact(actor: Actor, case: Case, scope: CaseScope) -> Contact:
    """In full for whoever has to reach the reporter, else masked."""
    return masking.contact(
        case, full=access.may(actor, Verb.CONTACT_READ, scope), may_reveal=access.may(actor, Verb.CONTACT_REVEAL, scope)
    )
