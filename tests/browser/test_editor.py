"""The diagram editor in a real Chromium: what is drawn is checked within two seconds and kept; no mouse is needed."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Open
from tests.browser.eyes import PHONE, Eyes

pytestmark = [pytest.mark.browser, pytest.mark.processes]

PAGE = "/procedures/opinion/edit?file=handling.bpmn"
EDITOR = "window.lianxinEditor.editor"
READY, SOON = 6.0, 5.0  # seconds; two each on two idle cores (measured 1.4 and 0.9), but tests share theirs
TYPES = """Task UserTask ManualTask ServiceTask SendTask ReceiveTask ScriptTask BusinessRuleTask CallActivity SubProcess
    Transaction ExclusiveGateway InclusiveGateway ParallelGateway EventBasedGateway StartEvent EndEvent TextAnnotation
    IntermediateThrowEvent IntermediateCatchEvent DataObjectReference Group""".split()  # noqa: SIM905
MENUS = """types => { const get = name => window.lianxinEditor.editor.modeler.get(name), words = [];
  const pool = get("elementRegistry").find(one => one.type === "bpmn:Participant");
  types.forEach((type, n) => get("modeling").createShape(get("elementFactory").createShape({ type: "bpmn:" + type }),
    { x: 400 + n % 10 * 150, y: 2000 + Math.floor(n / 10) * 200 }, pool));
  for (const one of get("elementRegistry").getAll().filter(one => one.parent && !one.labelTarget)) {
    get("selection").select(one);
    words.push(...Object.values(get("contextPad").getEntries(one)).map(entry => entry.title));
    if (get("popupMenu").isEmpty(one, "bpmn-replace")) continue;
    get("popupMenu").open(one, "bpmn-replace", { x: 5, y: 5 });
    words.push(...[...document.querySelectorAll(".djs-popup .entry")].map(entry => entry.innerText || entry.title));
    get("popupMenu").close();
  }
  const stack = get("commandStack");
  while (stack.canUndo()) stack.undo();
  return words.filter(Boolean); }"""


class Desk:
    """The page as a person uses it, through the list of steps and the panel only."""

    def __init__(self, eyes: Eyes) -> None:
        self.eyes, self.page = eyes, eyes.page

    def open(self, path: str = PAGE) -> float:
        """The seconds from the click to the first list of steps."""
        begun = time.monotonic()
        self.eyes.go(path)
        self.page.wait_for_selector(".outline-line")
        return time.monotonic() - begun

    def choose(self, name: str) -> None:
        """A step of the list, with Enter."""
        line = self.page.locator(".outline-line", has_text=name).first
        line.focus()
        line.press("Enter")
        self.page.locator(".outline-line[aria-current]", has_text=name).wait_for()

    def found(self) -> str:
        """The list of problems."""
        return str(self.page.inner_text("#editor-findings"))

    def wait_found(self, words: str, within: float = 5.0) -> float:
        """The seconds until the list of problems has these words."""
        begun = time.monotonic()
        self.page.locator("#editor-findings", has_text=words).wait_for(timeout=within * 1000)
        return time.monotonic() - begun

    def saved(self) -> None:
        """Until everything is on the server."""
        self.page.locator(".tool-status.saved").wait_for()

    def run(self, script: str) -> Any:
        """The drawing changed as the mouse would do it."""
        return self.page.evaluate(f"() => {{ const get = name => {EDITOR}.modeler.get(name); {script} }}")


def _red(page: Any, selector: str) -> bool:
    """Whether the middle of the badge is painted red: by pixels, not by its style."""
    box = page.locator(selector).first.bounding_box()
    shot = page.screenshot(clip={"x": box["x"] + 4, "y": box["y"] + box["height"] / 2, "width": 3, "height": 1})
    colour = page.evaluate(
        """async bytes => { const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: "image/png" }));
        const canvas = new OffscreenCanvas(picture.width, 1).getContext("2d"); canvas.drawImage(picture, 0, 0);
        return [...canvas.getImageData(1, 0, 1, 1).data]; }""",
        list(shot),
    )
    return bool(colour[0] > 150 and colour[1] < 90 and colour[2] < 90)


@pytest.fixture
def desk(house: str, eyes: Open) -> Desk:
    """A procedure administrator at the handling diagram."""
    desk = Desk(eyes(house).sign_in("procedure_administrator"))
    desk.open()
    return desk


def test_a_day_at_the_editor(desk: Desk, house: str, eyes: Open, tmp_path: Path) -> None:
    _everything_is_chinese(desk)
    _limits(desk)
    _the_deleted_limit_comes_back_without_a_mouse(desk)
    _mistakes_are_marked_while_drawing(desk)
    _files_come_and_go(desk, tmp_path)
    _one_editor_at_a_time(desk, house, eyes)


def _everything_is_chinese(desk: Desk) -> None:
    assert desk.open() < READY
    assert desk.eyes.look() == []
    words = desk.page.evaluate(MENUS, TYPES)
    assert len(set(words)) > 50
    assert [word for word in words if any("a" <= letter.lower() <= "z" for letter in word)] == []
    refused = ("复杂网关", "特别子流程", "补偿", "条件事件", "数据存储")
    assert [word for word in words if any(one in word for one in refused)] == []
    assert desk.page.evaluate("[...window.lianxinEditor.untranslated]") == []
    assert desk.page.locator(".bjs-powered-by").is_visible()


def _limits(desk: Desk) -> None:
    """10 → 8 is nobody's business, 10 → 12 is Article 11's."""
    desk.choose("期限届满")
    days = desk.page.get_by_label("办理工作日数")
    assert days.input_value() == "10"
    days.fill("8")
    desk.page.locator(".limit-words", has_text="8个工作日").wait_for()
    desk.saved()
    assert "没有发现问题" in desk.found()
    days.fill("12")
    assert desk.wait_found("超过 10 个工作日（《办法》第十一条）") < SOON
    days.fill("10")
    desk.wait_found("没有发现问题")
    desk.page.get_by_label("天数来自").first.select_option("answer_limit")
    desk.saved()


def _the_deleted_limit_comes_back_without_a_mouse(desk: Desk) -> None:
    page = desk.page
    desk.choose("期限届满")
    desk.eyes.button("删除").press("Enter")
    assert desk.wait_found("第十一条要求 10 个工作日内答复") < SOON
    assert _red(page, ".finding-error")
    assert desk.eyes.button("发布").is_disabled()
    assert "改正后才能发布" in page.inner_text(".tool-why")
    page.locator(".finding-error").first.focus()
    assert "第十一条" in page.inner_text(".finding-error:focus .finding-words")
    page.locator(".findings-text", has_text="第十一条").press("Enter")
    assert "承办并书面反馈" in page.inner_text(".panel-head")
    page.get_by_label("贴在这个环节上").select_option("limit")
    page.locator(".panel-kind", has_text="定时边界事件").wait_for()
    page.get_by_label("名称").fill("新的期限")
    page.get_by_label("在办法里的角色").select_option("limit")
    page.get_by_label("什么时候").select_option("date")
    page.get_by_label("什么时候").select_option("limit")
    page.get_by_label("连接到").select_option(label="转入督办（服务任务）")
    desk.eyes.button("连接").press("Enter")
    desk.wait_found("没有发现问题")
    desk.saved()
    desk.open()
    desk.choose("新的期限")  # it was kept
    assert "10个工作日" in page.inner_text(".limit-words")
    assert page.locator(".article-text", has_text="第十一条").is_visible()


def _mistakes_are_marked_while_drawing(desk: Desk) -> None:
    """A gateway without default, an endless loop, a lane whose task is nobody's: each marked at its element."""
    mistakes = (
        ("get('modeling').updateProperties(get('elementRegistry').get('answer_kind'), {default: undefined})", "默认"),
        (
            "const one = get('elementRegistry').get('deliver'); get('modeling').connect(one, get('elementRegistry').get('answer_kind'))",
            "会一直转下去",
        ),
        ("get('modeling').updateProperties(get('elementRegistry').get('letter'), {pool: undefined})", "泳道"),
    )
    for script, words in mistakes:
        desk.run(script)
        assert desk.wait_found(words) < SOON, desk.found()
        assert desk.page.locator(".finding-error", has_text=words).count() >= 1, words
        desk.eyes.button("撤销").click()
        desk.wait_found("没有发现问题")


