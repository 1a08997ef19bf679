"""A backup holds everything, proves it, and comes back, on both databases and through the command line."""

import json
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from engine import backup, db, migrations, tasks
from engine.cases.models import Case
from engine.cli import main
from engine.commands import database as commands
from engine.config import ROOT
from engine.errors import Conflict, Invalid
from engine.organisation.models import Person, Place
from engine.packages.models import PackageFile
from tests import factories, postgres

Make = Callable[[], Engine]
NASTY = "制表\t换行\n反斜杠\\N \\. 引号' \" 空"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Makes empty databases, all of one kind."""
    made: list[tuple[str, Engine]] = []

    def new() -> Engine:
        name = f"lianxin_backup_{os.getpid()}_{len(made)}"
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path / name}.sqlite3"
        else:
            url = postgres.make_database(name).render_as_string(hide_password=False)
        made.append((name, db.connect(url)))
        return made[-1][1]

    yield new
    for name, engine in made:
        engine.dispose()
        if request.param == "postgresql":
            postgres.drop_database(name)


@pytest.fixture
def living(make: Make) -> Engine:
    """A migrated database with one case on its way and a text that tests every escape."""
    engine = make()
    migrations.upgrade(engine)
    with db.transaction(engine) as session:
        case = factories.handled(session, factories.install(session))
        session.add(Person(login="nasty", name="试", phone="", email=NASTY, password_hash=None))
        case.outcome_reason = NASTY
    return engine


def everything(engine: Engine) -> dict[str, list[str]]:
    with engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in migrations.metadata().sorted_tables
        }


def test_everything_comes_back(living: Engine, make: Make, tmp_path: Path) -> None:
    manifest = backup.create(living, tmp_path / "b.zip")
    target = make()
    restored, revision = backup.restore(target, tmp_path / "b.zip")
    assert restored == manifest
    assert revision == migrations.head()
    assert everything(target) == everything(living)
    with db.transaction(target) as session:
        assert session.scalars(select(Person).where(Person.login == "nasty")).one().email == NASTY


def test_a_restored_system_goes_on_working(living: Engine, make: Make, tmp_path: Path) -> None:
    """Numbers of rows continue, foreign keys hold, the stored tokens run on."""
    backup.create(living, tmp_path / "b.zip")
    target = make()
    backup.restore(target, tmp_path / "b.zip")
    with db.transaction(target) as session:
        cast = _cast(session)
        case = session.scalars(select(Case)).one()
        task = factories.open_task(session, case, "answer")
        tasks.claim(session, cast("unit_clerk"), task.id)
        tasks.complete(session, cast("unit_clerk"), task.id, factories.STEPS["answered"][2])
        session.add(Place(code="999", tier="community", name="新", published_name="新"))
        session.flush()
        highest = session.scalar(select(func.max(Place.id)))
        assert session.scalars(select(Place).where(Place.code == "999")).one().id == highest


def _cast(session: Session) -> Callable[[str], object]:
    from_login = {person.login: person.id for person in session.scalars(select(Person))}
    return lambda role: factories.people.queries.actor(session, from_login[role])


def test_a_backup_is_one_consistent_state_while_others_write(living: Engine, tmp_path: Path) -> None:
    """Two rows always change together; a backup never holds one without the other."""
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.wait(0.001):
            number += 1
            with db.transaction(living) as session:
                session.add(Person(login=f"a{number}", name="甲"))
                session.flush()
                session.add(Place(code=f"p{number}", tier="community", name="乙", published_name="乙"))

    before = backup.create(living, tmp_path / "before.zip").rows
    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(4):
            rows = backup.create(living, tmp_path / f"{number}.zip").rows
            assert rows["people"] - before["people"] == rows["places"] - before["places"]
    finally:
        stop.set()
        thread.join()
    assert rows["people"] > before["people"]


def test_rows_are_not_overwritten_without_force(living: Engine, tmp_path: Path) -> None:
    backup.create(living, tmp_path / "b.zip")
    with db.transaction(living) as session:
        session.add(Person(login="later", name="后来"))
    with pytest.raises(Conflict, match="--force"):
        backup.restore(living, tmp_path / "b.zip")
    backup.restore(living, tmp_path / "b.zip", force=True)
    with db.transaction(living) as session:
        assert session.scalars(select(Person).where(Person.login == "later")).first() is None


def test_tables_without_rows_may_be_filled(living: Engine, make: Make, tmp_path: Path) -> None:
    backup.create(living, tmp_path / "b.zip")
    target = make()
    migrations.upgrade(target)
    assert backup.is_empty(target)
    backup.restore(target, tmp_path / "b.zip")
    assert not backup.is_empty(target)


@pytest.mark.parametrize("damage", ["cut", "byte", "part", "rows", "text"])
def test_a_damaged_backup_is_refused_and_changes_nothing(living: Engine, tmp_path: Path, damage: str) -> None:
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    backup.create(living, good)
    _damage(good, bad, damage)
    before = everything(living)
    with pytest.raises(Invalid):
        backup.restore(living, bad, force=True)
    assert everything(living) == before


def _damage(good: Path, bad: Path, damage: str) -> None:
    data = bytearray(good.read_bytes())
    if damage == "cut":
        bad.write_bytes(data[: len(data) // 2])
    elif damage == "byte":
        with zipfile.ZipFile(good) as archive:  # inside what is packed, not in a field nobody reads
            biggest = max(archive.infolist(), key=lambda part: part.compress_size)
        data[biggest.header_offset + 60 + len(biggest.filename) + biggest.compress_size // 2] ^= 0xFF
        bad.write_bytes(data)
    elif damage == "text":
        bad.write_text("备份")
    else:
        with zipfile.ZipFile(good) as source, zipfile.ZipFile(bad, "w") as target:
            names = source.namelist()
            for name in names[1:] if damage == "part" else names:
                content = source.read(name)
                if name == "manifest.json" and damage == "rows":
                    manifest = json.loads(content)
                    manifest["rows"]["people"] += 1
                    content = json.dumps(manifest).encode()
                target.writestr(name, content)


def test_a_backup_of_a_newer_program_is_refused(living: Engine, tmp_path: Path) -> None:
    with living.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    backup.create(living, tmp_path / "b.zip")
    with pytest.raises(migrations.SchemaUnknown):
        backup.restore(living, tmp_path / "b.zip", force=True)


def test_a_backup_never_overwrites_a_file_and_leaves_no_half_one(living: Engine, make: Make, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_text("mine")
    with pytest.raises(Invalid, match="已存在"):
        backup.create(living, tmp_path / "b.zip")
    with pytest.raises(Invalid, match="没有可备份"):
        backup.create(make(), tmp_path / "c.zip")
    assert (tmp_path / "b.zip").read_text() == "mine"
    assert not list(tmp_path.glob("*.part"))
    assert not (tmp_path / "c.zip").exists()


def test_only_its_owner_can_read_a_backup(living: Engine, tmp_path: Path) -> None:
    backup.create(living, tmp_path / "b.zip")
    assert (tmp_path / "b.zip").stat().st_mode & 0o077 == 0


def test_the_other_kind_of_database_is_told_apart(tmp_path: Path, sqlite: Engine, postgresql: Engine) -> None:
    source = db.connect(f"sqlite:///{tmp_path / 'source.sqlite3'}")
    migrations.upgrade(source)
    backup.create(source, tmp_path / "b.zip")
    with pytest.raises(Invalid, match="这是 SQLite 的备份，不能恢复到 PostgreSQL"):
        backup.restore(postgresql, tmp_path / "b.zip")


# ------------------------------------------------------------------------------------------------ commands


@pytest.fixture
def lianxin(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs the command on an empty database of its own; `database` chooses another one."""
    own = make()
    monkeypatch.setenv("LIANXIN_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("LIANXIN_DEMO", raising=False)

    def run(*arguments: str, database: Engine = own) -> Result:
        monkeypatch.setenv("DATABASE_URL", database.url.render_as_string(hide_password=False))
        return CliRunner().invoke(main, arguments)

    return run


def test_init_twice_then_backup_and_restore(lianxin: Callable[..., Result], make: Make, tmp_path: Path) -> None:
    first = lianxin("init")
    assert first.exit_code == 0, first.stderr
    assert "数据库已建立" in first.stdout
    assert "783个社区" in first.stdout
    assert "没有改动" in lianxin("init").stdout
    assert "已是最新版本" in lianxin("migrate").stdout
    done = lianxin("backup", str(tmp_path / "b.zip"))
    assert "校验一致" in done.stdout
    refused = lianxin("restore", str(tmp_path / "b.zip"))
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.startswith("错误：数据库里已有数据")
    other = make()
    assert "已恢复" in lianxin("restore", str(tmp_path / "b.zip"), database=other).stdout
    with db.transaction(other) as session:
        assert session.scalar(select(func.count()).select_from(Place).where(Place.tier == "district")) == 10


def test_init_never_touches_what_administrators_changed(make: Make) -> None:
    engine = make()
    migrations.upgrade(engine)
    with db.transaction(engine) as session:
        commands.install(session, ROOT / "processes")
        session.scalars(select(PackageFile).where(PackageFile.path == "opinion.bpmn")).one().content = b"mine"
        session.scalars(select(Place).where(Place.tier == "street")).first().name = "改名街道"
    with db.transaction(engine) as session:
        assert commands.install(session, ROOT / "processes") == []
        files = session.scalars(select(PackageFile.content).where(PackageFile.path == "opinion.bpmn")).all()
        assert files == [b"mine"]
        assert session.scalars(select(Place).where(Place.name == "改名街道")).one()


# ------------------------------------------------------------------------------------------------ the next version

NEXT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "9000", "{head}"


def upgrade():
    with op.batch_alter_table("people") as people:
        people.add_column(sa.Column("nickname", sa.String(20), nullable=False, server_default="无"))


def downgrade():
    with op.batch_alter_table("people") as people:
        people.drop_column("nickname")
"""


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    """From the call on, the program is one revision further."""

    def release() -> None:
        scripts = tmp_path / "next"
        copytree(migrations.SCRIPTS, scripts, ignore=ignore_patterns("__pycache__"))
        (scripts / "versions" / "v9000_next.py").write_text(NEXT.replace("{head}", migrations.head()), encoding="utf-8")
        monkeypatch.setattr(migrations, "SCRIPTS", scripts)

    return release


def nicknames(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(text("SELECT nickname FROM people")).scalars())


def test_an_older_backup_is_brought_to_this_version(
    living: Engine, make: Make, tmp_path: Path, next_version: Callable[[], None]
) -> None:
    manifest = backup.create(living, tmp_path / "b.zip")
    next_version()
    target = make()
    assert backup.restore(target, tmp_path / "b.zip") == (manifest, "9000")
    assert nicknames(target) == {"无"}


def test_upgrade_backs_up_before_it_migrates(
    living: Engine, make: Make, tmp_path: Path, next_version: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", living.url.render_as_string(hide_password=False))
    monkeypatch.setenv("LIANXIN_DATA", str(tmp_path / "data"))
    assert "已是最新版本" in CliRunner().invoke(main, ["upgrade"]).output
    assert not (tmp_path / "data" / "backups").exists()
    before = everything(living)
    next_version()
    output = CliRunner().invoke(main, ["upgrade"]).output
    (file,) = (tmp_path / "data" / "backups").iterdir()
    assert f"升级前已备份到 {file}" in output
    assert "升级到 9000" in output
    assert nicknames(living) == {"无"}
    with zipfile.ZipFile(file) as archive:
        assert json.loads(archive.read("manifest.json"))["rows"]["people"] == len(before["people"])
