"""Tables of packages and their files. The stored files are the truth; processes/ is the factory edition."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base


class Package(Base):
    """One published version of a procedure; running instances pin it."""

    __tablename__ = "packages"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40))  # folder name under processes/
    version: Mapped[int]
    checksum: Mapped[str] = mapped_column(String(64))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str] = mapped_column(String(300))
    effective_from: Mapped[date]
    published_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("key", "version"),)


class PackageFile(Base):
    """One file of a package, byte for byte."""

    __tablename__ = "package_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("packages.id"), index=True)
    path: Mapped[str] = mapped_column(String(120))
    content: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("package_id", "path"),)


class PackageDraft(Base):
    """The next version of a procedure while somebody works on it: one row for each procedure, kept when the draft is
    published or given up (`active` says which), so that `revision` never repeats and a page left open cannot write into
    a later draft. `held_until`: the editor has it alone until then, unless heard of again."""

    __tablename__ = "package_drafts"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    active: Mapped[bool] = mapped_column(default=True)
    based_on_id: Mapped[int | None] = mapped_column(ForeignKey("packages.id"), index=True)
    revision: Mapped[int] = mapped_column(default=1)
    checksum: Mapped[str] = mapped_column(String(64))
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    editor_name: Mapped[str] = mapped_column(String(40), default="")
    held_until: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    opened_by_name: Mapped[str] = mapped_column(String(40), default="")
    updated_at: Mapped[datetime]
    updated_by_name: Mapped[str] = mapped_column(String(40), default="")


class PackageDraftFile(Base):
    """One file of a draft, byte for byte, whatever its bytes are."""

    __tablename__ = "package_draft_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("package_drafts.id"))
    path: Mapped[str] = mapped_column(String(120))
    content: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("draft_id", "path"),)


class ArticleException(Base):
    """One finding that cites an article of the measures, let pass with a reason by two persons. It holds for exactly
    this `message` on this element; `package_id` is the version it was published with."""

    __tablename__ = "article_exceptions"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), index=True)
    package_id: Mapped[int | None] = mapped_column(ForeignKey("packages.id"), index=True)
    code: Mapped[str] = mapped_column(String(40))
    article: Mapped[int]
    file: Mapped[str] = mapped_column(String(120))
    element_id: Mapped[str] = mapped_column(String(200))
    message: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(10))  # requested | approved | published | withdrawn | void
    requested_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    requested_by_name: Mapped[str] = mapped_column(String(40))
    requested_at: Mapped[datetime]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    approved_by_name: Mapped[str] = mapped_column(String(40), default="")
    approved_at: Mapped[datetime | None]
    closed_by_name: Mapped[str] = mapped_column(String(40), default="")  # who withdrew it or gave the draft up
    closed_at: Mapped[datetime | None]


class StartSchedule(Base):
    """A start event that waits for its time or its message: one row per start event of the version in force. `memory`
    is what the timer remembers between its occurrences."""

    __tablename__ = "start_schedule"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
    package_id: Mapped[int] = mapped_column(ForeignKey("packages.id"), index=True)
    process_id: Mapped[str] = mapped_column(String(60))
    element_id: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(80), default="")
    event: Mapped[str] = mapped_column(String(10))  # timer | message
    message: Mapped[str] = mapped_column(String(60), default="", index=True)
    expression: Mapped[str] = mapped_column(Text, default="")
    due_at: Mapped[datetime | None] = mapped_column(index=True)  # None: waits for its message, or its last time is over
    memory: Mapped[bytes | None] = mapped_column(LargeBinary)
    fired: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("key", "process_id", "element_id"),)


class MigrationBatch(Base):
    """The decision to carry running instances of one version over to another; `mapping` is the administrator's."""

    __tablename__ = "migration_batches"

    id: Mapped[int] = mapped_column(primary_key=True)
    from_package_id: Mapped[int] = mapped_column(ForeignKey("packages.id"), index=True)
    to_package_id: Mapped[int] = mapped_column(ForeignKey("packages.id"), index=True)
    mapping: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(String(300))
    actor_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    actor_name: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]


class MigrationResult(Base):
    """What became of one instance of a batch; `state` and `tasks` are what it was before, for the way back."""

    __tablename__ = "migration_results"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("migration_batches.id"))
    instance_id: Mapped[int] = mapped_column(ForeignKey("instances.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(10), default="waiting")  # waiting | moved | refused | failed | undone
    element_id: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    deadlines: Mapped[list[Any]]  # [{element_id, name, what, old, new}]
    state: Mapped[bytes | None] = mapped_column(LargeBinary)
    tasks: Mapped[list[Any]]
    revision: Mapped[int | None]  # of the instance after it; another number = a step was made since
    at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("batch_id", "instance_id"),)
