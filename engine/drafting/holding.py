"""One draft for each procedure and one editor at a time: who has it, until when, and how it changes hands.

A row decides, in one UPDATE on both databases: free, mine, or not heard of for HOLD."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine import clock, definitions
from engine.access import Actor, Verb, require
from engine.errors import Conflict, NotFound
from engine.packages import operations, queries
from engine.packages.models import ArticleException, Package, PackageDraft, PackageDraftFile

HOLD = timedelta(minutes=5)  # without a sign of life from the page; it gives one every minute


class Held(Conflict):
    """{reason}"""


class Stale(Conflict):
    """{reason}"""


@dataclass(frozen=True)
class Editing:
    """A draft as somebody sees it. `based_on`: the version it was copied from; `overtaken`: the version published
    since, which it does not contain. `editor_id` None: nobody has it open now; `mine`: the reader may write. `revision`
    counts the saves and goes with the next one; `changed`: it differs from `based_on`."""

    key: str
    name: str
    based_on: Package
    revision: int
    editor_id: int | None
    editor_name: str
    mine: bool
    held_until: datetime | None
    opened_at: datetime
    opened_by_name: str
    updated_at: datetime
    updated_by_name: str
    changed: bool
    overtaken: Package | None


def look(session: Session, actor: Actor, key: str) -> Editing | None:
    """The draft of a procedure, None when there is none; NotFound for an unknown procedure."""
    require(actor, Verb.DEFINITION_READ)
    draft = row(session, key)
    newest = definitions.newest(session, key)
    return None if draft is None else _seen(session, actor, draft, newest)


def drafts(session: Session, actor: Actor) -> Mapping[str, Editing]:
    """All drafts by the key of their procedure."""
    found = {key: look(session, actor, key) for key in definitions.keys(session)}
    return {key: editing for key, editing in found.items() if editing is not None}


def open_draft(session: Session, actor: Actor, key: str) -> Editing:
    """The draft, copied from the newest version when there is none; the actor has it from now on unless somebody else
    does (then `mine` is False and it can only be read, or taken over)."""
    require(actor, Verb.DEFINITION_PUBLISH)
    newest = definitions.newest(session, key)
    if row(session, key) is None:
        _create(session, actor, newest)
    _claim(session, actor, key)
    return seen(session, actor, key)


def start_from(session: Session, actor: Actor, package_id: int) -> Editing:
    """A new draft with the files of an older version, to change them before they are published again. Conflict while
    there is another draft."""
    require(actor, Verb.DEFINITION_PUBLISH)
    package = session.get(Package, package_id)
    if package is None:
        raise NotFound
    if row(session, package.key) is not None or not _create(session, actor, package):
        raise Conflict("已有一份草稿，请先发布或放弃它，再以旧版为底稿。")
    _claim(session, actor, package.key)
    return seen(session, actor, package.key)


def hold(session: Session, actor: Actor, key: str) -> Editing:
    """A sign of life from the editor's page: the draft stays his for another HOLD. Held names who has it now."""
    require(actor, Verb.DEFINITION_PUBLISH)
    if not _claim(session, actor, key):
        refuse(session, actor, key)
    return seen(session, actor, key)


def take_over(session: Session, actor: Actor, key: str) -> Editing:
    """接手: the draft is the actor's at once; what the former editor had saved is in it, his next save is refused with
    the new editor's name and his page keeps what he typed."""
    require(actor, Verb.DEFINITION_PUBLISH)
    taken = update(PackageDraft).where(PackageDraft.key == key, PackageDraft.active)
    if touched(session, taken.values(**_mine(actor))) != 1:
        refuse(session, actor, key)
    return seen(session, actor, key)


def release(session: Session, actor: Actor, key: str) -> None:
    """The page was closed: anybody may have the draft. Nothing happens when somebody else has it."""
    require(actor, Verb.DEFINITION_PUBLISH)
    mine = update(PackageDraft).where(
        PackageDraft.key == key, PackageDraft.active, PackageDraft.editor_id == actor.person_id
    )
    session.execute(mine.values(editor_id=None, editor_name="", held_until=None))


def discard(session: Session, actor: Actor, key: str, revision: int | None = None) -> None:
    """放弃草稿: its files and open exceptions go; the versions stay. Held while somebody else has it; Stale when it was
    saved since the page with `revision` was shown."""
    require(actor, Verb.DEFINITION_PUBLISH)
    claim_revision(session, actor, key, revision)
    close(session, actor, key)


# ------------------------------------------------------------------------------------- for the rooms beside this one


def row(session: Session, key: str) -> PackageDraft | None:
    """The draft of a procedure while it is one, as it stands now."""
    query = select(PackageDraft).where(PackageDraft.key == key, PackageDraft.active)
    return session.scalars(query.execution_options(populate_existing=True)).first()


def claim_revision(session: Session, actor: Actor, key: str, at: int | None, **values: Any) -> PackageDraft:
    """Have the draft at exactly this revision (None: whatever it is) and write `values`; Held or Stale says who was
    faster. The row stays locked until the transaction ends."""
    wanted = update(PackageDraft).where(PackageDraft.key == key, PackageDraft.active, _free(actor))
    if at is not None:
        wanted = wanted.where(PackageDraft.revision == at)
    if touched(session, wanted.values(**_mine(actor), **values)) != 1:
        refuse(session, actor, key)
    return _there(session, key)


