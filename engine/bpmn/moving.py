"""Interventions in a running instance from outside: move a token, send it back, end it all.

They are refused where the rest of the instance could not go on: inside a parallel block a token has brothers that wait
for it at the join, and a join that nobody can complete any more would hold the case for ever.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from engine.bpmn.gate import Run
from engine.bpmn.marker import Marker, path
from engine.bpmn.model import NotWaiting, OpenTask, Path, Subscription, WaitingTimer
from engine.bpmn.nodes import Pass
from engine.errors import Conflict

STEPS = frozenset({"task", "userTask", "manualTask"})
NEVER = frozenset({"boundaryEvent", "startEvent"})  # entered by what happens, never by a move


class CannotMove(Conflict):
    """{reason}"""


@dataclass(frozen=True)
class Target:
    """An element a token may be moved to; `earlier`: the present step can follow from it (a way back)."""

    element_id: str
    name: str
    kind: str
    earlier: bool


@dataclass(frozen=True)
class Position:
    """Where one token of the instance is: an open step, a wait, or a subprocess or call with what runs inside it.
    `path`: the subprocesses and calls around it."""

    token: str
    process_id: str
    element_id: str
    name: str
    kind: str
    path: Path


@dataclass(frozen=True)
class Waits:
    """What an instance waits for at one moment."""

    tasks: tuple[OpenTask, ...]
    timers: tuple[WaitingTimer, ...]
    subscriptions: tuple[Subscription, ...]
    ended: bool


@dataclass(frozen=True)
class Effects:
    """What an intervention takes away and brings; timers with their due times. `ends`: nothing is left to do."""

    tasks_gone: tuple[OpenTask, ...]
    tasks_new: tuple[OpenTask, ...]
    timers_gone: tuple[WaitingTimer, ...]
    timers_new: tuple[WaitingTimer, ...]
    subscriptions_gone: tuple[Subscription, ...]
    subscriptions_new: tuple[Subscription, ...]
    ends: bool


def waits(run: Run) -> Waits:
    """What the instance waits for now."""
    return Waits(tuple(run.tasks()), tuple(run.timers()), tuple(run.subscriptions()), run.ended)


def effects(before: Waits, after: Waits) -> Effects:
    """What changed between two moments of one instance."""
    return Effects(
        *_changed(before.tasks, after.tasks),
        *_changed(before.timers, after.timers),
        *_changed(before.subscriptions, after.subscriptions),
        ends=after.ended and not before.ended,
    )


def _changed(before: Collection[Any], after: Collection[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    old, new = {item.token for item in before}, {item.token for item in after}
    return tuple(item for item in before if item.token not in new), tuple(
        item for item in after if item.token not in old
    )


def positions(run: Run) -> list[Position]:
    """Every token that can be moved, outermost first."""
    return [
        Position(marker.id, spec.process_id, spec.bpmn_id, spec.bpmn_name, spec.tag, path(marker))
        for marker in run.net.all_markers()
        for spec in (marker.task_spec,)
        if marker.free and not _repeated(marker)
    ]


def targets(run: Run, token: str) -> list[Target]:
    """Where the token may be moved: the elements of its own scope, in drawing order."""
    marker = _free(run, token)
    return [
        Target(spec.bpmn_id, spec.bpmn_name, spec.tag, _earlier(marker, spec))
        for spec in elements(marker.workflow)
        if spec is not marker.task_spec and not _refusal(marker, spec)
    ]


def _earlier(marker: Marker, spec: Any) -> bool:
    return spec.tag in STEPS and marker.task_spec.name in reached(marker.workflow, spec)


def move(run: Run, token: str, element_id: str) -> None:
    """Take the token from where it waits (with what is armed on it) and let it enter another element of its scope.
    NotWaiting when it is gone; CannotMove with the reason."""
    marker = _free(run, token)
    spec = _element(marker, element_id)
    refusal = _refusal(marker, spec)
    if refusal:
        raise CannotMove(refusal)
    _jump(run, marker, spec)


def go_back(run: Run, token: str, element_id: str) -> None:
    """Do an earlier step of the same scope once more. CannotMove when it is none, or inside a parallel block: the
    brothers of the token would meet a second one at the join."""
    marker = _free(run, token)
    spec = _element(marker, element_id)
    if spec is marker.task_spec or not _earlier(marker, spec):
        raise CannotMove(f"“{spec.label}”不在“{marker.task_spec.label}”之前，不能退回到那里。")
    join = next((join for join in joins(marker.workflow) if _inside(marker, join)), None)
    if join is not None:
        raise CannotMove(f"“{marker.task_spec.label}”是并行办理中的一支，其余各支在“{join.label}”等待汇合，不能退回。")
    _jump(run, marker, spec)


def cancel(run: Run) -> None:
    """Withdraw every token: the instance ends, with no end event reached."""
    net = run.net
    with run:
        for marker in net.markers():
            net.cancel_marker(marker)
        net.finish(net)


def _jump(run: Run, marker: Marker, spec: Any) -> None:
    net, scope = run.net, marker.workflow
    before = starved(scope)
    data, stamps = dict(marker.data), dict(marker.stamps)
    with run:
        net.cancel_marker(marker)
        net.put(scope, spec, data, stamps)
        hopeless = [join for join in starved(scope) if join not in before]
        if hopeless:
            raise CannotMove(f"移动之后，“{hopeless[0].label}”要等的并行步骤不会再有，此件将停在那里，不能这样移动。")


def _free(run: Run, token: str) -> Marker:
    marker = run.net.find(token)
    if marker is None or not marker.free:
        raise NotWaiting()
    while _repeated(marker):  # one of several instances: all of them move together
        marker = marker.workflow.host
    return marker


def _repeated(marker: Marker) -> bool:
    host = getattr(marker.workflow, "host", None)
    return host is not None and bool(host.task_spec.hidden)


def _element(marker: Marker, element_id: str) -> Any:
    spec = marker.workflow.spec.task_specs.get(element_id)
    if not isinstance(spec, Pass):
        raise CannotMove(f"“{element_id}”与“{marker.task_spec.label}”不在同一个流程范围内，只能在同一范围内移动。")
    return spec


def _refusal(marker: Marker, spec: Any) -> str:
    if spec.tag in NEVER:
        return f"“{spec.label}”由事件触发，不能把办理环节移到那里。"
    if len(getattr(spec, "inflows", ())) > 1:
        return f"“{spec.label}”是汇合处，请选择汇合之后的一步。"
    sources = _before(marker.workflow, spec)
    if any(source.watching for source in sources):
        return f"“{spec.label}”由事件触发，不能把办理环节移到那里。"
    if any(source.tag == "eventBasedGateway" for source in sources):
        return f"“{spec.label}”在事件网关之后，请选择网关本身。"
    return ""


# ------------------------------------------------------------------------------------------------ the drawn graph


def elements(scope: Any) -> Iterator[Any]:
    """The drawn elements of a scope (the library adds two of its own)."""
    return (spec for spec in scope.spec.task_specs.values() if isinstance(spec, Pass))


def joins(scope: Any) -> list[Any]:
    """The gateways of a scope at which several tokens meet."""
    return [spec for spec in elements(scope) if len(getattr(spec, "inflows", ())) > 1]


def _before(scope: Any, spec: Any) -> list[Any]:
    return [source for source in elements(scope) if any(flow.target == spec.name for flow in source.flows)]


def _after(scope: Any, spec: Any) -> Iterator[tuple[str, Any]]:
    specs = scope.spec.task_specs
    yield from ((flow.id, specs[flow.target]) for flow in spec.flows)
    yield from (("", event) for event in (*spec.boundary, *spec.catches.values()))


def reached(scope: Any, spec: Any, stop: Any = None) -> dict[str, set[str]]:
    """Every element a token here can come to, with the flows it may arrive by; nothing behind `stop`."""
    found: dict[str, set[str]] = {}
    stack = [spec]
    while stack:
        for flow, target in _after(scope, stack.pop()):
            new = target.name not in found
            found.setdefault(target.name, set()).add(flow)
            if new and target is not stop:
                stack.append(target)
    return found


def _inside(marker: Marker, join: Any) -> bool:
    """Whether the token comes to the join by some of its flows only: its brothers come by the others."""
    arrivals = reached(marker.workflow, marker.task_spec, join).get(join.name, set())
    return bool(arrivals) and len(arrivals) < len(join.inflows)


def starved(scope: Any) -> list[Any]:
    """The parallel joins to which tokens of the scope are on their way, but never on every flow."""
    return [join for join in joins(scope) if not join.inclusive and _starves(scope, join)]


def _starves(scope: Any, join: Any) -> bool:
    arriving: set[str] = set()
    for marker in scope.markers():
        here = marker.task_spec
        arriving |= {marker.flow} if here is join else reached(scope, here, join).get(join.name, set())
    return bool(arriving) and not arriving >= join.inflows
