"""Procedures as data: the factory edition in processes/, published versions, their compiled diagrams.

The stored files are the truth; a version never changes, and what was before is one more publication away.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine import bpmn, catalogue, clock
from engine.access import Actor, Verb, require
from engine.bpmn.change import Change
from engine.catalogue.telling import placeholders
from engine.errors import Conflict, Invalid, Misconfigured, NotFound
from engine.organisation.models import Person
from engine.packages import operations, queries
from engine.packages.checking import check_files
from engine.packages.difference import differences as changes_between
from engine.packages.models import ArticleException, MigrationBatch, Package, PackageDraft, PackageFile, StartSchedule
from engine.packages.queries import compiled, file, files, in_force
from engine.work.models import Instance

__all__ = [
    "Change", "Version", "article_of", "changes_between", "check", "compiled", "covers", "delete_version",
    "differences", "exceptions", "file", "files", "import_factory", "in_force", "intact", "keys", "name", "newest",
    "package", "procedures", "publish", "read_folder", "restore", "versions",
]  # fmt: skip

SUFFIXES = {".bpmn", ".dmn", ".json", ".txt", ".toml"}


@dataclass(frozen=True)
class Version:
    """One published version: who, why, from when; how many instances run on it and ever did. `current`: new cases start
    with it today."""

    package: Package
    author_name: str
    running: int
    started: int
    current: bool

    @property
    def deletable(self) -> bool:
        """Whether nothing ever used it."""
        return not self.started


@dataclass(frozen=True)
class Procedure:
    """One procedure: the version in force today, the next one to come, how many instances run on any of them."""

    key: str
    name: str
    current: Package | None
    coming: Package | None
    running: int


def read_folder(folder: Path) -> dict[str, bytes]:
    """The files of one procedure by path relative to its folder, README files left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in SUFFIXES and path.is_file()
    }


def check(
    key: str, folder_files: Mapping[str, bytes], draft: bool = False, people: Collection[str] | None = None
) -> list[bpmn.Finding]:
    """Everything wrong with a package, errors first: structure, texts, forms, operations, and the articles that bind
    the procedure `key`; a draft may lack what a person can do instead. `people`: the pools somebody stands in
    (catalogue.staffed), None where no installation is known."""
    forms = [path.removeprefix("forms/").removesuffix(".json") for path in folder_files if path.startswith("forms/")]
    found = bpmn.check_package(
        queries.diagrams(folder_files), catalogue.FUNCTIONS, catalogue.OPERATIONS, forms=forms, package=key,
        draft=draft, people=people,
    )  # fmt: skip
    return sorted(found + check_files(key, folder_files, placeholders), key=lambda finding: finding.severity != "error")


# ------------------------------------------------------------------------------------------------ publishing


def publish(
    session: Session, key: str, folder_files: Mapping[str, bytes], reason: str, *, author: Actor | None = None,
    effective_from: date | None = None, exceptions: Sequence[ArticleException] = (),
) -> Package:  # fmt: skip
    """Check and store a package as the next version, in force from `effective_from` (today at the earliest); running
    cases keep theirs. `author` None: the installation itself. `exceptions`: what two persons let pass of the articles;
    those that were needed are recorded with the version. Refused names every element that cannot run or breaks an
    article; Invalid without a reason or with a day that is over; Conflict when nothing changed or somebody else
    published at the same moment."""
    if author is not None:
        require(author, Verb.DEFINITION_PUBLISH)
    if not reason.strip():
        raise Invalid("请写明发布的理由。", errors={"reason": "请写明理由。"})
    if effective_from is not None and effective_from < clock.today():
        raise Invalid("生效日不能早于今天。", errors={"effective_from": "不能早于今天。"})
    latest = _newest(session, key)
    if latest is not None and latest.checksum == operations.checksum(folder_files):
        raise Conflict(f"与第 {latest.version} 版的文件完全相同，不需要发布。")
    findings = check(key, folder_files, people=catalogue.staffed(session))
    used = [row for row in exceptions if row.key == key and any(covers(row, finding) for finding in findings)]
    left = [finding for finding in findings if not any(covers(row, finding) for row in used)]
    if any(finding.severity == "error" for finding in left):
        raise bpmn.Refused(left)
    try:
        with session.begin_nested():
            package = operations.publish(
                session, key, folder_files, reason=reason, effective_from=effective_from,
                author_id=author.person_id if author else None,
            )  # fmt: skip
    except IntegrityError as taken:
        raise Conflict("刚刚有人发布了新的一版，请先查看它的改动，再决定是否发布。") from taken
    for row in used:
        row.package_id, row.state = package.id, "published"
    session.flush()
    return package


