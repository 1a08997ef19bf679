"""Timer events on our own clock. The library's definitions read the wall clock, evaluate Python and refuse plain ISO
texts; this one asks the host for the time, takes ISO literals or our expressions, remembers when the timer was set, and
can be asked again when a fact behind it changed (article 11: the extension moves the limit).

Texts: timeDate 2026-11-23 | 2026-11-23T09:00[+08:00] | expression; timeDuration P3D | PT4H | expression; timeCycle
R3/PT24H | R/P1D | expression yielding such a text or a duration. An expression may yield an aware datetime, a date
(24:00 of that day in Shanghai), a timedelta or an ISO text; in a timer it may also use the name `entered_at`, the
moment the timer was set. A naive datetime is Shanghai time. Missed occurrences of a cycle are skipped, not made up
for."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition

from engine.bpmn import expressions
from engine.bpmn.codec import clean
from engine.bpmn.model import BadValue, Host
from engine.bpmn.names import look_up
from engine.clock import SHANGHAI, end_of

MIN_PERIOD = timedelta(seconds=60)
_DURATION = re.compile(
    r"P(?!$)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
_CYCLE = re.compile(r"R(?P<times>\d*)/(?:(?P<start>[^/]+)/)?(?P<period>P[^/]+)")


def is_literal(text: str) -> bool:
    """Whether a timer's text is an ISO value and not an expression."""
    text = text.strip()
    cycle = _CYCLE.fullmatch(text)
    return any(pattern.fullmatch(cycle["period"] if cycle else text) for pattern in (_DURATION, _MOMENT))


class Timer(EventDefinition):
    """When a timer event is due. `kind` is 'timeDate', 'timeDuration' or 'timeCycle'."""

    def __init__(self, element: str, kind: str, source: str) -> None:
        super().__init__(element)
        self.element, self.kind, self.source = element, kind, source.strip()
        self.expression = None if is_literal(self.source) else expressions.compile(self.source)

    def arm(self, data: Mapping[str, Any], host: Host) -> dict[str, Any]:
        """The memory of a timer that starts to wait now: armed, due (both aware UTC), n, basis, cycle period and
        occurrences left. Raises BadValue when the value is not a time."""
        armed = host.now().astimezone(UTC)
        value = self._value(data, host, armed)
        memory = {"armed": armed, "n": 1, "basis": clean(getattr(value, "basis", None), self.element)}
        if self.kind == "timeCycle":
            return memory | self._cycle(value, armed)
        return memory | {"due": self._moment(value, armed)}

    def again(self, memory: Mapping[str, Any], data: Mapping[str, Any], host: Host) -> dict[str, Any]:
        """The memory after asking the expression again, counted from the moment the timer was set; a cycle keeps
        its rhythm."""
        if self.kind == "timeCycle" or self.expression is None:
            return dict(memory)
        value = self._value(data, host, memory["armed"])
        basis = clean(getattr(value, "basis", None), self.element)
        return {**memory, "basis": basis, "due": self._moment(value, memory["armed"])}

    def after(self, memory: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
        """The memory for the next occurrence of a cycle that just fired, or None when it was the last."""
        if self.kind != "timeCycle":
            return None
        passed = max(0, (now - memory["due"]) // memory["period"])
        left = memory["left"]
        if left is not None and left - 1 - passed <= 0:
            return None
        steps = 1 + passed
        due = memory["due"] + memory["period"] * steps
        return {**memory, "due": due, "n": memory["n"] + steps, "left": None if left is None else left - steps}

    def _value(self, data: Mapping[str, Any], host: Host, armed: datetime) -> Any:
        if self.expression is None:
            return self.source
        return self.expression.evaluate(look_up(data, host, {"entered_at": armed}), host.functions)

    def _moment(self, value: Any, armed: datetime) -> datetime:
        if isinstance(value, str):
            value = self._read(value.strip(), armed)
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=SHANGHAI)).astimezone(UTC)
        if isinstance(value, date):
            return end_of(value)
        if isinstance(value, timedelta):
            return armed + value
        raise BadValue(element=self.element, reason="需要日期、时刻或时长")

    def _read(self, text: str, armed: datetime) -> datetime | date | timedelta:
        try:
            if _DURATION.fullmatch(text):
                return add(armed, text)
            if _MOMENT.fullmatch(text):
                return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
        except (ValueError, OverflowError) as error:
            raise BadValue(element=self.element, reason=f"“{text}”不是有效的日期或时长") from error
        raise BadValue(element=self.element, reason=f"“{text}”不是日期、时刻或时长")

    def _cycle(self, value: Any, armed: datetime) -> dict[str, Any]:
        times, start, period = None, None, value
        if isinstance(value, str):
            match = _CYCLE.fullmatch(value.strip())
            if match is None or not _DURATION.fullmatch(match["period"]):
                raise BadValue(element=self.element, reason=f"“{value}”不是循环时间，例如 R3/P1D")
            times = int(match["times"][:9]) if match["times"] else None
            start = self._moment(match["start"], armed) if match["start"] else None
            period = self._moment(match["period"], armed) - armed
        if not isinstance(period, timedelta) or period < MIN_PERIOD:
            raise BadValue(element=self.element, reason="循环的间隔至少一分钟")
        if times == 0:
            raise BadValue(element=self.element, reason="循环次数至少一次")
        return {"due": start or armed + period, "period": period, "left": times}


def add(moment: datetime, duration: str) -> datetime:
    """`moment` plus an ISO 8601 duration; years and months by the calendar in Shanghai (the last day of a shorter
    month). ValueError for any other text."""
    match = _DURATION.fullmatch(duration)
    if match is None:
        raise ValueError(duration)
    part = {name: int(text or 0) for name, text in match.groupdict().items()}
    local = moment.astimezone(SHANGHAI)
    months = local.year * 12 + local.month - 1 + part["years"] * 12 + part["months"]
    year, month = divmod(months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    local = local.replace(year=year, month=month + 1, day=min(local.day, last))
    rest = timedelta(**{unit: part[unit] for unit in ("weeks", "days", "hours", "minutes", "seconds")})
    return (local + rest).astimezone(moment.tzinfo)
