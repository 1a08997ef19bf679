"""Joins of parallel and inclusive gateways, on tokens that wait at the gateway with the flow they came by. The library's
own count tokens of earlier loop passes and fire early; these never look at the past.

Parallel: fires when one token waits on every incoming flow, and consumes exactly one per flow. Inclusive: fires when no
other token of the same scope can still reach an incoming flow on which nothing waits; when only tokens at inclusive
joins are left, waiting for each other, the first one fires (a deliberate, deadlock-free reading of the standard)."""

from collections.abc import Iterable, Mapping
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn.normalise import Node


def heads(waiting: Iterable[Any]) -> dict[str, Any]:
    """The oldest waiting token of each incoming flow."""
    first: dict[str, Any] = {}
    for marker in waiting:
        first.setdefault(marker.flow, marker)
    return first


def waiting_at(scope: Any, spec: Any) -> list[Any]:
    """The tokens waiting at this join, oldest first."""
    return [m for m in scope.tasks.values() if m.task_spec is spec and m.has_state(TaskState.WAITING)]


def may_fire(scope: Any, spec: Any, tokens: Mapping[str, Any]) -> bool:
    """Whether an inclusive join with these waiting tokens has nothing more to wait for."""
    empty = spec.inflows - tokens.keys()
    return not any(
        spec.reach.get(m.task_spec.name, frozenset()) & empty
        for m in scope.markers() if m.task_spec is not spec
    )


def stuck(scope: Any) -> bool:
    """Whether every token of the scope waits at an inclusive join."""
    return all(getattr(m.task_spec, "inclusive", False) and m.has_state(TaskState.WAITING) for m in scope.markers())


def reach(join: Node, nodes: Mapping[str, Node]) -> dict[str, frozenset[str]]:
    """For every node, the incoming flows of the join that a token there can still arrive by without passing the join;
    a token on an activity may also leave by its boundary events."""
    before: dict[str, set[str]] = {}
    for node in nodes.values():
        for flow in node.flows:
            before.setdefault(flow.target, set()).add(node.id)
        if node.attached_to:
            before.setdefault(node.id, set()).add(node.attached_to)
    found: dict[str, set[str]] = {}
    for flow in join.incoming:
        seen, stack = set(), [flow.source]
        while stack:
            name = stack.pop()
            if name in seen or name == join.id:
                continue
            seen.add(name)
            found.setdefault(name, set()).add(flow.id)
            stack += before.get(name, ())
    return {name: frozenset(flows) for name, flows in found.items()}
