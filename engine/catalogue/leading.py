"""Which delegate leads a case (R64): who signed it, until the district or city appoints another in his place."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.models import Case, CaseDelegate
from engine.organisation.models import Person


def leader(session: Session, case: Case, at: datetime | None = None) -> str:
    """The name of the delegate who leads it now, or led it at that moment; the form itself keeps who signed it."""
    if not case.several_delegates:
        return case.delegate_name  # nobody took his place: one question less
    before = select(CaseDelegate.name).where(CaseDelegate.case_id == case.id, CaseDelegate.role == "former")
    if at is not None:
        led = session.scalars(before.where(CaseDelegate.at > at).order_by(CaseDelegate.id).limit(1)).first()
        if led is not None:
            return led
    return session.get_one(Person, case.delegate_person_id).name
