"""The elements of a diagram as task specs of the library. Each says what a token does when it enters, when it runs, and
by which flows it leaves; none holds anything of a running instance, so all threads share them."""

from collections.abc import Mapping, Sequence
from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import BpmnSpecMixin
from SpiffWorkflow.util.task import TaskState

from engine.bpmn import expressions
from engine.bpmn.decisions import Decision
from engine.bpmn.joins import heads
from engine.bpmn.marker import Marker, token_of
from engine.bpmn.model import Host, NoWay
from engine.bpmn.names import look_up
from engine.bpmn.normalise import Flow, Node

WAITING_TASKS = frozenset({"task", "userTask", "manualTask"})


class Pass(BpmnSpecMixin):
    """An element that does nothing and lets tokens through; all others build on it."""

    told = False  # whether the history mentions entering and cancelling it
    hidden = False  # whether the history and the path leave it out altogether
    watching = False  # whether its tokens only watch a scope: they do not keep it open

    def __init__(self, wf_spec: Any, node: Node, process_id: str) -> None:
        super().__init__(wf_spec, node.id, lane=node.lane, documentation=node.documentation, description=node.tag)
        self.bpmn_name, self.tag, self.process_id, self.extensions = node.name, node.tag, process_id, node.extensions
        self.label = node.name or node.id
        self.flows: Sequence[Flow] = tuple(node.flows)
        self.default = node.default
        self.boundary: list[Any] = []
        self.catches: dict[tuple[str, str], Any] = {}
        self.conditions = {
            flow.id: expressions.compile(flow.condition)
            for flow in node.flows
            if flow.condition and flow.id != node.default
        }

    def test(self) -> None:
        """Nothing to check at run time: lint did."""

    def _predict(self, my_task: Marker, *_: Any, **__: Any) -> None:
        """The future is not drawn in advance."""

    def enter(self, marker: Marker) -> None:
        """A token arrives."""
        self._update(marker)

    def _update_hook(self, my_task: Marker) -> bool:
        return True

    def _on_ready_hook(self, my_task: Marker) -> None:
        if not self.manual:
            my_task.workflow.top_workflow.queue.append(my_task)

    def _on_complete(self, my_task: Marker) -> None:
        if my_task.workflow.tasks.get(my_task.id) is my_task:  # a signal it threw may have withdrawn it
            self.depart(my_task, my_task.workflow.top_workflow)

    def depart(self, marker: Marker, net: Any) -> None:
        """A completed token moves on."""
        net.leave(marker, self.exits(marker))

    def exits(self, marker: Marker) -> Sequence[Flow]:
        """The flows a completed token takes: those without a condition, and of the others every one whose condition
        holds, else the default."""
        if not self.conditions:
            return self.flows
        taken = {flow.id for flow in self.flows if flow.id in self.conditions and self.holds(flow, marker)}
        always = {flow.id for flow in self.flows if flow.id not in self.conditions and flow.id != self.default}
        if not taken and (self.default or not always):
            taken = {flow.id for flow in self.fallback()}
        return [flow for flow in self.flows if flow.id in taken | always]

    def holds(self, flow: Flow, marker: Marker) -> bool:
        """Whether a flow's condition holds (no condition: yes)."""
        condition = self.conditions.get(flow.id)
        host = marker.workflow.top_workflow.outside
        return condition is None or condition.decide(look_up(marker.data, host), host.functions)

    def fallback(self) -> Sequence[Flow]:
        """The default flow; NoWay when none is drawn."""
        flows = [flow for flow in self.flows if flow.id == self.default]
        if not flows:
            raise NoWay(element=self.label)
        return flows

    def catcher(self, kind: str, code: str) -> Any:
        """The error, escalation or cancel boundary event on this element for a code, or for any."""
        return self.catches.get((kind, code)) or self.catches.get((kind, ""))

    def awaits(self, kind: str, name: str) -> bool:
        """Whether it waits for this message or signal."""
        return False


class Activity(Pass):
    """A step that takes time and may carry boundary events, which are armed when a token enters."""

    told = True

    def _update_hook(self, my_task: Marker) -> bool:
        net = my_task.workflow.top_workflow
        net.record(my_task, "entered")
        for spec in self.boundary:
            net.put(my_task.workflow, spec, my_task.data, my_task.stamps, host=my_task)
        return True


