"""查看联系方式 for a reason: shown once, and the case's history says who looked, when and why (R99)."""

from sqlalchemy.orm import Session

from engine.access import Actor, Verb
from engine.casefile.reading import readable
from engine.cases import masking
from engine.cases.masking import Contact
from engine.cases.models import Case
from engine.errors import Invalid
from engine.work import operations as work

LEAST, MOST = 4, 200


def reveal(session: Session, actor: Actor, case_id: int, reason: str) -> tuple[Case, Contact]:
    """The contact in full, for this answer only; Invalid without a reason, Forbidden or NotFound for everybody who may
    not ask. Who has the right by his part in the case need not ask."""
    case = readable(session, actor, case_id, Verb.CONTACT_REVEAL)
    reason = reason.strip()
    if not LEAST <= len(reason) <= MOST:
        raise Invalid(
            f"请写明查看联系方式的理由（{LEAST}至{MOST}个字），理由会记入日志。",
            errors={"reason": f"请写明理由，{LEAST}至{MOST}个字。"},
        )
    work.record(
        session, "contact_revealed", case_id=case.id, element_name="联系方式", actor_id=actor.person_id,
        actor_name=actor.name, tier=case.tier, opinion=reason,
    )  # fmt: skip
    return case, masking.contact(case, full=True)
