"""A form's schema as rows that people edit: one row a field, with its label, the way it is filled, whether it must be,
its choices and when it is shown. What rows do not say (patterns, bounds, rules between fields) stays in the schema."""

import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import Invalid
from engine.forms.schema import Form, Option, load

Shown = tuple[tuple[str, tuple[str, ...]], ...]
# the ways of filling a field and the keys of the schema that make each of them
WAYS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "textarea": {"type": "string", "x-widget": "textarea"},
    "radio": {"type": "string", "x-widget": "radio"},
    "select": {"type": "string", "x-widget": "select"},
    "confirm": {"type": "string", "x-widget": "confirm"},  # a tick asked for by a rule: shown when something is unusual
    "date": {"type": "string", "format": "date", "x-widget": "date"},
    "phone": {"type": "string", "x-widget": "phone"},
    "number": {"type": "integer"},
    "unit": {"type": "integer", "minimum": 1, "x-widget": "unit", "x-options": "units"},
    "delegate": {"type": "integer", "minimum": 1, "x-widget": "select", "x-options": "delegates"},
    "hidden": {"type": "string", "x-widget": "hidden"},
    "signature": {"type": "string", "x-widget": "signature"},
}
CHOICES = frozenset({"radio", "select", "confirm"})
TEXTS = frozenset({"text", "textarea", "phone"})
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MAX_FIELDS = 60
_WAY_KEYS = ("type", "format", "minimum", "x-widget", "x-options")


@dataclass(frozen=True)
class Row:
    """One field. `required`: yes (whenever it is shown), no, or rule (other rules of the form decide); `longest` in
    characters, 0 = unlimited; `shown`: all of these must hold; `more`: what only the text of the file can change."""

    name: str
    label: str = ""
    way: str = "text"
    required: str = "no"
    longest: int = 0
    options: tuple[Option, ...] = ()
    shown: Shown = ()
    help: str = ""
    default: str = ""
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class FormSheet:
    """A form as rows; `rules` is how many rules between fields it has that rows cannot say."""

    title: str
    description: str
    submit: str
    rows: tuple[Row, ...]
    rules: int = 0


def read_form(data: bytes) -> FormSheet:
    """The rows of a form file; Misconfigured (forms.load) for a file that cannot be used."""
    form = load(data)
    schema: Mapping[str, Any] = form.schema
    mentioned = {name for part in _lists(schema) for name in part}
    rows = tuple(_row(form, name, rule, mentioned) for name, rule in schema["properties"].items())
    rules = sum(not _is_plain(rule) for node in _places(schema) for rule in node[0].get("allOf", []))
    rules += sum(key in schema for key in ("anyOf", "oneOf", "not", "if"))
    return FormSheet(form.title, form.description, form.submit, rows, rules)


def write_form(data: bytes, sheet: FormSheet) -> bytes:
    """The file with these rows: only what differs from the rows it holds is touched, and the same bytes come back when
    nothing does. Invalid names the field whose change the rules of the form do not allow."""
    old = read_form(data)
    if replace(sheet, rules=old.rules) == old:
        return data
    schema = copy.deepcopy(dict(load(data).schema))
    for key, value, before in (
        ("title", sheet.title, old.title), ("description", sheet.description, old.description),
        ("x-submit", sheet.submit, old.submit),
    ):  # fmt: skip
        if value != before:
            _put(schema, key, value)
    known = {row.name: row for row in old.rows}
    properties = {row.name: _property(schema, row, known.get(row.name)) for row in sheet.rows}
    gone = [row for row in old.rows if row.name not in properties]
    schema["properties"] = properties
    for row in gone:
        _not_required(schema, row)
    _requirements(schema, sheet.rows, known)
    _without_empty_rules(schema)
    for row in gone:
        _refuse_mentioned(schema, row)
    result = (json.dumps(schema, ensure_ascii=False, indent=2) + "\n").encode()
    load(result)
    return result


