"""A running instance carried over to another version of its package.

The past is in the history, so only what waits now matters: every token keeps its id, its data and its element, found in
the new version by the same id or by the mapping the administrator gives. A timer keeps its due time unless its own
text changed; then it is asked again, counted from the moment it was set. Events that are new on a waiting step are
armed as if they had been there when it began; those that fired already are not armed again.

Nothing is executed. What cannot be carried over safely is refused with element and reason, and the instance stays.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NoReturn

from engine.bpmn.gate import Run
from engine.bpmn.marker import ROOT, Marker
from engine.bpmn.model import Host, Rules, Token
from engine.bpmn.moving import starved
from engine.bpmn.net import Net
from engine.bpmn.package import Package
from engine.bpmn.proposing import proposals
from engine.bpmn.state import freeze, thaw

Names = Mapping[str, str]


@dataclass(frozen=True)
class Refusal:
    """Why an instance cannot be carried over: the element it waits at (id and name in the old version)."""

    process_id: str
    element_id: str
    name: str
    reason: str


@dataclass(frozen=True)
class TimerFate:
    """What happens to one waiting timer: 'stays', 'moved' (its text changed), 'new' (armed on a waiting step) or 'gone'
    (removed from the diagram). `old` and `new` are due times, aware UTC."""

    element_id: str
    name: str
    what: Literal["stays", "moved", "new", "gone"]
    old: datetime | None
    new: datetime | None


@dataclass
class Migrated:
    """The instance on the new version, or why it must stay: `run` is None exactly when there are refusals."""

    run: Run | None = None
    refusals: list[Refusal] = field(default_factory=list)
    timers: list[TimerFate] = field(default_factory=list)


class _Past:
    """The host as it was when a step began: a timer armed late counts from there."""

    def __init__(self, host: Host, moment: datetime) -> None:
        self._host, self._moment = host, moment
        self.functions = host.functions

    def now(self) -> datetime:
        return self._moment

    def fact(self, name: str, data: Mapping[str, Any]) -> Any:
        return self._host.fact(name, data)

    def call(self, operation: str, arguments: Mapping[str, Any], token: Token) -> NoReturn:
        raise PermissionError("a migration executes nothing")


def migrate(
    old: Package,
    new: Package,
    blob: bytes,
    host: Host,
    mapping: Names | None = None,
    entered: Mapping[str, datetime] | None = None,
) -> Migrated:
    """Carry the instance of `blob` from `old` to `new`. `mapping`: element id in the old version → id in the new one,
    `process/element` where an id stands in several processes; `entered`: token of a step → when it began (else now)."""
    net = thaw(blob, old.specs, host, Rules())
    move = _Move(net, new, host, {**proposals(old, new, ("boundaryEvent",)), **(mapping or {})}, entered or {})
    result = Migrated(refusals=list(move.refusals()))
    if not result.refusals:
        result.timers = list(move.carry())
        result.refusals = list(move.hopeless())
    if not result.refusals:
        result.run = Run(thaw(freeze(net), new.specs, host, Rules()))
    return result


class _Move:
    """One instance between two versions: where each scope, element and flow goes."""

    def __init__(self, net: Net, new: Package, host: Host, mapping: Names, entered: Mapping[str, datetime]) -> None:
        self.net, self.new, self.host, self.mapping, self.entered = net, new, host, mapping, entered
        self.starved = {(scope.spec.name, join.name) for scope in net.scopes() for join in starved(scope)}

    def target(self, spec: Any) -> str:
        """The id of an element in the new version."""
        return self.mapping.get(f"{spec.process_id}/{spec.bpmn_id}", self.mapping.get(spec.bpmn_id, spec.bpmn_id))

    def scope(self, scope: Any) -> Any:
        """The new spec of a scope; None when its process or subprocess is no longer there."""
        host = getattr(scope, "host", None)
        if host is None:
            return self.new.specs.get(scope.spec.name)
        inside = self.scope(host.workflow)
        spec = inside.task_specs.get(self.target(host.task_spec)) if inside is not None else None
        return self.new.specs.get(getattr(spec, "called", ""))

    def spec(self, marker: Marker) -> Any:
        """The new element of a token; None when there is none."""
        scope = self.scope(marker.workflow)
        return scope.task_specs.get(self.target(marker.task_spec)) if scope is not None else None

    # -------------------------------------------------------------------------------------------- may it go

    def refusals(self) -> Iterator[Refusal]:
        """Every reason why a waiting token cannot be carried over."""
        for marker in list(self.net.all_markers()):
            if marker.free:
                reason = self.unfit(marker)
                if reason:
                    yield _refusal(marker, reason)

    def unfit(self, marker: Marker) -> str:
        """Why this token has no place in the new version, "" when it has."""
        here, label = marker.task_spec, marker.task_spec.label
        if self.scope(marker.workflow) is None:
            around = marker.workflow.spec
            return f"“{label}”所在的流程“{around.description or around.name}”在新版本中没有了。"
        there = self.spec(marker)
        if there is None:
            return f"正在办理的“{label}”在新版本中已删除，请为它指定新版本中对应的环节。"
        if there.tag != here.tag or type(there) is not type(here):
            return f"正在办理的“{label}”在新版本中改成了另一种环节，不能直接带过去。"
        return self.changed(marker, there)

    def changed(self, marker: Marker, there: Any) -> str:
        """What about the element itself makes it impossible."""
        here, label = marker.task_spec, marker.task_spec.label
        if getattr(here, "inflows", None) is not None and here.inflows != there.inflows:
            return f"已有办理分支在“{label}”等待汇合，而新版本改了它的来路。"
        if marker.id in self.net.subprocesses and self.called(here) != getattr(there, "called", None):
            return f"“{label}”正在调用的流程在新版本中换成了另一个。"
        if marker.id in self.net.subprocesses and there.called not in self.new.specs:
            return f"“{label}”调用的流程在新版本中没有了。"
        if repeats(here) != repeats(there):
            return f"“{label}”正在多人或多次办理，而新版本改了重复的方式。"
        if here.tag == "eventBasedGateway" and not any(self.armed(here, name) for name in _armable(there)):
            return f"“{label}”等待的事件在新版本中全部换掉了。"
        return ""

    def called(self, spec: Any) -> str:
        """What a call or subprocess calls, as the new version names it: a mapped subprocess keeps its process."""
        if spec.hidden:  # the frame around a repetition
            return f"{spec.process_id}/{self.target(spec)}#"
        return str(spec.called) if spec.tag == "callActivity" else f"{spec.process_id}/{self.target(spec)}"

    def armed(self, here: Any, name: str) -> bool:
        """Whether an event on the new element was there in the old one, under whatever id."""
        return any(self.target(spec) == name for spec in _armable(here).values())

    def hopeless(self) -> Iterator[Refusal]:
        """Joins that could be completed before and cannot any more: a branch was added around waiting tokens."""
        for scope in self.net.scopes():
            for join in starved(scope):
                if (scope.spec.name, join.name) not in self.starved:
                    reason = f"新版本的“{join.label}”还要等一支此件不会再走到的并行步骤，此件会停在那里。"
                    yield _refusal(scope.markers()[0], reason)

    # -------------------------------------------------------------------------------------------- carry it over

    def carry(self) -> Iterator[TimerFate]:
        """Put every token on its new element, in place; nothing is executed."""
        places = [(scope, self.scope(scope)) for scope in self.net.scopes()]
        moves = [(marker, self.spec(marker)) for marker in list(self.net.all_markers())]
        added = [
            (marker, spec)
            for marker, there in moves
            if there is not None
            for name, spec in _armable(there).items()
            if not self.armed(marker.task_spec, name)
        ]
        watching = [
            (scope, spec)
            for scope, there in places
            for spec in there.watchers
            if spec.name not in {self.target(old) for old in scope.spec.watchers}
        ]
        self.net.end_events = [self.mapping.get(element, element) for element in self.net.end_events]
        for scope, spec in places:
            scope.spec = spec
        for marker, there in moves:
            yield from self.seat(marker, there)
        self.net.subprocess_specs = self.new.specs
        for marker, spec in added:
            if marker.workflow.tasks.get(marker.id) is marker:
                yield from self.arm(marker, spec)
        for scope, spec in watching:
            yield from self.watch(scope, spec)

    def seat(self, marker: Marker, there: Any) -> Iterator[TimerFate]:
        """One token or armed event on its new element."""
        here, due = marker.task_spec, marker.memory.get("due")
        if marker.free or self.still(marker, there):
            marker.task_spec = there
            if due is not None and (here.event.timer, here.event.text) != (there.event.timer, there.event.text):
                marker.memory = _anew(marker, there, self.host)
            if due is not None:
                now = marker.memory["due"]
                yield TimerFate(there.bpmn_id, there.bpmn_name, "stays" if now == due else "moved", due, now)
            return
        marker.workflow.drop(marker)
        if due is not None:
            yield TimerFate(here.bpmn_id, here.bpmn_name, "gone", due, None)

    def still(self, marker: Marker, there: Any) -> bool:
        """Whether an armed event is still drawn on the element it is armed on, as the same kind of event."""
        host = marker.host  # stands before what is armed on it, so it has its new place already
        around = marker.workflow.spec.watchers if host is None else _armable(host.task_spec).values()
        return there is not None and there in around and there.event.kind == marker.task_spec.event.kind

    def arm(self, marker: Marker, spec: Any) -> Iterator[TimerFate]:
        """A new event on a waiting step, armed as of the moment the step began."""
        outside = self.net.outside
        self.net.outside = _Past(outside, self.began(marker))
        try:
            armed = self.net.put(marker.workflow, spec, marker.data, marker.stamps, host=marker)
        finally:
            self.net.outside = outside
        yield from self.fate(armed)

    def began(self, marker: Marker) -> datetime:
        """When a token came to its step: as told, or when the timers armed on it were set, else now."""
        armed = [one.memory["armed"] for one in marker.workflow.tasks.values()
                 if one.id != ROOT and one.host is marker and "armed" in one.memory]  # fmt: skip
        return self.entered.get(marker.id) or min(armed, default=self.net.outside.now())

    def watch(self, scope: Any, spec: Any) -> Iterator[TimerFate]:
        """The start event of an event subprocess that is new in a running scope."""
        armed = self.net.put(scope, spec, scope.view()[0], {})
        armed.data = {}
        yield from self.fate(armed)

    def fate(self, armed: Marker) -> Iterator[TimerFate]:
        """What a newly armed event means for the due times."""
        if "due" in armed.memory:
            if "period" in armed.memory:
                armed.memory = _later(armed.memory, self.net.outside.now())
            yield TimerFate(armed.task_spec.bpmn_id, armed.task_spec.bpmn_name, "new", None, armed.memory["due"])


def _refusal(marker: Marker, reason: str) -> Refusal:
    spec = marker.task_spec
    return Refusal(spec.process_id, spec.bpmn_id, spec.bpmn_name, reason)


def _armable(spec: Any) -> dict[str, Any]:
    """The events that wait on an element: its boundary events, or what stands behind an event gateway."""
    found = {event.name: event for event in getattr(spec, "boundary", ())}
    if getattr(spec, "tag", "") == "eventBasedGateway":
        found |= {flow.target: spec._wf_spec.task_specs[flow.target] for flow in spec.flows}  # noqa: SLF001
    return found


def _anew(marker: Marker, there: Any, host: Host) -> dict[str, Any]:
    """The memory of a timer whose text changed: its new due time, counted from when it was set."""
    old = marker.memory
    memory: dict[str, Any] = there.timer.arm(marker.data, _Past(host, old["armed"]))
    memory = _later(memory, host.now()) if "period" in memory else memory
    return {**memory, "n": max(old["n"], memory["n"])}


def _later(memory: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A cycle that begins in the past goes on with its next occurrence; missed ones are not made up for."""
    passed = max(0, -((memory["due"] - now) // memory["period"]))
    left = memory["left"]
    if not passed:
        return memory
    kept = None if left is None else max(1, left - passed)
    return {**memory, "due": memory["due"] + memory["period"] * passed, "n": memory["n"] + passed, "left": kept}


def repeats(spec: Any) -> Any:
    """What tells one way of repeating an activity from another; None for an activity done once."""
    return getattr(spec, "repeat", None)


__all__ = ["Migrated", "Refusal", "TimerFate", "migrate"]
