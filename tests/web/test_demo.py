"""The demo's pages exist in demo mode only; switching needs no password and reaches the shown people only."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine

from engine import clock, config, db
from engine.errors import Misconfigured
from engine.organisation.models import Person
from tests import factories
from tests.moments import moment
from tests.web.conftest import Visitor
from web.app import create_app


@pytest.fixture
def cast(database):
    """As in every web test, but time runs on from there: the demo's clock is ahead of a clock that moves."""
    with time_machine.travel(moment("2026-03-02 09:00:30"), tick=True):
        yield factories.prepared(database)
        clock.shift(timedelta(0))


@pytest.fixture
def demo(database, cast, monkeypatch, tmp_path):
    """A browser at a demo installation; the cast's unit clerk sits where the demo's does."""
    monkeypatch.setenv("LIANXIN_DATA", str(tmp_path))
    with db.transaction(database) as session:
        session.get_one(Person, cast.people["unit_clerk"].id).login = "unit-440308003-001-1"
    settings = replace(config.load(), demo=True, database_url=database.url.render_as_string(hide_password=False))
    made = create_app(settings)
    yield Visitor(made.test_client())
    made.extensions["lianxin"].engine.dispose()


def test_without_demo_mode_there_are_no_such_pages(stranger):
    assert stranger.get("/demo").status_code == 404
    assert stranger.post("/demo/switch", {"login": "liaison"}).status_code == 404
    assert stranger.post("/demo/clock", {"step": "day"}).status_code == 404
    assert "演示" not in stranger.get("/sign-in").text


def test_production_refuses_demo_mode(monkeypatch):
    monkeypatch.setenv("LIANXIN_ENV", "production")
    monkeypatch.setenv("LIANXIN_DEMO", "1")
    with pytest.raises(Misconfigured):
        config.load()


def test_switching_person_in_one_click(demo):
    assert "沙头角街道城管科" in demo.get("/demo").text
    assert demo.post("/demo/switch", {"login": "unit-440308003-001-1"}).status_code == 302
    assert "陈城管" in demo.get("/").text
    assert "演示环境" in demo.get("/").text


def test_nobody_else_can_be_switched_to(demo):
    for login in ("street_head", "auditor", "", "unit-440308003-001-h"):
        assert demo.post("/demo/switch", {"login": login}).status_code == 404


def test_the_clock_needs_the_token_of_the_page(demo):
    assert demo.client.post("/demo/clock", data={"step": "day"}).status_code == 400


def test_a_push_tells_what_fired(demo, make):
    case_id = make("signed", "reported", "referred")
    demo.post("/demo/switch", {"login": "unit-440308003-001-1"})
    for _ in range(3):  # the targets of receipt and plan pass before the first reminder
        assert demo.post("/demo/clock", {"step": "deadline", "next": "/inbox/todo"}).location == "/inbox/todo"
    page = demo.get("/inbox/todo").text
    assert "演示时钟已到2026年3月11日 09:00，自动执行 1 次" in page
    assert f'<a href="/cases/{case_id}">沙头角街道沙头角社区2026001</a> 催办：届满前 3 个工作日' in page
    assert "演示时钟已到" not in demo.get("/inbox/todo").text, "told once"
    demo.post("/demo/clock", {"step": "five_days", "next": "/"})
    page = demo.get("/inbox/overdue").text
    assert "逾期督办：沙头角街道党工委组织部门" in page
    assert "红·逾期2个工作日" in page


def test_somebody_who_may_not_read_the_case_gets_no_link(demo, make):
    case_id = make("signed", "reported", "referred")
    for _ in range(3):
        demo.post("/demo/clock", {"step": "deadline"})
    page = demo.get("/track").text
    assert "沙头角街道沙头角社区2026001 催办" in page
    assert f"/cases/{case_id}" not in page


def test_a_day_without_deadlines_says_so(demo):
    demo.post("/demo/clock", {"step": "day"})
    assert "2026年3月3日 09:00，其间没有时限到期" in demo.get("/demo").text
    demo.post("/demo/clock", {"step": "deadline"})
    assert "现在没有等待到期的时限" in demo.get("/demo").text


def test_only_addresses_of_this_house_to_come_back_to(demo):
    for elsewhere in ("//example.com", "https://example.com", "/\\example.com"):
        assert demo.post("/demo/clock", {"step": "day", "next": elsewhere}).location == "/"


def test_unknown_steps_are_refused(demo):
    assert demo.post("/demo/clock", {"step": "back"}).status_code == 404
