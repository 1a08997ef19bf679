"""A form read from its JSON Schema file: fields in order, and everything unusable refused with a sentence."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

from engine import clock
from engine.errors import Misconfigured

WIDGETS = frozenset({
    "text", "textarea", "select", "radio", "confirm", "date", "phone", "hidden", "unit", "signature",
})  # fmt: skip
KEYWORDS = frozenset({
    "$schema", "title", "description", "type", "properties", "required", "allOf", "anyOf", "oneOf", "not", "if", "then",
    "else", "const", "enum", "default", "format", "pattern", "minLength", "maxLength", "minimum", "maximum",
    "additionalProperties", "x-submit", "x-acts", "x-widget", "x-options", "x-show-when", "x-field", "x-message",
    "x-earliest", "x-latest",
})  # fmt: skip
MAX_SCHEMA = 200_000  # bytes
MAX_PATTERN = 200
MAX_PATTERNS = 100  # of one form
MAX_MATCHED = 1_000  # characters of a field with a pattern
_LINEAR = RegexOptions(size_limit=100_000)  # bytes of one pattern ready to match; a Chinese name of up to 20 fits
_SUBSCHEMAS = ("not", "if", "then", "else")

Conditions = Mapping[str, tuple[str, ...]]
Required = list[tuple[str, Conditions]]


@dataclass(frozen=True)
class Option:
    """One choice: what is stored and what is shown."""

    value: str
    label: str


@dataclass(frozen=True)
class Field:
    """One field of a form, in the order of the form. `source` names where options come from (units, delegates, …);
    `show_when` must hold in full for the field to be shown; `required` = must be filled whenever it is shown."""

    name: str
    label: str
    help: str
    kind: str  # string | integer
    widget: str
    options: tuple[Option, ...]
    source: str
    required: bool
    show_when: Conditions
    default: str | int | None
    max_length: int | None
    earliest: str
    latest: str  # an ISO date, "today" or ""

    @property
    def initial(self) -> str | int | None:
        """What the field starts with: its default, of a date field "today" means the clock's date."""
        today = self.widget == "date" and self.default == "today"
        return clock.today().isoformat() if today else self.default


@dataclass(frozen=True)
class Form:
    """A schema that has been read and found usable; immutable, may be cached and shared."""

    title: str
    description: str
    submit: str
    acts: Any
    schema: Mapping[str, Any]
    fields: tuple[Field, ...]
    validator: Draft202012Validator = field(repr=False, compare=False)