_ARTICLE = re.compile(r"article\.(\d+)\.")


def article_of(finding: bpmn.Finding) -> int | None:
    """The article of the measures a finding cites; None for everything that two persons cannot let pass."""
    cited = _ARTICLE.match(finding.code)
    return int(cited[1]) if cited and finding.severity == "error" else None


def covers(row: ArticleException, finding: bpmn.Finding) -> bool:
    """Whether this exception lets this finding pass: approved by a second person, for the same words about the same
    element (another limit gives other words)."""
    approved = row.state == "approved" and row.approved_by_id not in (None, row.requested_by_id)
    same = (row.code, row.file, row.element_id) == (finding.code, finding.file, finding.element)
    return approved and same and row.message == finding.message and article_of(finding) is not None


def restore(
    session: Session, author: Actor, package_id: int, reason: str, *, effective_from: date | None = None
) -> Package:
    """Publish the files of an older version as a new one: versions are never taken back, only followed."""
    old = _version(session, package_id)
    return publish(
        session, old.key, queries.files(session, old.id), reason, author=author, effective_from=effective_from
    )


def delete_version(session: Session, actor: Actor, package_id: int) -> None:
    """Remove a version nothing ever used. Conflict when an instance ran on it, cases were carried from or to it, or it
    is the only one of its procedure."""
    require(actor, Verb.DEFINITION_PUBLISH)
    version = session.get(Package, package_id, with_for_update=True)
    if version is None:
        raise NotFound
    used = session.scalars(select(Instance.id).where(Instance.package_id == package_id).limit(1)).first()
    ways = or_(MigrationBatch.from_package_id == package_id, MigrationBatch.to_package_id == package_id)
    carried = session.scalars(select(MigrationBatch.id).where(ways).limit(1)).first()
    if used is not None or carried is not None:
        raise Conflict(f"第 {version.version} 版已有案件使用，不能删除。")
    if session.scalars(
        select(PackageDraft.id).where(PackageDraft.based_on_id == package_id, PackageDraft.active).limit(1)
    ).first():
        raise Conflict(f"正在编辑的草稿以第 {version.version} 版为底稿，请先发布或放弃草稿。")
    others = select(Package.id).where(Package.key == version.key, Package.id != package_id)
    if session.scalars(others.limit(1)).first() is None:
        raise Conflict(f"第 {version.version} 版是这个流程唯一的版本，不能删除。")
    session.execute(update(PackageDraft).where(PackageDraft.based_on_id == package_id).values(based_on_id=None))
    granted = update(ArticleException).where(ArticleException.package_id == package_id)
    session.execute(granted.values(package_id=None, state="void", closed_by_name=actor.name, closed_at=clock.now()))
    for table in (StartSchedule, PackageFile):
        session.execute(delete(table).where(table.package_id == package_id))
    session.delete(version)
    session.flush()


# ------------------------------------------------------------------------------------------------ looking


def versions(session: Session, actor: Actor, key: str) -> list[Version]:
    """The versions of a procedure, newest first; NotFound for an unknown one."""
    require(actor, Verb.DEFINITION_READ)
    rows = session.scalars(select(Package).where(Package.key == key).order_by(Package.version.desc())).all()
    if not rows:
        raise NotFound
    query = select(Instance.package_id, Instance.status, func.count().label("number"))
    query = query.where(Instance.package_id.in_([row.id for row in rows])).group_by("package_id", "status")
    counts: Counter[tuple[int, bool]] = Counter()
    for row in session.execute(query):
        counts[row.package_id, row.status == "ended"] += row.number
    people = select(Person.id, Person.name).where(Person.id.in_([row.author_id for row in rows if row.author_id]))
    names = {row.id: row.name for row in session.execute(people)}
    current = next((row.id for row in rows if row.effective_from <= clock.today()), None)
    return [
        Version(
            package=row, author_name=names.get(row.author_id or 0, ""), running=counts[row.id, False],
            started=counts[row.id, False] + counts[row.id, True], current=row.id == current,
        )
        for row in rows
    ]  # fmt: skip


