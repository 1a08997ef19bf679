"""The three copies of a registration form on their way, and signed forms that come back as scans (须知4, 8, R44)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import access, clock
from engine.access import Actor, Verb, require
from engine.attachments import queries as attachments
from engine.attachments import scanning
from engine.attachments.models import Attachment
from engine.attachments.store import Store
from engine.cases import copies, signing, verifying
from engine.cases.models import Case, CaseVersion, Signature
from engine.catalogue import scopes
from engine.errors import Invalid, NotFound
from engine.organisation import queries as organisation
from engine.work import operations as work

BY_HAND = ("in_person", "post", "archived")  # what a person may note; the rest follows from what happens
LONGEST = 200
PAGES_OF_FORM = 3  # front, filling instructions, continuation: only the front has a code
MOST_PAGES = 30  # read at once
MOST_LOOSE = 60  # pages of one person that wait for a number
MOST_OF_CASE = 20


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


@dataclass(frozen=True)
class Part:
    """What of an uploaded scan goes one way, as a file of its own: `pages` in words, "" for the whole of it; `number`
    and `code` as its QR code says, "" when it has none; then `hint` is the number on the page before."""

    name: str
    data: bytes
    pages: str = ""
    number: str = ""
    code: str = ""
    hint: str = ""


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


def parts(name: str, data: bytes, media_type: str) -> list[Part]:
    """A scan taken apart: each form with its own pages, each page nobody can place by itself. Pages without a code go
    with the form whose code is the only one in the file, as many as a form has."""
    read = [_form(texts) for texts in scanning.codes_on(data, media_type)]
    coded = [form for form in read if form is not None]
    forms = list(dict.fromkeys(coded))
    if not forms:
        return [Part(name, data)]
    if len(forms) == 1 and len(read) <= PAGES_OF_FORM * len(coded):
        return [Part(name, data, "", *forms[0])]
    found = [_part(name, data, [at for at, one in enumerate(read) if one == form], form) for form in forms]
    before = ""
    for at, form in enumerate(read):
        if form is None:
            found.append(_part(name, data, [at], ("", ""), before))
        before = form[0] if form else before
    return found


def _form(texts: Sequence[str]) -> tuple[str, str] | None:
    """(number, hash) of the one form on a page; two different ones are for a person to tell apart."""
    read = {parsed for text in texts if (parsed := verifying.parse(text))}
    return read.pop() if len(read) == 1 else None


def _part(name: str, data: bytes, pages: Sequence[int], form: tuple[str, str], hint: str = "") -> Part:
    words = f"第{'、'.join(str(at + 1) for at in pages)}页"
    stem = name.removesuffix(".pdf").removesuffix(".PDF")[-150:]
    return Part(f"{stem} {words[:80]}.pdf", scanning.part(data, pages), words, *form, hint)


def find(session: Session, actor: Actor, part: Part, typed: str) -> Found:
    """The case of the actor's own studio that a scan belongs to: by its QR code, else by the number typed. Invalid with
    a sentence that names the file when it is none of the studio's."""
    name, number, code = part.name, part.number or verifying.plain(typed), part.code
    case = session.scalars(select(Case).where(Case.number == number)).first()
    if case is None or not may_hand_over(session, actor, case):
        raise Invalid(f"“{name}”没有归档：本工作室没有编号为“{number[:40]}”的登记表，请核对。")
    if not code or case.content_hash.startswith(code):
        return Found(case, bool(code), case.content_hash)
    older = session.scalars(select(CaseVersion.content_hash).where(CaseVersion.case_id == case.id))
    printed = next((row for row in older if row.startswith(code)), None)
    if printed is None:
        raise Invalid(f"“{name}”没有归档：纸上的二维码与编号“{number}”的登记表内容不一致，请核对是不是原件。")
    return Found(case, by_code=True, content_hash=printed)


# ------------------------------------------------------------------------------------------------ without a code


def loose(session: Session, actor: Actor) -> Sequence[tuple[Attachment, str]]:
    """The scans of the actor that wait for a number, oldest first, each with the number it may have."""
    query = select(Attachment, Case.number).outerjoin(Case, Case.id == Attachment.subject_id)
    found = session.execute(query.where(*attachments.waiting(actor.person_id)).order_by(Attachment.id))
    return [(row, number or "") for row, number in found]


def hold(session: Session, actor: Actor, store: Store, part: Part, media_type: str) -> None:
    """Keep a scan without a readable code until its number is typed; nobody but the actor sees it."""
    require(actor, Verb.CASE_REGISTER)
    if len(session.scalars(select(Attachment.id).where(*attachments.waiting(actor.person_id))).all()) >= MOST_LOOSE:
        raise Invalid(f"“{part.name}”没有保存：待归档的已有{MOST_LOOSE}件，请先归档或删除。")
    hint = session.scalars(select(Case).where(Case.number == part.hint)).first() if part.hint else None
    near = hint is not None and may_hand_over(session, actor, hint)
    session.add(
        Attachment(
            purpose=attachments.SIGNED, subject_id=hint.id if hint and near else None, filename=part.name,
            media_type=media_type, size=len(part.data), sha256=store.write(part.data),
            uploaded_by_id=actor.person_id, uploaded_by_name=actor.name, at=clock.now(),
        )
    )  # fmt: skip
    session.flush()


def assign(session: Session, actor: Actor, attachment_id: int, typed: str) -> Case:
    """归档 of a scan by hand: the case of the number typed gets it. NotFound when it does not wait any more."""
    query = (
        select(Attachment)
        .where(Attachment.id == attachment_id, *attachments.waiting(actor.person_id))
        .with_for_update()
    )
    row = session.scalars(query).first()
    if row is None:
        raise NotFound
    if not typed.strip():
        raise Invalid(f"请输入“{row.filename}”的编号。")
    found = find(session, actor, Part(row.filename, b""), typed)
    if attachments.count(session, case_id=found.case.id, draft_id=None) >= MOST_OF_CASE:
        raise Invalid(f"一件最多 {MOST_OF_CASE} 个附件，“{row.filename}”没有归档。")
    row.case_id, row.subject_id = found.case.id, None
    filed(session, actor, found, row.filename)
    return found.case


# ------------------------------------------------------------------------------------------------ kept


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
