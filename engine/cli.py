"""The command `lianxin`: one group, the commands of each noun in engine/commands/<noun>.py.

A new command: write it in its noun's module and add one line at the end of this file.
"""

import sys
from collections.abc import Sequence
from typing import Any

import click
from sqlalchemy.exc import OperationalError

from engine.commands.admin import first_administrator, password_link
from engine.commands.backup import backup, restore
from engine.commands.check import check
from engine.commands.database import init, migrate, upgrade
from engine.commands.demo import demo
from engine.commands.evaluate import evaluate
from engine.commands.people import people
from engine.commands.places import organisations, places
from engine.commands.sweep import sweep
from engine.commands.up import up
from engine.commands.workdays import workdays
from engine.errors import LianxinError


class ChineseGroup(click.Group):
    """Every refusal is one Chinese sentence on stderr and exit code 2, never a traceback."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run as click does, with our words for what went wrong."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            result = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.ctx.get_help())
            sys.exit(0)
        except click.ClickException as error:
            _refuse(_sentence(error))
        except OperationalError as error:
            _refuse(f"数据库无法使用：{error.orig}。请检查 DATABASE_URL，以及数据库是否已启动。")
        except LianxinError as error:
            _refuse(error.message)
        except (click.Abort, KeyboardInterrupt):
            _refuse("已中断。", code=130)
        sys.exit(result if isinstance(result, int) else 0)


def _refuse(sentence: str, code: int = 2) -> None:
    click.echo(f"错误：{sentence}", err=True)
    sys.exit(code)


def _sentence(error: click.ClickException) -> str:
    if isinstance(error, click.NoSuchOption):
        return f"没有选项 {error.option_name}。用 --help 查看用法。"
    if isinstance(error, click.MissingParameter):
        name = error.param.human_readable_name if error.param else error.param_hint
        return f"缺少 {name}。用 --help 查看用法。"
    if isinstance(error, click.BadOptionUsage):
        return f"选项 {error.option_name} 的用法不对，是否缺少值？用 --help 查看用法。"
    if isinstance(error, click.UsageError):
        usage = error.ctx.get_usage().removeprefix("Usage: ") if error.ctx else "lianxin --help"
        return f"命令或参数无法识别。用法：{usage}"
    return error.format_message()


@click.group(cls=ChineseGroup, no_args_is_help=True)
def main() -> None:
    """连心：市党代表社情民意办理系统。"""


main.add_command(workdays)
main.add_command(places)
main.add_command(organisations)
main.add_command(people)
main.add_command(first_administrator)
main.add_command(password_link)
for command in (migrate, init, upgrade, backup, restore, sweep, up, demo, check, evaluate):
    main.add_command(command)


if __name__ == "__main__":
    main(prog_name="lianxin")
