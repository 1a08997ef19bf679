"""SQLite: the whole file through the online backup, which takes one consistent state while others write."""

import shutil
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from engine.backup import archive
from engine.backup.archive import Manifest
from engine.errors import Invalid

PART = "database.sqlite3"
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"


def write(engine: Engine, file: Path, revision: str, files: Path | None) -> None:
    """Copy the database into a new archive at `file`."""
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        copy = Path(folder) / PART
        with closing(_open(_path(engine))) as source, closing(_open(copy)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # one file, no -wal beside it
        with archive.writing(file) as writer:
            with closing(_open(copy)) as stored:
                writer.rows |= _counts(stored)
            with writer.part(PART) as part, copy.open("rb") as stream:
                shutil.copyfileobj(stream, part, archive.CHUNK)
            writer.add_files(files)
            writer.finish("sqlite", revision)


def check(source: zipfile.ZipFile, manifest: Manifest, folder: Path) -> None:
    """The stored database is sound and has the rows it says; `folder` is for the unpacked file."""
    copy = folder / PART
    with source.open(PART) as packed, copy.open("wb") as target:
        shutil.copyfileobj(packed, target, archive.CHUNK)
    try:
        with closing(_open(copy)) as stored:
            if stored.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise Invalid("备份里的数据库已损坏，不能使用。")
            counts = _counts(stored)
    except sqlite3.DatabaseError as problem:
        raise Invalid("备份里的数据库无法打开，不能使用。") from problem
    if counts != dict(manifest.rows):
        raise Invalid("备份里的行数与清单不符，不能使用。")


def read(engine: Engine, source: zipfile.ZipFile, manifest: Manifest) -> None:
    """Replace the database's content in one transaction of SQLite's own."""
    target_path = _path(engine)
    target_path.parent.mkdir(parents=True, exist_ok=True)
    engine.dispose()
    with tempfile.TemporaryDirectory(dir=target_path.parent) as folder:
        check(source, manifest, Path(folder))
        with closing(_open(Path(folder) / PART)) as stored, closing(_open(target_path)) as target:
            stored.backup(target)
            target.execute("PRAGMA journal_mode=WAL")


def _path(engine: Engine) -> Path:
    if not engine.url.database or engine.url.database == ":memory:":
        raise Invalid("内存中的数据库不能备份或恢复。")
    return Path(engine.url.database)


def _open(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, timeout=30, isolation_level=None)


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    names = [name for (name,) in connection.execute(TABLES)]
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608  # names of the file itself
