"""The gate of engine/bpmn: start and restore instances, look at what they wait for, let them go on. Nothing here
touches the database, the wall clock or the network; one Run is used by one thread, within one transaction."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn import state
from engine.bpmn.codec import clean
from engine.bpmn.marker import Marker, path
from engine.bpmn.model import (
    BadState,
    Host,
    NotDue,
    NotWaiting,
    OpenTask,
    Rules,
    Step,
    Subscription,
    TimerChange,
    WaitingTimer,
)
from engine.bpmn.net import Net
from engine.bpmn.package import Package
from engine.bpmn.timers import Timer
from engine.clock import local


def start(
    package: Package,
    process_id: str,
    data: Mapping[str, Any],
    host: Host,
    *,
    max_steps: int = 500,
    start_event: str | None = None,
) -> "Run":
    """A new instance of a process, run to its first waits, from its plain start event or from the one named (a timer,
    message or signal start). KeyError for an unknown process or start event; BadValue for data that cannot be stored;
    StepBudgetExceeded for an endless diagram."""
    spec = package.specs[process_id]
    if start_event is not None and start_event not in {event.id for event in package.start_events(process_id)}:
        raise KeyError(start_event)
    net = Net(spec, package.specs, host, Rules(max_steps=max_steps))
    with Run(net) as run:
        net.begin_scope(net, clean(data, process_id), {}, None if start_event is None else [start_event])
    return run


def next_start(
    package: Package, process_id: str, start_event: str, host: Host, fired: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """When a timer start event is due: its memory with `due` (aware UTC), counted from now or after the occurrence
    `fired` (the memory of the one that just happened); None when there is no further one. KeyError for anything but a
    timer start event of the process."""
    found = {event.id: event for event in package.start_events(process_id) if event.timer}
    event = found[start_event]
    timer = Timer(event.name or event.id, event.timer_kind, event.timer or "")
    return timer.arm({}, host) if fired is None else timer.after(fired, host.now())


def restore(package: Package, blob: bytes, host: Host, *, max_steps: int = 500) -> "Run":
    """The instance of a `dump()`; BadState when it does not belong to this version of the package."""
    return Run(state.thaw(blob, package.specs, host, Rules(max_steps=max_steps)))


class Run:
    """One running instance. Every act runs it on to the next waits; after an exception it must be thrown away."""

    def __init__(self, net: Net) -> None:
        self._net = net
        self._broken = False

    def __enter__(self) -> "Run":
        if self._broken:
            raise BadState(reason="上一步出错，须重新读取")
        self._broken = True
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._net.run()
            self._broken = False

    @property
    def net(self) -> Net:
        """The token game itself, for the other rooms of engine/bpmn."""
        return self._net

    @property
    def ended(self) -> bool:
        """Whether no token is left."""
        return bool(self._net.completed)

    @property
    def end_events(self) -> tuple[str, ...]:
        """The end events of the top process reached so far, in order, each once: they decide whether a case is
        complete."""
        return tuple(self._net.end_events)

    @property
    def position(self) -> tuple[str, str]:
        """Process and element last entered or executed: where it happened, when an act raised."""
        spec = self._net.current
        return (spec.process_id, spec.bpmn_id) if hasattr(spec, "bpmn_id") else (spec.name, "")

    @property
    def data(self) -> Mapping[str, Any]:
        """The top process's data: what ended tokens left and open ones know, the younger write of each name."""
        return MappingProxyType(self._net.view()[0])

    def tasks(self) -> list[OpenTask]:
        """The steps somebody has to do, oldest first within each scope."""
        return [_task(marker) for marker in self._net.all_markers() if _is_task(marker)]

    def timers(self) -> list[WaitingTimer]:
        """The timers that wait."""
        return [_timer(marker) for marker in self._net.all_markers() if _is_timer(marker)]

    def subscriptions(self) -> list[Subscription]:
        """The messages and signals waited for."""
        return [_subscription(marker) for marker in self._net.all_markers() if _listens(marker)]

    def complete(self, token: str, data: Mapping[str, Any]) -> None:
        """Complete an open task with these data; NotWaiting when it is not open (any more)."""
        marker = self._net.find(token)
        if marker is None or not _is_task(marker):
            raise NotWaiting()
        values = clean(data, marker.task_spec.label)
        with self:
            self._net.write(marker, values)
            marker.run()

    def fire(self, token: str) -> None:
        """Let a waiting timer happen; NotWaiting when there is none, NotDue before its time."""
        marker = self._net.find(token)
        if marker is None or not _is_timer(marker):
            raise NotWaiting()
        due = marker.memory["due"]
        if due > self._net.outside.now():
            raise NotDue(element=marker.task_spec.label, due_at=f"{local(due):%Y-%m-%d %H:%M}")
        with self:
            self._net.fire(marker, None)

    def send(self, message: str, payload: Mapping[str, Any] | None = None, token: str | None = None) -> None:
        """Deliver a message (or signal) to every event waiting for this name, or to exactly this token; the payload
        joins the data of the tokens that leave. NotWaiting when nothing waits for it."""
        values = clean(payload or {}, message)
        waiting = [
            marker
            for marker in self._net.all_markers()
            if _listens(marker) and marker.task_spec.event.name == message and token in (None, marker.id)
        ]
        if not waiting:
            raise NotWaiting()
        with self:
            for marker in waiting:
                if self._net.find(marker.id) is marker:
                    self._net.fire(marker, values)

    def recompute(self) -> list[TimerChange]:
        """Ask every waiting timer's expression again, counted from the moment the timer was set; what moved."""
        changes = []
        for marker in self._net.all_markers():
            if _is_timer(marker):
                old = marker.memory
                data = marker.workflow.view()[0] if marker.task_spec.watching else marker.data
                marker.memory = marker.task_spec.timer.again(old, data, self._net.outside)
                if (old["due"], old["basis"]) != (marker.memory["due"], marker.memory["basis"]):
                    changes.append(
                        TimerChange(
                            marker.id,
                            marker.task_spec.bpmn_id,
                            old["due"],
                            marker.memory["due"],
                            marker.memory["basis"],
                        )
                    )
        return changes

    def trace(self) -> list[Step]:
        """What happened since start or restore, in order."""
        return list(self._net.steps)

    def dump(self) -> bytes:
        """The stored form; `restore(dump())` is the identity. BadState after an exception."""
        if self._broken:
            raise BadState(reason="上一步出错，不能保存")
        return state.freeze(self._net)