def _files_come_and_go(desk: Desk, folder: Path) -> None:
    page = desk.page
    page.locator(".tool-menu summary").click()
    with page.expect_download() as download:
        desk.eyes.button("流程图文件（BPMN）").click()
    mine = folder / "mine.bpmn"
    download.value.save_as(mine)
    page.locator(".tool-menu summary").click()
    with page.expect_download() as picture:
        desk.eyes.button("图片（SVG）").click()
    assert picture.value.suggested_filename == "handling.svg"
    hostile = folder / "hostile.bpmn"
    hostile.write_text('<!DOCTYPE x [<!ENTITY e "x">]><definitions/>', encoding="utf-8")
    page.set_input_files("input[type=file]", hostile)
    page.locator("#editor-notice", has_text="没有导入，原图没有改动").wait_for()
    desk.eyes.complaints = [one for one in desk.eyes.complaints if "422" not in one]
    mine.write_text(mine.read_text(encoding="utf-8").replace("新的期限", "带来的期限"), encoding="utf-8")
    page.set_input_files("input[type=file]", mine)
    page.locator("#editor-notice", has_text="已导入").wait_for()
    desk.choose("带来的期限")
    desk.saved()


def _one_editor_at_a_time(desk: Desk, house: str, eyes: Open) -> None:
    """A second person reads, takes over, and the first is told by whom, with his own text in the page."""
    other = Desk(eyes(house, PHONE).sign_in("second_procedure_administrator"))
    other.open()
    assert "正在编辑这份草稿" in other.page.inner_text("#editor-notice")
    assert other.page.locator("#editor-panel input:enabled, #editor-panel select:enabled").count() == 0
    assert other.eyes.look() == []
    other.eyes.button("接手编辑").first.click()
    other.page.locator("dialog[open] button[value=yes]").click()
    other.saved()
    desk.page.get_by_label("名称").fill("太晚的期限")
    desk.page.locator("#editor-notice", has_text="没有保存").wait_for()
    assert desk.eyes.button("导出我的流程图").is_visible()
    desk.eyes.complaints = [one for one in desk.eyes.complaints if "409" not in one]
