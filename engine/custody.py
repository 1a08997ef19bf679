"""The three copies of a registration form on their way, and signed forms that come back as scans (须知4, 8, R44)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import access, clock
from engine.access import Actor, Verb, require
from engine.attachments import scanning
from engine.cases import copies, signing, verifying
from engine.cases.models import Case, CaseVersion, Signature
from engine.catalogue import scopes
from engine.errors import Invalid, NotFound
from engine.organisation import queries as organisation
from engine.work import operations as work

BY_HAND = ("in_person", "post", "archived")  # what a person may note; the rest follows from what happens
LONGEST = 200


@dataclass(frozen=True)
class Copy:
    """A copy as its row on the page says it; `old`: what was handed over has been corrected since."""

    mark: int
    name: str
    keeper: str
    method: str
    proof: str
    at: datetime | None
    by: str
    old: bool


@dataclass(frozen=True)
class Found:
    """The case a scan belongs to. `by_code`: its QR code told, not a person; `content_hash`: of what was printed."""

    case: Case
    by_code: bool
    content_hash: str


def copies_of(session: Session, actor: Actor, case_id: int) -> Sequence[Copy]:
    """The three copies of a case the actor may read."""
    case = _readable(session, actor, case_id)
    found = []
    for row in copies.of_case(session, case):
        name, keeper = copies.MARKS[row.mark], copies.KEEPER_WORDS[row.keeper]
        if row.mark == 3 and not row.method and case.sent_street_at is not None:  # it went with the report
            found.append(Copy(3, name, keeper, "with_case", "", case.sent_street_at, case.studio_name, old=False))
            continue
        old = bool(row.method) and row.content_hash != case.content_hash
        found.append(Copy(row.mark, name, keeper, row.method, row.proof, row.at, row.by_name, old))
    return found


def may_hand_over(session: Session, actor: Actor, case: Case) -> bool:
    """The liaison of the studio that registered it."""
    return access.may(actor, Verb.CASE_REGISTER, organisation.organisation_scope(session, case.studio_id))


def hand_over(session: Session, actor: Actor, case_id: int, mark: int, method: str, proof: str) -> None:
    """登记交付 of one copy: how it came to its keeper, and the proof of it. Invalid with a sentence per wrong field."""
    case = own_case(session, actor, case_id)
    proof = proof.strip()
    errors = {}
    if mark not in copies.KEEPERS:
        raise NotFound
    if method not in BY_HAND:
        errors["method"] = "请选择交付方式。"
    if method == "post" and not proof:
        errors["proof"] = "邮寄的请写明邮件号。"
    if len(proof) > LONGEST:
        errors["proof"] = f"凭证不超过{LONGEST}字。"
    if errors:
        raise Invalid("交付没有登记。" + "".join(errors.values()), errors=errors)
    _note(session, actor, case, mark, method, proof)


def _note(session: Session, actor: Actor, case: Case, mark: int, method: str, proof: str) -> None:
    now = clock.now()
    copies.hand_over(session, case, mark, method, proof, at=now, by_id=actor.person_id, by_name=actor.name)
    result = f"{copies.MARKS[mark]} {copies.KEEPER_WORDS[copies.KEEPERS[mark]]}"
    words = "：".join(part for part in (copies.METHODS[method], proof) if part)
    _record(session, actor, case, "copy_given", result, words)


def find(session: Session, actor: Actor, name: str, data: bytes, media_type: str, typed: str) -> Found:
    """The case of the actor's own studio that a scan belongs to: by its QR code, else by the number typed. Invalid with
    a sentence that names the file when neither tells."""
    read = [parsed for text in scanning.codes_on(data, media_type) if (parsed := verifying.parse(text))]
    if not read and not typed.strip():
        raise Invalid(f"“{name}”上没有认出登记表的二维码，请输入编号后再上传。")
    number, code = read[0] if read else (verifying.plain(typed), "")
    case = session.scalars(select(Case).where(Case.number == number)).first()
    if case is None or not may_hand_over(session, actor, case):
        raise Invalid(f"“{name}”没有归档：本工作室没有编号为“{number[:40]}”的登记表，请核对。")
    if not code or case.content_hash.startswith(code):
        return Found(case, bool(read), case.content_hash)
    older = session.scalars(select(CaseVersion.content_hash).where(CaseVersion.case_id == case.id))
    printed = next((row for row in older if row.startswith(code)), None)
    if printed is None:
        raise Invalid(f"“{name}”没有归档：纸上的二维码与编号“{number}”的登记表内容不一致，请核对是不是原件。")
    return Found(case, by_code=True, content_hash=printed)


def filed(session: Session, actor: Actor, found: Found, name: str) -> None:
    """A scan of the signed form has been kept: the reporter's hand on paper is there, and the studio has its copy."""
    case = found.case
    scans = select(Signature.id).where(
        Signature.case_id == case.id, Signature.method == "scan", Signature.content_hash == found.content_hash
    )
    if case.reporter_signature == "handwritten" and session.scalars(scans.limit(1)).first() is None:
        signing.record(
            session, case, "registration", "reporter", name=case.reporter_name or "不署名", at=clock.now(),
            method="scan", content_hash=found.content_hash,
        )  # fmt: skip
    if found.content_hash == case.content_hash:
        copies.hand_over(
            session, case, 2, "archived", name[:LONGEST], at=clock.now(), by_id=actor.person_id, by_name=actor.name
        )
    how = "凭二维码归档" if found.by_code else "按输入的编号归档"
    older = "" if found.content_hash == case.content_hash else "（更正之前的内容）"
    _record(session, actor, case, "scan_filed", how + older, name)


def scan_missing(session: Session, cases: Sequence[Case]) -> set[int]:
    """Which of these cases were signed on paper and their scan has not come back."""
    ids = [case.id for case in cases if case.reporter_signature == "handwritten"]
    if not ids:
        return set()
    there = select(Signature.case_id).where(Signature.case_id.in_(ids), Signature.method == "scan")
    return set(ids) - set(session.scalars(there))


def _record(session: Session, actor: Actor, case: Case, act: str, result: str, opinion: str) -> None:
    work.record(
        session, act, case_id=case.id, element_name="登记表三联", actor_id=actor.person_id, actor_name=actor.name,
        organisation_id=case.studio_id, organisation_name=case.studio_name, tier=case.tier, result=result[:80],
        opinion=opinion,
    )  # fmt: skip


def _readable(session: Session, actor: Actor, case_id: int) -> Case:
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    require(actor, Verb.CASE_READ, scopes.case_scope(session, case))
    return case


def own_case(session: Session, actor: Actor, case_id: int) -> Case:
    """A case of the actor's own studio, for its pages about copies."""
    case = _readable(session, actor, case_id)
    require(actor, Verb.CASE_REGISTER, organisation.organisation_scope(session, case.studio_id))
    return case
