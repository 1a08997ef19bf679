"""`lianxin first-administrator` and `lianxin password-link`: how people get in before anybody can let them in."""

import click
from sqlalchemy import select

from engine.commands.sessions import command_transaction
from engine.errors import Invalid
from engine.organisation import tokens
from engine.organisation.models import Person
from engine.organisation.operations import normal_login
from engine.setup.administration import first_administrator_link


@click.command("first-administrator")
def first_administrator() -> None:
    """生成首位系统管理员的一次性链接（24小时内有效；已有系统管理员时无效）。"""
    with command_transaction() as session:
        secret = first_administrator_link(session)
    click.echo(f"请在24小时内用浏览器打开本系统的以下地址（只能使用一次）：\n/first-administrator/{secret}")


@click.command("password-link")
@click.argument("login", metavar="登录名")
def password_link(login: str) -> None:
    """生成设置密码的一次性链接（72小时内有效）。"""
    with command_transaction() as session:
        person = session.scalars(select(Person).where(Person.login == normal_login(login))).first()
        if person is None or not person.active:
            raise Invalid(f"没有登录名为“{login}”的在用人员。")
        secret = tokens.issue(session, tokens.PASSWORD, person.id)
    click.echo(f"请{person.name}在72小时内打开本系统的以下地址（只能使用一次）：\n/password/{secret}")
