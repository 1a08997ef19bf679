"""`lianxin up`: get the database ready, then run broker, web, worker and beat on this machine."""

import click

from engine import config, db
from engine.commands.database import prepare
from engine.demo.build import build
from workers import supervisor


@click.command()
@click.option("--port", type=int, default=None, help="端口，默认 8000 或环境变量 PORT。")
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址。")
def up(port: int | None, host: str) -> int:
    """启动全部进程（数据库、队列、网页、定时任务），显示访问地址；按 Ctrl-C 停止，数据保留。"""
    settings = config.load()
    for sentence in prepare(settings):
        click.echo(sentence)
    if settings.demo:
        _demo(settings)
    return supervisor.run(settings, port or settings.port, host)


def _demo(settings: config.Settings) -> None:
    engine = db.connect(settings.database_url)
    click.echo("正在准备演示数据……")
    with db.transaction(engine) as session:
        built = build(session, settings.processes_dir)
    engine.dispose()
    if built.added:
        click.echo(f"已建立演示意见建议 {built.added} 件。")
