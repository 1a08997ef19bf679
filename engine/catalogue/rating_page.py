"""The ledger page as it stands when a rating is locked: every value of annex 2 by name, and their hash (§0, R116)."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.cases.models import Case, Signature
from engine.feedback.models import Feedback
from engine.handlings.models import Handling
from engine.organisation.models import Organisation
from engine.ratings.models import LedgerPage, Opinion, Rating, RatingCorrection

CASE = (
    "number", "studio_name", "reporter_name", "reporter_gender", "reporter_age", "reporter_phone", "reporter_employer",
    "reporter_employer_address", "reporter_address", "reporter_address_phone", "summary", "reflected_on",
    "delegate_name", "delegate_title", "delegate_contact", "sent_street_at", "sent_district_at", "sent_city_at",
)  # fmt: skip


def content(session: Session, case: Case) -> dict[str, Any]:
    """Every value of R95 to R114 of a rated case, as text or number; what was never written is empty."""
    rating = session.scalars(
        select(Rating).where(Rating.case_id == case.id).order_by(Rating.id.desc()).limit(1)
    ).first()
    facts: dict[str, Any] = {name: _plain(getattr(case, name)) for name in CASE}
    signed = _hands(session, case.id, "registration").get("delegate")
    return facts | {
        "signed_on": signed["on"] if signed else "",
        **_answer(session, rating.handling_id if rating else 0),
        "grades": _grades(session, case.id),
        "hands": _hands(session, case.id, "rating"),
        "opinions": _opinions(session, rating.handling_id if rating else 0),
    }


def digest(facts: Mapping[str, Any]) -> str:
    """SHA-256 over the values, independent of their order."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def freeze(session: Session, case: Case, rating: Rating, version: int, at: datetime) -> LedgerPage:
    """Keep the page as it stands now; what the act wrote must be in the database already."""
    facts = content(session, case)
    page = LedgerPage(
        case_id=case.id, rating_id=rating.id, version=version, content=facts, content_hash=digest(facts), frozen_at=at
    )
    session.add(page)
    return page


def _answer(session: Session, handling_id: int) -> dict[str, Any]:
    query = (
        select(Feedback, Organisation.name)
        .join(Handling, Handling.id == Feedback.handling_id)
        .join(Organisation, Organisation.id == Handling.unit_id)
        .where(Feedback.handling_id == handling_id, Feedback.state == "accepted")
        .order_by(Feedback.id.desc())
    )
    row = session.execute(query.limit(1)).first()
    if row is None:
        return {"unit": "", "answered_on": "", "result": "", "result_text": ""}
    feedback = row.Feedback
    return {
        "unit": row.name, "answered_on": _plain(feedback.delivered_at), "result": feedback.result,
        "result_text": feedback.text,
    }  # fmt: skip


def _grades(session: Session, case_id: int) -> list[dict[str, Any]]:
    """评价1, 评价2 with their corrections, oldest first (R83)."""
    found = []
    newest = _corrections(session, case_id)
    for row in session.scalars(select(Rating).where(Rating.case_id == case_id).order_by(Rating.id)):
        corrected = newest.get(row.id)
        found.append({
            "round": row.round, "grade": corrected.grade if corrected else row.grade, "agreed": row.agreed,
            "reason": corrected.reason if corrected else "", "on": _plain(row.at),
        })  # fmt: skip
    return found


def _corrections(session: Session, case_id: int) -> dict[int, RatingCorrection]:
    query = select(RatingCorrection).where(RatingCorrection.case_id == case_id).order_by(RatingCorrection.version)
    return {row.rating_id: row for row in session.scalars(query)}


def _hands(session: Session, case_id: int, purpose: str) -> dict[str, dict[str, str]]:
    """The newest signature of each party."""
    query = select(Signature).where(Signature.case_id == case_id, Signature.purpose == purpose).order_by(Signature.id)
    return {
        row.party: {
            "name": row.name, "method": row.method, "witness": row.witness, "note": row.note,
            "on": _plain(row.signed_at), "hash": row.content_hash,
        }
        for row in session.scalars(query)
    }  # fmt: skip


def _opinions(session: Session, handling_id: int) -> dict[str, str]:
    query = select(Opinion).where(Opinion.handling_id == handling_id)
    return {row.party: row.grade for row in session.scalars(query)}


def _plain(value: Any) -> Any:
    """Dates of Shenzhen as ISO text: a stored moment reads the same on every database."""
    if isinstance(value, datetime):
        return clock.local(value).date().isoformat()
    return value.isoformat() if isinstance(value, date) else "" if value is None else value
