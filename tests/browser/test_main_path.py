"""The main path, by hand, in a real browser: from the studio's counter to a rated, closed case."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select

from engine import clock, db
from engine.cases.models import Case
from tests import factories
from tests.browser.conftest import Open
from tests.browser.eyes import PHONE, Eyes
from tests.people import Cast

pytestmark = [pytest.mark.browser, pytest.mark.processes]

REASON = "转运点密闭设施需政府采购，采购程序尚需二十个工作日。"
ANSWER = "经现场核查，转运点作业时间已调整至每日21时前，并已加装密闭压缩箱。"
Walker = Callable[[str], Eyes]


def _register(window: Eyes, cast: Cast) -> str:
    """The liaison types the form; returns the number in large type."""
    page = window.page
    page.get_by_role("link", name="登记", exact=True).first.click()
    page.wait_for_selector("#registration")
    for name, value in factories.FORM.items():
        field = page.locator(f'#registration [name="{name}"]')
        if not value or name == "reflected_on":
            continue
        if field.first.get_attribute("type") == "radio":
            page.locator(f'#registration [name="{name}"][value="{value}"]').check()
        elif field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.locator('#registration [name="delegate_id"]').select_option(str(cast.delegates["delegate"].id))
    assert window.look() == []
    window.press("登记")
    assert window.look() == []
    return page.inner_text("h1")


def _open(window: Eyes, number: str, box: str = "todo") -> None:
    """From the box to the whole page of the task."""
    window.go(f"/inbox/{box}")
    assert window.look() == []
    window.page.get_by_role("link", name=number).first.click()
    window.page.wait_for_selector("#pane .strip, main .strip")
    whole = window.page.get_by_role("link", name="整页打开")
    if whole.count():
        whole.click()
        window.page.wait_for_selector("main > .strip")
    assert window.look() == []


def _receive(window: Eyes, number: str) -> None:
    """签收 from the inbox."""
    _open(window, number, "receipt")
    window.press("签收")
    assert window.look() == []


def test_from_the_counter_to_the_closed_case(house: str, database: Engine, cast: Cast, eyes: Open) -> None:
    liaison = eyes(house).sign_in("liaison")
    number = _register(liaison, cast)
    assert number == f"沙头角街道沙头角社区{clock.today().year}001"

    delegate = eyes(house, PHONE).sign_in("delegate")
    _sign(delegate, number)

    _receive(liaison, number)
    liaison.choose("报街道组织部门")
    liaison.press("提交")
    assert "沙头角街道党工委组织部门" in liaison.said()

    street = eyes(house).sign_in("street_clerk")
    _receive(street, number)
    street.choose("转交承办")
    street.page.get_by_label("承办单位").select_option(label="沙头角街道城管科")
    street.page.get_by_label("管理权限依据").fill("属本级管理权限")
    street.press("提交")
    assert "沙头角街道城管科" in street.said()

    unit = eyes(house).sign_in("unit_clerk")
    _receive(unit, number)
    unit.page.get_by_role("link", name="申请延期").click()
    unit.page.wait_for_selector("h1:has-text('申请延期')")
    unit.page.locator('[name="reason"]').fill(REASON)
    unit.page.locator('[name="work_done"]').fill("已调整作业时间。")
    assert unit.look() == []
    unit.press("送市党代表")
    assert "已送市党代表戴代表" in unit.said()

    _act_of_delegate(delegate, number, "同意延期", REASON)

    _answer(unit, number)
    _receive(street, number)
    street.choose("接受反馈")
    street.press("提交")

    resident = eyes(house, PHONE)
    _rate_as_resident(resident, number, _code(database, number))
    _act_of_delegate(delegate, number, "满意", ANSWER)

    head = eyes(house).sign_in("street_head")
    _receive(head, number)
    head.choose("满意")
    head.press("签名提交")
    assert "已办理完毕" in head.said()
    assert "已办结" in head.page.inner_text("main")
    for tab in ("办理过程", "流程图", "日志"):
        head.page.get_by_role("link", name=tab, exact=True).click()
        head.page.locator("#tabs a[aria-current=page]", has_text=tab).wait_for()
        head.page.wait_for_load_state("networkidle")
        assert head.look() == []
    resident.page.reload()
    assert "已办结" in resident.page.inner_text("main")
    assert resident.look() == []


def _sign(delegate: Eyes, number: str) -> None:
    """On the telephone: from 我的履职 to the signature."""
    delegate.go("/delegate")
    assert delegate.look() == []
    delegate.follow(delegate.page.get_by_role("link", name=f"签名 {number}"))
    delegate.page.wait_for_selector("#task-form")
    assert delegate.look() == []
    _draw(delegate)
    assert delegate.look() == []
    delegate.press("提交")
    assert delegate.page.locator("img.signature-image").count() == 1
    assert delegate.look() == []


def _draw(window: Eyes) -> None:
    """A few strokes in the box; 清除重签 takes them away again."""
    box, mouse = window.page.locator(".signature-box canvas"), window.page.mouse
    box.scroll_into_view_if_needed()
    for again in (True, False):
        place = box.bounding_box()
        assert place is not None
        mouse.move(place["x"] + 40, place["y"] + 40)
        mouse.down()
        mouse.move(place["x"] + 200, place["y"] + 90, steps=8)
        mouse.up()
        window.page.wait_for_selector("text=已签名")
        if again:
            window.button("清除重签").click()
            assert window.page.locator("[data-signature-value]").input_value() == ""


def _act_of_delegate(delegate: Eyes, number: str, choice: str, seen: str) -> None:
    delegate.go("/delegate")
    assert delegate.look() == []
    delegate.follow(delegate.page.locator(".case-card", has_text=number).first.locator("a.btn-primary"))
    delegate.page.wait_for_selector("#task-form")
    assert seen in delegate.page.inner_text("main")
    assert delegate.look() == []
    delegate.choose(choice)
    delegate.follow(delegate.page.locator("#task-form button.btn-primary"))
    delegate.page.wait_for_url("**/cases/*")
    assert delegate.look() == []


def _answer(unit: Eyes, number: str) -> None:
    _open(unit, number, "in_hand")
    unit.page.locator('[name="result"]').select_option("solved")
    unit.page.locator('[name="text"]').fill(ANSWER)
    unit.page.locator('[name="contact"]').fill("陈城管 0755-25550000")
    unit.press("提交")
    assert "沙头角街道党工委组织部门" in unit.said()


def _code(database: Engine, number: str) -> str:
    """What stands at the foot of copy 1, which the reporter keeps."""
    with db.reading(database) as session:
        return session.scalars(select(Case.query_code).where(Case.number == number)).one()


def _rate_as_resident(resident: Eyes, number: str, code: str) -> None:
    """With the telephone's last four digits he reads; to rate he needs the code of copy 1 (R99)."""
    resident.go("/track")
    assert resident.look() == []
    resident.page.locator('[name="number"]').fill(number)
    resident.page.locator('[name="code"]').fill("1234")
    resident.press("查询")
    assert ANSWER in resident.page.inner_text("main")
    assert resident.look() == []
    resident.choose("满意")
    resident.page.get_by_label("查询码").fill(code)
    resident.press("提交评价")
    assert "感谢您的参与" in resident.page.inner_text("main")


