"""One token on the library's task, and the scopes it lives in: what a token carries, and what meets where."""

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.model import Path, Token

ROOT = "root"


class Marker(Task):
    """One token. Its parent is the root, or the host it is armed on (boundary events, branches of an event gateway);
    `stamps` tells when each name of its data was written, `flow` by which flow it came."""

    def __init__(
        self, workflow: Any, spec: Any, parent: Any, token: str, data: dict[str, Any], stamps: dict[str, int]
    ) -> None:
        super().__init__(workflow, spec, parent, TaskState.FUTURE, token)
        self.data = data
        self.stamps = stamps
        self.flow = ""
        self.memory: dict[str, Any] = {}

    def _set_state(self, value: int) -> None:
        self._state = value  # without the library's log record, built on every change whether anybody listens or not

    def become(self, state: int) -> None:
        """Set the state (a `TaskState`), in any direction."""
        self._state = state

    def ready(self) -> None:
        """Queue a token that waited at a join."""
        self._ready()

    @property
    def free(self) -> bool:
        """Whether it is a token of its own and not an event armed on one or on its scope."""
        return bool(self._parent == ROOT) and not self.task_spec.watching

    @property
    def host(self) -> "Marker | None":
        """The token this one is armed on."""
        return None if self._parent == ROOT else self.parent


class Merging:
    """What a scope keeps for the moment it ends: the data of the tokens that ended in it."""

    tasks: dict[str, Marker]

    def begin(self: Any, data: dict[str, Any], stamps: dict[str, int]) -> None:
        """Plant the root and remember the data the scope was entered with."""
        self.task_tree = Marker(self, self.spec.start, None, ROOT, {}, {})
        self.task_tree.become(TaskState.COMPLETED)
        self.ended_data, self.ended_stamps = data, stamps

    def markers(self) -> list[Marker]:
        """The tokens of this scope, oldest first; armed events are not tokens."""
        return [marker for marker in self.tasks.values() if marker.free]

    def watchers(self) -> list[Marker]:
        """The start events of event subprocesses that wait in this scope."""
        return [m for m in self.tasks.values() if m.id != ROOT and m.task_spec.watching]

    def idle(self) -> bool:
        """Whether no token is left."""
        return not any(marker.free for marker in self.tasks.values())

    def view(self: Any) -> tuple[dict[str, Any], dict[str, int]]:
        """The data of the scope as it stands: what ended tokens left and open ones know, the younger write of each
        name; and the stamps."""
        data, stamps = dict(self.ended_data), dict(self.ended_stamps)
        for marker in self.markers():
            merge(data, stamps, marker.data, marker.stamps)
        return data, stamps

    def drop(self: Any, marker: Marker) -> None:
        """Remove a token and what is armed on it."""
        self._remove_task(marker.id)

    def absorb(self: Any, marker: Marker) -> None:
        """Keep what an ending token knows."""
        merge(self.ended_data, self.ended_stamps, marker.data, marker.stamps)


class Scope(Merging, BpmnSubWorkflow):
    """A running subprocess or called process; `host` is the token that waits for it."""

    def __init__(self, spec: Any, host: Marker, net: Any) -> None:
        self.host = host
        super().__init__(spec, host.id, net, deserializing=True)

    def _calculate_depth(self) -> int:
        return int(self.host.workflow.depth) + (not self.host.task_spec.hidden)


def merge(data: dict[str, Any], stamps: dict[str, int], other: Mapping[str, Any], written: Mapping[str, int]) -> None:
    """Take every name that `other` wrote later."""
    for name, value in other.items():
        if name not in data or written.get(name, 0) > stamps.get(name, 0):
            data[name] = value
            if name in written:
                stamps[name] = written[name]


def path(marker: Marker) -> Path:
    """The surrounding call activities and subprocesses, outermost first."""
    found = []
    host = getattr(marker.workflow, "host", None)
    while host is not None:
        if not host.task_spec.hidden:
            found.append((host.task_spec.process_id, host.task_spec.bpmn_id))
        host = getattr(host.workflow, "host", None)
    return tuple(reversed(found))


def token_of(marker: Marker) -> Token:
    """What the outside learns about a token."""
    spec = marker.task_spec
    return Token(
        marker.id, spec.process_id, spec.bpmn_id, spec.bpmn_name, dict(spec.extensions), dict(marker.data), path(marker)
    )
