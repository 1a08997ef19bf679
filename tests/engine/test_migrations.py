"""The revisions build exactly the tables of the models, on both databases, and take them away again."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from engine import db, migrations
from tests import postgres


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without any table."""
    if request.param == "sqlite":
        yield (engine := db.connect(f"sqlite:///{tmp_path / 'empty.sqlite3'}"))
        engine.dispose()
        return
    name = f"lianxin_migrations_{tmp_path.name[-40:]}".lower()
    engine = db.connect(postgres.make_database(name).render_as_string(hide_password=False))
    yield engine
    engine.dispose()
    postgres.drop_database(name)


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, migrations.metadata()))


def test_the_revisions_make_the_tables_of_the_models(empty: Engine) -> None:
    assert migrations.upgrade(empty) == (None, migrations.head())
    assert migrations.current(empty) == migrations.head()
    assert differences(empty) == []


def test_a_missing_column_would_be_noticed(empty: Engine) -> None:
    migrations.upgrade(empty)
    with empty.begin() as connection:
        connection.execute(text("ALTER TABLE withdrawals DROP COLUMN undo"))
    assert "undo" in str(differences(empty))


def test_on_sqlite_even_the_text_of_the_tables_is_the_same(tmp_path: Path) -> None:
    """Alembic does not compare check constraints; SQLite keeps the text of every table, so we do."""
    empty = db.connect(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    migrations.upgrade(empty)
    direct = db.connect(f"sqlite:///{tmp_path / 'direct.sqlite3'}")
    migrations.metadata().create_all(direct)
    query = text("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'alembic%' AND name NOT LIKE 'sqlite%'")
    found = []
    for engine in (empty, direct):
        with engine.connect() as connection:
            rows = connection.execute(query)
            found.append({name: _lines(sql) for name, sql in rows})
        engine.dispose()
    assert len(found[0]) > 50
    assert found[0] == found[1]


def _lines(sql: str) -> list[str]:
    """The columns and constraints of a table in any order; SQLite appends an added column to the last line, and puts a
    table made anew into quotes, its defaults into brackets, and blank lines where it likes."""
    plain = re.sub(r"DEFAULT \(([\w']+)\)", r"DEFAULT \1", sql.replace('"', ""))
    parts = (part.strip(" ,\t") for line in plain.splitlines() for part in re.split(r",\s(?![^(]*\))", line))
    return sorted(filter(None, parts))


def test_a_second_run_changes_nothing(empty: Engine) -> None:
    migrations.upgrade(empty)
    assert migrations.upgrade(empty) == (migrations.head(), migrations.head())


def test_downgrade_leaves_an_empty_database(empty: Engine) -> None:
    migrations.upgrade(empty)
    migrations.downgrade(empty, "base")
    assert [name for name in inspect(empty).get_table_names() if name != "alembic_version"] == []
    migrations.upgrade(empty)
    assert differences(empty) == []


def test_tables_without_a_version_are_refused(empty: Engine) -> None:
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE cases (id INTEGER)"))
    with pytest.raises(migrations.SchemaUnversioned) as refusal:
        migrations.upgrade(empty)
    assert "1 个表" in refusal.value.message


def test_a_database_of_a_newer_program_is_refused_and_left_alone(empty: Engine) -> None:
    migrations.upgrade(empty)
    with empty.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrations.SchemaUnknown) as refusal:
        migrations.upgrade(empty)
    assert "9999" in refusal.value.message
    assert migrations.current(empty) == "9999"


def test_foreign_keys_hold_again_after_a_migration(empty: Engine) -> None:
    migrations.upgrade(empty)
    with pytest.raises(IntegrityError), empty.begin() as connection:
        connection.execute(text("INSERT INTO number_counters (studio_id, year, last) VALUES (77, 2026, 1)"))


def test_every_revision_can_run_on_tables_with_rows() -> None:
    """A new column that may not be empty needs a value for the rows that are there."""
    script = ScriptDirectory.from_config(migrations.configuration())
    for revision in script.walk_revisions():
        source = ast.parse(Path(revision.path).read_text(encoding="utf-8"))
        assert list(_valueless_columns(source)) == [], revision.path


def test_the_check_of_revisions_sees_a_column_without_value() -> None:
    call = "op.add_column('cases', sa.Column('{}', sa.String(), nullable={}{}))"
    bad, good = call.format("a", False, ""), call.format("b", False, ", server_default=''")
    assert list(_valueless_columns(ast.parse(f"{bad}\n{good}\n{call.format('c', True, '')}"))) == ["a"]


def _valueless_columns(source: ast.AST) -> Iterator[str]:
    for call in ast.walk(source):
        if not isinstance(call, ast.Call) or getattr(call.func, "attr", "") != "add_column":
            continue
        column = next(argument for argument in call.args if isinstance(argument, ast.Call))
        options = {word.arg: word.value for word in column.keywords}
        required = getattr(options.get("nullable"), "value", True) is False
        if required and "server_default" not in options:
            yield str(getattr(column.args[0], "value", ""))
