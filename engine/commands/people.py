"""`lianxin import-people`: staff, liaisons and delegates from a table."""

import sys
from pathlib import Path

import click

from engine.commands.sessions import command_transaction
from engine.setup.people import import_people


@click.command("import-people")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="文件")
@click.option("--dry-run", is_flag=True, help="只检查，不写入。")
def people(file: Path, dry_run: bool) -> None:
    """导入人员（.xlsx 或 CSV）。列：姓名、登录名、手机、邮箱、单位、职责、任职日期；党代表另有职务、社区、代表编号。"""
    with command_transaction() as session:
        report = import_people(session, file, dry_run)
    for problem in report.problems:
        click.echo(str(problem))
    bad = len({problem.line for problem in report.problems})
    if bad:
        click.echo(f"共{report.rows}行，{bad}行有误，没有写入任何内容。改正后请重新导入。")
        sys.exit(1)
    done = "检查通过，可以导入" if dry_run else "已导入"
    click.echo(f"共{report.rows}行，{done}：新增{report.people}人，{report.posts}项职务。")
