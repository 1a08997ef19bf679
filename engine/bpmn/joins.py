"""Joins of parallel and inclusive gateways, on tokens that wait at the gateway with the flow they came by. The
library's own count tokens of earlier loop passes and fire early; these never look at the past.

Parallel: fires when one token waits on every incoming flow, and consumes exactly one per flow. Inclusive, as the
standard has it: fires unless another token of the same scope can still reach an incoming flow on which nothing waits —
without being able to reach one on which a token waits already (that one belongs to a later round). When only tokens at
inclusive joins are left, waiting for each other, the first one fires instead of hanging for ever."""

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn.normalise import Node


def due(scope: Any) -> dict[str, Any]:
    """The tokens to be joined at the first inclusive join of a scope that may fire, by flow; empty for none."""
    waiting = {spec: heads(scope, spec) for spec in scope.spec.inclusive}
    waiting = {spec: tokens for spec, tokens in waiting.items() if tokens}
    for spec, tokens in waiting.items():
        if not any(blocks(marker, spec, tokens) for marker in scope.markers()):
            return tokens
    return next(iter(waiting.values())) if waiting and stuck(scope) else {}


def heads(scope: Any, spec: Any) -> dict[str, Any]:
    """The oldest token waiting at a join on each of its incoming flows."""
    first: dict[str, Any] = {}
    for marker in scope.tasks.values():
        if marker.task_spec is spec and marker.has_state(TaskState.WAITING):
            first.setdefault(marker.flow, marker)
    return first


def blocks(marker: Any, spec: Any, tokens: Mapping[str, Any]) -> bool:
    """Whether an inclusive join with these waiting tokens must wait for this one."""
    reached = spec.reach.get(marker.task_spec.name, frozenset())
    return marker.task_spec is not spec and bool(reached) and reached.isdisjoint(tokens)


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
