"""Activities that repeat: the marker opens a scope of its own in which every instance is a token on the same activity,
all at once or one after the other. Boundary events sit on the whole, so they withdraw every instance."""

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn import expressions
from engine.bpmn.marker import Marker
from engine.bpmn.model import BadValue
from engine.bpmn.names import look_up
from engine.bpmn.nodes import Activity
from engine.bpmn.normalise import Node
from engine.bpmn.repeats import COUNTER, MAX_INSTANCES, Repeat


class RepeatTask(Activity):
    """An activity with a loop marker. Its own memory: n (instances there will be at most), next, done, the elements of
    the collection, the results so far by number."""

    hidden = True  # the history tells of the instances, not of the frame around them

    def __init__(self, wf_spec: Any, node: Node, process_id: str, called: str, repeat: Repeat) -> None:
        super().__init__(wf_spec, node, process_id)
        self.called, self.repeat, self.inner = called, repeat, node.id
        self.expressions = {
            text: expressions.compile(text)
            for text in (repeat.count, repeat.collection, repeat.until, repeat.condition)
            if text
        }

    def _run_hook(self, my_task: Marker) -> None:
        my_task.become(TaskState.STARTED)
        net = my_task.workflow.top_workflow
        my_task.memory = self.plan(my_task, net)
        scope = net.open_scope(my_task, self.called)
        wanted = 1 if self.repeat.sequential else my_task.memory["n"]
        for _ in range(min(wanted, my_task.memory["n"])):
            self.place(scope, net)
        if not my_task.memory["n"]:
            net.finish(scope)

    def plan(self, marker: Marker, net: Any) -> dict[str, Any]:
        """How many instances, of what; BadValue when that is no number up to 200 and no list of that length."""
        names = look_up(marker.data, net.outside)
        memory: dict[str, Any] = {"n": self.repeat.maximum, "next": 0, "done": 0, "results": {}}
        if self.repeat.loop:
            return memory | {"n": 0} if self.repeat.before and not self.again(names, net) else memory
        if self.repeat.collection:
            items = self.expressions[self.repeat.collection].evaluate(names, net.outside.functions)
            if not isinstance(items, list | tuple) or len(items) > MAX_INSTANCES:
                raise BadValue(element=self.label, reason=f"多实例的集合必须是列表，最多 {MAX_INSTANCES} 项")
            return memory | {"n": len(items), "of": list(items)}
        count = self.expressions[self.repeat.count].evaluate(names, net.outside.functions)
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MAX_INSTANCES:
            raise BadValue(element=self.label, reason=f"多实例的次数必须是 0 到 {MAX_INSTANCES} 的整数")
        return memory | {"n": count}

    def again(self, names: Any, net: Any) -> bool:
        """Whether the condition of a loop holds; without one it always does."""
        condition = self.expressions.get(self.repeat.condition)
        return condition is None or condition.decide(names, net.outside.functions)

    def place(self, scope: Any, net: Any) -> None:
        """The next instance: it sees what the earlier ones left, its number and its element."""
        memory = scope.host.memory
        number = memory["next"]
        memory["next"] = number + 1
        data, stamps = dict(scope.ended_data), dict(scope.ended_stamps)
        private = {COUNTER: number + 1} | ({self.repeat.item: memory["of"][number]} if "of" in memory else {})
        data |= private
        stamps |= dict.fromkeys(private, net.number())
        net.put(scope, scope.spec.task_specs[self.inner], data, stamps).memory = {"i": number}

    def instance_done(self, scope: Any, marker: Marker, net: Any) -> None:
        """An instance ended: keep its result, forget its private names, and go on, stop, or end."""
        memory = scope.host.memory
        memory["done"] += 1
        if self.repeat.results:
            memory["results"][str(marker.memory["i"])] = marker.data.get(self.repeat.result)
        for name in self.repeat.private:
            _restore(name, scope, scope.host)
        if self.repeat.until and self.enough(scope, marker, net):
            for other in scope.markers():
                net.cancel_marker(other)
        elif self.repeat.sequential and memory["next"] < memory["n"]:
            names = look_up(scope.ended_data, net.outside, {COUNTER: memory["done"]})
            if not self.repeat.loop or self.again(names, net):
                self.place(scope, net)

    def enough(self, scope: Any, marker: Marker, net: Any) -> bool:
        """Whether the completion condition holds after this instance; it may use the standard's counters."""
        memory, active = scope.host.memory, len(scope.markers())
        counters: Mapping[str, Any] = {
            "numberOfInstances": memory["n"],
            "numberOfCompletedInstances": memory["done"],
            "numberOfActiveInstances": active,
            "numberOfTerminatedInstances": 0,
        } | {name: marker.data[name] for name in self.repeat.private if name in marker.data}
        names = look_up(scope.ended_data, net.outside, counters)
        return self.expressions[self.repeat.until].decide(names, net.outside.functions)

    def close(self, scope: Any, net: Any) -> None:
        """The last instance ended: the results become a list, in the order of the collection."""
        if self.repeat.results:
            results = scope.host.memory["results"]
            scope.ended_data[self.repeat.results] = [results[key] for key in sorted(results, key=int)]
            scope.ended_stamps[self.repeat.results] = net.number()
        scope.host.memory = {}


def _restore(name: str, scope: Any, host: Marker) -> None:
    """Give a private name its value outside again."""
    for inner, outer in ((scope.ended_data, host.data), (scope.ended_stamps, host.stamps)):
        inner.pop(name, None)
        if name in outer:
            inner[name] = outer[name]
