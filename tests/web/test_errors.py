"""Refusals on screen: Chinese, with what, where and what now; never a stack of code."""

import re

import pytest
from flask import Flask

from engine import errors
from tests.web.conftest import Visit, Visitor
from web.errors import status_of
from web.policy import public


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotFound(), 404),
        (errors.Forbidden("签收"), 403),
        (errors.Conflict("已变化。"), 409),
        (errors.TaskTaken("已由张三签收。"), 409),
        (errors.Invalid("有误。"), 422),
        (errors.Misconfigured("缺少设置。"), 500),
    ],
)
def test_statuses(error: errors.LianxinError, status: int) -> None:
    assert status_of(error) == status


def test_an_unknown_address_is_told_in_the_persons_own_frame(visit: Visit) -> None:
    answer = visit("unit_clerk").get("/nothing-here")
    assert answer.status_code == 404
    assert "没有找到您要的页面" in answer.text
    assert "陈城管" in answer.text


def test_a_stranger_gets_the_plain_frame(stranger: Visitor) -> None:
    answer = stranger.get("/nothing-here")
    assert answer.status_code == 404
    assert "主菜单" not in answer.text


def test_a_part_of_a_page_gets_a_part(visit: Visit) -> None:
    answer = visit("unit_clerk").get("/tasks/999999", fragment=True)
    assert answer.status_code == 404
    assert answer.headers["HX-Retarget"] == "#said"
    assert "<html" not in answer.text


def test_our_own_mistake_has_a_number_and_no_details(app: Flask, stranger: Visitor) -> None:
    @public("a test")
    def broken() -> str:
        raise RuntimeError("secret detail")

    app._got_first_request = False
    app.add_url_rule("/broken", "broken", broken)
    answer = stranger.get("/broken")
    assert answer.status_code == 500
    assert re.search(r"事故编号 <strong>[0-9A-F]{8}</strong>", answer.text)
    assert "secret" not in answer.text


def test_a_database_that_is_gone_still_gives_a_page(
    app: Flask, stranger: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_args: object, **_kwargs: object) -> None:
        raise ConnectionError("no database")

    monkeypatch.setattr("engine.db.reading", gone)
    answer = stranger.get("/health")
    assert answer.status_code == 500
    assert "您的操作没有生效" in answer.text