def _is_task(marker: Marker) -> bool:
    return bool(marker.task_spec.manual and marker.has_state(TaskState.READY))


def _is_timer(marker: Marker) -> bool:
    return "due" in marker.memory and marker.has_state(TaskState.WAITING)


def _listens(marker: Marker) -> bool:
    event = getattr(marker.task_spec, "event", None)
    return event is not None and event.kind in ("message", "signal") and marker.has_state(TaskState.WAITING)


def _task(marker: Marker) -> OpenTask:
    spec = marker.task_spec
    return OpenTask(
        marker.id,
        spec.process_id,
        spec.bpmn_id,
        spec.bpmn_name,
        spec.lane,
        spec.tag,
        dict(spec.extensions),
        MappingProxyType(marker.data),
        path(marker),
    )


def _timer(marker: Marker) -> WaitingTimer:
    spec, host, memory = marker.task_spec, marker.host, marker.memory
    return WaitingTimer(
        token=marker.id,
        process_id=spec.process_id,
        element_id=spec.bpmn_id,
        name=spec.bpmn_name,
        host_token=host.id if host else None,
        host_element=host.task_spec.bpmn_id if host else None,
        due_at=memory["due"],
        expression=spec.event.text,
        basis=memory["basis"],
        extensions=dict(spec.extensions),
        interrupting=spec.interrupts(marker),
        occurrence=memory["n"],
        path=path(marker),
    )


def _subscription(marker: Marker) -> Subscription:
    spec, host = marker.task_spec, marker.host
    return Subscription(
        marker.id,
        spec.event.kind,
        spec.event.name,
        spec.process_id,
        spec.bpmn_id,
        host.id if host else None,
        dict(spec.extensions),
        path(marker),
    )
