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

    def put(self, scope: Any, spec: Any, data: dict[str, Any], stamps: dict[str, int], flow: str = "",
            host: Marker | None = None) -> Marker:
        """A new token on an element (or an event armed on `host`), which it enters at once."""
        marker = Marker(scope, spec, host or scope.task_tree, f"t{self.number()}", data, stamps)
        marker.flow = flow
        self.current = spec
        spec.enter(marker)
        return marker

    def begin_scope(self, scope: Any, data: dict[str, Any], stamps: dict[str, int]) -> None:
        """Enter a process or subprocess with a copy of these data."""
        scope.begin(dict(data), dict(stamps))
        for name in scope.spec.starts:
            self.put(scope, scope.spec.task_specs[name], dict(data), dict(stamps))

    def create_subprocess(self, my_task: Marker, spec_name: str) -> Scope:
        """Open the scope of a subprocess or call activity; StepBudgetExceeded when calls nest too deeply."""
        if my_task.workflow.depth >= self.rules.max_depth:
            raise StepBudgetExceeded(steps=self.rules.max_depth, element=my_task.task_spec.label)
        scope = Scope(self.subprocess_specs[spec_name], my_task, self)
        self.subprocesses[my_task.id] = scope
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
        if len(scope.tasks) == 1:
            self.finish(scope)

    def finish(self, scope: Any) -> None:
        """A scope without tokens is over; its data go back to the token that waited for it."""
        if scope.completed:
            return
        scope.completed = True
        if scope is not self:
            host = scope.host
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
        host = marker.host
        self.record(marker, what)
        if host is None:
            self.write(marker, payload)
            self.take(marker)
            self.send_on(marker, marker.task_spec.flows)
            return
        marker.data, marker.stamps = dict(host.data), dict(host.stamps)
        self.write(marker, payload)
        if marker.task_spec.interrupts(marker):
            self.cancel_marker(host)
            self.send_on(marker, marker.task_spec.flows)
            return
        again = marker.task_spec.again(marker)
        self.send_on(marker, marker.task_spec.flows)
        if again is None:
            self.take(marker)
        marker.data, marker.stamps, marker.memory = host.data, host.stamps, again or {}

    def fail(self, marker: Marker, error: BpmnError) -> None:
        """A business error: the nearest error boundary event of its code (or of any code) takes over, looking outward
        from the failing step; without one the error leaves the engine."""
        host: Marker | None = marker
        while host is not None:
            spec = host.task_spec.catcher(error.code)
            if spec is not None:
                caught = Marker(host.workflow, spec, host.workflow.task_tree, f"t{self.number()}",
                                dict(marker.data), dict(marker.stamps))
                self.cancel_marker(host)
                self.fire(caught, {"error_code": error.code})
                return
            host = getattr(host.workflow, "host", None)
        raise error

    def deliver(self, kind: str, name: str, payload: Mapping[str, Any] | None) -> int:
        """Give a message or signal to every event waiting for it; how many there were."""
        waiting = [m for m in self.all_markers() if m.has_state(TaskState.WAITING) and m.task_spec.awaits(kind, name)]
        delivered = 0
        for marker in waiting:
            if marker.workflow.tasks.get(marker.id) is marker and not marker.workflow.completed:
                self.fire(marker, payload)
                delivered += 1
        return delivered
