"""Every page of the living demo, as everybody who may open it sees it, on a desk and on a telephone.

The pages are found as people find them: by the links, from the first page on. One page of each kind is enough."""

import re
from urllib.parse import urlsplit

import pytest

from engine.setup.demo_organisation import DEMO_PASSWORD
from tests.browser.conftest import Open
from tests.browser.eyes import BEYOND, DESK, PHONE, Eyes

pytestmark = [pytest.mark.browser, pytest.mark.processes]

EVERYBODY = (
    "l-440308003006", "d-001", "department-440308003-1", "department-440308003-h", "unit-440308003-001-1",
    "department-440300-1", "committee-440300-1", "s-440308004003", "admin-1", "admin-2", "admin-3",
)  # fmt: skip
FILES = ("/static/", ".xlsx", ".csv", ".zip", ".pdf", "/file", "/files/export", "/cases/diagram")
LINKS = "() => [...document.querySelectorAll('main a[href], nav a[href], .topbar a[href], .demo-bar a[href]')].map(a => a.href)"


def _kind(path: str) -> str:
    """Pages of one kind differ in ids, in what was searched and in the page of a list."""
    parts = urlsplit(path)
    keys = sorted(
        key for key in re.findall(r"([a-z_]+)=", parts.query) if key not in {"text", "page", "next", "studio"}
    )
    named = re.search(r"tab=\w+", parts.query)
    return re.sub(r"\d+", "N", parts.path) + "?" + "&".join(keys) + (named[0] if named else "")


def _walk(window: Eyes, start: str, seen: set[str]) -> list[str]:
    """Open one page of each kind that nobody opened before; returns what is wrong with them."""
    wrong: list[str] = []
    waiting, queued = [start], {_kind(start)}
    while waiting:
        path = waiting.pop(0)
        if path != start and _kind(path) in seen:
            continue
        answer = window.go(path)
        if answer is None or not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        if answer.status >= 400:
            wrong.append(f"{path} answered {answer.status}")
            window.complaints.clear()
            continue
        if "tab=diagram" in path:
            window.page.wait_for_selector(".djs-element")
        links: list[str] = window.page.evaluate(LINKS)
        if _kind(path) not in seen:
            seen.add(_kind(path))
            wrong += _both_sizes(window)
        for link in links:
            here = link.removeprefix(window.address).split("#")[0]
            if link.startswith(window.address) and _kind(here) not in queued and not any(x in here for x in FILES):
                queued.add(_kind(here))
                waiting.append(here)
    return wrong


def _both_sizes(window: Eyes) -> list[str]:
    wrong = window.look()
    window.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    path = window.page.url.removeprefix(window.address)
    wrong += [f"{path} on a telephone: {text}" for text in window.page.evaluate(BEYOND)]
    wrong += [f"{path} on a telephone: {text}" for text in window.barriers()]
    window.page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    return wrong


def test_every_page_of_everybody(demo: str, eyes: Open) -> None:
    wrong: list[str] = []
    seen: set[str] = set()
    for login in EVERYBODY:
        window = eyes(demo).sign_in(login, DEMO_PASSWORD)
        wrong += [f"{login} {text}" for text in _walk(window, "/", seen)]
        window.close()
    assert len(seen) > 30, sorted(seen)
    assert wrong == []


def test_pages_without_an_account(demo: str, eyes: Open) -> None:
    window = eyes(demo)
    wrong: list[str] = []
    for path in ("/sign-in", "/demo", "/track", "/password/spent-long-ago", "/first-administrator/spent-long-ago"):
        window.go(path)
        window.complaints = [text for text in window.complaints if "422" not in text]
        wrong += _both_sizes(window)
    window.go("/demo")
    window.page.locator("form[action='/track'] button").click()
    window.page.wait_for_url("**/track/case")
    assert wrong + _both_sizes(window) == []


def test_a_page_that_is_not_there(demo: str, eyes: Open) -> None:
    window = eyes(demo).sign_in("admin-1", DEMO_PASSWORD)
    for path, status in (("/nowhere", 404), ("/cases/1", 403), ("/registration", 403)):
        answer = window.go(path)
        assert answer is not None
        assert answer.status == status
        window.complaints = [text for text in window.complaints if str(status) not in text]
        assert _both_sizes(window) == []
