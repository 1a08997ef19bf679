"""`lianxin demo build`: the living demo in this installation's database."""

import click

from engine import config, db
from engine.commands.sessions import connected
from engine.demo.build import build
from engine.errors import Misconfigured


@click.group(no_args_is_help=True)
def demo() -> None:
    """演示数据（仅演示环境）。"""


@demo.command("build")
def build_command() -> None:
    """建立演示机构、人员和意见建议；已有数据时不重复建立。"""
    settings = config.load()
    if settings.production:
        raise Misconfigured("生产环境不能建立演示数据。")
    engine = connected(settings)
    with db.transaction(engine) as session:
        built = build(session, settings.processes_dir)
    engine.dispose()
    if built.added:
        click.echo(f"已建立演示数据：意见建议 {built.added} 件，到期自动办理 {built.fired} 次。")
    else:
        click.echo(f"演示数据已存在（意见建议 {built.cases} 件），没有改动。")
