"""The files of a draft: whole bytes in, whole bytes out. Nothing is read here, so that whatever somebody types or
brings along is kept or refused for its name and size alone; what is in it, the check says (engine.drafting.checking).
"""

import re
from collections.abc import Mapping

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from engine import bpmn, clock, definitions
from engine.access import Actor, Verb, require
from engine.drafting.holding import Editing, checksum_of, claim_revision, row, seen
from engine.errors import Invalid
from engine.packages.models import PackageDraft, PackageDraftFile

MAX_FILE = bpmn.MAX_BYTES
MAX_PACKAGE = 5 * MAX_FILE
MAX_FILES = 300
_NAME = r"[\w-]{1,50}"
_PATHS = re.compile(rf"{_NAME}\.(bpmn|dmn)|forms/{_NAME}\.json|notices/{_NAME}/(subject|body)\.txt")


def allowed(path: str) -> bool:
    """Whether a draft may have a file of this name: diagrams and decision tables, forms, the texts of notices."""
    return _PATHS.fullmatch(path) is not None


def files(session: Session, actor: Actor, key: str) -> dict[str, bytes]:
    """The draft's files by path, the newest version's when there is no draft; NotFound for an unknown procedure."""
    require(actor, Verb.DEFINITION_READ)
    draft = row(session, key)
    if draft is None:
        return dict(definitions.files(session, definitions.newest(session, key).id))
    return _stored(session, draft)


def save_file(session: Session, actor: Actor, key: str, path: str, content: bytes | None, revision: int) -> Editing:
    """Store one file (None: remove it). Invalid for a name or a size a draft cannot have; Held when somebody else has
    the draft, Stale when it is no longer at `revision`: nothing was overwritten then."""
    return _save(session, actor, key, {path: content}, revision)


def save_files(session: Session, actor: Actor, key: str, content: Mapping[str, bytes | None], revision: int) -> Editing:
    """Several files at once, all or none; refusals as in `save_file`."""
    return _save(session, actor, key, content, revision)


def _save(session: Session, actor: Actor, key: str, content: Mapping[str, bytes | None], revision: int) -> Editing:
    require(actor, Verb.DEFINITION_PUBLISH)
    for path, data in content.items():
        _check_name(path, data)
        if data is not None and len(data) > MAX_FILE:
            raise Invalid(
                f"文件 {path} 有 {len(data)} 字节，超过 {MAX_FILE} 字节，请拆成几个文件。", {"file": "文件太大。"}
            )
    values = {"revision": PackageDraft.revision + 1, "updated_at": clock.now(), "updated_by_name": actor.name}
    draft = claim_revision(session, actor, key, revision, **values)
    stored = _stored(session, draft)
    for path, data in content.items():
        _write(session, draft.id, path, stored.get(path), data)
        stored.pop(path, None)
        if data is not None:
            stored[path] = data
    if sum(map(len, stored.values())) > MAX_PACKAGE or len(stored) > MAX_FILES:
        raise Invalid(
            f"一个流程最多 {MAX_FILES} 个文件、共 {MAX_PACKAGE} 字节，请删去不用的文件。", {"file": "文件太多。"}
        )
    draft.checksum = checksum_of(stored)
    session.flush()
    return seen(session, actor, key)


def _check_name(path: str, data: bytes | None) -> None:
    if not allowed(path) and data is not None:
        raise Invalid(
            f"不能保存名为“{path[:60]}”的文件：只接受 .bpmn、.dmn、forms/名称.json 和 "
            "notices/名称/subject.txt、body.txt。",
            {"file": "文件名不符合要求。"},
        )


def _write(session: Session, draft_id: int, path: str, before: bytes | None, data: bytes | None) -> None:
    here = PackageDraftFile.draft_id == draft_id, PackageDraftFile.path == path
    if data is None:
        session.execute(delete(PackageDraftFile).where(*here))
    elif before is None:
        session.add(PackageDraftFile(draft_id=draft_id, path=path, content=data))
    elif before != data:
        session.execute(update(PackageDraftFile).where(*here).values(content=data))


def _stored(session: Session, draft: PackageDraft) -> dict[str, bytes]:
    query = (
        select(PackageDraftFile.path, PackageDraftFile.content)
        .where(PackageDraftFile.draft_id == draft.id)
        .order_by(PackageDraftFile.path)
    )
    return {found.path: found.content for found in session.execute(query)}
