"""Files of cases and of registrations not yet finished: keep, read, take away (填表须知3, R36)."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import access, clock, migrations
from engine.access import Actor, Verb, require
from engine.attachments import inspecting, queries
from engine.attachments.labels import PURPOSES, TELLING
from engine.attachments.models import Attachment
from engine.attachments.naming import told
from engine.attachments.store import Store
from engine.cases.models import Case, Draft
from engine.catalogue import contacts, scopes
from engine.db import Begin
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.organisation import queries as organisation
from engine.work import operations as work
from engine.work.models import Task

MOST_FILES = 20
KEPT_UNNAMED = 24 * 3600  # seconds; an upload of this moment has no row yet
AT_ONCE = 500
LATE = frozenset({"signed_form"})  # comes back when the case may be over: answered on the spot, signed on paper


def keep(
    session: Session, actor: Actor, store: Store, case_id: int | None, purpose: str, filename: str, data: bytes, *,
    draft_id: int | None = None,
) -> Attachment:  # fmt: skip
    """Add a file to a case the actor works on, or to his own draft (`case_id` None). Invalid with a sentence that names
    the file when it is not one we take; NotFound outside the actor's reach. `purpose`: a key of PURPOSES."""
    if purpose not in PURPOSES:
        raise KeyError(purpose)
    if case_id is not None:
        _workable(session, actor, case_id, late=purpose in LATE)
    else:
        _own_draft(session, actor, draft_id)
    name = told(filename)
    if len(data) > store.limit:
        raise Invalid(f"“{name}”超过 {store.limit // 1_000_000} 兆，请压缩后上传。")
    if queries.count(session, case_id=case_id, draft_id=draft_id) >= MOST_FILES:
        raise Invalid(f"一件最多 {MOST_FILES} 个附件，“{name}”没有上传。")
    try:
        kind = inspecting.media_type(data)
    except Invalid as refused:
        raise Invalid(f"“{name}”没有上传：{refused.message}。") from refused
    row = Attachment(
        case_id=case_id, draft_id=draft_id, purpose=purpose, filename=name, media_type=kind,
        size=len(data), sha256=store.write(data), uploaded_by_id=actor.person_id, uploaded_by_name=actor.name,
        at=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def read(session: Session, actor: Actor, attachment_id: int) -> Attachment:
    """A file of a case the actor may read, or of his own draft; else NotFound. A unit that shall not know who the
    reporter is gets none that shows it (A28)."""
    row = session.get(Attachment, attachment_id)
    if row is None:
        raise NotFound
    if row.case_id is not None:
        case = session.get_one(Case, row.case_id)
        require(actor, Verb.CASE_READ, scopes.case_scope(session, case))
        if row.purpose in TELLING and contacts.hides_reporter(actor, case):
            raise NotFound
    elif row.uploaded_by_id != actor.person_id:
        raise NotFound
    return row


def of_case(session: Session, actor: Actor, case_id: int) -> Sequence[Attachment]:
    """The files of a case the actor may read, oldest first; without those that show who the reporter is where this
    reader shall not know it (A28)."""
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    require(actor, Verb.CASE_READ, scopes.case_scope(session, case))
    hidden = TELLING if contacts.hides_reporter(actor, case) else frozenset()
    return [row for row in queries.of_case(session, case_id) if row.purpose not in hidden]


def remove(session: Session, actor: Actor, attachment_id: int) -> None:
    """Take a file out of one's own draft; what belongs to a registered case stays (R1)."""
    row = read(session, actor, attachment_id)
    if row.case_id is not None:
        raise Conflict("已登记的附件不能删除。如有错误，请上传正确的材料并说明。")
    session.delete(row)
    session.flush()


def may_add(session: Session, actor: Actor, case: Case, *, late: bool = False) -> bool:
    """May the actor add files? The studio's liaison until the case is closed, and who holds an open step of it."""
    studio = organisation.organisation_scope(session, case.studio_id)
    if (late or case.closed_at is None) and access.may(actor, Verb.CASE_REGISTER, studio):
        return True
    held = (Task.assignee_id == actor.person_id) | (Task.person_id == actor.person_id)
    return session.scalars(select(Task.id).where(Task.case_id == case.id, held).limit(1)).first() is not None


def told_in_history(session: Session, actor: Actor, case_id: int, added: Sequence[Attachment]) -> None:
    """One history row for files added to a registered case."""
    case = _workable(session, actor, case_id)
    names = "、".join(row.filename for row in added)
    work.record(
        session, "attached", case_id=case_id, element_name="附件", actor_id=actor.person_id, actor_name=actor.name,
        tier=case.tier, opinion=names, data={"files": [row.sha256 for row in added]},
    )  # fmt: skip


def _workable(session: Session, actor: Actor, case_id: int, *, late: bool = False) -> Case:
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    require(actor, Verb.CASE_READ, scopes.case_scope(session, case))
    if not may_add(session, actor, case, late=late):
        raise Forbidden(verb="补充附件")
    return case


def _own_draft(session: Session, actor: Actor, draft_id: int | None) -> Draft:
    draft = session.get(Draft, draft_id) if draft_id is not None else None
    if draft is None or draft.person_id != actor.person_id:
        raise NotFound
    return draft


def sweep(begin: Begin, store: Store) -> int:
    """Remove the files that no row of any table names, a day after they were written: of drafts thrown away, of uploads
    that were rolled back. How many went."""
    gone = 0
    for part in _parts(store.untouched(KEPT_UNNAMED)):
        with begin() as session:
            for sha256 in part - _named(session, part):
                store.forget(sha256)
                gone += 1
    return gone


def _parts(hashes: Iterable[str]) -> Iterator[set[str]]:
    found = list(hashes)
    yield from (set(found[start : start + AT_ONCE]) for start in range(0, len(found), AT_ONCE))


def _named(session: Session, hashes: set[str]) -> set[str]:
    """Those of the contents that some row names; whatever table has a column `sha256` counts."""
    tables = [table for table in migrations.metadata().sorted_tables if "sha256" in table.c]
    return {
        sha256
        for table in tables
        for sha256 in session.scalars(select(table.c.sha256).where(table.c.sha256.in_(hashes)))
    }
