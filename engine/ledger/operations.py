"""Recording a ledger entry (R78)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.ledger.models import LedgerEntry


def record(session: Session, *, studio_id: int, year: int, sequence: int, case_id: int) -> LedgerEntry:
    """One line of the studio's ledger of the year, in number order; once per case, also when an administrator leads the
    process past this step again."""
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.case_id == case_id)).first()
    if entry is not None:
        return entry
    entry = LedgerEntry(studio_id=studio_id, year=year, sequence=sequence, case_id=case_id, recorded_at=clock.now())
    session.add(entry)
    return entry
