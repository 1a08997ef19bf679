"""What may be stored in a token, and how it is written: a format byte, then compact JSON. Dates and durations are
tagged objects; a user's own keys that look like a tag are escaped, so data can never imitate one. No pickle, nothing
evaluated.

A tag is an object with exactly one key of one tilde and a letter, {"~d": "2026-11-23"}; a user's key that begins with a
tilde gets a second one on the way in and loses it on the way out."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from engine.bpmn.model import BadState, BadValue

FORMAT = b"\x02"
READABLE = (b"\x01", FORMAT)  # 1: every token with all its data; 2: only what differs from its scope
MAX_DEPTH = 40
MAX_TEXT = 100_000
MAX_INTEGER = 2**63


def clean(value: Any, element: str = "", depth: int = 0) -> Any:
    """A private copy of a value in the types that survive storage: texts, numbers, booleans, None, aware or naive
    datetimes, dates, timedeltas, Decimals, lists and objects with text keys. Raises BadValue for anything else."""
    kind = type(value)
    if value is None or kind is bool:
        return value
    if depth > MAX_DEPTH:
        raise BadValue(element=element, reason="嵌套太深")
    if isinstance(value, str):
        return _text(value, element)
    if isinstance(value, Mapping):
        return {_text(key, element): clean(item, element, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item, element, depth + 1) for item in value]
    return _scalar(value, element)


def _text(value: Any, element: str) -> str:
    if not isinstance(value, str):
        raise BadValue(element=element, reason="名称必须是文字")
    if len(value) > MAX_TEXT:
        raise BadValue(element=element, reason=f"文字超过 {MAX_TEXT} 字")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise BadValue(element=element, reason="文字里有残缺的字符")
    return str(value)


def _scalar(value: Any, element: str) -> Any:
    if isinstance(value, int):
        if abs(value) >= MAX_INTEGER:
            raise BadValue(element=element, reason="数太大")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise BadValue(element=element, reason="不是有限的数")
        return float(value)
    if isinstance(value, datetime):
        plain = datetime.fromisoformat(value.isoformat())  # a plain datetime, without `fold`
        return plain if value.tzinfo is None else value.astimezone(UTC).replace(fold=0)
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    if isinstance(value, timedelta):
        return timedelta(days=value.days, seconds=value.seconds, microseconds=value.microseconds)
    if isinstance(value, Decimal) and value.is_finite():
        return Decimal(value)
    raise BadValue(element=element, reason=f"不能保存 {type(value).__name__} 类型的值")


def dumps(state: Mapping[str, Any]) -> bytes:
    """The stored form of a state made of cleaned values."""
    tags = 0

    def tagged(value: Any) -> Any:
        nonlocal tags
        tags += 1
        return _pack(value)

    written = orjson.dumps(state, default=tagged, option=orjson.OPT_PASSTHROUGH_DATETIME)
    if written.count(b'"~') != tags:  # a name or a text begins like a tag (or seems to): every name is looked at
        written = orjson.dumps(_pack(state))
    return FORMAT + written


def loads(blob: bytes) -> Any:
    """The state of a stored form; raises BadState when it is not one of ours."""
    if blob[:1] not in READABLE:
        raise BadState(reason="格式不认识")
    try:
        return _unpack(orjson.loads(blob[1:]))
    except (ValueError, KeyError, TypeError, RecursionError, ArithmeticError) as error:
        raise BadState(reason="内容已损坏") from error


def _pack(value: Any) -> Any:
    if isinstance(value, dict):
        return {(f"~{key}" if key[:1] == "~" else key): _pack(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_pack(item) for item in value]
    if isinstance(value, datetime):
        return {"~t": value.isoformat()}
    if isinstance(value, date):
        return {"~d": value.isoformat()}
    if isinstance(value, timedelta):
        return {"~p": [value.days, value.seconds, value.microseconds]}
    if isinstance(value, Decimal):
        return {"~n": str(value)}
    return value


def _unpack(value: Any) -> Any:
    if isinstance(value, list):
        return [_unpack(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(key, item)] = value.items()
        if key in _TAGS:
            return _TAGS[key](item)
    return {(key[1:] if key[:1] == "~" else key): _unpack(item) for key, item in value.items()}


_TAGS: dict[str, Any] = {
    "~t": datetime.fromisoformat,
    "~d": date.fromisoformat,
    "~p": lambda parts: timedelta(days=parts[0], seconds=parts[1], microseconds=parts[2]),
    "~n": Decimal,
}
