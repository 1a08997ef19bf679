"""Workbench and boxes (I1, I2, R70, R91)."""

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

from engine import db, desk
from tests import people
from tests.web.conftest import Visit
from web.words import BOXES

Make = Callable[..., int]


def _tiles(text: str) -> dict[str, int]:
    return {box: int(count) for box, count in re.findall(r'data-box="(\w+)">(\d+)<', text)}


def test_tiles_show_the_counts_of_the_database_in_the_order_of_the_glossary(
    visit: Visit, make: Make, cast: people.Cast, database: Engine
) -> None:
    make("signed", "reported", "referred")
    make("signed", "reported")
    shown = _tiles(visit("street_clerk").get("/").text)
    with db.reading(database) as session:
        counted = desk.boxes(
            session,
            people.Cast(
                session, *[getattr(cast, name) for name in ("people", "organisations", "places", "delegates")]
            ).actor("street_clerk"),
        )
    assert shown == counted
    assert list(shown) == list(BOXES)
    assert list(BOXES.values()) == [
        "待办",
        "待签收",
        "在办",
        "已办",
        "待阅",
        "已阅",
        "我登记的",
        "草稿箱",
        "督办",
        "临期",
        "逾期",
    ]
    assert shown["todo"] == 1
    assert shown["done"] == 1


def test_an_empty_box_says_so_politely(visit: Visit) -> None:
    assert "没有等待签收的来文" in visit("unit_clerk").get("/inbox/receipt").text


def test_an_unknown_box_is_not_found(visit: Visit) -> None:
    assert visit("unit_clerk").get("/inbox/nonsense").status_code == 404


def test_a_row_has_all_columns_and_a_lamp_with_words(visit: Visit, make: Make, at: Any) -> None:
    make("signed", "reported", "referred")
    text = visit("unit_clerk").get("/inbox/todo").text
    for column in [
        "编号",
        "内容摘要",
        "反映人",
        "党代表",
        "所在社区",
        "当前环节",
        "承办单位",
        "收到日期",
        "办理时限",
        "截止日",
        "剩余工作日",
        "状态",
    ]:
        assert re.search(rf'<th scope="col"[^>]*>{column}<', text), column
    for value in (
        "2026001",
        "陈某某",
        "戴代表",
        "沙头角社区",
        "承办并书面反馈",
        "沙头角街道城管科",
        "2026-03-02",
        "10个工作日",
        "2026-03-16",
        "绿·剩余10个工作日",
    ):
        assert value in text
    at("2026-03-12 10:00")
    assert "黄·临期2个工作日" in visit("unit_clerk").get("/inbox/due_soon").text
    at("2026-03-16 23:59")
    assert "黄·今日到期" in visit("unit_clerk").get("/inbox/due_soon").text
    at("2026-03-19 10:00")
    assert "红·逾期3个工作日" in visit("unit_clerk").get("/inbox/overdue").text


def test_most_urgent_first(visit: Visit, make: Make, at: Any) -> None:
    for day in ("2026-03-04", "2026-03-03", "2026-03-05"):
        at(f"{day} 10:00")
        make("signed", "reported", "referred")
    rows = re.findall(r'class="serial">(\d+)<', visit("unit_clerk").get("/inbox/todo").text)
    assert rows == ["2026002", "2026001", "2026003"]


def test_filter_and_pages(visit: Visit, make: Make) -> None:
    make("signed", "reported", "referred", reporter_name="钱先生")
    make("signed", "reported", "referred", content="路灯不亮 100% 黑暗，请派人来修好三栋楼下的路灯。")
    visitor = visit("unit_clerk")
    assert "2026002" not in visitor.get("/inbox/todo?text=钱先生").text
    assert "2026001" not in visitor.get("/inbox/todo?text=100%25").text
    assert "没有符合" in visitor.get("/inbox/todo?text=%25_").text
    assert "没有内容了" in visitor.get("/inbox/todo?page=9").text


def test_the_list_alone_comes_with_every_count(visit: Visit, make: Make) -> None:
    make("signed", "reported", "referred")
    text = visit("unit_clerk").get("/inbox/todo", fragment=True).text
    assert "<html" not in text
    assert 'id="list"' in text
    assert re.search(r'id="count-receipt" hx-swap-oob="true">1<', text)


def test_administrators_are_told_why_they_have_no_boxes(visit: Visit) -> None:
    assert "不参与意见建议的办理" in visit("system_administrator").get("/").text


def test_no_english_on_screen(visit: Visit, make: Make) -> None:
    case_id = make("signed", "reported", "referred")
    visitor = visit("unit_clerk")
    for address in (
        "/",
        "/inbox/todo",
        "/help",
        "/messages",
        "/search?text=2026",
        *(f"/cases/{case_id}?tab={tab}" for tab in ("overview", "progress", "diagram", "log")),
    ):
        text = re.sub(r"(?s)<head>.*?</head>|<script.*?</script>|<[^>]+>", " ", visitor.get(address).text)
        words = set(re.findall(r"[A-Za-z]{2,}", text)) - {"Tab"}
        assert not words, (address, words)
