"""`lianxin migrate`, `init`, `upgrade`: the database as this program needs it, with the factory's places and rules."""

from pathlib import Path

import click
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import backup, clock, config, db, definitions, dryrun, migrations
from engine.commands.sessions import opener
from engine.config import Settings
from engine.organisation.models import Place
from engine.setup.organisations import ensure_administration, set_up_organisations
from engine.setup.places import import_places
from engine.workdays import operations as workdays


@click.command()
def migrate() -> None:
    """把数据库的表升级到本程序的版本；可重复执行。"""
    engine = db.connect(_ready(config.load()).database_url)
    click.echo(_migrated(*migrations.upgrade(engine)))
    engine.dispose()


@click.command()
def init() -> None:
    """建立数据库并导入出厂的工作日历、流程、区划和机构；可重复执行，不覆盖已有内容。"""
    for sentence in prepare(config.load()):
        click.echo(sentence)


@click.command()
def upgrade() -> None:
    """升级：先备份，再升级表结构，补充出厂内容；已是最新则不做改动。"""
    settings = _ready(config.load())
    engine = db.connect(settings.database_url)
    before = migrations.current(engine)
    if before is not None and before != migrations.head():
        file = _backup_file(settings.data_dir, before)
        manifest = backup.create(engine, file)
        click.echo(f"升级前已备份到 {file}（{manifest.total}行），校验一致。")
    engine.dispose()
    for sentence in prepare(settings):
        click.echo(sentence)


def prepare(settings: Settings) -> list[str]:
    """Migrate and add what the factory edition has and the database lacks; a sentence on each thing done."""
    engine = db.connect(_ready(settings).database_url)
    try:
        sentences = [_migrated(*migrations.upgrade(engine))]
        with opener(engine, settings)() as session:
            added = install(session, settings.processes_dir)
        return [*sentences, *(added or ["出厂的工作日历、流程、区划和机构均已存在，没有改动。"])]
    finally:
        engine.dispose()


def install(session: Session, processes: Path) -> list[str]:
    """The factory edition into this database: calendar notices, procedures, and on an empty one the gazetteer.

    Idempotent; nothing that exists is changed, whoever edited it.
    """
    done = []
    if rows := workdays.import_factory(session, processes / "calendars"):
        done.append(f"工作日历：新增放假和调休日{rows}天。")
    if packages := definitions.import_factory(session, processes):
        done.append(f"流程：已导入{'、'.join(package.key for package in packages)}的出厂版本。")
    if scenarios := dryrun.import_factory(session, processes):
        done.append(f"推演：新增出厂情景{scenarios}个。")
    if session.scalars(select(Place.id).where(Place.tier == "community").limit(1)).first() is None:
        report = import_places(session, processes / "places" / "shenzhen.csv", processes / "places" / "rules.toml")
        done.append(f"区划：{report.districts}个区，{report.streets}个街道，{report.communities}个社区。")
        done.append(f"机构：新设{report.organisations.added}个。")
    elif added := set_up_organisations(session).added:
        done.append(f"机构：新设{added}个。")
    ensure_administration(session)
    return done


def ready(engine: Engine) -> bool:
    """True when the database has the tables of this program's version."""
    return migrations.current(engine) == migrations.head()


def _ready(settings: Settings) -> Settings:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return settings


def _migrated(before: str | None, after: str | None) -> str:
    if before == after:
        return f"数据库已是最新版本（{after}）。"
    return f"数据库已由版本 {before} 升级到 {after}。" if before else f"数据库已建立（版本 {after}）。"


def _backup_file(data_dir: Path, revision: str) -> Path:
    moment = clock.local(clock.now())
    return data_dir / "backups" / f"lianxin-{moment:%Y%m%d-%H%M%S}-{revision}.zip"
