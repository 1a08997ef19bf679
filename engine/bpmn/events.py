"""Events: what waits for the outside (timers, messages, signals), what speaks to it, and what ends."""

from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn.marker import Marker
from engine.bpmn.model import BpmnError
from engine.bpmn.nodes import Pass, ServiceTask
from engine.bpmn.normalise import Node
from engine.bpmn.timers import Timer


class EventGateway(Pass):
    """Waits for the first of the events behind it."""

    def _update_hook(self, my_task: Marker) -> bool:
        net = my_task.workflow.top_workflow
        my_task.become(TaskState.WAITING)
        for flow in self.flows:
            target = self._wf_spec.task_specs[flow.target]
            net.put(my_task.workflow, target, my_task.data, my_task.stamps, flow.id, my_task)
        return False


class Catch(Pass):
    """Intermediate catch events, receive tasks and boundary events: wait until the outside fires or delivers."""

    def __init__(self, wf_spec: Any, node: Node, process_id: str) -> None:
        super().__init__(wf_spec, node, process_id)
        self.event, self.armed = node.event, node.tag == "boundaryEvent"
        self.cancels = node.interrupting or node.event.kind in ("error", "cancel")  # these always interrupt
        self.told = not self.armed
        self.timer = Timer(self.label, node.event.timer, node.event.text) if node.event.kind == "timer" else None

    def _update_hook(self, my_task: Marker) -> bool:
        net = my_task.workflow.top_workflow
        if self.event.kind in ("none", "link"):
            return True
        my_task.become(TaskState.WAITING)
        if self.told and my_task.host is None:
            net.record(my_task, "entered")
        if self.timer is not None:
            my_task.memory = self.timer.arm(my_task.data, net.outside)
        if not self.armed and my_task.host is None:
            for spec in self.boundary:
                net.put(my_task.workflow, spec, my_task.data, my_task.stamps, host=my_task)
        return False

    def awaits(self, kind: str, name: str) -> bool:
        """Whether it waits for this message or signal."""
        return self.event.kind == kind and self.event.name == name

    def interrupts(self, marker: Marker) -> bool:
        """Whether firing withdraws the host: always behind an event gateway."""
        return self.cancels or not self.armed

    def again(self, marker: Marker) -> dict[str, Any] | None:
        """The memory for waiting once more on the same host: messages always, timers only in a cycle."""
        if self.timer is None:
            return marker.memory
        return self.timer.after(marker.memory, marker.workflow.top_workflow.outside.now())


class Watch(Catch):
    """The start event of an event subprocess, armed as long as the surrounding scope runs; firing starts the
    subprocess, instead of everything else in the scope or beside it."""

    watching = True

    def __init__(self, wf_spec: Any, node: Node, process_id: str) -> None:
        super().__init__(wf_spec, node, process_id)
        self.told = False

    def interrupts(self, marker: Marker) -> bool:
        """Whether firing withdraws everything else in the scope."""
        return self.cancels

    def meets(self, kind: str, code: str) -> bool:
        """Whether it catches this error or escalation."""
        return self.event.kind == kind and self.event.name in (code, "")


class Throw(ServiceTask):
    """Intermediate throw events: an operation of the host, or a message or signal to whoever waits for it in this same
    instance, with the arguments as its payload; an escalation goes outward to whoever catches it, else nowhere."""

    told = False

    def __init__(self, wf_spec: Any, node: Node, process_id: str) -> None:
        super().__init__(wf_spec, node, process_id)
        self.event = node.event

    def _update_hook(self, my_task: Marker) -> bool:
        return True

    def _run_hook(self, my_task: Marker) -> bool:
        super()._run_hook(my_task)
        net = my_task.workflow.top_workflow
        if self.event.kind in ("message", "signal") and not self.operation:
            net.deliver(self.event.kind, self.event.name, self.values(my_task, net.outside))
        if self.event.kind == "escalation":
            net.escalate(my_task, self.event.name)
        if self.event.kind == "error":
            raise BpmnError(self.event.name)
        return True


class End(Throw):
    """End events; a terminate end event ends its own scope and withdraws what is open in it."""

    def depart(self, marker: Marker, net: Any) -> None:
        """The token ends here."""
        scope = marker.workflow
        if self.event.kind == "cancel" and net.cancel_transaction(marker):
            return
        if scope is net and self.bpmn_id not in net.end_events:
            net.end_events.append(self.bpmn_id)
        if self.event.kind == "terminate":
            for other in scope.markers():
                if other is not marker:
                    net.cancel_marker(other)
        net.leave(marker, ())