def new_form(title: str) -> bytes:
    """A form with one field to begin with."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, "x-submit": "提交", "type": "object",
        "properties": {
            "opinion": {"title": "意见", "type": "string", "maxLength": 600, "x-widget": "textarea", "minLength": 1}
        },
        "required": ["opinion"], "additionalProperties": False,
    }  # fmt: skip
    return (json.dumps(schema, ensure_ascii=False, indent=2) + "\n").encode()


# ------------------------------------------------------------------------------------------------ reading


def _row(form: Form, name: str, rule: Mapping[str, Any], mentioned: set[str]) -> Row:
    item = next(item for item in form.fields if item.name == name)
    source = {"units": "unit", "delegates": "delegate"}.get(item.source)
    way = source or ("number" if item.kind == "integer" else item.widget)
    default = "" if item.default is None else str(item.default)
    return Row(
        name=name, label=item.label, way=way, longest=item.max_length or 0, options=item.options, help=item.help,
        required="yes" if item.required else "rule" if name in mentioned else "no", default=default,
        shown=tuple((key, tuple(values)) for key, values in item.show_when.items()), more=tuple(_more(rule, way)),
    )  # fmt: skip


def _more(rule: Mapping[str, Any], way: str) -> Iterator[str]:
    """In words, what a property says beyond its row."""
    if "pattern" in rule:
        yield f"格式须符合 {rule['pattern']}"
    if rule.get("minLength", 0) > 1:
        yield f"至少 {rule['minLength']} 个字"
    if "minimum" in rule and WAYS[way].get("minimum") != rule["minimum"]:
        yield f"不小于 {rule['minimum']}"
    if "maximum" in rule:
        yield f"不大于 {rule['maximum']}"
    if "anyOf" in rule:
        yield "取值另有几种范围"
    if "x-earliest" in rule:
        yield f"不早于 {rule['x-earliest']}"
    if WAYS[way].get("format") == "date" and rule.get("default") == "today":
        yield "先填好当天的日期"
    if "x-latest" in rule:
        yield "不晚于今天" if rule["x-latest"] == "today" else f"不晚于 {rule['x-latest']}"
    if "x-message" in rule:
        yield f"填错时提示：{rule['x-message']}"


def _is_plain(rule: Any) -> bool:
    """if (fields have values) then (fields are required, and rules of the same kind): the kind rows can say."""
    if not isinstance(rule, dict) or set(rule) != {"if", "then"} or not isinstance(rule["then"], dict):
        return False
    tests = rule["if"].get("properties", {})
    return (
        set(rule["if"]) <= {"properties", "required"}
        and set(rule["then"]) <= {"required", "allOf"}
        and all(isinstance(test, dict) and set(test) in ({"const"}, {"enum"}) for test in tests.values())
    )


def _places(schema: Mapping[str, Any], known: Mapping[str, tuple[Any, ...]] | None = None) -> Iterator[tuple[Any, Any]]:
    """(part of the schema, conditions under which it holds): where a field can be made required."""
    conditions = dict(known or {})
    yield schema, conditions
    for rule in schema.get("allOf", []):
        if _is_plain(rule):
            tests = rule["if"].get("properties", {})
            asked = {name: tuple(test["enum"]) if "enum" in test else (test["const"],) for name, test in tests.items()}
            yield from _places(rule["then"], {**conditions, **asked})


def _lists(part: Any) -> Iterator[list[str]]:
    """Every list of required fields that is no condition."""
    if isinstance(part, dict):
        if isinstance(part.get("required"), list):
            yield part["required"]
        for key, inner in part.items():
            if key not in ("properties", "if"):
                yield from _lists(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _lists(inner)


# ------------------------------------------------------------------------------------------------ writing


def _put(part: dict[str, Any], key: str, value: Any) -> None:
    if value in ("", None, 0, (), {}):
        part.pop(key, None)
    else:
        part[key] = value


def _property(schema: Mapping[str, Any], row: Row, old: Row | None) -> dict[str, Any]:
    rule: dict[str, Any] = dict(schema["properties"].get(row.name, {}))
    was = old or Row(row.name, way="")
    if row.label != was.label:
        rule["title"] = row.label
    if row.way != was.way:
        rule = _filled_another_way(rule, row.way, was.way)
    if row.options != was.options or row.way not in CHOICES:
        choices = [{"const": option.value, "title": option.label} for option in row.options if row.way in CHOICES]
        _put(rule, "oneOf", choices or None)
    for key, value, before in (
        ("description", row.help, was.help),
        ("maxLength", row.longest if row.way in TEXTS else was.longest, was.longest),
        ("x-show-when", {name: one[0] if len(one) == 1 else list(one) for name, one in row.shown}, dict(was.shown)),
        ("default", int(row.default) if row.way == "number" and row.default.isdigit() else row.default, was.default),
    ):
        if row.shown != was.shown if key == "x-show-when" else value != before:
            _put(rule, key, value)
    return rule


def _filled_another_way(rule: Mapping[str, Any], way: str, was: str) -> dict[str, Any]:
    kept = {key: value for key, value in rule.items() if key not in _WAY_KEYS or WAYS.get(was, {}).get(key) != value}
    kept |= WAYS[way]
    gone = () if way in TEXTS else ("pattern", "minLength", "maxLength")
    return {key: value for key, value in kept.items() if key not in gone}


def _requirements(schema: dict[str, Any], rows: Sequence[Row], known: Mapping[str, Row]) -> None:
    """Where a row's duty or its condition changed, say it anew; fields whose rows are the same keep their rules."""
    defaults = {row.name: row.default for row in rows}
    for row in rows:
        was = known.get(row.name, Row(row.name))
        if (row.required, row.shown) == (was.required, was.shown) or row.required == "rule":
            continue
        if was.required != "no":
            _not_required(schema, row)
        if row.required == "yes":
            _require(schema, row, defaults)


