"""Backup and restore of the whole database and its attachments in one file that proves itself: no tools of the database
needed.

SQLite goes through its online backup, PostgreSQL through COPY in one snapshot; both while people work.
"""

import tempfile
from pathlib import Path

from sqlalchemy import Engine, MetaData, func, inspect, select

from engine import migrations
from engine.backup import archive, postgres, sqlite
from engine.backup.archive import Manifest
from engine.errors import Conflict, Invalid

__all__ = ["Manifest", "create", "is_empty", "restore", "verify"]


def create(engine: Engine, file: Path, files: Path | None = None) -> Manifest:
    """Write a backup to `file` (not there yet) and read it back: checksums and row counts must agree. `files`: the
    folder of attachments (engine.attachments.store).

    Raises Invalid with the reason; then no file is left behind.
    """
    if file.exists():
        raise Invalid(f"文件“{file}”已存在，备份不会覆盖它。请换一个文件名。")
    revision = migrations.current(engine)
    if revision is None:
        raise Invalid("数据库里还没有数据表，没有可备份的内容。")
    unfinished = file.with_name(file.name + ".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        (sqlite if engine.dialect.name == "sqlite" else postgres).write(engine, unfinished, revision, files)
        manifest = verify(unfinished)
        unfinished.rename(file)
    except OSError as problem:
        raise Invalid(f"无法写入备份文件“{file}”：{problem.strerror}。") from problem
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


def verify(file: Path) -> Manifest:
    """Read the whole backup; Invalid when a part is damaged, missing, or has another number of rows than it says."""
    with archive.reading(file) as source:
        manifest = archive.read_manifest(source)
        archive.check(source, manifest)
        if manifest.database == "sqlite":
            with tempfile.TemporaryDirectory(dir=file.parent) as folder:
                sqlite.check(source, manifest, Path(folder))
    return manifest


def restore(
    engine: Engine, file: Path, files: Path | None = None, *, force: bool = False
) -> tuple[Manifest, str]:  # fmt: skip
    """Put a backup into the database and bring it to this program's version; returns (manifest, revision now). The
    attachments go into the folder `files`.

    Raises Conflict for a database with rows unless `force`, Invalid for a file that is damaged or of the other kind of
    database, SchemaUnknown for a backup of a newer program. What was there stays untouched until all is in place.
    """
    manifest = verify(file)
    if manifest.database != engine.dialect.name:
        names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
        raise Invalid(
            f"这是 {names.get(manifest.database, manifest.database)} 的备份，不能恢复到 {names[engine.dialect.name]}。"
        )
    migrations.check_known(manifest.revision)
    if not force and not is_empty(engine):
        raise Conflict("数据库里已有数据，恢复会全部覆盖。确定要覆盖请加 --force，并先备份现有数据。")
    with archive.reading(file) as source:
        if files is not None:
            archive.restore_files(source, manifest, files)
        (sqlite if manifest.database == "sqlite" else postgres).read(engine, source, manifest)
    return manifest, str(migrations.upgrade(engine)[1])


def is_empty(engine: Engine) -> bool:
    """True when no table has a row (tables alone do not count)."""
    names = [name for name in inspect(engine).get_table_names() if name != "alembic_version"]
    found = MetaData()
    found.reflect(engine, only=names)
    with engine.connect() as connection:
        return not any(
            connection.execute(select(func.count()).select_from(table.select().limit(1).subquery())).scalar_one()
            for table in found.tables.values()
        )
