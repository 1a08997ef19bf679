"""`lianxin sweep`: look after everything once, for cron or a systemd timer; no broker needed."""

import click

from engine import config
from engine.commands import duties
from engine.commands.sessions import connected, opener


@click.command()
def sweep() -> None:
    """查看到期时限、待发消息和停滞事项各一次（供 cron 调用）。"""
    settings = config.load()
    engine = connected(settings)
    begin = opener(engine, settings)
    fired = duties.sweep_deadlines(begin, settings)
    sent = duties.send_notices(begin, settings)
    stuck = duties.check_stuck(begin, settings)
    duties.tend_calendar(begin, settings)
    engine.dispose()
    click.echo(f"到期时限{fired}项已执行，消息{sent}条已发送，新发现停滞事项{stuck}件。")
