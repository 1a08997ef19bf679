"""The content of a registration form: which fields it has, its hash, whether the delegate's signature still holds."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from engine.cases.models import Case, Signature

# Everything the signature covers (须知7): what the reporter and the delegate wrote, not where the case stands.
FIELDS = (
    "reporter_name", "reporter_gender", "reporter_age", "reporter_phone", "reporter_employer",
    "reporter_employer_address", "reporter_address", "reporter_address_phone", "channel", "channel_note",
    "matter", "content", "summary", "reflected_on", "settlement", "spot_answer", "spot_grade", "reporter_signature",
    "reporter_signature_note", "reporter_witness",
)  # fmt: skip
OLDEST = 120  # years; a larger number in the field of the age is a year of birth
ADDED = ("reporter_witness",)  # later than the first forms: an empty one is no part of their hash
BLANK: dict[str, Any] = {name: "" for name in FIELDS if name not in ("reporter_age", "reflected_on")} | {
    "reporter_age": None
}


def apply(case: Case, form: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Write the submitted fields onto the case; returns {field: [before, after]} of what really changed. A year of
    birth becomes the age in the year of registration (R98)."""
    changed: dict[str, list[Any]] = {}
    for name in FIELDS:
        if name not in form:
            continue
        value = form[name]
        if name == "reflected_on" and isinstance(value, str):
            value = date.fromisoformat(value)
        if name == "reporter_age" and value is not None and value > OLDEST:
            value = case.year - value
        before = getattr(case, name)
        if before != value:
            changed[name] = [_plain(before), _plain(value)]
            setattr(case, name, value)
    return changed


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def digest(case: Case) -> str:
    """SHA-256 of the number and every field, independent of field order and database."""
    return hashlib.sha256(json.dumps(facts(case), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def facts(case: Case) -> dict[str, Any]:
    """What the signature covers, by name; dates as ISO text."""
    names = (*FIELDS, "number", "delegate_name", "delegate_title", "delegate_contact")
    return {name: _plain(value) for name in names if (value := getattr(case, name)) or name not in ADDED}


signatures = cast(Table, Signature.__table__)
_SIGNED = (
    select(signatures.c.id)
    .where(
        signatures.c.case_id == bindparam("case_id"),
        signatures.c.purpose == "registration",
        signatures.c.party == "delegate",
        signatures.c.person_id == bindparam("person_id"),
        signatures.c.content_hash == bindparam("content_hash"),
    )
    .limit(1)
)


def signed(session: Session, case: Case) -> bool:
    """True when the case's delegate signed exactly this content."""
    asked = {"case_id": case.id, "person_id": case.delegate_person_id, "content_hash": digest(case)}
    return session.execute(_SIGNED, asked).first() is not None


def problems(case: Case) -> dict[str, str]:
    """What the measures ask of a form beyond its single fields: {field: sentence} (R35, R41, R98). A reporter without a
    name (不署名, A27) leaves no address either; the delegate gets the answer."""
    found: dict[str, str] = {}
    if case.reporter_age is not None and not 0 <= case.reporter_age <= OLDEST:
        found["reporter_age"] = f"出生年份不对：按{case.year}年登记，应在{case.year - OLDEST}年至{case.year}年之间。"
    if case.reporter_name and not case.reporter_phone and not case.reporter_address:
        found["reporter_phone"] = "电话和住址至少填写一项，否则承办单位无法反馈（填表须知2）。"
    if case.settlement == "on_the_spot":
        if not case.spot_answer:
            found["spot_answer"] = "当场答复须填写答复内容（填表须知6）。"
        if not case.spot_grade:
            found["spot_grade"] = "当场答复须填写反映人满意度（填表须知6）。"
    return found
