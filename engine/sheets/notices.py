"""Texts of notices: which placeholders they may name, what is wrong with one, and how it will read (I17)."""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches

from engine.catalogue.telling import PLACEHOLDERS, fill
from engine.sheets.marks import Mark, unusable

MAX_SUBJECT = 60
MAX_BODY = 4_000
MAX_MESSAGE = 200  # a text message is charged by its length
_NAMED = re.compile(r"\{([^{}\n]*)\}")
_BRACE = re.compile(r"[{}]")
_WIDE = re.compile(r"[｛｝]")


def check_notice(
    subject: str, body: str, to: str = "", placeholders: Collection[str] = tuple(PLACEHOLDERS)
) -> list[Mark]:
    """Everything wrong with a notice that may name these; `to` is to whom it goes, in words (a text message must be
    short)."""
    named = [*_named("subject", subject, placeholders), *_named("body", body, placeholders)]
    return [*_subject(subject), *_body(body, to), *named]


def preview(text: str) -> str:
    """The text with examples in place of the placeholders."""
    return fill(text, {name: example for name, (_, example) in PLACEHOLDERS.items()})


def _subject(text: str) -> Iterator[Mark]:
    if not text.strip():
        yield Mark("subject", "标题还没有填写。")
    elif "\n" in text.strip():
        yield Mark("subject", "标题只能写一行。")
    elif len(text.strip()) > MAX_SUBJECT:
        yield Mark("subject", f"标题最多 {MAX_SUBJECT} 个字，现有 {len(text.strip())} 个字。")
    if sentence := unusable(text.strip()):
        yield Mark("subject", f"标题{sentence}")


def _body(text: str, to: str) -> Iterator[Mark]:
    if not text.strip():
        yield Mark("body", "正文还没有填写。")
    elif len(text) > MAX_BODY:
        yield Mark("body", f"正文最多 {MAX_BODY} 个字，现有 {len(text)} 个字。")
    elif "反映人" in to and len(text) > MAX_MESSAGE:
        yield Mark(
            "body", f"发给反映人的是短信，建议不超过 {MAX_MESSAGE} 个字，现有 {len(text)} 个字。", severity="warning"
        )
    if sentence := unusable(text, lines=True):
        yield Mark("body", f"正文{sentence}")


def _named(place: str, text: str, placeholders: Collection[str]) -> Iterator[Mark]:
    for found in _NAMED.finditer(text):
        if found[1] not in placeholders:
            near = get_close_matches(found[1].strip().lower(), placeholders, 1)
            words = {PLACEHOLDERS[name][0]: name for name in placeholders}
            meant = words.get(found[1].strip()) or (near[0] if near else "")
            hint = f"，是不是 {{{meant}}}？" if meant else "，可用的列在右边。"
            yield _at(place, text, found.start(), f"没有占位词 {{{found[1][:20]}}}{hint}")
    blank = _NAMED.sub(lambda found: " " * len(found[0]), text)
    for found in _BRACE.finditer(blank):
        yield _at(place, text, found.start(), f"大括号“{found[0]}”没有成对，请补上另一半或删去。")
    for found in _WIDE.finditer(text):
        yield _at(place, text, found.start(), "占位词请用半角大括号 { }。")


def _at(place: str, text: str, offset: int, sentence: str) -> Mark:
    before = text[:offset]
    line, column = before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
    where = f"第 {line} 行第 {column} 字" if place == "body" else f"第 {column} 字"
    return Mark(place, f"{where}：{sentence}", line, column)
