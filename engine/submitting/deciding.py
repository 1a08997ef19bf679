"""The studio's liaison reads what came in, makes a draft of the registration form of it, or declines with a reason."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, Verb, may, require
from engine.attachments.models import Attachment
from engine.attachments.store import Store
from engine.cases.models import Draft
from engine.catalogue import letters
from engine.errors import Conflict, Invalid, NotFound
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation
from engine.submissions import operations, queries
from engine.submissions.models import Submission, SubmissionFile

PER_PAGE = 30
ORIGINAL = "网上来信原文.txt"


@dataclass(frozen=True)
class Inbox:
    """A page of the submissions of the actor's studios; `studios`: their names by id."""

    rows: Sequence[Submission]
    total: int
    studios: dict[int, str]


def _studios(actor: Actor) -> list[int]:
    return [post.organisation_id for post in actor.posts if post.duty == "liaison" and post.kind == "studio"]


def waiting(session: Session, actor: Actor) -> int:
    """How many letters wait for the actor."""
    studios = _studios(actor) if may(actor, Verb.SUBMISSION_HANDLE) else []
    return queries.waiting(session, studios) if studios else 0


def inbox(session: Session, actor: Actor, *, waiting: bool, page: int = 1) -> Inbox:
    """The open or the decided letters of the actor's own studios."""
    require(actor, Verb.SUBMISSION_HANDLE)
    rows, total = queries.of_studios(session, _studios(actor), waiting=waiting, page=page, per_page=PER_PAGE)
    names = {row.studio_id: session.get_one(Organisation, row.studio_id).name for row in rows}
    return Inbox(rows, total, names)


def read(session: Session, actor: Actor, submission_id: int) -> tuple[Submission, Sequence[SubmissionFile]]:
    """One letter with its files; NotFound outside the actor's own studios."""
    row = session.get(Submission, submission_id)
    if row is None:
        raise NotFound
    require(actor, Verb.SUBMISSION_HANDLE, organisation.organisation_scope(session, row.studio_id))
    return row, queries.files(session, row.id)


def file_of(session: Session, actor: Actor, file_id: int) -> SubmissionFile:
    """One file of a letter the actor may read."""
    file = session.get(SubmissionFile, file_id)
    if file is None:
        raise NotFound
    read(session, actor, file.submission_id)
    return file


def take(session: Session, actor: Actor, store: Store, submission_id: int) -> str:
    """登记: a draft of the registration form with what the resident wrote, the files and the letter itself (填表须知3:
    network material is attached). Returns the draft's key; again for the same person the same one while it exists."""
    row, files = _open(session, actor, submission_id)
    if row.draft_key and row.taken_by_id == actor.person_id and _draft(session, actor, row.draft_key) is not None:
        return row.draft_key
    if row.draft_key and row.taken_by_id != actor.person_id and _anybody(session, row.draft_key):
        raise Conflict(f"{row.taken_by_name}正在登记这封来信。")
    row.draft_key = operations.KEY + secrets.token_hex(10)
    row.taken_by_id, row.taken_by_name, row.taken_at = actor.person_id, actor.name, clock.now()
    draft = Draft(
        person_id=actor.person_id, task_id=None, form="registration", key=row.draft_key, data=_prefilled(row),
        saved_at=clock.now(),
    )  # fmt: skip
    session.add(draft)
    session.flush()
    original = _original(row)
    kept = [(ORIGINAL, "text/plain", len(original), store.write(original))]
    kept += [(file.filename, file.media_type, file.size, file.sha256) for file in files]
    session.add_all(
        Attachment(
            draft_id=draft.id, purpose="registration", filename=name, media_type=kind, size=size, sha256=sha256,
            uploaded_by_id=actor.person_id, uploaded_by_name=actor.name, at=clock.now(),
        )
        for name, kind, size, sha256 in kept
    )  # fmt: skip
    session.flush()
    return row.draft_key


def decline(session: Session, actor: Actor, submission_id: int, reason: str) -> Submission:
    """不予登记 with a reason, which the sender reads with the receipt, and as a text message if there is a mobile."""
    row, _files = _open(session, actor, submission_id)
    reason = reason.strip()
    if len(reason) < 5:
        raise Invalid("请写明不予登记的理由，来信人会看到。", errors={"reason": "请写明理由，至少5个字。"})
    if len(reason) > 300:
        raise Invalid("理由最多300个字。", errors={"reason": f"最多300个字，现有{len(reason)}个字。"})
    row.state, row.reason, row.decided_at = "declined", reason, clock.now()
    row.decided_by_id, row.decided_by_name = actor.person_id, actor.name
    letters.declined(session, row, session.get_one(Organisation, row.studio_id).name)
    session.flush()
    return row


def _open(session: Session, actor: Actor, submission_id: int) -> tuple[Submission, Sequence[SubmissionFile]]:
    row, files = read(session, actor, submission_id)
    session.refresh(row, with_for_update=True)
    if row.state != "open":
        done = "登记" if row.state == "registered" else "决定不予登记"
        raise Conflict(f"这封来信已由{row.decided_by_name}{done}。")
    return row, files


def _draft(session: Session, actor: Actor, key: str) -> Draft | None:
    return session.query(Draft).filter_by(person_id=actor.person_id, key=key).first()


def _anybody(session: Session, key: str) -> bool:
    return session.query(Draft).filter_by(key=key).first() is not None


def _prefilled(row: Submission) -> dict[str, str]:
    """What the form begins with; the delegate, the matter and the summary are for the liaison."""
    return {
        "studio_id": str(row.studio_id),
        "reporter_naming": "named" if row.name else "anonymous",
        "reporter_name": row.name,
        "reporter_phone": row.phone,
        "reporter_address": row.address,
        "channel": "network",
        "channel_note": f"居民在网上来信页面反映，回执码 {letters.shown(row.code)}。",
        "content": row.content,
        "reflected_on": clock.local(row.at).date().isoformat(),
        "reporter_signature": "remark",
        "reporter_signature_note": "网上来信反映，未当面签字，由党代表注明。",
        "settlement": "street",
    }


def _original(row: Submission) -> bytes:
    """The letter as it came, for the file: without who wrote it, which stands masked on the form."""
    lines = [
        f"回执码：{letters.shown(row.code)}",
        f"时间：{clock.local(row.at):%Y-%m-%d %H:%M}",
        f"姓名：{row.name or '（未填）'}",
        f"电话：{row.phone or '（未填）'}",
        f"电子邮箱：{row.email or '（未填）'}",
        f"住址：{row.address or '（未填）'}",
        f"同意的个人信息说明：{row.consent}",
        "",
        row.content,
        "",
    ]
    return "\n".join(lines).encode()
