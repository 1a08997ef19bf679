"""The token game on the library's tasks and workflows. A task of the library is one token; a finished one leaves the
tree at once (its past is in the history), so an instance is never more than its open tokens and costs the same at any
age. Nothing is predicted ahead, which is where the library's joins, its growth and its dead instances came from.

Data: every token has its own; each write is stamped with a running number, and wherever tokens meet (joins, the end of
a subprocess) the younger write of each name wins — never an old copy that merely arrived last."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.codec import clean
from engine.bpmn.joins import due
from engine.bpmn.marker import ROOT, Marker, Merging, Scope, merge, path
from engine.bpmn.model import BpmnError, Host, Rules, Step, StepBudgetExceeded, What
from engine.bpmn.names import ScriptEngine
from engine.bpmn.normalise import Flow


class Net(Merging, BpmnWorkflow):
    """One running instance: all its scopes, the queue of tokens that can move, and what happened in this call."""

    def __init__(self, spec: Any, specs: Mapping[str, Any], host: Host, rules: Rules) -> None:
        super().__init__(spec, specs, ScriptEngine(host), deserializing=True)
        self.outside, self.rules = host, rules
        self.serial = 0
        self.queue: deque[Marker] = deque()
        self.steps: list[Step] = []
        self.end_events: list[str] = []
        self.current: Any = spec

    def scopes(self) -> list[Any]:
        """The top process and every open scope in it, outermost first."""
        return [self, *self.subprocesses.values()]

    def all_markers(self) -> Iterator[Marker]:
        """Every token and armed event of the instance."""
        for scope in self.scopes():
            yield from (marker for marker in scope.tasks.values() if marker.id != ROOT)

    def find(self, token: str) -> Marker | None:
        """The token of this id."""
        return next((scope.tasks[token] for scope in self.scopes() if token in scope.tasks and token != ROOT), None)

    def number(self) -> int:
        """The next running number: for ids and for stamps."""
        self.serial += 1
        return self.serial

    def put(
        self,
        scope: Any,
        spec: Any,
        data: dict[str, Any],
        stamps: dict[str, int],
        flow: str = "",
        host: Marker | None = None,
    ) -> Marker:
        """A new token on an element (or an event armed on `host`), which it enters at once."""
        marker = Marker(scope, spec, host or scope.task_tree, f"t{self.number()}", data, stamps)
        marker.flow = flow
        self.current = spec
        spec.enter(marker)
        return marker

    def begin_scope(
        self, scope: Any, data: dict[str, Any], stamps: dict[str, int], starts: Sequence[str] | None = None
    ) -> None:
        """Enter a process or subprocess with a copy of these data; nothing drawn inside is over at once."""
        scope.begin(dict(data), dict(stamps))
        for spec in scope.spec.watchers:
            watch = self.put(scope, spec, dict(data), {})
            watch.data = {}
        for name in scope.spec.starts if starts is None else starts:
            self.put(scope, scope.spec.task_specs[name], dict(data), dict(stamps))
        if scope.idle():
            self.finish(scope)

    def open_scope(self, host: Marker, spec_name: str) -> Scope:
        """A scope around a token, still empty; StepBudgetExceeded when calls nest too deeply."""
        if host.workflow.depth >= self.rules.max_depth:
            raise StepBudgetExceeded(steps=self.rules.max_depth, element=host.task_spec.label)
        scope = Scope(self.subprocess_specs[spec_name], host, self)
        self.subprocesses[host.id] = scope
        scope.begin(dict(host.data), dict(host.stamps))
        return scope

    def create_subprocess(self, my_task: Marker, spec_name: str) -> Scope:
        """Open the scope of a subprocess or call activity and enter it."""
        scope = self.open_scope(my_task, spec_name)
        self.begin_scope(scope, my_task.data, my_task.stamps)
        return scope

    def write(self, marker: Marker, values: Mapping[str, Any] | None) -> None:
        """Merge values from outside into a token's data."""
        if values:
            stamp = self.number()
            for name, value in clean(values, marker.task_spec.label).items():
                marker.data[name] = value
                marker.stamps[name] = stamp

    def record(self, marker: Marker, what: What) -> None:
        """One line of history."""
        spec = marker.task_spec
        if spec.hidden:
            return
        self.steps.append(Step(spec.process_id, spec.bpmn_id, spec.bpmn_name, spec.tag, what, marker.id, path(marker)))

    def run(self) -> None:
        """Move every token as far as it goes; StepBudgetExceeded when that is too far."""
        left = self.rules.max_steps
        while self.queue or self.settle():
            marker = self.queue.popleft()
            if marker.has_state(TaskState.READY) and marker.workflow.tasks.get(marker.id) is marker:
                left -= 1
                if left < 0:
                    raise StepBudgetExceeded(steps=self.rules.max_steps, element=marker.task_spec.label)
                self.step(marker)

    def step(self, marker: Marker) -> None:
        """Execute one element; a business error looks for its boundary event."""
        self.current = marker.task_spec
        try:
            marker.run()
        except BpmnError as error:
            self.fail(marker, error)

    def settle(self) -> bool:
        """Fire one inclusive join that has nothing more to wait for."""
        for scope in self.scopes():
            tokens = due(scope)
            if tokens:
                self.join(list(tokens.values()))
                return True
        return False

    def join(self, markers: Sequence[Marker]) -> None:
        """Make one token of several and let it go on."""
        first, *others = markers
        for other in others:
            merge(first.data, first.stamps, other.data, other.stamps)
            self.take(other)
        first.ready()

    def leave(self, marker: Marker, flows: Sequence[Flow]) -> None:
        """A token is done with its element and moves on; without a way on it ends."""
        self.record(marker, "completed")
        self.take(marker)
        self.send_on(marker, flows)

    def send_on(self, marker: Marker, flows: Sequence[Flow]) -> None:
        """Put a copy of the token on each flow's target; the scope ends with its last token."""
        scope = marker.workflow
        for flow in flows:
            self.put(scope, scope.spec.task_specs[flow.target], dict(marker.data), dict(marker.stamps), flow.id)
        if not flows:
            scope.absorb(marker)
            if scope is not self and scope.host.task_spec.hidden:
                scope.host.task_spec.instance_done(scope, marker, self)
        if scope.idle():
            self.finish(scope)

    def finish(self, scope: Any) -> None:
        """A scope without tokens is over; its data go back to the token that waited for it."""
        if scope.completed:
            return
        scope.completed = True
        for watch in scope.watchers():
            self.take(watch)
        if scope is not self:
            host = scope.host
            if host.task_spec.hidden:
                host.task_spec.close(scope, self)
            del self.subprocesses[host.id]
            host.data, host.stamps = scope.ended_data, scope.ended_stamps
            host.complete()

    def take(self, marker: Marker) -> None:
        """Remove a token and what is armed on it."""
        marker.workflow.drop(marker)

    def cancel_marker(self, marker: Marker) -> None:
        """Withdraw a token, everything running inside it and everything armed on it."""
        scope = self.subprocesses.pop(marker.id, None)
        if scope is not None:
            scope.completed = True
            for inner in scope.markers():
                self.cancel_marker(inner)
        if marker.task_spec.told:
            self.record(marker, "cancelled")
        marker.become(TaskState.CANCELLED)
        self.take(marker)

    def fire(self, marker: Marker, payload: Mapping[str, Any] | None, what: What = "fired") -> None:
        """A catch event happens: alone it goes on; armed, it interrupts its host or leaves it open."""
        if marker.task_spec.watching:
            self.trigger(marker, payload, *marker.workflow.view())
            return
        host = marker.host
        self.record(marker, what)
        if host is None:
            self.write(marker, payload)
            self.take(marker)
            self.send_on(marker, marker.task_spec.exits(marker))
            return
        marker.data, marker.stamps = dict(host.data), dict(host.stamps)
        self.write(marker, payload)
        if marker.task_spec.interrupts(marker):
            self.cancel_marker(host)
            self.send_on(marker, marker.task_spec.exits(marker))
            return
        again = marker.task_spec.again(marker)
        self.send_on(marker, marker.task_spec.exits(marker))
        if again is None:
            self.take(marker)
        marker.data, marker.stamps, marker.memory = host.data, host.stamps, again or {}

    def trigger(
        self, watch: Marker, payload: Mapping[str, Any] | None, data: dict[str, Any], stamps: dict[str, int]
    ) -> None:
        """An event subprocess starts: instead of everything else in its scope, or beside it."""
        scope, spec = watch.workflow, watch.task_spec
        self.record(watch, "fired")
        token = Marker(scope, spec, scope.task_tree, f"t{self.number()}", data, stamps)
        self.write(token, payload)
        if spec.interrupts(watch):
            for other in (*scope.markers(), *scope.watchers()):
                if other is not token:
                    self.cancel_marker(other)
        else:
            memory = spec.again(watch)
            watch.memory = memory or {}
            if memory is None:
                self.take(watch)
        self.take(token)
        self.send_on(token, spec.flows)

    def fail(self, marker: Marker, error: BpmnError) -> None:
        """A business error: whoever catches its code (or any code) takes over, looking outward from the failing step;
        without one the error leaves the engine."""
        if not self.thrown(marker, "error", error.code, {"error_code": error.code}):
            raise error

    def escalate(self, marker: Marker, code: str) -> None:
        """An escalation: whoever catches it is started; without one nothing happens."""
        self.thrown(marker, "escalation", code, {"escalation_code": code})

    def thrown(self, marker: Marker, kind: str, code: str, payload: Mapping[str, Any]) -> bool:
        """Find who catches an error or escalation, looking outward — the step's own boundary events, event
        subprocesses beside it, the boundary events around it — and start it; whether there was one."""
        place: Marker | None = marker
        while place is not None:
            spec = place.task_spec.catcher(kind, code)
            if spec is not None:
                self.caught(place, spec, marker, payload)
                return True
            for watch in place.workflow.watchers():
                if watch.task_spec.meets(kind, code):
                    self.trigger(watch, payload, dict(marker.data), dict(marker.stamps))
                    return True
            place = getattr(place.workflow, "host", None)
        return False

    def caught(self, host: Marker, spec: Any, marker: Marker, payload: Mapping[str, Any] | None) -> None:
        """A boundary event of `host` catches what `marker` threw."""
        token = Marker(
            host.workflow, spec, host.workflow.task_tree, f"t{self.number()}", dict(marker.data), dict(marker.stamps)
        )
        if spec.cancels:
            self.cancel_marker(host)
        self.fire(token, payload)

    def cancel_transaction(self, marker: Marker) -> bool:
        """A cancel end event: the nearest transaction around it is withdrawn by its cancel boundary event."""
        host = getattr(marker.workflow, "host", None)
        while host is not None:
            spec = host.task_spec.catcher("cancel", "")
            if spec is not None:
                self.caught(host, spec, marker, None)
                return True
            host = getattr(host.workflow, "host", None)
        return False

    def deliver(self, kind: str, name: str, payload: Mapping[str, Any] | None) -> int:
        """Give a message or signal to every event waiting for it; how many there were."""
        waiting = [m for m in self.all_markers() if m.has_state(TaskState.WAITING) and m.task_spec.awaits(kind, name)]
        delivered = 0
        for marker in waiting:
            if marker.workflow.tasks.get(marker.id) is marker and not marker.workflow.completed:
                self.fire(marker, payload)
                delivered += 1
        return delivered
