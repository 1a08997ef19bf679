"""Hostile text in every text field of every page people fill: whoever they are, wherever the case stands.

The pages are found as people find them, by their links; every form with a text field gets each kind of hostile text in
all of them at once. Each is shown as typed or refused with a sentence: no page fails and nothing becomes markup.
"""

import html
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from urllib.parse import urlencode, urljoin, urlsplit

from flask import Flask
from python_calamine import CalamineWorkbook
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from tests.web.conftest import Visit, Visitor

WHOLE = bool(os.environ.get("SOAK"))
MARKUP = "<script>alert(1)</script>"
# a formula, markup, a template, quotes, a rare character, an invisible joiner: text like any other
TEXT = f"""=HYPERLINK("x"){MARKUP}{{{{7*7}}}}'"&amp;𠮷\u200d%00"""
SOME = ("liaison", "delegate", "street_clerk", "unit_clerk", "system_administrator")
EVERYBODY = (*SOME, "street_head", "unit_head", "district_clerk", "city_clerk", "procedure_administrator", "auditor")
REFUSED: tuple[str, ...] = ("a\x00b\x07\x1b",)
if WHOLE:
    REFUSED += ("长" * 100_000, "\u202egnp.exe", "x\ud800", "长" * 130, "长" * 700, "长" * 5000)
QUIET = ("session.", "demo.", "static")  # signing out ends the walk; the demo moves the clock
CLICKED = ("tasks.claim",)
TYPED = ("text", "search", "tel", "email", "url", "number", "")


