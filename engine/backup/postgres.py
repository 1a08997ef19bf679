"""PostgreSQL: every table through COPY in one snapshot; restoring builds the tables of that revision and fills them.

pg_dump would have to be installed and at least as new as the server; this works from the program's own image.
"""

import zipfile
from pathlib import Path
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, Engine, MetaData, inspect

from engine import migrations
from engine.backup import archive
from engine.backup.archive import Manifest
from engine.errors import Invalid

VERSION = "alembic_version"


def write(engine: Engine, file: Path, revision: str, files: Path | None) -> None:
    """Copy every table into a new archive at `file`."""
    snapshot = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with snapshot.connect() as connection, archive.writing(file) as writer:
        cursor = _driver(connection).cursor()
        for table in _tables(connection):
            columns = [column.name for column in table.columns]
            statement = sql.SQL("COPY {} ({}) TO STDOUT").format(_name(table.name), _names(columns))
            lines = 0
            with writer.part(f"{table.name}.copy") as part, cursor.copy(statement) as rows:
                part.write(("\t".join(columns) + "\n").encode())
                for row in rows:
                    part.write(row)
                    lines += bytes(row).count(b"\n")  # line breaks inside values are escaped
            writer.rows[table.name] = lines
        writer.add_files(files)
        writer.finish("postgresql", revision)


def read(engine: Engine, source: zipfile.ZipFile, manifest: Manifest) -> None:
    """Replace everything in one transaction: drop the tables, build those of the backup's revision, fill them."""
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("SET LOCAL lock_timeout = '30s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({migrations.LOCK})")
        _drop_everything(connection)
        migrations.build(connection, manifest.revision)
        cursor = _driver(connection).cursor()
        for table in manifest.rows:
            _fill(cursor, source, table)
            stored = cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(_name(table))).fetchone()[0]
            if stored != manifest.rows[table]:
                raise Invalid(f"{table} 应有 {manifest.rows[table]} 行，恢复后是 {stored} 行。没有改动数据库。")
        _continue_numbers(connection, cursor)


def _tables(connection: Connection) -> list[Any]:
    """Every table of ours as it is now, those referred to first."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != VERSION]


def _fill(cursor: Any, source: zipfile.ZipFile, table: str) -> None:
    with source.open(f"{table}.copy") as part:
        columns = part.readline().decode().rstrip("\n").split("\t")
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(_name(table), _names(columns))
        with cursor.copy(statement) as copy:
            while chunk := part.read(archive.CHUNK):
                copy.write(chunk)


def _drop_everything(connection: Connection) -> None:
    names = inspect(connection).get_table_names()
    if names:
        _driver(connection).execute(sql.SQL("DROP TABLE {} CASCADE").format(_names(names)))


def _continue_numbers(connection: Connection, cursor: Any) -> None:
    """Sequences go on after the highest id, else the next insert would collide."""
    for table in _tables(connection):
        for column in table.primary_key.columns:
            sequence = cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", (table.name, column.name)).fetchone()[0]
            if sequence:
                query = sql.SQL("SELECT setval(%s, coalesce(max({}), 0) + 1, false) FROM {}")
                cursor.execute(query.format(_name(column.name), _name(table.name)), (sequence,))


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _name(name: str) -> sql.Identifier:
    return sql.Identifier(name)


def _names(names: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
