"""Write a revision from the difference between the models and the last revision: `make migration NAME="what changes"`.

`make migration NAME=initial` writes the first revision anew; only before the first release, it strands databases
(its name changes with the tables, so that a database made from an older one is told apart).
"""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy.schema import CreateIndex, CreateTable

from engine import db, migrations

VERSIONS = migrations.SCRIPTS / "versions"


def main(name: str) -> None:
    if name == "initial":
        for file in VERSIONS.glob("v*.py"):
            file.unlink()
    first = not list(VERSIONS.glob("v*.py"))
    number = f"0001{fingerprint()}" if first else f"{len(list(VERSIONS.glob('v*.py'))) + 1:04}"
    with tempfile.TemporaryDirectory() as folder:
        engine = db.connect(f"sqlite:///{folder}/empty.sqlite3")
        if not first:
            migrations.upgrade(engine)
        with engine.begin() as connection:
            config = migrations.configuration(connection)
            command.revision(config, message=name, autogenerate=True, rev_id=number)
    written = next(VERSIONS.glob(f"v{number}_*.py"))
    tidy = [Path(sys.executable).parent / "ruff"]
    subprocess.run([*tidy, "check", "--quiet", "--fix", "--select", "I,F401", written], check=True)
    subprocess.run([*tidy, "format", "--quiet", written], check=True)
    written.write_text(keeping_counters(written.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{written.name} written; read it, then run the tests of tests/engine/test_migrations.py")


def keeping_counters(text: str) -> str:
    """SQLite makes a changed table anew: one whose ids are never used again must be told so again."""
    for table in migrations.metadata().sorted_tables:
        if table.dialect_options["sqlite"]["autoincrement"]:
            begun = f'op.batch_alter_table("{table.name}", schema=None'
            text = text.replace(f"{begun})", f'{begun}, table_kwargs={{"sqlite_autoincrement": True}})')
    return text


def fingerprint() -> str:
    """Four hexadecimal digits over all tables and indexes."""
    tables = migrations.metadata().sorted_tables
    text = [str(CreateTable(table)) for table in tables]
    text += [str(CreateIndex(index)) for table in tables for index in sorted(table.indexes, key=lambda i: str(i.name))]
    return hashlib.sha256("".join(text).encode()).hexdigest()[:4]


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 and sys.argv[1].strip() else sys.exit('usage: make migration NAME="..."'))