def is_date(value: str) -> bool:
    """Exactly YYYY-MM-DD, as date fields send it; the standard library would also take 20260304 and week dates."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=256)  # every task page needs its form
def load(schema: bytes) -> Form:
    """The form of a JSON Schema file. Raises Misconfigured with a sentence when the file cannot be used: not JSON, too
    large, keywords outside our closed list (`$ref` among them), a pattern that cannot be read."""
    content = _parse(schema)
    try:
        _check_keywords(content)
        return _read(content, _validator(content))
    except ValidationError as error:
        raise Misconfigured(f"表单定义不符合 JSON Schema：{error.message[:200]}") from None
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):  # a shape no form has
        raise Misconfigured("表单定义的写法不对，请用表单编辑器重新编辑。") from None


def _validator(schema: Any) -> Draft202012Validator:
    """The linear engine for patterns: no text takes longer than pattern and length allow, whoever wrote them."""
    return Draft202012Validator(
        schema, formats={"date": is_date}, validate_formats=True, pattern_options=_LINEAR, offline=True
    )


def _read(content: dict[str, Any], validator: Draft202012Validator) -> Form:
    names = _required(content)
    matched = {name for part in _parts(content) for name, rule in part.get("properties", {}).items() if _patterns(rule)}
    return Form(
        title=str(content.get("title", "")),
        description=str(content.get("description", "")),
        submit=str(content.get("x-submit", "提交")),
        acts=content.get("x-acts"),
        schema=content,
        fields=tuple(
            _field(name, rule, names, MAX_MATCHED if name in matched else None)
            for name, rule in content["properties"].items()
        ),
        validator=validator,
    )


def fields(form: Form) -> tuple[Field, ...]:
    """The fields in the order they are shown."""
    return form.fields


def _parse(schema: bytes) -> dict[str, Any]:
    if len(schema) > MAX_SCHEMA:
        raise Misconfigured(f"表单定义太大，最多 {MAX_SCHEMA // 1000} KB。")
    try:
        content = json.loads(schema)
    except (ValueError, RecursionError):
        raise Misconfigured("表单定义不是有效的 JSON。") from None
    if not isinstance(content, dict) or not isinstance(content.get("properties"), dict):
        raise Misconfigured("表单定义须是一个对象，并列出各项（properties）。")
    return content


def _patterns(schema: Any) -> int:
    return sum("pattern" in part for part in _parts(schema))


def _check_keywords(schema: Any) -> None:
    if _patterns(schema) > MAX_PATTERNS:
        raise Misconfigured(f"表单定义中的格式规则（pattern）太多，最多 {MAX_PATTERNS} 条。")
    for part in _parts(schema):
        unknown = sorted(set(part) - KEYWORDS)
        if unknown:
            raise Misconfigured(f"表单定义不能使用关键字 {unknown[0]}。")
        if part.get("x-widget", "text") not in WIDGETS:
            raise Misconfigured(f"表单定义中没有“{part['x-widget']}”这种控件。")
        if part.get("type", "string") not in ("string", "integer", "object"):
            raise Misconfigured(f"表单定义不能使用类型 {part['type']}。")
        if "pattern" in part:
            _check_pattern(part["pattern"])


def _check_pattern(pattern: Any) -> None:
    if not isinstance(pattern, str) or len(pattern) > MAX_PATTERN:
        raise Misconfigured("表单定义中的格式规则（pattern）太长。")
    try:
        _validator({"pattern": pattern})
    except ValueError:
        raise Misconfigured(
            f"表单定义中的格式规则 {pattern} 写法不对、太大，或者用了引用（\\1）、前后预查（?=）。"
        ) from None


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every subschema, the schema itself first."""
    if not isinstance(schema, dict):
        raise Misconfigured("表单定义中有一处规则不是对象。")
    yield schema
    inner: list[Any] = [schema[key] for key in _SUBSCHEMAS if key in schema]
    inner += [part for key in ("allOf", "anyOf", "oneOf") for part in _sequence(schema.get(key, []))]
    properties = schema.get("properties", {})
    inner += properties.values() if isinstance(properties, dict) else []
    for part in inner:
        yield from _parts(part)


def _sequence(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _required(schema: Mapping[str, Any], known: Conditions | None = None) -> Required:
    """Every required name with the conditions under which it is, as far as they are plain `field is one of`."""
    conditions: Conditions = known or {}
    found = [(name, conditions) for name in schema.get("required", [])]
    for rule in schema.get("allOf", []):
        if "then" in rule and rule.get("if", {}).keys() <= {"properties", "required"}:
            asked = {name: _values(value) for name, value in rule["if"].get("properties", {}).items()}
            found += _required(rule["then"], {**conditions, **asked})
    return found


def _values(rule: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(rule["enum"]) if "enum" in rule else (rule["const"],) if "const" in rule else ()


def _field(name: str, rule: Mapping[str, Any], required: Required, bound: int | None) -> Field:
    shown = {
        key: tuple(value) if isinstance(value, list) else (value,) for key, value in rule.get("x-show-when", {}).items()
    }
    must = any(
        all(key in shown and set(shown[key]) <= set(values) for key, values in conditions.items())
        for wanted, conditions in required
        if wanted == name
    )
    choices = tuple(Option(str(one.get("const", "")), str(one.get("title", ""))) for one in rule.get("oneOf", []))
    return Field(
        name=name,
        label=str(rule.get("title", name)),
        help=str(rule.get("description", "")),
        kind=str(rule.get("type", "string")),
        widget=str(rule.get("x-widget", "radio" if choices else "text")),
        options=choices,
        source=str(rule.get("x-options", "")),
        required=must,
        show_when=shown,
        default=rule.get("default"),
        max_length=min(filter(None, (rule.get("maxLength"), bound)), default=None),
        earliest=str(rule.get("x-earliest", "")),
        latest=str(rule.get("x-latest", "")),
    )
