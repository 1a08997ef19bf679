"""The living demo by hand: become somebody in one click, push the clock, watch a limit end."""

import re

import pytest

from tests.browser.conftest import Open
from tests.browser.eyes import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def test_switch_push_and_watch(demo: str, eyes: Open) -> None:
    window = eyes(demo)
    page = window.page
    window.go("/demo")
    window.press_first("街道承办单位经办人")
    assert "沙头角街道城管科" in page.inner_text(".topbar")
    assert window.look() == []

    before = page.inner_text(".demo-now")
    told: list[str] = []
    for _ in range(12):
        window.press_first("下一个时限")
        told.append(page.inner_text(".demo-told"))
        assert page.inner_text(".demo-now") != before
        before = page.inner_text(".demo-now")
        if re.search("督办|逾期", told[-1]):
            break
    else:
        raise AssertionError(f"no limit ended: {told}")
    assert window.look() == []

    number = page.locator(".demo-told a").first.inner_text()
    assert number in told[-1]
    page.reload()
    assert page.locator(".demo-told").count() == 0, "told twice"


def test_the_bar_on_a_telephone(demo: str, eyes: Open) -> None:
    window = eyes(demo, PHONE)
    window.go("/demo")
    assert window.look() == []
    window.press_first("市党代表")
    window.press_first("1天")
    assert window.look() == []
