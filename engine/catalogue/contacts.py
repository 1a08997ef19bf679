"""How a reporter is reached and who he is, as one person may see it: decided by the policy alone (R99, A28)."""

from engine import access
from engine.access import Actor, CaseScope, Verb
from engine.cases import masking
from engine.cases.masking import Contact
from engine.cases.models import Case
from engine.catalogue import scopes


def contact(actor: Actor, case: Case, scope: CaseScope) -> Contact:
    """In full for whoever has to reach the reporter, else masked."""
    return masking.contact(
        case, full=access.may(actor, Verb.CONTACT_READ, scope), may_reveal=access.may(actor, Verb.CONTACT_REVEAL, scope)
    )


def hides_reporter(actor: Actor, case: Case) -> bool:
    """不公开身份: does this person read the case as its handling unit alone, and not as studio, department or delegate?
    Then nothing that shows who the reporter is may be served to him (A28)."""
    return case.confidential and not access.reach(actor).covers(scopes.plain_scope(case))
