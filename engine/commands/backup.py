"""`lianxin backup FILE` and `lianxin restore FILE`: the whole database in one file that proves itself."""

from pathlib import Path

import click

from engine import backup as backups
from engine import config, db
from engine.attachments.store import Store

FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="文件")


@click.command()
@FILE
def backup(file: Path) -> None:
    """备份整个数据库和全部附件到一个文件，并立即核对；可在系统运行中进行。"""
    settings = config.load()
    engine = db.connect(settings.database_url)
    manifest = backups.create(engine, file, Store.of(settings).folder)
    engine.dispose()
    size = file.stat().st_size / 1_000_000
    held = f"{len(manifest.rows)}个表，{manifest.total}行，{manifest.files}个附件，{size:.1f} MB"
    click.echo(f"已备份到 {file}（{held}），校验一致。")
    click.echo("签名密钥（LIANXIN_SECRET_KEY 或数据目录中的 secret-key）不在备份内，请另行保管。")


@click.command()
@FILE
@click.option("--force", is_flag=True, help="数据库里已有数据时仍然覆盖。")
def restore(file: Path, force: bool) -> None:
    """从备份恢复整个数据库和全部附件，并升级到本程序的版本；请先停止网页和后台服务。"""
    settings = config.load()
    engine = db.connect(settings.database_url)
    manifest, revision = backups.restore(engine, file, Store.of(settings).folder, force=force)
    engine.dispose()
    click.echo(f"已恢复 {manifest.at} 的备份：{len(manifest.rows)}个表，{manifest.total}行，{manifest.files}个附件。")
    if revision != manifest.revision:
        click.echo(f"数据库已由版本 {manifest.revision} 升级到 {revision}。")
