"""Who wants to know every element a token passes may listen while it acts (dry runs: coverage, the path taken)."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from engine import bpmn

_listener: ContextVar[list[bpmn.Step] | None] = ContextVar("trace_listener", default=None)


@contextmanager
def watched() -> Iterator[list[bpmn.Step]]:
    """The list that every step of a run saved inside this block joins, in order."""
    steps: list[bpmn.Step] = []
    token = _listener.set(steps)
    try:
        yield steps
    finally:
        _listener.reset(token)


def tell(run: bpmn.Run) -> None:
    """Hand what happened in this run to the listener, if there is one."""
    steps = _listener.get()
    if steps is not None:
        steps += run.trace()
