"""An opinion travels from the studio to an answered, rated, closed case (articles 9 to 12)."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.models import Case
from engine.feedback.models import Copy
from engine.ledger.models import LedgerEntry
from engine.work.models import Deadline, History, Instance, Task
from tests import factories


def acts(session: Session, case: Case) -> list[str]:
    return list(session.scalars(select(History.act).where(History.case_id == case.id).order_by(History.id)))


def test_from_registration_to_a_rated_case(session: Session, at: Callable[[str], object]) -> None:
    at("2026-02-13 10:00")
    cast = factories.install(session)
    case = factories.registered(session, cast)
    assert case.number == "沙头角街道沙头角社区2026001"
    for name in ("signed", "reported", "referred"):
        factories.step(session, cast, case, name)
    task = factories.open_task(session, case, "answer")
    assert task.due_on.isoformat() == "2026-03-05"
    at("2026-03-03 15:00")
    factories.step(session, cast, case, "answered")
    factories.step(session, cast, case, "accepted")
    copies = {row.addressee: row.channel for row in session.scalars(select(Copy).where(Copy.case_id == case.id))}
    assert copies == {"department": "main", "reporter": "sms", "delegate": "inbox", "studio": "inbox"}
    for name in ("rated_by_reporter", "rated_by_delegate", "rated_by_department"):
        factories.step(session, cast, case, name)
    assert (case.state, case.outcome, case.grade) == ("closed", "closed", "satisfied")
    assert session.scalars(select(LedgerEntry).where(LedgerEntry.case_id == case.id)).one().sequence == 1
    assert not session.scalars(select(Task)).all()
    assert not session.scalars(select(Deadline)).all()
    instance = session.scalars(select(Instance)).one()
    assert (instance.status, instance.state) == ("ended", None)
    assert acts(session, case)[:3] == ["registered", "recorded", "signed"]
    assert "rating_concluded" in acts(session, case)