@dataclass
class Form:
    """A form of a page, with what its fields hold."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def once(self, name: str, value: str) -> None:
        """The first that is offered."""
        if name not in dict(self.fields):
            self.fields.append((name, value))

    def filled(self, text: str) -> list[tuple[str, str]]:
        """What a browser sends with this text in every text field."""
        return self.fields + [(name, text) for name in self.texts]


class Reader(HTMLParser):
    """Links and forms of a page; of radio buttons and selects the first that says something."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "a" and found.get("href"):
            self.links.append(urljoin(self.address, found["href"]))
        elif tag == "form":
            self._form = Form(urljoin(self.address, found.get("action", "")), found.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None:
            self._control(self._form, tag, found)

    def _control(self, form: Form, tag: str, found: dict[str, str]) -> None:
        name, kind, value = found.get("name", ""), found.get("type", ""), found.get("value", "")
        if tag == "option" and self._select and value:
            form.once(self._select, value)
        elif not name:
            return
        elif tag == "textarea" or (tag == "input" and kind in TYPED):
            form.texts.append(name)
        elif tag == "select":
            self._select = name
        elif kind == "hidden":
            form.fields.append((name, value))
        elif kind == "date":
            form.fields.append((name, value or "2026-03-02"))
        elif kind in ("radio", "checkbox") or (tag == "button" and value):
            form.once(name, value or "on")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""


@dataclass
class Walk:
    """One person going everywhere; `tried`: forms by address and fields, whoever found them first."""

    app: Flask
    who: str
    visitor: Visitor
    tried: dict[tuple[str, ...], Counter[int]]
    problems: list[str]
    seen: Counter[str] = field(default_factory=Counter)
    clicked: set[str] = field(default_factory=set)

    def go(self, *starts: str) -> None:
        """Every kind of page that can be reached from here, and every form on it."""
        waiting = list(starts)
        while waiting:
            address = waiting.pop(0)
            if not self._wanted(address):
                continue
            answer = self.visitor.client.get(address, follow_redirects=True)
            self._look("GET", address, answer)
            if answer.mimetype != "text/html":
                continue
            reader = Reader(answer.request.path)
            reader.feed(answer.text)
            waiting += reader.links
            for form in reader.forms:
                waiting += self._try(form)

    def _wanted(self, address: str) -> bool:
        parts = urlsplit(address)
        endpoint = self._endpoint(parts.path)
        if parts.netloc not in ("", "localhost") or endpoint is None or endpoint.startswith(QUIET) or "pdf" in endpoint:
            return False
        tab = re.findall(r"tab=(\w+)", parts.query)
        self.seen[f"{endpoint}{tab}"] += 1
        return self.seen[f"{endpoint}{tab}"] <= (8 if WHOLE or endpoint == "tasks.show" else 1)

    def _endpoint(self, path: str, method: str = "GET") -> str | None:
        try:
            return str(self.app.url_map.bind("localhost").match(path, method)[0])
        except HTTPException:
            return None

    def _try(self, form: Form) -> Iterator[str]:
        endpoint = self._endpoint(urlsplit(form.action).path, form.method.upper())
        if endpoint in CLICKED and form.action not in self.clicked:
            self.clicked.add(form.action)
            yield self._send(form, "").location or "/"
        key = (endpoint or "", *sorted(set(form.texts)))
        if endpoint is None or not form.texts or key in self.tried or endpoint.startswith(QUIET):
            return
        self.tried[key] = Counter()
        for text in (*REFUSED, TEXT):
            answer = self._send(form, text)
            self.tried[key][answer.status_code] += 1
            self._look(f"{form.method} {text[:8]!a}", form.action, answer)
            if answer.status_code == 302:
                yield answer.location

    def _send(self, form: Form, text: str) -> TestResponse:
        body = urlencode(form.filled(text), errors="surrogatepass").encode()
        if form.method == "get":
            return self.visitor.client.get(f"{form.action.partition('?')[0]}?{body.decode()}"[:8000])
        return self.visitor.client.post(
            form.action, data=body, content_type="application/x-www-form-urlencoded", follow_redirects=False
        )

    def _look(self, how: str, address: str, answer: TestResponse) -> None:
        what = f"{self.who} {how} {address[:120]}: {answer.status_code}"
        if answer.status_code >= 500:
            self.problems.append(what)
        if answer.mimetype == "text/html" and (MARKUP in answer.text or ">49<" in answer.text):
            self.problems.append(f"{what} shows it as markup")
        if answer.status_code in (400, 409, 413, 422) and not re.search(r"[。！]", html.unescape(answer.text)):
            self.problems.append(f"{what} refuses without a sentence")


def test_hostile_text_everywhere(app: Flask, visit: Visit, stranger: Visitor, make: Callable[..., int]) -> None:
    """One case at each step; in the whole run (SOAK=1) everybody of the cast and every kind of text."""
    steps = ("signed", "reported", "referred", "answered", "accepted", "rated_by_reporter")
    said = {"content": TEXT, "summary": TEXT, "reporter_name": "𠮷㙍<b>"}
    cases = [make(*steps[:length], **said) for length in range(len(steps) + 1)]
    tried: dict[tuple[str, ...], Counter[int]] = {}
    problems: list[str] = []
    for who in EVERYBODY if WHOLE else SOME:
        walk = Walk(app, who, visit(who), tried, problems)
        walk.go("/", *(f"/cases/{case_id}" for case_id in cases))
    Walk(app, "stranger", stranger, tried, problems).go("/track", "/intake/440308003006", "/verify")
    assert problems == []
    assert {"registration.register", "backfill.add", "tasks.complete", "intake.send"} <= {key[0] for key in tried}
    liaison, year = visit("liaison"), 2026
    studio = re.search(r"/ledger/(\d+)/2026", liaison.get("/ledger").text)
    assert studio
    ledger = f"/ledger/{studio[1]}/{year}"
    for address in (f"/cases/{cases[0]}", "/search?text=HYPERLINK", ledger, f"/papers/registration/{cases[0]}"):
        assert TEXT in html.unescape(liaison.get(address).text), address
    table = CalamineWorkbook.from_filelike(BytesIO(liaison.get(f"{ledger}/table.xlsx").data)).get_sheet_by_index(0)
    assert [TEXT in row for row in table.to_python()].count(True) == len(cases)
