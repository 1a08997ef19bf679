"""A person at a real Chromium who notices what is wrong with a page: errors, refused sources, words nobody reads,
barriers (axe), text beyond the edge of the screen."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Response

from tests import people

ROOT = Path(__file__).resolve().parents[2]
AXE = (ROOT / "web" / "modeler" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
DESK, PHONE = (1440, 900), (360, 740)

# What a Chinese page may show in Latin letters: logins and codes of organisations, which are typed, and the watermark
# under the diagram, which the licence of bpmn-js asks for.
CODE = re.compile(r"\b(?:[a-z]+(?:-[a-z0-9]+)+|D\d+)\b")
WATERMARK = "Powered by bpmn.io"
# as printed on the keyboard, and the names of the kinds of files an administrator carries in and out
KEYS = frozenset({"Tab", "KB", "MB", "TTF", "OTF", "BPMN", "DMN", "JSON", "ZIP", "PDF"})

# What is drawn in a diagram is what its administrator wrote there, expressions of limits among it; names of files and
# their text as it is stand in <code>.
READ = """() => {
  const drawn = [...document.querySelectorAll(".djs-container > svg, code")];
  drawn.forEach(one => one.style.display = "none");
  const seen = [document.title, document.body.innerText];
  drawn.forEach(one => one.style.display = "");
  for (const element of document.querySelectorAll("[aria-label],[title],[placeholder],[alt]"))
    for (const name of ["aria-label", "title", "placeholder", "alt"]) seen.push(element.getAttribute(name) || "");
  return seen.join("\\n");
}"""
BARRIERS = """() => axe.run().then(result => result.violations
  .filter(found => ["serious", "critical"].includes(found.impact))
  .map(found => found.id + ": " + found.nodes.map(node => node.html.slice(0, 160)).slice(0, 4).join(" | ")))"""
BEYOND = """() => {
  const wide = window.innerWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  return [document.documentElement.scrollWidth + " > " + wide].concat([...document.querySelectorAll("body *")]
    .filter(element => element.getBoundingClientRect().right > wide + 1 && element.getClientRects().length)
    .slice(0, 6).map(element => element.tagName + "." + element.className));
}"""
REFUSED = """document.addEventListener("securitypolicyviolation",
  event => console.error("refused by the policy: " + event.violatedDirective + " " + event.blockedURI))"""


class Eyes:
    """One person's browser. `complaints` holds what the console said; `look` tells what is wrong with the page."""

    def __init__(self, browser: Browser, address: str, size: tuple[int, int] = DESK) -> None:
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN")
        self.context.set_default_timeout(30_000)  # a busy machine is slow, not wrong
        self.context.add_init_script(REFUSED)
        self.page: Page = self.context.new_page()
        self.address = address
        self.complaints: list[str] = []
        self.expected = 0  # refusals the test provokes on purpose
        self.page.on("console", lambda message: self._heard(message.type, message.text))
        self.page.on("pageerror", lambda error: self._heard("error", str(error)))

    def _heard(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(f"{self.page.url.removeprefix(self.address)}: {text}")

    def go(self, path: str) -> Response | None:
        """Open a page of the house."""
        return self.page.goto(self.address + path)

    def sign_in(self, login: str, password: str = people.PASSWORD) -> "Eyes":
        """By typing, as a person does."""
        self.go("/sign-in")
        self.page.get_by_label("账号").fill(login)
        self.page.get_by_label("密码").fill(password)
        self.press("登录")
        assert "/sign-in" not in self.page.url, self.page.inner_text("main")
        return self

    def follow(self, where: Locator) -> None:
        """A link or button, and the page that follows (a new document, not only a new address)."""
        with self.page.expect_event("domcontentloaded"):
            where.click()
        self.page.wait_for_load_state("load")

    def press(self, name: str) -> None:
        """A button of that exact name, and the page that follows."""
        self.follow(self.button(name))

    def press_first(self, words: str) -> None:
        """A button by some of its words, and the page that follows."""
        self.follow(self.page.get_by_role("button", name=words).first)

    def button(self, name: str) -> Locator:
        """The button of that exact name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def choose(self, label: str) -> None:
        """A radio by its words."""
        self.page.get_by_role("radio", name=label, exact=True).check()

    def said(self) -> str:
        """What the house told after the last act."""
        return self.page.inner_text("#said")

    def look(self) -> list[str]:
        """Everything wrong with this page, as sentences that name it."""
        self.page.wait_for_load_state("load")
        path = re.sub(r"\?.*", "", self.page.url.removeprefix(self.address))
        wrong = [f"{path}: {text}" for text in self._latin() + self.barriers() + self.page.evaluate(BEYOND)]
        heard, self.complaints = self.complaints, []
        return wrong + heard

    def _latin(self) -> list[str]:
        text = CODE.sub("", self.page.evaluate(READ)).replace(WATERMARK, "")
        words = set(re.findall(r"[A-Za-z]{2,}", text)) - KEYS
        return [f"Latin words {sorted(words)}"] if words else []

    def barriers(self) -> list[str]:
        """What axe calls serious or critical."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE)
        found: list[Any] = self.page.evaluate(BARRIERS)
        return [str(item) for item in found]

    def close(self) -> None:
        """Close the browser's window; nothing was complained about unnoticed."""
        self.context.close()
