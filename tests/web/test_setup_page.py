"""One-time links: the first system administrator and passwords, used up by the first success only."""

import re

import pytest
from flask import Flask

from engine import db
from engine.organisation import tokens
from engine.organisation.models import Person
from engine.setup.administration import first_administrator_link

FORM = {
    "name": "管第一",
    "login": "first",
    "phone": "",
    "email": "",
    "password": "hearts-2026-first",
    "again": "hearts-2026-first",
}


@pytest.fixture
def empty(database, cast):
    """The house before anybody administrates it."""
    with db.transaction(database) as session:
        session.get_one(Person, cast.people["system_administrator"].id).active = False
    with db.transaction(database) as session:
        return first_administrator_link(session)


def _post(visitor, address: str, form: dict[str, str]):
    token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get(address).text)[1]
    return visitor.client.post(address, data=form | {"csrf_token": token})


def test_the_first_administrator_comes_in_by_the_link_once(empty, stranger, app: Flask):
    address = f"/first-administrator/{empty}"
    assert "首位系统管理员" in stranger.get(address).text
    assert _post(stranger, address, FORM).status_code == 302
    assert stranger.get("/people").status_code == 200
    other = type(stranger)(app.test_client())
    assert other.get(address).status_code == 422
    assert "链接不能使用" in other.get(address).text


def test_mistakes_keep_the_link_and_what_was_typed(empty, stranger):
    address = f"/first-administrator/{empty}"
    for wrong, words in (
        ({"again": "other"}, "两次输入的密码不一致"),
        ({"password": "x", "again": "x"}, "密码至少"),
        ({"name": ""}, "请填写姓名"),
    ):
        refused = _post(stranger, address, FORM | wrong)
        assert refused.status_code == 422
        assert words in refused.text
        assert 'value="first"' in refused.text
    assert _post(stranger, address, FORM).status_code == 302


def test_a_wrong_secret_opens_nothing(stranger, cast):
    for address in ("/first-administrator/guess", "/password/guess"):
        assert "链接不能使用" in stranger.get(address).text


def test_a_password_link_ends_other_sessions(visit, stranger, cast, database):
    clerk = visit("street_clerk")
    with db.transaction(database) as session:
        secret = tokens.issue(session, tokens.PASSWORD, cast.people["street_clerk"].id)
    form = {"password": "quite-new-2026", "again": "quite-new-2026"}
    assert _post(stranger, f"/password/{secret}", form).status_code == 302
    assert stranger.get("/inbox/todo").status_code == 200
    assert clerk.get("/inbox/todo").status_code == 302
