"""The small functions every expression may call. Pure, bounded, no access to anything but their arguments; every
fault is a ValueError with a Chinese sentence."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from engine.bpmn.values import add, bounded, comparable, contained, item, number, truth, word

MAX_DIGITS = 18
_MISSING = object()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"需要文字，得到的是{word(value)}")
    return value


def _number(value: Any) -> Any:
    if not number(value):
        raise ValueError(f"需要数，得到的是{word(value)}")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple | set | frozenset):
        raise ValueError(f"需要列表，得到的是{word(value)}")
    return list(value)


def _len(value: Any) -> int:
    if not isinstance(value, str | list | tuple | set | frozenset | Mapping):
        raise ValueError(f"{word(value)}没有长度")
    return len(value)


def _extreme(wanted: Callable[[Any, Any], bool]) -> Callable[..., Any]:
    def choose(*values: Any) -> Any:
        items = _list(values[0]) if len(values) == 1 else list(values)
        if not items:
            raise ValueError("列表是空的，没有最大或最小的一项")
        best = items[0]
        for candidate in items[1:]:
            comparable(candidate, best)
            best = candidate if wanted(candidate, best) else best
        return best

    return choose


def _sum(values: Any) -> Any:
    total: Any = 0
    for value in _list(values):
        total = add(total, _number(value))
    return total


def _round(value: Any, digits: int = 0) -> Any:
    if word(digits) != "数" or digits not in range(MAX_DIGITS + 1):
        raise ValueError(f"小数位数必须是 0 到 {MAX_DIGITS} 的整数")
    return round(_number(value), digits) if digits else round(_number(value))


def _str(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if not isinstance(value, str | int | float | Decimal | date):
        raise ValueError(f"{word(value)}不能变成文字")
    bounded(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _int(value: Any) -> int:
    if isinstance(value, str):
        if len(value.strip()) > MAX_DIGITS + 1:
            raise ValueError("数太大")
        try:
            return int(value)
        except ValueError:
            raise ValueError("这段文字不是整数") from None
    return int(_number(value))


def _float(value: Any) -> float:
    if isinstance(value, str):
        if len(value.strip()) > 40:
            raise ValueError("数太长")
        try:
            return float(bounded(float(value)))
        except ValueError:
            raise ValueError("这段文字不是数") from None
    return float(_number(value))


def _count(value: Any) -> int | float:
    value = _number(value)
    if abs(value) > 100_000:
        raise ValueError("时长太大")
    return float(value) if isinstance(value, Decimal) else value


def _date(year: Any, month: Any = _MISSING, day: Any = _MISSING) -> date:
    try:
        if month is _MISSING:
            return date.fromisoformat(_text(year))
        return date(year, month, day)
    except (ValueError, TypeError, OverflowError):
        raise ValueError('不是有效的日期，请写成 date("2026-01-31") 或 date(2026, 1, 31)') from None


def _days_between(first: Any, last: Any) -> int:
    if word(first) != word(last) or not isinstance(first, date):
        raise ValueError("days_between 需要两个日期或两个时刻")
    return int((last - first).days)


def _get(record: Any, name: Any, default: Any = None) -> Any:
    if not isinstance(record, Mapping):
        raise ValueError(f"需要记录，得到的是{word(record)}")
    return item(record, name) if isinstance(name, str) and name in record else default


BUILTINS: Mapping[str, Callable[..., Any]] = {
    "len": _len,
    "min": _extreme(lambda candidate, best: candidate < best),
    "max": _extreme(lambda candidate, best: candidate > best),
    "sum": _sum,
    "round": _round,
    "abs": lambda value: abs(_number(value)),
    "str": _str,
    "int": _int,
    "float": _float,
    "bool": truth,
    "lower": lambda text: _text(text).lower(),
    "upper": lambda text: _text(text).upper(),
    "strip": lambda text: _text(text).strip(),
    "contains": lambda where, value: contained(value, where),
    "starts_with": lambda text, start: _text(text).startswith(_text(start)),
    "ends_with": lambda text, end: _text(text).endswith(_text(end)),
    "any": lambda values: any(truth(value) for value in _list(values)),
    "all": lambda values: all(truth(value) for value in _list(values)),
    "is_empty": lambda value: value is None or _len(value) == 0,
    "get": _get,
    "date": _date,
    "days": lambda count: timedelta(days=_count(count)),
    "hours": lambda count: timedelta(hours=_count(count)),
    "minutes": lambda count: timedelta(minutes=_count(count)),
    "days_between": _days_between,
}
