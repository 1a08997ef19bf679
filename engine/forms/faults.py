"""Every fault of a filled form as a Chinese sentence that says what to do; hostile text gets one too, never a crash."""

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from jsonschema_rs import ValidationError

from engine import clock
from engine.forms.schema import Field, Form, is_date

MAX_TEXT = 100_000  # characters of one field, whatever the schema says
_CHOICES = frozenset({"select", "radio", "unit"})
_LINES = frozenset("\n\t")
# Overrides and isolates of writing direction make a name read as another one.
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def validate(form: Form, data: Mapping[str, Any], today: date | None = None) -> dict[str, str]:
    """{field: sentence} for every fault of cleaned data, {} when there is none. `today` is the Asia/Shanghai date from
    which dates lie in the future (default: the clock's)."""
    today = today or clock.today()
    found: dict[str, str] = {}
    for item in form.fields:
        sentence = _text_fault(item, data.get(item.name))
        if sentence:
            found[item.name] = sentence
    labels = {item.name: item for item in form.fields}
    if form.schema.get("additionalProperties") is False:
        found.update((str(name)[:60], "表单中没有这一项。") for name in data.keys() - labels)
    readable = {name: value for name, value in data.items() if name in labels and name not in found}
    if not form.validator.is_valid(readable):
        for name, sentence in _refusals(form, labels, readable):
            found.setdefault(name, sentence)
    for item in form.fields:
        sentence = _date_fault(item, data.get(item.name), today)
        if sentence:
            found.setdefault(item.name, sentence)
    return {item.name: found[item.name] for item in form.fields if item.name in found} | found


def _text_fault(item: Field, value: Any) -> str:
    if value is not None and not isinstance(value, str | int | float):  # what no page sends, and no validator reads
        return _sentence("type", item.kind, item)
    if not isinstance(value, str):
        return ""
    limit = min(item.max_length or MAX_TEXT, MAX_TEXT)
    if len(value) > limit:
        return f"{item.label}不超过 {limit} 个字，现有 {len(value)} 个字。"
    allowed = _LINES if item.widget == "textarea" else frozenset[str]()
    for char in value:
        if char not in allowed and _unusable(char):
            what = "换行或制表符" if char in _LINES else f"不能使用的字符（U+{ord(char):04X}）"
            return f"{item.label}中含有{what}，请删去后重新提交。"
    return ""


def stray(text: str) -> int | None:
    """Where the first character stands that no text of any length may hold, None when there is none."""
    return next((at for at, char in enumerate(text) if char not in "\n\r\t" and _unusable(char)), None)


def _unusable(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in _BIDI or ord(char) & 0xFFFE == 0xFFFE


def _date_fault(item: Field, value: Any, today: date) -> str:
    if not isinstance(value, str) or not is_date(value):
        return ""
    if item.latest == "today" and value > today.isoformat():
        return f"{item.label}不能晚于今天。"
    if item.latest not in ("", "today") and value > item.latest:
        return f"{item.label}不能晚于 {item.latest}。"
    if item.earliest and value < item.earliest:
        return f"{item.label}不能早于 {item.earliest}。"
    return ""


def _refusals(form: Form, labels: Mapping[str, Field], data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(field, sentence) of every fault the schema finds, in the order of its keywords."""
    order: list[Any] = list(form.schema)
    for error in sorted(form.validator.iter_errors(data), key=lambda error: order.index(error.schema_path[0])):
        rule = _rule(form, error)
        said = rule.get("x-message")
        if error.kind.name == "required":
            name = error.kind.value
            item = labels.get(name)
            verb = "请选择" if item and (item.options or item.widget in _CHOICES or item.source) else "请填写"
            yield name, said or f"{verb}{item.label if item else name}。"
        else:
            name = str(error.instance_path[0]) if error.instance_path else str(rule.get("x-field", ""))
            yield name, said or _sentence(error.kind.name, error.kind.value, labels.get(name))


def _rule(form: Form, error: ValidationError) -> Any:
    """The subschema whose keyword was broken."""
    rule: Any = form.schema
    for step in error.schema_path[:-1]:
        rule = rule[step]
    return rule


def _sentence(keyword: str, bound: Any, item: Field | None) -> str:
    if item is None:
        return "填写的内容不符合要求，请检查。"
    if keyword in ("enum", "const", "oneOf"):
        names = "、".join(option.label for option in item.options) or "列出的各项"
        return f"{item.label}请在{names}中选择一项。"
    if keyword == "type":
        return f"{item.label}须填写{'整数' if item.kind == 'integer' else '文字'}。"
    if keyword == "minLength" and bound == 1:
        return f"请填写{item.label}。"
    return _SENTENCES.get(keyword, "{label}填写得不对，请检查。").format(label=item.label, bound=bound)


_SENTENCES = {
    "minLength": "{label}至少 {bound} 个字。",
    "minimum": "{label}不能小于 {bound}。",
    "maximum": "{label}不能大于 {bound}。",
    "pattern": "{label}的格式不对，请检查。",
    "format": "{label}请填写有效的日期，如 2026-03-04。",
}
