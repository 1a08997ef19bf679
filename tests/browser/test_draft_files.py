"""流程文件 in a real Chromium: a cell checked while it is typed, rows moved by keyboard, undo, a field added and seen
in the preview, a notice, the width of a phone, and another person's lock."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page

from tests.browser.eyes import BEYOND, DESK, PHONE, Eyes

FILES = "/procedures/opinion/files"


def saved(eyes: Eyes) -> None:
    eyes.page.wait_for_function(
        "() => document.querySelector('[data-status]').textContent.startsWith('已保存')", timeout=10_000
    )


@contextmanager
def answered(page: Page) -> Iterator[None]:
    """What happens inside is sent, and the house's answer is on the page."""
    with page.expect_response("**/files/edit"):
        yield
    page.wait_for_function("() => document.querySelector('[data-status]').textContent !== '正在保存'")


def typed(eyes: Eyes, name: str, text: str) -> None:
    """Type, and wait for the answer of the house."""
    with answered(eyes.page):
        eyes.page.locator(f"[name={name}]").fill(text)


def wrong(eyes: Eyes) -> list[str]:
    return [*eyes.barriers(), *eyes.page.evaluate(BEYOND)]


@pytest.mark.browser
def test_tables_forms_and_notices_of_a_draft(house: str, eyes) -> None:
    desk = eyes(house).sign_in("procedure_administrator")
    desk.go(FILES)
    desk.press("开始编辑")
    assert wrong(desk) == []
    _table(desk)
    _form(desk)
    _notice(desk)
    _two_windows(desk)
    for path in (
        "",
        "/edit?file=jurisdiction.dmn",
        "/edit?file=forms/amend.json",
        "/edit?file=notices/reminder",
        "/import",
    ):
        desk.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        desk.go(FILES + path)
        assert wrong(desk) == [], path


def _table(desk: Eyes) -> None:
    page = desk.page
    desk.go(f"{FILES}/edit?file=jurisdiction.dmn")
    assert wrong(desk) == []
    typed(desk, "cell-0-0", '"street", “区”')
    cell = page.locator("[name=cell-0-0]")
    assert cell.get_attribute("aria-invalid") == "true"
    assert "第 11 字" in page.locator("#wrong-cell-0-0").inner_text()
    page.locator("#sheet-marks button").click()
    assert page.evaluate("[document.activeElement.name, document.activeElement.selectionStart]") == ["cell-0-0", 10]
    with answered(page):
        page.keyboard.press("Control+z")
    assert page.locator("[name=cell-0-0]").input_value() == '"street"'
    page.locator("[name=cell-0-1]").focus()
    with answered(page):
        page.keyboard.press("Alt+ArrowDown")
    page.wait_for_function("() => document.activeElement.name === 'cell-1-1'")
    assert page.locator("[name=cell-1-1]").input_value() == '"construction"'
    with answered(page):
        page.keyboard.press("Control+Enter")
    page.wait_for_function("() => document.activeElement.name === 'cell-2-0'")
    page.keyboard.type('"city"')
    saved(desk)
    page.wait_for_selector("[data-words=cell-2-0]:has-text('市')")
    page.reload()
    assert page.locator("[name=cell-2-0]").input_value() == '"city"'


def _form(desk: Eyes) -> None:
    page = desk.page
    desk.go(f"{FILES}/edit?file=forms/answer.json")
    assert wrong(desk) == []
    with answered(page):
        page.get_by_role("button", name="在第 2 栏后面加一栏").click()
    page.wait_for_function("() => document.activeElement.name === 'row-2-label'")
    page.keyboard.type("计划完成日期")
    with answered(page):
        page.locator("[name=row-2-way]").select_option("date")
    with answered(page):
        page.locator("button[value='when_add:3']").click()
    with answered(page):
        page.locator("[name=row-2-when-0-field]").select_option("result")
    page.locator("[name=row-2-when-0-value][value=planned]").check()
    saved(desk)
    preview = page.locator("#sheet-preview")
    field = preview.get_by_label("计划完成日期")
    field.wait_for(state="hidden")
    preview.get_by_label("办理结果").select_option("planned")
    field.wait_for(state="visible")


def _notice(desk: Eyes) -> None:
    desk.go(f"{FILES}/edit?file=notices/reminder")
    assert wrong(desk) == []
    typed(desk, "body", "{unit}：请办理{编号}")
    assert "第 1 行第 11 字：没有占位词 {编号}，是不是 {number}？" in desk.page.inner_text("#sheet-marks")
    typed(desk, "body", "{unit}：请办理{number}")
    desk.page.wait_for_selector("#sheet-preview .notice-body:has-text('沙头角街道城管办：请办理')")


def _two_windows(desk: Eyes) -> None:
    """What another window saved meanwhile is not overwritten, and what was typed stays."""
    other = desk.context.new_page()
    other.goto(f"{desk.address}{FILES}/edit?file=notices/reminder")
    with answered(other):
        other.locator("[name=subject]").fill("催办")
    desk.expected = len(desk.complaints)
    typed(desk, "subject", "另一个标题")
    desk.page.wait_for_selector(".sheet-status-bad:has-text('另一个窗口')")
    assert desk.page.locator("[name=subject]").input_value() == "另一个标题"
    desk.complaints = [one for one in desk.complaints if "409" not in one]
    other.close()
    desk.page.once("dialog", lambda dialog: dialog.accept())
    desk.page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