def test_with_the_keyboard_alone(house: str, database: Engine, cast: Cast, eyes: Open) -> None:
    """签收, fill, submit: every step reached by Tab, nothing by mouse."""
    case_number = _reported(database, cast)
    window = eyes(house).sign_in("street_clerk")
    window.go("/inbox/receipt")
    _tab_to(window, case_number)
    window.page.keyboard.press("Enter")
    window.page.wait_for_selector("#pane >> text=等待签收")
    _tab_to(window, "签收")
    window.page.keyboard.press("Enter")
    window.page.wait_for_selector("#task-form")
    _tab_to(window, "refer")
    window.page.keyboard.press("Space")
    _tab_to(window, "unit_id")
    window.page.keyboard.press("ArrowDown")
    assert window.page.locator('[name="unit_id"]').input_value()
    _tab_to(window, "basis")
    window.page.keyboard.press("Control+A")
    window.page.keyboard.type("属本级管理权限")
    _tab_to(window, "提交")
    window.page.keyboard.press("Enter")
    window.page.wait_for_selector("text=已提交")
    assert window.look() == []


def _reported(database: Engine, cast: Cast) -> str:
    """A case waiting at the street's organisation department."""
    with factories.db.transaction(database) as session:
        here = factories.people.Cast(session, cast.people, cast.organisations, cast.places, cast.delegates)
        case = factories.registered(session, here, reflected_on=clock.today().isoformat())
        for name in ("signed", "reported"):
            factories.step(session, here, case, name)
        return case.number


WHERE = """() => { const at = document.activeElement;
  return [at.innerText, at.name, at.type === "radio" ? at.value : ""].filter(Boolean).map(text => text.trim()) }"""


def _tab_to(window: Eyes, wanted: str, most: int = 120) -> None:
    """Tab until the focus stands on what shows or is called `wanted`; arrows choose inside a group of radios."""
    passed: list[str] = []
    for _ in range(most):
        here: list[str] = window.page.evaluate(WHERE)
        if wanted in here or any(text.split("\n")[0] == wanted for text in here):
            _assert_focus_is_seen(window)
            return
        passed.append("/".join(here))
        window.page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} was never reached by Tab: {passed}")


def _assert_focus_is_seen(window: Eyes) -> None:
    style = window.page.evaluate(
        "() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.boxShadow] }"
    )
    assert style != ["none", "none"], "the focus cannot be seen"


def test_the_diagram_shows_where_the_case_is(house: str, database: Engine, cast: Cast, eyes: Open) -> None:
    number = _reported(database, cast)
    window = eyes(house).sign_in("street_clerk")
    window.go("/search?text=" + number)
    window.page.get_by_role("link", name=number).first.click()
    window.page.wait_for_selector("main .strip")
    window.page.get_by_role("link", name="流程图", exact=True).click()
    window.page.wait_for_selector(".djs-element.step-current")
    window.page.get_by_role("link", name="意见建议办理").click()
    window.page.wait_for_selector(".djs-element.step-done")
    signed = window.page.locator('.step-done:has-text("签名")').first
    signed.click()
    panel = window.page.locator(".diagram-panel").inner_text()
    assert "戴代表" in panel
    assert str(clock.today().year) in panel
    assert window.look() == []
