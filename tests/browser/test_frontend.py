"""The built front end alone, in a real Chromium under the strictest policy: no server of ours, no inline anything."""

import json
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "web" / "static" / "dist"
AXE = ROOT / "web" / "modeler" / "node_modules" / "axe-core" / "axe.min.js"
POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="urn:test"
  xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
  xmlns:di="http://www.omg.org/spec/DD/20100524/DI">
  <bpmn:process id="p" isExecutable="true">
    <bpmn:startEvent id="start"><bpmn:outgoing>a</bpmn:outgoing></bpmn:startEvent>
    <bpmn:userTask id="admit" name="街道受理"><bpmn:incoming>a</bpmn:incoming></bpmn:userTask>
    <bpmn:callActivity id="handle" name="单位承办"><bpmn:incoming>b</bpmn:incoming></bpmn:callActivity>
    <bpmn:sequenceFlow id="a" sourceRef="start" targetRef="admit"/>
    <bpmn:sequenceFlow id="b" sourceRef="admit" targetRef="handle"/>
  </bpmn:process>
  <bpmndi:BPMNDiagram id="di"><bpmndi:BPMNPlane id="plane" bpmnElement="p">
    <bpmndi:BPMNShape bpmnElement="start"><dc:Bounds x="100" y="122" width="36" height="36"/></bpmndi:BPMNShape>
    <bpmndi:BPMNShape bpmnElement="admit"><dc:Bounds x="200" y="100" width="100" height="80"/></bpmndi:BPMNShape>
    <bpmndi:BPMNShape bpmnElement="handle"><dc:Bounds x="360" y="100" width="100" height="80"/></bpmndi:BPMNShape>
    <bpmndi:BPMNEdge bpmnElement="a"><di:waypoint x="136" y="140"/><di:waypoint x="200" y="140"/></bpmndi:BPMNEdge>
    <bpmndi:BPMNEdge bpmnElement="b"><di:waypoint x="300" y="140"/><di:waypoint x="360" y="140"/></bpmndi:BPMNEdge>
  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>"""

PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>试页</title><meta name="csrf-token" content="token-1">
<link rel="icon" href="/dist/{icons.svg}"><link rel="stylesheet" href="/dist/{app.css}">
<link rel="stylesheet" href="/dist/{viewer.css}"><script src="/dist/{app.js}" defer></script>
<script src="/dist/{viewer.js}" defer></script></head>
<body><header class="topbar"><a class="topbar-name" href="/page.html">连心</a></header>
<main class="p-3"><h1>试页</h1><svg class="icon" aria-hidden="true"><use href="/dist/{icons.svg}#inbox"></use></svg> 待办
<p><span class="lamp lamp-green">绿·剩余7个工作日</span> <span class="lamp lamp-yellow">黄·临期2个工作日</span>
<span class="lamp lamp-red">红·逾期3个工作日</span> <span class="text-secondary">灰字</span></p>
<form method="get" action="/page.html" data-confirm="确定提交吗？">
  <label>决定 <select class="form-select" name="decision"><option value="accept">接受</option>
    <option value="return">退回</option></select></label>
  <label data-show-when="decision=return">理由 <input class="form-control" name="reason"></label>
  <button class="btn btn-primary">提交</button></form>
<button class="btn" data-copy="沙头角街道沙头角社区2026001">复制编号</button>
<button class="btn" type="button" data-hx-get="/part.html" data-hx-target="#part">取一段</button>
<div id="part" data-show-when="x=y"></div>
<div data-diagram-url="/diagram.json" aria-label="流程图"></div></main></body></html>"""


class StrictHandler(SimpleHTTPRequestHandler):
    """Files with the policy of production."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *args: Any) -> None:
        """Silence."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    manifest = json.loads((DIST / "manifest.json").read_text())
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(DIST, folder / "dist")
    page = PAGE
    for name, file in manifest.items():
        page = page.replace("{" + name + "}", file)
    (folder / "page.html").write_text(page, encoding="utf-8")
    (folder / "part.html").write_text("<p>来了</p>", encoding="utf-8")
    done = [{"element": "admit", "who": "演示科员001", "what": "签收", "when": "2026-02-13 09:30"}]
    links = {"handle": "/page.html?sub=handling"}
    data = {"xml": DIAGRAM, "current": ["handle"], "done": done, "links": links}
    (folder / "diagram.json").write_text(json.dumps(data), encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(StrictHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page, opened; whatever the console complains about fails the test at its end."""
    page = browser.new_page(viewport={"width": 1366, "height": 900})
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{address}/page.html")
    page.wait_for_selector(".djs-element.step-current")
    yield page
    page.close()
    assert complaints == []


@pytest.mark.browser
def test_viewer_marks_steps_and_tells_who_and_when(page: Page) -> None:
    assert page.locator(".step-current").get_attribute("data-element-id") == "handle"
    assert page.locator(".step-done").get_attribute("data-element-id") == "admit"
    page.locator('[data-element-id="admit"]').click()
    panel = page.locator(".diagram-panel")
    assert "街道受理" in panel.inner_text()
    assert "演示科员001" in panel.inner_text()
    assert "2026-02-13 09:30" in panel.inner_text()
    assert page.locator(".bjs-powered-by").is_visible()


@pytest.mark.browser
def test_viewer_works_by_keyboard(page: Page) -> None:
    page.locator('[data-element-id="handle"]').focus()
    page.keyboard.press("Enter")
    panel = page.locator(".diagram-panel")
    assert "当前环节" in panel.inner_text()
    assert panel.get_by_role("link").get_attribute("href") == "/page.html?sub=handling"


@pytest.mark.browser
def test_hidden_fields_are_not_sent_and_confirm_asks(page: Page) -> None:
    reason = page.locator("input[name=reason]")
    assert not reason.is_visible()
    assert reason.is_disabled()
    page.select_option("select[name=decision]", "return")
    reason.fill("缺少附件")
    page.get_by_role("button", name="提交").click()
    page.locator("dialog.ask").get_by_role("button", name="取消").click()
    assert "decision" not in page.url
    page.get_by_role("button", name="提交").click()
    page.locator("dialog.ask").get_by_role("button", name="确定").click()
    page.wait_for_url("**decision=return**")
    page.wait_for_selector(".djs-element.step-current")


@pytest.mark.browser
def test_htmx_sends_the_csrf_token(page: Page) -> None:
    with page.expect_request("**/part.html") as request:
        page.get_by_role("button", name="取一段").click()
    assert request.value.headers["x-csrftoken"] == "token-1"
    page.wait_for_selector("#part:has-text('来了')")


@pytest.mark.browser
def test_no_colour_function_the_older_browsers_do_not_know() -> None:
    for sheet in DIST.glob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not [word for word in ("oklch(", "color-mix(", "light-dark(", "data:image") if word in text], sheet.name


@pytest.mark.browser
def test_axe_finds_nothing(page: Page) -> None:
    page.locator('[data-element-id="admit"]').click()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("axe.run()")
    assert [(v["id"], [node["html"][:120] for node in v["nodes"]]) for v in result["violations"]] == []
