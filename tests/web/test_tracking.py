"""办理进度查询 without account: opens with number and code, refuses with one sentence, takes one grade (R92, R79)."""

import re

import pytest

from engine import db, tracking
from engine.cases.models import Case, TrackingAttempt
from engine.ratings.models import Opinion
from engine.work.models import History
from tests.web.conftest import Visitor

NUMBER = "沙头角街道沙头角社区2026001"


@pytest.fixture
def look(stranger):
    def looked(number: str = NUMBER, code: str = "1234"):
        return stranger.post("/track", {"number": number, "code": code})

    return looked


def test_number_and_code_show_state_holder_and_date(look, stranger, make):
    make("signed", "reported", "referred")
    answer = look()
    assert (answer.status_code, answer.location) == (302, "/track/case")
    page = stranger.get("/track/case").text
    for words in ("沙头角街道城管科", "2026年3月16日", "已转交承办单位"):
        assert words in page
    for private in ("陈某某", "13800001234"):
        assert private not in page


def test_every_refusal_is_the_same_page(look, make):
    make()
    pages = {re.sub(r'value="[^"]*"', "", look(number, "0000").text) for number in (NUMBER, "别的编号2026001")}
    assert len(pages) == 1
    assert tracking.REFUSED in pages.pop()


def test_wrong_attempts_are_kept_although_the_page_refuses(look, make, database):
    make()
    for _ in range(5):
        assert look(code="0000").status_code == 422
    with db.reading(database) as session:
        assert [row.wrong for row in session.query(TrackingAttempt)] == [5, 5]
    assert look().status_code == 422


def test_the_page_needs_the_code_first(stranger, make):
    make()
    assert stranger.get("/track/case").location == "/track"
    assert stranger.post("/track/case", {"grade": "satisfied"}).location == "/track"


def test_the_page_closes_after_half_an_hour(look, stranger, make, at):
    make()
    look()
    at("2026-03-02 09:31")
    assert stranger.get("/track/case").location == "/track"


def code_of(database):
    with db.reading(database) as session:
        return session.query(Case).one().query_code


def test_the_reporter_rates_once(look, stranger, make, database):
    make("signed", "reported", "referred", "answered", "accepted")
    look(code=code_of(database))
    page = stranger.get("/track/case").text
    assert "请您评价" in page and 'name="code"' not in page
    assert stranger.post("/track/case", {}).status_code == 422
    assert stranger.post("/track/case", {"grade": "unreachable"}).status_code == 422
    assert stranger.post("/track/case", {"grade": "satisfied", "remark": "谢谢"}).status_code == 302
    page = stranger.get("/track/case").text
    assert "感谢您的参与" in page
    assert "请您评价" not in page and "请您对办理情况作出评价" not in page
    assert "您的评价“满意”已经登记，街道组织部门正在会商评定等级。" in page
    assert stranger.post("/track/case", {"grade": "dissatisfied"}).status_code == 409
    with db.reading(database) as session:
        opinion = session.query(Opinion).one()
        assert (opinion.party, opinion.grade, opinion.remark, opinion.recorded_by_id) == (
            "reporter", "satisfied", "谢谢", None,
        )  # fmt: skip
        assert session.query(Case).one().state == "awaiting_rating"
        assert session.query(History).filter_by(act="rated").one().actor_name == "反映人", "not the system's own act"


def test_r99_the_digits_every_mask_shows_open_the_page_and_give_no_grade(look, stranger, make, database, at):
    """138****1234 stands in every list: who rates shows the code of copy 1; five wrong ones lock, however he came in."""
    make("signed", "reported", "referred", "answered", "accepted")
    look()
    page = stranger.get("/track/case").text
    for words in ("请您评价", 'name="code"', "第一联", "沙头角社区党代表工作室当面评价"):
        assert words in page
    graded = {"grade": "satisfied", "remark": "谢谢"}
    for wrong in ("", "1234", "000000", "0000000", "12345"):
        refused = stranger.post("/track/case", graded | {"code": wrong})
        assert (refused.status_code, "查询码不对" in refused.text, "谢谢" in refused.text) == (422, True, True)
        look()  # opening it again forgives nothing
    assert stranger.post("/track/case", graded | {"code": code_of(database)}).status_code == 422, "locked"
    at("2026-03-02 09:16")
    assert stranger.post("/track/case", graded | {"code": f" {code_of(database)} "}).status_code == 302
    assert "感谢您的参与" in stranger.get("/track/case").text


@pytest.fixture
def behind_a_proxy(monkeypatch, request, _doors):
    """A door of its own: how many proxies stand before it is read when it is made."""
    monkeypatch.setenv("LIANXIN_PROXIES", "1")
    _doors.clear()
    yield request.getfixturevalue("app").test_client
    _doors.clear()


def test_r92_two_residents_behind_the_proxy_are_locked_separately(behind_a_proxy, make):
    """The address that counts is the resident's, as our own proxy reports it; what a client adds itself is not."""
    make()
    first, second = Visitor(behind_a_proxy()), Visitor(behind_a_proxy())
    first.client.environ_base["HTTP_X_FORWARDED_FOR"] = "203.0.113.7"
    second.client.environ_base["HTTP_X_FORWARDED_FOR"] = "203.0.113.7, 198.51.100.9"
    for number in range(5):
        assert first.post("/track", {"number": f"别的编号202600{number}", "code": "0000"}).status_code == 422
    assert first.post("/track", {"number": NUMBER, "code": "1234"}).status_code == 422, "locked"
    assert second.post("/track", {"number": NUMBER, "code": "1234"}).status_code == 302


def test_it_works_without_script(stranger):
    assert "<script" not in stranger.get("/track").text
