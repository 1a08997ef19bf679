"""The versions of a registration form: what was registered, and every correction since (须知7, R43)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock
from engine.cases import content
from engine.cases.models import Case, CaseVersion

# the words of the form, for what changed; hidden ones (the signature's own fields) are told by the signature
LABELS = {
    "reporter_name": "姓名", "reporter_gender": "性别", "reporter_age": "年龄", "reporter_phone": "电话",
    "reporter_employer": "单位", "reporter_employer_address": "单位地址", "reporter_address": "住址",
    "reporter_address_phone": "住址电话", "channel": "反映途径", "channel_note": "途径注明", "matter": "事项类别",
    "content": "反映内容", "summary": "内容摘要", "reflected_on": "反映日期", "settlement": "办理情况",
    "spot_answer": "答复内容", "spot_grade": "反映人满意度", "reporter_signature": "反映人签字",
    "reporter_signature_note": "签字注明", "reporter_witness": "见证人",
    "delegate_name": "党代表", "delegate_title": "职务",
    "delegate_contact": "联系方式",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """A field that differs from the version before; values as stored (codes, texts, ISO dates)."""

    field: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Told:
    """A version with what changed since the one before; the first has no changes."""

    version: CaseVersion
    changes: Sequence[Change]


def first(session: Session, case: Case, *, by_id: int, by_name: str) -> CaseVersion:
    """Keep the content as registered."""
    return _keep(session, case, 1, by_id, by_name, "")


def keep(session: Session, case: Case, *, by_id: int, by_name: str, reason: str) -> CaseVersion:
    """Keep the content as it stands after a correction, as the next version."""
    last = session.scalar(select(func.max(CaseVersion.version)).where(CaseVersion.case_id == case.id)) or 1
    return _keep(session, case, last + 1, by_id, by_name, reason)


def _keep(session: Session, case: Case, number: int, by_id: int, by_name: str, reason: str) -> CaseVersion:
    row = CaseVersion(
        case_id=case.id, version=number, content=content.facts(case), content_hash=case.content_hash, reason=reason,
        by_id=by_id, by_name=by_name, at=clock.now(),
    )  # fmt: skip
    session.add(row)
    return row


def confirmed(session: Session, case: Case) -> frozenset[str]:
    """The hashes under which the reporter's hand holds: of the form as it stands, and of what it was before the
    delegate turned 当场答复 over to the street (R42): how it is settled is not the reporter's statement (须知4)."""
    query = select(CaseVersion).where(CaseVersion.case_id == case.id).order_by(CaseVersion.version.desc())
    rows = session.scalars(query).all()
    found = {case.content_hash}
    for later, earlier in pairwise(rows):
        was, now = earlier.content, later.content
        if {name for name in {*was, *now} if was.get(name) != now.get(name)} != {"settlement"}:
            break
        found.add(earlier.content_hash)
    return frozenset(found)


def told(session: Session, case_id: int) -> list[Told]:
    """All versions of a case, the latest first."""
    rows = session.scalars(
        select(CaseVersion).where(CaseVersion.case_id == case_id).order_by(CaseVersion.version)
    ).all()
    before: list[Mapping[str, Any] | None] = [None, *(row.content for row in rows)]
    found = [Told(row, _changes(old, row.content)) for old, row in zip(before, rows, strict=False)]
    return found[::-1]


def _changes(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> list[Change]:
    if old is None:
        return []
    return [
        Change(name, label, _text(old.get(name)), _text(new.get(name)))
        for name, label in LABELS.items()
        if old.get(name) != new.get(name)
    ]


def _text(value: Any) -> str:
    return "" if value is None else str(value)
