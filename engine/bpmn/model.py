"""What engine/bpmn tells the rest of the house about a diagram and about a running instance: plain frozen records, the
protocol of the host, and the refusals of the executor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from engine.errors import Conflict, LianxinError

Path = tuple[tuple[str, str], ...]
What = Literal["entered", "completed", "cancelled", "fired"]


@dataclass(frozen=True)
class Element:
    """One flow element of a process as drawn. `kind` is the local BPMN tag ('userTask', 'boundaryEvent', …);
    `scope` is the id of the surrounding embedded subprocess; `timer` and `event` are set on events only, `called` (a
    process id) on call activities; `timer_kind` is timeDate, timeDuration or timeCycle, `event_name` the message,
    signal, error or escalation."""

    id: str
    kind: str
    name: str
    lane: str | None
    extensions: Mapping[str, Any]
    documentation: str
    attached_to: str | None = None
    timer: str | None = None
    event: str | None = None
    scope: str | None = None
    called: str = ""
    timer_kind: str = ""
    event_name: str = ""
    interrupting: bool = True


@dataclass(frozen=True)
class Token:
    """What an operation learns about the step that calls it; `data` is a read-only copy."""

    id: str
    process_id: str
    element_id: str
    name: str
    extensions: Mapping[str, Any]
    data: Mapping[str, Any]
    path: Path = ()


@dataclass(frozen=True)
class OpenTask:
    """A step somebody has to do. `path` names the surrounding call activities and subprocesses, outermost first."""

    token: str
    process_id: str
    element_id: str
    name: str
    lane: str | None
    kind: str
    extensions: Mapping[str, Any]
    data: Mapping[str, Any]
    path: Path


@dataclass(frozen=True)
class WaitingTimer:
    """A timer that has not fired. `due_at` is aware UTC; `basis` is what the expression's value said about its
    calculation; `occurrence` counts from 1 (cycles)."""

    token: str
    process_id: str
    element_id: str
    name: str
    host_token: str | None
    host_element: str | None
    due_at: datetime
    expression: str
    basis: Any
    extensions: Mapping[str, Any]
    interrupting: bool
    occurrence: int
    path: Path


@dataclass(frozen=True)
class TimerChange:
    """A waiting timer that moved: old and new due time (aware UTC) and the new basis."""

    token: str
    element_id: str
    old: datetime
    new: datetime
    basis: Any


@dataclass(frozen=True)
class Subscription:
    """A catch event waiting for a message or signal of this name."""

    token: str
    kind: Literal["message", "signal"]
    name: str
    process_id: str
    element_id: str
    host_token: str | None
    extensions: Mapping[str, Any]
    path: Path


@dataclass(frozen=True)
class Step:
    """One line of history: what happened to which token where."""

    process_id: str
    element_id: str
    name: str
    kind: str
    what: What
    token: str
    path: Path = ()


class Host(Protocol):
    """The outside of a running instance: clock, facts of the case, named operations."""

    functions: Mapping[str, Callable[..., Any]]

    def now(self) -> datetime:
        """This moment, aware."""

    def fact(self, name: str, data: Mapping[str, Any]) -> Any:
        """The value of a name that is not in the token's data; raises KeyError when there is none."""

    def call(self, operation: str, arguments: Mapping[str, Any], token: Token) -> Mapping[str, Any] | None:
        """Run a named operation; what it returns is merged into the token's data. May raise BpmnError."""


@dataclass(frozen=True)
class Rules:
    """Bounds of one call: how many elements may be executed, how deep processes may call each other."""

    max_steps: int = 500
    max_depth: int = 20


class BpmnError(Exception):
    """A business error with a code; reaches the error boundary event of that code, else leaves the engine."""

    def __init__(self, code: str, message: str = "") -> None:
        self.code = code
        super().__init__(message or code)


class NotWaiting(Conflict):
    """这一步已经办完或者已被撤回，请刷新页面后再看。"""

    def __init__(self, **fields: Any) -> None:
        super().__init__(reason="", **fields)


class NotDue(Conflict):
    """期限未到：{element} 应于 {due_at} 到期。"""

    def __init__(self, **fields: Any) -> None:
        super().__init__(reason="", **fields)


class StepBudgetExceeded(LianxinError):
    """流程一次走了 {steps} 步还没有停下，可能画成了死循环，请管理员检查“{element}”附近。"""


class BadValue(LianxinError):
    """“{element}”得到的值不能使用：{reason}"""


class BadState(LianxinError):
    """保存的流程状态与流程图对不上：{reason}"""


class NoWay(LianxinError):
    """“{element}”的条件都不成立，又没有画默认流向，流程无法继续。"""
