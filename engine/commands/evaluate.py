"""`lianxin eval EXPR --data JSON`: the value of an expression of our diagrams, or what is wrong with it and where."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import click

from engine import clock
from engine.bpmn import compile_expression
from engine.catalogue.facts import at
from engine.commands.workdays import current_calendar
from engine.errors import Invalid

MAX_DATA = 1_000_000


@click.command("eval", context_settings={"ignore_unknown_options": True})
@click.argument("expression", metavar="EXPR")
@click.option("--data", "text", metavar="JSON", default="{}", help='表达式里的名称和值，如 {"days": 3}。')
def evaluate(expression: str, text: str) -> None:
    """计算流程图表达式 EXPR 的值；有误时说明第几行第几列错在哪里。"""
    value = compile_expression(expression).evaluate(_data(text), FUNCTIONS)
    click.echo(json.dumps(value, ensure_ascii=False, default=_written))


def _data(text: str) -> dict[str, Any]:
    if len(text) > MAX_DATA:
        raise Invalid(f"--data 超过 {MAX_DATA} 个字，请只给表达式用到的名称。")
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"第 {error.lineno} 行第 {error.colno} 列"
        raise Invalid(f'--data 不是 JSON：{where}有误，请写成 {{"名称": 值}}。') from error
    except (RecursionError, ValueError) as error:
        raise Invalid("--data 嵌套太深或数字太大，无法读取。") from error
    if not isinstance(data, dict):
        raise Invalid('--data 必须是 {"名称": 值} 的样子。')
    return data


def _working_days(start: date | str, days: int) -> Any:
    calendar, _ = current_calendar(None)
    return calendar.working_days(_date(start), days)


def _date(value: date | str) -> date:
    """JSON has no dates: one written as text counts as one here, and only here."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise Invalid(f"“{value}”不是日期，请写成 2026-02-13 的样子。") from None


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "working_days": _working_days, "at": at, "today": clock.today, "days": lambda count: timedelta(days=count),
}  # fmt: skip


def _written(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | timedelta):
        return str(value)
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    raise Invalid("结果不能写成文字。")
