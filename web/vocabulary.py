"""The words of a procedure for those who draw it: everything a diagram may name, in Chinese, with its article (P1)."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from engine import catalogue, clock, config
from engine.catalogue import labels
from engine.organisation.labels import TIERS
from engine.parameters import queries as parameters
from web.words import CHANNELS, MATTERS, SETTLEMENTS, STATES

# states a case reaches by itself when it ends; no step gives them
ENDED = frozenset({"draft", "closed", "filed", "archived", "void", "terminated"})
VALUES: dict[str, Mapping[str, str]] = {
    "tier": TIERS, "handling_tier": TIERS, "matter": MATTERS, "settlement": SETTLEMENTS, "channel": CHANNELS,
    "outcome": labels.OUTCOMES,
}  # fmt: skip
PARAMETERS = frozenset(parameters.FACTORY) & frozenset(labels.FACTS)

_NUMERALS = "一二三四五六七八九十"
_ROLE = re.compile(r"（角色 (\w+)(?:，[^）]*)?）")


def vocabulary(session: Session, files: Mapping[str, bytes]) -> dict[str, Any]:
    """What the panel of the editor offers for a package with these files; plain data for JSON."""
    today = clock.today()
    return {
        "operations": [_operation(code, files) for code in labels.OPERATIONS],
        "pools": _named(labels.POOLS),
        "roles": _named(labels.ROLES),
        "facts": [
            {**fact, "choices": _pairs(VALUES.get(fact["code"], {})), "parameter": fact["code"] in PARAMETERS}
            for fact in _named(labels.FACTS)
        ],
        "results": [{**one, "choices": _pairs(VALUES.get(one["code"], {}))} for one in _named(labels.RESULTS)],
        "functions": _named(labels.FUNCTIONS),
        "messages": _named(labels.MESSAGES),
        "states": [{"code": code, "label": word} for code, word in STATES.items() if code not in ENDED],
        "articles": articles(),
        "parameters": {name: parameters.value(session, name, today) for name in sorted(PARAMETERS)},
        "forms": [_form(path, content) for path, content in sorted(files.items()) if path.startswith("forms/")],
        "processes": list(named_elements(files, ".bpmn", "process")),
        "decisions": list(named_elements(files, ".dmn", "decision")),
    }  # fmt: skip


def _named(table: Mapping[str, labels.Named]) -> list[dict[str, Any]]:
    return [
        {"code": code, "label": one.label, "article": one.article, "meaning": one.meaning}
        for code, one in table.items()
    ]


def _operation(code: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    named = labels.OPERATIONS[code]
    return {
        "code": code,
        "label": named.label,
        "article": named.article,
        "meaning": named.meaning,
        "submitted": code in catalogue.SUBMISSIONS,
        "arguments": [
            {"name": name, "label": one.label, "choices": _pairs(one.choices), "free": one.free}
            for name, one in labels.ARGUMENTS.get(code, {}).items()
        ],
        "notices": [
            {"kind": one.kind, "to": one.to, "subject": _subject(files, one.kind)}
            for one in labels.NOTICES.get(code, ())
        ],
    }


def _pairs(table: Mapping[str, str]) -> list[list[str]]:
    return [[code, word] for code, word in table.items() if code]


def _subject(files: Mapping[str, bytes], kind: str) -> str:
    return files.get(f"notices/{kind}/subject.txt", b"").decode("utf-8", "replace").strip()


def _form(path: str, content: bytes) -> dict[str, Any]:
    """A form by its key: title, and the fields with choices; a file somebody is still writing has only its name."""
    code = path.removeprefix("forms/").removesuffix(".json")
    try:
        schema = json.loads(content)
        fields = [
            {"name": name, "label": str(one.get("title", name)),
             "choices": [[str(option["const"]), str(option["title"])] for option in one.get("oneOf", ())]}
            for name, one in schema.get("properties", {}).items()
        ]  # fmt: skip
        return {"code": code, "label": str(schema.get("title", code)), "fields": fields}
    except (ValueError, AttributeError, KeyError, TypeError):
        return {"code": code, "label": code, "fields": []}


def named_elements(files: Mapping[str, bytes], suffix: str, tag: str) -> Iterator[dict[str, str]]:
    """Ids and names of the processes or decisions in these files, for a list to choose from: whoever runs them reads
    the file through the guard of engine.bpmn."""
    for path in sorted(path for path in files if path.endswith(suffix)):
        for found in re.finditer(rf"<(?:\w+:)?{tag}\s([^>]*)>", files[path].decode("utf-8", "replace")):
            attributes: dict[str, str] = dict(re.findall(r'(\w+)="([^"]*)"', found[1]))
            if "id" in attributes:
                label = html.unescape(attributes.get("name", attributes["id"]))
                yield {"code": attributes["id"], "label": label, "file": path}


@cache
def articles() -> list[dict[str, str]]:
    """The articles and filling instructions of the measures: code as in lianxin:article, heading, text."""
    text = (config.ROOT / "docs" / "measures.txt").read_text(encoding="utf-8")
    found = []
    for line in text.splitlines():
        article = re.match(r"第([一二三四五六七八九十]+)条 (.*)", line)
        if article:
            found.append({"code": str(_number(article[1])), "label": f"第{article[1]}条", "text": article[2]})
        rule = re.match(r"(\d)\.(.*)", line)
        if rule:
            found.append({"code": f"须知{rule[1]}", "label": f"填表须知{rule[1]}", "text": rule[2]})
    return found


def _number(numeral: str) -> int:
    tens, _, ones = numeral.rpartition("十")
    digit = _NUMERALS.index(ones) + 1 if ones else 0
    return (10 if "十" in numeral else 0) * (_NUMERALS.index(tens) + 1 if tens else 1) + digit


def plain(message: str) -> str:
    """A finding as the procedure administrator reads it: no ids, no attribute names, roles by their word."""
    message = re.sub(r"^([^“（]*(?:“[^”]*”)?)（[^（）]*）：", r"\1：", message)
    message = re.sub(r"（lianxin:\w+）", "", message)
    return _ROLE.sub(
        lambda found: f"（角色“{labels.ROLES[found[1]].label}”）" if found[1] in labels.ROLES else "", message
    )
