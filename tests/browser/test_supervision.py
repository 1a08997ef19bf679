"""督办 and 代理 by hand, in a real browser: a delegate on a telephone, the unit and the department at their desks."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from engine import clock, db, tasks
from tests import factories, people
from tests.browser.conftest import Open
from tests.browser.eyes import BEYOND, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def test_r74_a_delegate_presses_twice_the_unit_answers_and_a_deputy_takes_over(
    house: str, eyes: Open, database: Engine, cast: people.Cast
) -> None:
    with db.transaction(database) as session:
        here = replace(cast, session=session)
        case = factories.handled(session, here, reflected_on=clock.today().isoformat())
        tasks.claim(session, here.actor("unit_clerk"), factories.open_task(session, case, "answer").id)
        case_id, number = case.id, case.number
    delegate = eyes(house, PHONE).sign_in("delegate")
    delegate.go("/delegate")
    delegate.page.get_by_label(f"对 {number} 提出督办意见").click()  # the first tap
    assert delegate.look() == []
    delegate.press("发送")  # the second
    assert "已送承办单位和组织部门" in delegate.said()
    clerk = eyes(house).sign_in("street_clerk")
    clerk.go(f"/cases/{case_id}")
    clerk.follow(clerk.page.get_by_role("link", name="督办", exact=True))
    assert clerk.look() == []
    clerk.page.get_by_label("督办要求").fill("请三日内报送办理方案。")
    clerk.press("下发督办通知单")
    assert "沙头角组督〔" in clerk.said()
    unit = eyes(house, PHONE).sign_in("unit_clerk")
    unit.go("/inbox/supervision")
    assert number[-7:] in unit.page.inner_text("#list")
    unit.go(f"/cases/{case_id}")
    unit.follow(unit.page.get_by_role("link", name="回复督办").first)
    assert unit.look() == []
    unit.page.get_by_label("回复督办").fill("明天进场施工。")
    unit.press("回复督办")
    assert "已回复督办" in unit.said()
    assert "明天进场施工。" in unit.page.inner_text("main")
    assert unit.look() == []
    _deputy_and_hand_over(house, eyes)


def _deputy_and_hand_over(house: str, eyes: Open) -> None:
    """代理 and 交接 of the same case (I14)."""
    absent = eyes(house).sign_in("unit_clerk")
    absent.go("/absences")
    assert absent.look() == []
    absent.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert absent.page.evaluate(BEYOND) == []
    absent.page.get_by_label("代理人").select_option(label="程科长（沙头角街道城管科）")
    absent.page.get_by_label("结束日期（最后一天）").fill(clock.today().isoformat())
    absent.press("设置代理")
    assert "到期自动结束" in absent.said()
    head = eyes(house).sign_in("unit_head")
    head.go("/inbox/in_hand")
    assert "代理 陈城管" in head.page.inner_text("#list")
    assert head.look() == []
    head.go("/absences")
    assert head.look() == []
    head.follow(head.page.get_by_role("link", name="交接事项 陈城管"))
    assert head.look() == []
    head.button("交接 1 件").click()
    head.follow(head.page.locator("dialog[open]").get_by_role("button", name="确定"))
    assert "已交接 1 件" in head.page.inner_text("main")
    assert head.look() == []