def refuse(session: Session, actor: Actor, key: str) -> None:
    """Say why the draft is not the actor's: gone, somebody else's, or saved since from another window."""
    draft = row(session, key)
    if draft is None:
        definitions.newest(session, key)
        raise Stale("这份草稿已经发布或放弃。您的内容还在页面上，请复制保存后重新打开草稿。")
    if draft.editor_id not in (None, actor.person_id):
        raise Held(
            f"草稿现由{draft.editor_name}编辑，没有保存。您的内容还在页面上，可以先与{draft.editor_name}商定，再接手编辑。",
            holder=draft.editor_name,
        )
    raise Stale(
        f"草稿在 {clock.local(draft.updated_at):%H:%M} 由{draft.updated_by_name}在另一个窗口保存过，没有覆盖。"
        "您的内容还在页面上，请复制后重新载入草稿。"
    )


def close(session: Session, actor: Actor, key: str) -> None:
    """End the draft: no files, no editor; exceptions that were not published with it are void."""
    draft = row(session, key)
    if draft is None:
        return
    session.execute(delete(PackageDraftFile).where(PackageDraftFile.draft_id == draft.id))
    waiting = update(ArticleException).where(
        ArticleException.key == key, ArticleException.state.in_(("requested", "approved"))
    )
    session.execute(waiting.values(state="void", closed_by_name=actor.name, closed_at=clock.now()))
    draft.active, draft.editor_id, draft.editor_name, draft.held_until = False, None, "", None
    draft.revision += 1
    session.flush()


def seen(session: Session, actor: Actor, key: str) -> Editing:
    """The draft that is there, for the actor."""
    return _seen(session, actor, _there(session, key), definitions.newest(session, key))


def touched(session: Session, statement: Any) -> int:
    """How many rows a statement met."""
    return cast("CursorResult[Any]", session.execute(statement)).rowcount


# ------------------------------------------------------------------------------------------------------------- inside


def _free(actor: Actor) -> ColumnElement[bool]:
    return or_(
        PackageDraft.editor_id.is_(None),
        PackageDraft.editor_id == actor.person_id,
        PackageDraft.held_until.is_(None),
        PackageDraft.held_until < clock.now(),
    )


def _mine(actor: Actor) -> dict[str, Any]:
    return {"editor_id": actor.person_id, "editor_name": actor.name, "held_until": clock.now() + HOLD}


def _there(session: Session, key: str) -> PackageDraft:
    draft = row(session, key)
    if draft is None:
        raise Stale("这份草稿刚刚已经发布或放弃，请重新打开。")
    return draft


def _claim(session: Session, actor: Actor, key: str) -> bool:
    wanted = update(PackageDraft).where(PackageDraft.key == key, PackageDraft.active, _free(actor))
    return touched(session, wanted.values(**_mine(actor))) == 1


def _create(session: Session, actor: Actor, package: Package) -> bool:
    """The draft row with a copy of the version's files; False when somebody else was faster."""
    now = clock.now()
    values = {
        "active": True, "based_on_id": package.id, "checksum": package.checksum, "editor_id": None, "editor_name": "",
        "held_until": None, "opened_at": now, "opened_by_name": actor.name, "updated_at": now,
        "updated_by_name": actor.name,
    }  # fmt: skip
    again = update(PackageDraft).where(PackageDraft.key == package.key, PackageDraft.active.is_(False))
    if touched(session, again.values(**values, revision=PackageDraft.revision + 1)) != 1:
        try:
            with session.begin_nested():
                session.execute(insert(PackageDraft).values(key=package.key, revision=1, **values))
        except IntegrityError:  # there is one: active since a moment ago
            return False
    draft = _there(session, package.key)
    copies = [
        {"draft_id": draft.id, "path": path, "content": content}
        for path, content in queries.files(session, package.id).items()
    ]
    session.execute(insert(PackageDraftFile), copies)
    return True


def _seen(session: Session, actor: Actor, draft: PackageDraft, newest: Package) -> Editing:
    based_on = session.get_one(Package, draft.based_on_id)
    gone = draft.held_until is None or draft.held_until < clock.now()
    return Editing(
        key=draft.key, name=definitions.name(session, based_on.id), based_on=based_on, revision=draft.revision,
        editor_id=None if gone else draft.editor_id, editor_name="" if gone else draft.editor_name,
        mine=not gone and draft.editor_id == actor.person_id, held_until=None if gone else draft.held_until,
        opened_at=draft.opened_at, opened_by_name=draft.opened_by_name, updated_at=draft.updated_at,
        updated_by_name=draft.updated_by_name, changed=draft.checksum != based_on.checksum,
        overtaken=newest if newest.version > based_on.version and draft.checksum != newest.checksum else None,
    )  # fmt: skip


def checksum_of(files: Mapping[str, bytes]) -> str:
    """The checksum of a draft's files, comparable with a version's."""
    return operations.checksum(files)
