"""工作日历, 办法参数 and 办法条文 by hand, in a real browser."""

import pytest

from tests.browser.conftest import Open
from tests.browser.eyes import BEYOND, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def test_a_city_notice_is_entered_and_released_by_another_person(house: str, eyes: Open) -> None:
    clerk = eyes(house).sign_in("city_clerk")
    for path in ("/workdays", "/parameters", "/articles"):
        clerk.go(path)
        assert clerk.look() == []
        clerk.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        assert clerk.page.evaluate(BEYOND) == []
        clerk.page.set_viewport_size({"width": 1440, "height": 900})
    clerk.go("/workdays?year=2026")
    clerk.page.get_by_role("link", name="本市调整").click()
    clerk.page.get_by_label("文号").fill("深府办〔2026〕7号")
    clerk.page.get_by_label("印发日期").fill("2026-09-01")
    clerk.page.get_by_label("放假和上班的日期").fill("9月8日放假")
    clerk.press("识别并核对")
    assert clerk.look() == []
    assert clerk.page.locator('[data-day="2026-09-08"] b').inner_text() == "休"
    clerk.press("保存草案并核对影响")
    assert "0 件截止日变化" in clerk.page.inner_text("main")
    assert clerk.button("发布").count() == 0
    assert clerk.look() == []
    path = clerk.page.url.removeprefix(house)
    head = eyes(house).sign_in("city_head")
    head.go(path)
    head.button("发布").click()
    head.page.locator("dialog[open]").get_by_role("button", name="确定").click()
    head.page.wait_for_selector("#said .told-good")
    assert "已发布" in head.said()
    head.go("/workdays?year=2026")
    assert head.page.locator('[data-day="2026-09-08"] b').inner_text() == "休"