def _require(schema: dict[str, Any], row: Row, defaults: Mapping[str, str]) -> None:
    wanted = {name: set(values) for name, values in row.shown}
    for part, conditions in _places(schema):
        if {name: set(values) for name, values in conditions.items()} == wanted:
            part.setdefault("required", [])
            if row.name not in part["required"]:
                part["required"].append(row.name)
            return
    tests = {name: {"const": values[0]} if len(values) == 1 else {"enum": list(values)} for name, values in row.shown}
    asked: dict[str, Any] = {"properties": tests}
    # an unanswered field counts with its default, on the page and here
    filled = [name for name, values in row.shown if defaults.get(name, "") not in values]
    if filled:
        asked["required"] = filled
    schema.setdefault("allOf", []).append({"if": asked, "then": {"required": [row.name]}})


def _not_required(schema: dict[str, Any], row: Row) -> None:
    for part, _ in list(_places(schema)):
        if row.name in part.get("required", []):
            part["required"] = [name for name in part["required"] if name != row.name]
    if any(row.name in part for part in _lists(schema)):
        raise Invalid(
            f"“{row.label or row.name}”的必填由表单的其他规则规定，表格里改不了，请在文本中改。",
            {row.name: "由其他规则规定。"},
        )


def _without_empty_rules(part: dict[str, Any]) -> None:
    rules = part.get("allOf")
    if not isinstance(rules, list):
        return
    for rule in rules:
        if _is_plain(rule):
            _without_empty_rules(rule["then"])
    kept = [rule for rule in rules if not (_is_plain(rule) and not any(rule["then"].values()))]
    _put(part, "allOf", kept if kept else None)


def _refuse_mentioned(schema: Mapping[str, Any], row: Row) -> None:
    rest = {key: value for key, value in schema.items() if key not in ("properties", "title", "description")}
    if f'"{row.name}"' in json.dumps(rest, ensure_ascii=False):
        raise Invalid(
            f"不能删除“{row.label}”：表单的其他规则还要看它，请先改掉那些规则（见文本）。",
            {row.name: "其他规则还要看它。"},
        )
