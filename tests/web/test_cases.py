"""The page of a case (I3, I6, I7, R54, R55, R75)."""

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, select

from engine import db
from engine.cases.models import Case
from engine.feedback.models import Copy
from tests.web.conftest import Visit

Make = Callable[..., int]
ANSWERED = ("signed", "reported", "referred", "answered")


def test_overview_shows_strip_path_and_tracked_items(visit: Visit, make: Make, at: Any) -> None:
    case_id = make("signed", "reported", "referred")
    at("2026-03-05 10:00")
    text = visit("street_clerk").get(f"/cases/{case_id}").text
    for value in (
        "沙头角街道沙头角社区2026001",
        "绿·剩余7个工作日",
        "2026年3月16日",
        "沙头角社区党代表工作室",
        "办理方案",
        "办理人员",
        "办理时限",
        "办理结果",
    ):
        assert value in text
    assert re.findall(r'path-days">(\d+)个工作日', text) == ["0", "0", "3"]
    assert "共3个工作日" in text


def test_why_this_date_lists_every_day(visit: Visit, make: Make, at: Any) -> None:
    at("2026-02-13 10:00")
    case_id = make("signed", "reported", "referred", reflected_on="2026-02-13")
    visitor = visit("unit_clerk")
    page = visitor.get(f"/cases/{case_id}/why").text
    assert "为什么是2026年3月5日" in page
    assert page.count('class="day-counted"') == 10
    assert page.count('class="day-skipped"') == 10
    assert "2026-02-14" in page
    assert "调休上班" in page
    assert "<html" not in visitor.get(f"/cases/{case_id}/why", fragment=True).text


def test_a_year_without_notice_is_marked(visit: Visit, make: Make, at: Any) -> None:
    at("2026-12-28 10:00")
    case_id = make("signed", "reported", "referred", reflected_on="2026-12-28")
    visitor = visit("unit_clerk")
    assert "暂定" in visitor.get(f"/cases/{case_id}/why").text
    assert "暂定" in visitor.get("/inbox/todo").text


def test_the_live_diagram_marks_where_it_stands_and_who_did_what(visit: Visit, make: Make) -> None:
    case_id = make("signed", "reported", "referred")
    visitor = visit("unit_clerk")
    outer = visitor.get(f"/cases/{case_id}/diagram.json").json
    assert outer["current"] == ["review_street"]
    assert outer["links"]["review_street"] == f"/cases/{case_id}?tab=diagram&process=tier_review"
    signed = next(act for act in outer["done"] if act["element"] == "sign")
    assert (signed["who"], signed["what"]) == ("戴代表", "党代表签名")
    assert not [act for act in outer["done"] if act["element"] == "review_district"]
    inner = visitor.get(f"/cases/{case_id}/diagram.json?process=handling").json
    assert inner["current"] == ["answer"]
    assert visitor.get(f"/cases/{case_id}/diagram.json?process=nothing").status_code == 404
    tabs = visitor.get(f"/cases/{case_id}?tab=diagram").text
    for name in ("意见建议办理", "逐级受理", "承办与反馈", "三方评议"):
        assert name in tabs


def test_history_has_the_columns_of_the_glossary(visit: Visit, make: Make) -> None:
    text = visit("street_clerk").get(f"/cases/{make(*ANSWERED)}?tab=progress").text
    for column in ("环节", "办理人（代理关系）", "收到时间", "办理时间", "办理结果", "意见", "用时（工作日）"):
        assert f">{column}</th>" in text
    assert "书面反馈" in text


def test_a_tab_alone_for_htmx(visit: Visit, make: Make) -> None:
    answer = visit("street_clerk").get(f"/cases/{make()}?tab=log", fragment=True)
    assert answer.text.lstrip().startswith('<div id="tabs">')


def test_an_unknown_tab_is_not_found(visit: Visit, make: Make) -> None:
    assert visit("street_clerk").get(f"/cases/{make()}?tab=nothing").status_code == 404


def test_reading_a_copy_moves_it(visit: Visit, make: Make, database: Engine) -> None:
    case_id = make(*ANSWERED, "accepted")
    visitor = visit("delegate")
    assert "2026001" in visitor.get("/inbox/unread").text
    assert f"/cases/{case_id}/read" in visitor.get(f"/cases/{case_id}").text
    assert "2026001" in visitor.get("/inbox/unread").text  # looking alone is not reading
    visitor.post(f"/cases/{case_id}/read")
    assert "2026001" not in visitor.get("/inbox/unread").text
    assert "2026001" in visitor.get("/inbox/read").text
    with db.reading(database) as session:
        read = session.scalars(select(Copy.addressee).where(Copy.read_at.is_not(None))).all()
    assert read == ["delegate"]


def test_taking_back(visit: Visit, make: Make) -> None:
    case_id = make(*ANSWERED)
    visitor = visit("unit_clerk")
    assert f"/cases/{case_id}/withdraw" in visitor.get(f"/cases/{case_id}").text
    assert f"/cases/{case_id}/withdraw" not in visit("unit_head").get(f"/cases/{case_id}").text
    assert visitor.post(f"/cases/{case_id}/withdraw").status_code == 302
    assert "已撤回" in visitor.get(f"/cases/{case_id}").text
    assert visitor.post(f"/cases/{case_id}/withdraw").status_code == 409


def test_terminating_asks_for_a_reason(visit: Visit, make: Make, database: Engine) -> None:
    case_id = make("signed", "reported")
    visitor = visit("street_clerk")
    assert visitor.get(f"/cases/{case_id}/terminate").status_code == 200
    assert visitor.post(f"/cases/{case_id}/terminate", {"reason": ""}).status_code == 422
    assert (
        visitor.post(
            f"/cases/{case_id}/terminate",
            {"kind": "petition", "reason": "已由信访部门受理", "referred_to": "盐田区信访局"},
        ).status_code
        == 302
    )
    with db.reading(database) as session:
        assert session.get_one(Case, case_id).state == "terminated"
    assert visit("unit_clerk").get(f"/cases/{case_id}/terminate").status_code in (403, 404)
