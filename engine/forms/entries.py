"""What somebody typed into a form, made into data. Text is kept exactly as typed (no Unicode normalisation: a name is a
name, rare characters included); only its ends are trimmed and its line ends unified."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from engine.forms.schema import Conditions, Field, Form


def clean(form: Form, submitted: Mapping[str, Any]) -> dict[str, Any]:
    """The submitted texts as typed data: ends trimmed, line ends unified, numbers read, dates left as ISO text; blank,
    unknown and hidden fields are dropped. What cannot be read stays as it is, for `validate` to name. Never raises."""
    data: dict[str, Any] = {}
    for item in form.fields:
        value = _typed(item, submitted.get(item.name))
        if value is not None:
            data[item.name] = value
    return _shown_only(form, data)


def visible(form: Form, data: Mapping[str, Any]) -> list[Field]:
    """The fields shown for these values; an unanswered field counts with its default."""
    effective = {item.name: data.get(item.name, item.default) for item in form.fields}
    shown = {item.name: item for item in form.fields}
    while True:  # a hidden field hides those that depend on it
        gone = [name for name, item in shown.items() if not _holds(item.show_when, effective)]
        if not gone:
            return list(shown.values())
        for name in gone:
            del shown[name]
            effective[name] = None


def _shown_only(form: Form, data: dict[str, Any]) -> dict[str, Any]:
    names = {item.name for item in visible(form, data)}
    return {name: value for name, value in data.items() if name in names}


def _holds(conditions: Conditions, values: Mapping[str, Any]) -> bool:
    return all(values.get(name) in wanted for name, wanted in conditions.items())


def _typed(item: Field, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = _trimmed(value.replace("\r\n", "\n").replace("\r", "\n"))
    if not text:
        return None
    if item.kind == "integer" and len(text) <= 18 and re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    return text


def _trimmed(text: str) -> str:
    """Without white space and invisible marks at the ends; "" when nothing visible is there."""
    text = text.strip().strip("\ufeff\u200b").strip()
    invisible = len(text) < 1000 and all(char.isspace() or unicodedata.category(char) == "Cf" for char in text)
    return "" if invisible else text
