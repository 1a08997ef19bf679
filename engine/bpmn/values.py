"""The values expressions work on: which records may be read, how large a value may be, what may be compared or added,
and the small built-in functions. All pure; every fault is a ValueError whose text is a Chinese sentence."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

MAX_INTEGER = 10**18
MAX_TEXT = 100_000
MAX_ITEMS = 10_000
MAX_VALUE_DEPTH = 60

Number = int | float | Decimal
_readable: dict[type, frozenset[str]] = {
    date: frozenset({"year", "month", "day"}),
    datetime: frozenset({"year", "month", "day", "hour", "minute"}),
    timedelta: frozenset({"days", "seconds"}),
}


def register(record: type) -> type:
    """Let expressions read the public fields of this dataclass (usable as a decorator); nothing else of it."""
    _readable[record] = frozenset(field.name for field in fields(record) if not field.name.startswith("_"))
    return record


def read(value: Any, name: str) -> Any:
    """The field `name` of a mapping or of a registered record; ValueError otherwise."""
    if isinstance(value, Mapping):
        if not name.startswith("_") and name in value:
            return admit(value[name])
        raise ValueError(f"记录里没有“{name}”")
    for kind in type(value).__mro__:
        if name in _readable.get(kind, ()):
            return admit(getattr(value, name))
    raise ValueError(f"{word(value)}没有“{name}”这一项")


def item(value: Any, key: Any) -> Any:
    """value[key] for texts, lists and mappings; ValueError otherwise."""
    if isinstance(value, Mapping):
        if isinstance(key, str | int) and key in value:
            return admit(value[key])
        raise ValueError("记录里没有方括号里的这一项")
    if not isinstance(value, str | list | tuple):
        raise ValueError(f"{word(value)}不能用方括号取内容")
    if isinstance(key, bool) or not isinstance(key, int):
        raise ValueError("列表的序号必须是整数")
    if not -len(value) <= key < len(value):
        raise ValueError(f"列表里没有第 {key} 项（从 0 数起，共 {len(value)} 项）")
    return admit(value[key])


def admit(value: Any) -> Any:
    """The value itself if it is data within bounds; functions, classes and modules never enter an expression."""
    if callable(value) or type(value).__name__ in {"module", "frame", "code", "generator", "coroutine", "traceback"}:
        raise ValueError("这个名称不是数据，不能使用")
    return bounded(value)


def bounded(value: Any) -> Any:
    """The value itself, or ValueError when it is larger than the house allows."""
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise ValueError(f"文字超过 {MAX_TEXT} 个字")
    elif isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise ValueError("数太大")
    elif isinstance(value, float | Decimal):
        if not isfinite(value):
            raise ValueError("数太大或不是有效的数")
    elif isinstance(value, list | tuple | Mapping | set | frozenset) and len(value) > MAX_ITEMS:
        raise ValueError(f"列表超过 {MAX_ITEMS} 项")
    return value


def measured(value: Any) -> Any:
    """The value itself, or ValueError when it is, all layers together, too large or too deep to be kept."""
    items, stack = 0, [(value, 0)]
    while stack:
        part, depth = stack.pop()
        bounded(part)
        items += 1 + (len(part) // 10 if isinstance(part, str) else 0)
        if depth > MAX_VALUE_DEPTH:
            raise ValueError(f"内容嵌套超过 {MAX_VALUE_DEPTH} 层")
        if items > MAX_ITEMS + MAX_TEXT // 10:
            raise ValueError("结果太大")
        if isinstance(part, Mapping):
            stack += [(key, depth + 1) for key in part] + [(inner, depth + 1) for inner in part.values()]
        elif isinstance(part, list | tuple | set | frozenset):
            stack += [(inner, depth + 1) for inner in part]
    return value


def word(value: Any) -> str:
    """What kind of thing a value is, for a sentence; never the value itself (messages must not leak data)."""
    names: tuple[tuple[Any, str], ...] = (
        (type(None), "空值"),
        (bool, "是/否"),
        (Number, "数"),
        (str, "文字"),
        (datetime, "时刻"),
        (date, "日期"),
        (timedelta, "时长"),
        (list | tuple | set | frozenset, "列表"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "记录")


def number(value: Any) -> bool:
    """Whether the value may be calculated with; 是/否 is not a number here."""
    return isinstance(value, Number) and not isinstance(value, bool)


def truth(value: Any) -> bool:
    """The value as a decision; only true and false are one (a text such as 'False' must never count as yes)."""
    if isinstance(value, bool):
        return value
    raise ValueError(f'这里需要“是”或“否”（true/false），得到的是{word(value)}；请写成比较，例如 x == "…"')


def add(left: Any, right: Any) -> Any:
    """Sum of numbers, texts, lists, or a day and a duration."""
    kinds = {word(left), word(right)}
    alike = kinds in ({"数"}, {"文字"}, {"列表"}, {"时长"})
    if not alike and kinds not in ({"日期", "时长"}, {"时刻", "时长"}):
        hint = "，请先用 str(…) 变成文字" if "文字" in kinds else ""
        raise ValueError(f"{word(left)}和{word(right)}不能相加{hint}")
    if alike and isinstance(left, str | list | tuple):
        limit = MAX_TEXT if isinstance(left, str) else MAX_ITEMS
        if len(left) + len(right) > limit:
            raise ValueError("相加的结果太长")
    return bounded(left + right)


_DIFFERENCES = {
    ("数", "数"),
    ("日期", "日期"),
    ("日期", "时长"),
    ("时刻", "时刻"),
    ("时刻", "时长"),
    ("时长", "时长"),
}


def subtract(left: Any, right: Any) -> Any:
    """Difference of numbers, of two days or moments, of durations, or a day minus a duration."""
    kinds = (word(left), word(right))
    if kinds not in _DIFFERENCES:
        raise ValueError(f"{word(left)}不能减去{word(right)}")
    return bounded(left - right)


def arithmetic(name: str, calculate: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A calculation between two numbers only."""

    def checked(left: Any, right: Any) -> Any:
        if not (number(left) and number(right)):
            raise ValueError(f"{name}只能用在两个数之间，这里是{word(left)}和{word(right)}")
        if name != "乘法" and right == 0:
            raise ValueError("除数是 0")
        return bounded(calculate(left, right))

    return checked


def comparable(left: Any, right: Any) -> None:
    """ValueError unless the two have an order: numbers, texts, dates, moments, durations, each with its own kind."""
    kinds = (word(left), word(right))
    if kinds[0] != kinds[1] or kinds[0] not in {"数", "文字", "日期", "时刻", "时长"}:
        raise ValueError(f"{kinds[0]}和{kinds[1]}不能比较先后或大小")


def contained(value: Any, where: Any) -> bool:
    """`value in where` for texts, lists and mappings."""
    if isinstance(where, str):
        if not isinstance(value, str):
            raise ValueError(f"{word(value)}不能在文字里查找")
        return value in where
    if not isinstance(where, list | tuple | set | frozenset | Mapping):
        raise ValueError(f"{word(where)}里不能查找，需要列表或文字")
    return value in where
