"""人员管理: only the system administrator; nothing typed is lost; links are shown once."""

import re

import pytest

from engine import db
from engine.organisation.models import Person, Post
from tests import people

NEW = {"name": "欧阳新来", "login": "ouyang", "phone": "0755-25550001", "email": ""}


@pytest.fixture
def admin(visit):
    return visit("system_administrator")


def test_only_the_system_administrator(visit):
    for role in ("liaison", "street_head", "delegate", "procedure_administrator", "auditor"):
        assert visit(role).get("/people").status_code == 403


def test_find_by_name_login_or_phone(admin):
    for text in ("陈城管", "unit_clerk"):
        assert "陈城管" in admin.get(f"/people?text={text}").text
    assert "没有找到“查无此人”" in admin.get("/people?text=查无此人").text


def test_add_gives_a_link_that_sets_the_password_once(admin, stranger):
    page = admin.post("/people", NEW).text
    link = re.search(r"http://localhost(/password/[\w-]+)", page)[1]
    assert "设置密码" in stranger.get(link).text
    weak = stranger.client.post(
        link, data={"password": "short", "again": "short", "csrf_token": _token(stranger, link)}
    )
    assert weak.status_code == 422
    data = {"password": "long-enough-2026", "again": "long-enough-2026", "csrf_token": _token(stranger, link)}
    assert stranger.client.post(link, data=data).status_code == 302
    assert "链接不能使用" in stranger.get(link).text


def _token(visitor, address: str) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', visitor.get(address).text)[1]


def test_errors_stand_beside_what_was_typed(admin):
    refused = admin.post("/people", NEW | {"login": "liaison", "email": "nonsense"})
    assert refused.status_code == 422
    for words in ("已有人使用", "邮箱格式不正确", "欧阳新来", "nonsense"):
        assert words in refused.text


def test_change_disable_and_enable(admin, cast, database, stranger):
    person_id = cast.people["unit_clerk"].id
    address = f"/people/{person_id}"
    assert admin.post(address, {"name": "陈城管", "login": "unit_clerk", "phone": "12", "email": ""}).status_code == 422
    assert admin.post(address, {"name": "陈新名", "login": "unit_clerk", "phone": "", "email": ""}).status_code == 302
    assert "陈新名" in admin.get(address).text
    assert admin.post(f"{address}/disable").status_code == 302
    assert stranger.sign_in("unit_clerk").status_code == 422
    assert admin.post(f"{address}/enable").status_code == 302
    assert stranger.sign_in("unit_clerk", people.PASSWORD).status_code == 302


def test_the_last_system_administrator_stays(admin, cast, database):
    address = f"/people/{cast.people['system_administrator'].id}"
    refused = admin.post(f"{address}/disable")
    assert refused.status_code == 409
    assert "最后一名系统管理员" in refused.text
    with db.reading(database) as session:
        assert session.get_one(Person, cast.people["system_administrator"].id).active


def test_a_duty_begins_and_ends(admin, cast, database):
    person, unit = cast.people["far_clerk"].id, cast.organisations["district_unit"].id
    assert "盐田区城管局" in admin.get(f"/people/{person}?organisation=盐田区城管局").text
    form = {"organisation_id": unit, "duty": "staff", "starts_on": "2026-03-02"}
    assert admin.post(f"/people/{person}/posts", form).status_code == 302
    with db.reading(database) as session:
        post = session.query(Post).filter_by(person_id=person, organisation_id=unit).one().id
    refused = admin.post(f"/people/{person}/posts/{post}/end", {"last_day": "2026-02-01"})
    assert refused.status_code == 422
    assert "不能早于任职日期" in refused.text
    assert admin.post(f"/people/{person}/posts/{post}/end", {"last_day": "2026-03-31"}).status_code == 302
    assert "2026-03-31" in admin.get(f"/people/{person}").text


def test_administration_and_case_work_never_meet_in_one_person(admin, cast):
    form = {
        "organisation_id": cast.organisations["district_unit"].id, "duty": "staff", "starts_on": "2026-03-02",
    }  # fmt: skip
    refused = admin.post(f"/people/{cast.people['auditor'].id}/posts", form)
    assert refused.status_code == 422
    assert "不能兼任" in refused.text