def differences(session: Session, actor: Actor, old_id: int, new_id: int) -> list[Change]:
    """What changed between two versions, in words. Invalid for versions of two procedures."""
    require(actor, Verb.DEFINITION_READ)
    old, new = _version(session, old_id), _version(session, new_id)
    if old.key != new.key:
        raise Invalid("只能比较同一流程的两个版本。")
    return changes_between(queries.files(session, old_id), queries.files(session, new_id))


def exceptions(session: Session, actor: Actor, package_ids: Sequence[int]) -> list[ArticleException]:
    """What two persons let pass when these versions were published, oldest first."""
    require(actor, Verb.DEFINITION_READ)
    query = select(ArticleException).where(ArticleException.package_id.in_(package_ids))
    return list(session.scalars(query.order_by(ArticleException.id)))


def procedures(session: Session, actor: Actor) -> list[Procedure]:
    """Every procedure that was ever published, by key."""
    require(actor, Verb.DEFINITION_READ)
    found = []
    for key in keys(session):
        rows = versions(session, actor, key)
        current = next((row.package for row in rows if row.current), None)
        coming = [row.package for row in rows if current is None or row.package.version > current.version]
        running = sum(row.running for row in rows)
        last = coming[-1] if coming else None
        found.append(Procedure(key, name(session, (current or rows[0].package).id), current, last, running))
    return found


def keys(session: Session) -> list[str]:
    """The keys of all procedures that were ever published."""
    return list(session.scalars(select(Package.key).distinct().order_by(Package.key)))


def newest(session: Session, key: str) -> Package:
    """The last version of a procedure, in force or not yet; NotFound for an unknown one."""
    found = _newest(session, key)
    if found is None:
        raise NotFound
    return found


def _newest(session: Session, key: str) -> Package | None:
    query = select(Package).where(Package.key == key).order_by(Package.version.desc()).limit(1)
    return session.scalars(query).first()


def name(session: Session, package_id: int) -> str:
    """What people call a procedure: the name of its outermost process, which carries the procedure's key."""
    version = _version(session, package_id)
    names = compiled(session, package_id).names
    return names.get(version.key) or next(iter(names.values()), version.key)


def intact(session: Session, package_id: int) -> bool:
    """Whether the stored files are still those that were published (their checksum says so)."""
    rows = session.execute(select(PackageFile.path, PackageFile.content).where(PackageFile.package_id == package_id))
    return operations.checksum({row.path: row.content for row in rows}) == _version(session, package_id).checksum


def _version(session: Session, package_id: int) -> Package:
    version = session.get(Package, package_id)
    if version is None:
        raise NotFound
    return version


def package(session: Session, key: str) -> Package:
    """The version of procedure `key` that new cases start with today."""
    return in_force(session, key, clock.today())


# ------------------------------------------------------------------------------------------------ the factory edition


def import_factory(session: Session, processes: Path) -> list[Package]:
    """Publish every procedure folder that has no version yet as version 1 (author: nobody, reason: 出厂版本); what
    administrators published since is never touched."""
    imported: list[Package] = []
    for folder in sorted(path.parent for path in processes.glob("*/*.bpmn")):
        known = session.scalars(select(Package.id).where(Package.key == folder.name).limit(1)).first()
        if known is None and folder.name not in {package.key for package in imported}:
            package = publish(session, folder.name, read_folder(folder), "出厂版本")
            # Article 14: the measures are in force from 2010-11-24; old paper cases are entered with their own dates.
            package.effective_from = clock.MEASURES_IN_FORCE
            imported.append(package)
    if not imported and session.scalars(select(Package.id).limit(1)).first() is None:
        raise Misconfigured(f"{processes} 里没有流程图，无法建立流程。")
    session.flush()
    return imported
