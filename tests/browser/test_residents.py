"""A resident at a telephone, without account and without script: writes from home, keeps the receipt, follows the case;
the liaison finds the letter and has the form filled in."""

import re

import pytest

from tests.browser.conftest import Open
from tests.browser.eyes import PHONE
from tests.people import Cast

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def test_a_letter_from_home_comes_to_the_registration_form(house: str, cast: Cast, eyes: Open) -> None:
    window = eyes(house, PHONE)
    page = window.page
    window.go("/intake?large=1")
    assert window.look() == []
    page.get_by_label("先找到您所在的社区").fill("沙头角社区")
    window.press("查找")
    assert window.look() == []
    window.follow(page.get_by_role("link", name="沙头角社区", exact=False).first)
    page.get_by_label("您要反映的情况").fill("路灯坏了三天。")
    page.get_by_label("电话", exact=True).fill("13800001234")
    assert window.look() == []
    page.get_by_label("我已阅读并同意上面的个人信息说明。").check()
    window.press("提交来信")
    assert window.look() == []
    code = page.locator(".receipt-code").inner_text()
    window.go("/intake/status")
    page.get_by_label("回执码").fill(code)
    window.press("查询")
    assert "等待联络员处理" in page.inner_text("main")
    assert window.look() == []

    liaison = eyes(house).sign_in("liaison")
    liaison.follow(liaison.page.get_by_role("link", name=re.compile("^网上来信")))
    assert liaison.look() == []
    liaison.follow(liaison.page.locator("table a").first)
    liaison.page.wait_for_selector("#letter")
    assert liaison.look() == []
    liaison.press("登记")
    liaison.page.wait_for_selector("#registration")
    assert liaison.page.locator('[name="content"]').input_value() == "路灯坏了三天。"
    assert "网上来信原文.txt" in liaison.page.inner_text("#attached")