class WaitingTask(Activity):
    """User, manual and plain tasks: somebody completes them."""

    def __init__(self, wf_spec: Any, node: Node, process_id: str) -> None:
        super().__init__(wf_spec, node, process_id)
        self.manual = True


class Choice(WaitingTask):
    """A gateway of a draft without conditions: a person says which way (`way`: a flow's id or name, or several)."""

    def exits(self, marker: Marker) -> Sequence[Flow]:
        """The ways named; without any, the default."""
        said = marker.data.get("way")
        named = said if isinstance(said, list) else [said]
        found = [flow for flow in self.flows if flow.id in named or (flow.name and flow.name in named)]
        if self.tag == "exclusiveGateway":
            found = found[:1]
        return found or self.fallback()


class ServiceTask(Activity):
    """Service and send tasks: a named operation of the host; without one nothing happens."""

    def __init__(self, wf_spec: Any, node: Node, process_id: str) -> None:
        super().__init__(wf_spec, node, process_id)
        self.operation = node.extensions.get("operation", "")
        self.arguments = {
            name: expressions.compile(source) for name, source in node.extensions.get("arguments", {}).items()
        }

    def _run_hook(self, my_task: Marker) -> bool:
        net = my_task.workflow.top_workflow
        if self.operation:
            net.write(my_task, net.outside.call(self.operation, self.values(my_task, net.outside), token_of(my_task)))
        return True

    def values(self, marker: Marker, host: Host) -> dict[str, Any]:
        """The arguments, evaluated."""
        names = look_up(marker.data, host)
        return {name: part.evaluate(names, host.functions) for name, part in self.arguments.items()}


class ScriptTask(Activity):
    """Assignments in our language."""

    def __init__(self, wf_spec: Any, node: Node, process_id: str) -> None:
        super().__init__(wf_spec, node, process_id)
        self.script = expressions.script(node.script)

    def _run_hook(self, my_task: Marker) -> bool:
        net = my_task.workflow.top_workflow
        net.write(my_task, self.script.run(look_up(my_task.data, net.outside), net.outside.functions))
        return True


class DecisionTask(Activity):
    """A decision table."""

    def __init__(self, wf_spec: Any, node: Node, process_id: str, decision: Decision) -> None:
        super().__init__(wf_spec, node, process_id)
        self.decision = decision

    def _run_hook(self, my_task: Marker) -> bool:
        net = my_task.workflow.top_workflow
        net.write(my_task, self.decision.decide(look_up(my_task.data, net.outside), net.outside.functions))
        return True


class ScopeTask(Activity):
    """Embedded subprocesses and call activities."""

    def __init__(self, wf_spec: Any, node: Node, process_id: str, called: str) -> None:
        super().__init__(wf_spec, node, process_id)
        self.called = called

    def _run_hook(self, my_task: Marker) -> None:
        my_task.become(TaskState.STARTED)
        my_task.workflow.top_workflow.create_subprocess(my_task, self.called)


class Exclusive(Pass):
    """The first flow whose condition holds, in drawing order."""

    def exits(self, marker: Marker) -> Sequence[Flow]:
        """Exactly one flow."""
        if len(self.flows) < 2 and not self.conditions:
            return self.flows
        for flow in self.flows:
            if flow.id != self.default and flow.id in self.conditions and self.holds(flow, marker):
                return [flow]
        return self.fallback()


class Join(Pass):
    """Parallel and inclusive gateways with several incoming flows; with one they only split."""

    def __init__(self, wf_spec: Any, node: Node, process_id: str, reach: Mapping[str, frozenset[str]]) -> None:
        super().__init__(wf_spec, node, process_id)
        self.inclusive = node.tag == "inclusiveGateway"
        self.inflows = frozenset(flow.id for flow in node.incoming)
        self.reach = reach

    def _update_hook(self, my_task: Marker) -> bool:
        if len(self.inflows) < 2:
            return True
        my_task.become(TaskState.WAITING)
        if not self.inclusive:
            self.meet(my_task)
        return False

    def meet(self, marker: Marker) -> None:
        """Parallel: go on when a token waits on every incoming flow."""
        tokens = heads(marker.workflow, self)
        if len(tokens) == len(self.inflows):
            marker.workflow.top_workflow.join(list(tokens.values()))

    def exits(self, marker: Marker) -> Sequence[Flow]:
        """Parallel: all flows, whatever is written on them."""
        return super().exits(marker) if self.inclusive else self.flows
