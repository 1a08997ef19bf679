"""Templates: each is used and each used one exists; nothing inline that the security policy forbids; only Chinese."""

import ast
import re
from collections.abc import Iterator

from tests.guards.sources import Source, python, source, templates

INCLUDED = re.compile(r"""{%-?\s*(?:extends|include|import|from)\s+["']([^"']+)["']""")
INLINE = {
    "a style sheet in the page": re.compile(r"<style\b", re.I),
    "a style attribute": re.compile(r"\sstyle\s*=", re.I),
    "a handler attribute": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.I),
    "an address that runs a script": re.compile(r"javascript:", re.I),
    "a script in the page": re.compile(r"<script\b(?![^>]*\bsrc=)", re.I),
    "something from another house": re.compile(r"""(?:src|href|action)=["'](?:https?:)?//""", re.I),
    "text that is not escaped": re.compile(r"\|\s*safe\b|{%-?\s*autoescape\s+false", re.I),
    "htmx that evaluates": re.compile(r"""hx-(?:on|vals)[^=]*=["'](?:js:|[^"']*\()""", re.I),
}
# what a person in Shenzhen reads as it is
LATIN = {
    "PDF", "XLSX", "CSV", "BPMN", "DMN", "XML", "JSON", "A4", "Excel", "Word", "Chrome", "Chromium", "Edge", "Ctrl",
    "Tab", "Enter", "Esc", "Alt", "KB", "MB", "TTF", "OTF", "ZIP", "IP", "ID", "AA", "Lianxin",
}  # fmt: skip
SHOWN = (
    "title",
    "placeholder",
    "aria-label",
    "alt",
    "aria-description",
    "data-confirm",
    "label",
    "hx-confirm",
    "data-empty",
)
LETTERS = re.compile(r"[A-Za-z][A-Za-z'-]+")
JINJA = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}", re.S)


def rendered(files: tuple[Source, ...], pages: dict[str, str]) -> dict[str, str]:
    """Every template somebody names → who: text constants of web/*.py, and extends, include, import of templates."""
    found: dict[str, str] = {}
    for file in files:
        for text in (node.value for node in file.nodes if isinstance(node, ast.Constant)):
            if isinstance(text, str) and re.fullmatch(r"[\w/-]+\.html", text):
                found[text] = file.path
    for name, text in pages.items():
        for other in INCLUDED.findall(text):
            # `include "cases/_" ~ tab ~ ".html"` names the whole row
            many = [page for page in pages if page.startswith(other)] if not other.endswith(".html") else [other]
            found |= dict.fromkeys(many or [other], name)
    return found


def visible(text: str) -> Iterator[str]:
    """What a person reads of a template: text between tags, texts in attributes, texts in expressions."""
    for expression in re.findall(r"{{(.*?)}}", text, re.S):
        yield from (word for word in re.findall(r'"([^"]*)"', expression) if " " in word or not word.isascii())
    plain = JINJA.sub(lambda match: "\n" * match.group().count("\n") or " ", text)
    # a command in <code> is typed as it stands
    plain = re.sub(r"<!--.*?-->|<!doctype[^>]*>|<code>.*?</code>", " ", plain, flags=re.S | re.I)
    for name in SHOWN:
        yield from re.findall(rf'\s{name}="([^"]*)"', plain)
    # a macro may stand for attributes: those outside a tag are no text either
    yield from (re.sub(r'\s[a-z-]+="[^"]*"', " ", piece) for piece in re.split(r"<[^<>]*>", plain))


def english(text: str) -> set[str]:
    """The Latin words a person would see that are not in the list of those everybody knows."""
    return {word for shown in visible(text) for word in LETTERS.findall(re.sub(r"&\w+;", " ", shown))} - LATIN


def inline(text: str) -> set[str]:
    """What the content security policy would refuse, or what should never be written."""
    return {words for words, pattern in INLINE.items() if pattern.search(text)}


def test_every_template_named_exists() -> None:
    named = rendered(_web(), templates())
    assert {name: who for name, who in named.items() if name not in templates()} == {}


def test_no_template_is_left_over() -> None:
    assert set(templates()) - set(rendered(_web(), templates())) == set()


def test_nothing_is_inline_and_nothing_unescaped() -> None:
    assert {name: faults for name, text in templates().items() if (faults := inline(text))} == {}


def test_no_english_on_a_chinese_screen() -> None:
    assert {name: words for name, text in templates().items() if (words := english(text))} == {}


def test_sentences_of_the_pages_are_chinese() -> None:
    """flash(), refusals and labels in web/*.py: a text with blanks between Latin words would reach a person."""
    found = {
        f"{file.path}:{call.lineno}": words
        for file in _web()
        for name, call in file.calls()
        if name.split(".")[-1] in {"flash", "Invalid", "Conflict", "Item", "Group"}
        for words in [english(" ".join(a.value for a in call.args[:1] if isinstance(a, ast.Constant)))]
        if words
    }
    assert found == {}


def test_the_guard_sees_what_it_guards_against() -> None:
    view = source("web/a.py", 'render_template("a/missing.html")')
    assert set(rendered((view,), {"b.html": '{% extends "c.html" %}'})) == {"a/missing.html", "c.html"}
    assert english('<p title="Close">关闭</p><p>Loading {{ "Not yet" }}</p>') == {"Close", "Loading", "Not", "yet"}
    assert english('<p class="card" data-menu>{{ url_for("a.b") }}导出 XLSX</p>{% if a == "b" %}是{% endif %}') == set()
    for bad in ('<p style="color:red">', "<script>a()</script>", '<a onclick="b()">', "{{ text | safe }}", "<STYLE>"):
        assert inline(bad), bad
    assert inline('<script src="{{ asset(\'app.js\') }}" defer></script><a hx-get="/x">') == set()


def _web() -> tuple[Source, ...]:
    return tuple(file for file in python() if file.path.startswith("web/"))
