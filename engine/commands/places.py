"""`lianxin import-places` and `lianxin setup-organisations`: the gazetteer, and the organisations on it."""

from pathlib import Path

import click

from engine import config
from engine.commands.sessions import command_transaction
from engine.setup.organisations import set_up_organisations
from engine.setup.places import PlacesReport, import_places


@click.command("import-places")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="文件")
@click.option(
    "--rules",
    type=click.Path(path_type=Path, dir_okay=False),
    help="新区、改名、相邻社区的规则文件（默认 processes/places/rules.toml）。",
)
def places(file: Path, rules: Path | None) -> None:
    """导入公布的区划文件（CSV），可重复执行。"""
    settings = config.load()
    with command_transaction() as session:
        report = import_places(session, file, rules or settings.processes_dir / "places" / "rules.toml")
    click.echo("\n".join(_lines(report)))


def _lines(report: PlacesReport) -> list[str]:
    lines = [
        (
            f"读取{report.read}行：{report.districts}个区（新区），{report.streets}个街道，{report.communities}个社区，"
            f"{report.zones}个特定区域（不设工作室）。"
        ),
        (
            f"新增{report.added}处，变更{len(report.changed)}处，不再公布{len(report.vanished)}处，"
            f"相邻关系变动{report.adjacent_changed}对。"
        ),
        f"新设机构{report.organisations.added}个，随区划改名{len(report.organisations.renamed)}个。",
    ]
    for title, items in (
        ("变更", report.changed),
        ("机构改名", report.organisations.renamed),
        ("不再公布，已保留", report.vanished),
        ("需要留意（均已导入）", report.odd),
    ):
        lines += [f"{title}：", *(f"  {item}" for item in items)] if items else []
    return lines


@click.command("setup-organisations")
def organisations() -> None:
    """为已导入的区划补齐工作室、组织部门等机构，可重复执行。"""
    with command_transaction() as session:
        report = set_up_organisations(session)
    click.echo(f"新设机构{report.added}个。")
