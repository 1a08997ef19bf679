"""A running instance as plain data and back: its tokens only, in order, scope by scope. Elements are named by id, so a
state belongs to exactly one version of its package.

A token is written with what it knows differently from its scope, a scope with what differs from the token that waits
for it: a name with the same stamp is the same write, so neither two hundred instances of one step nor three levels of
calls keep copies of the form."""

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn import codec
from engine.bpmn.marker import ROOT, Marker, Scope
from engine.bpmn.model import BadState, Host, Rules
from engine.bpmn.net import Net

Data = dict[str, Any]
Stamps = dict[str, int]

_STATES = {"r": TaskState.READY, "w": TaskState.WAITING, "s": TaskState.STARTED}
_LETTERS = {state: letter for letter, state in _STATES.items()}


def freeze(net: Net) -> bytes:
    """The stored form of an instance at rest."""
    return codec.dumps(
        {
            "p": net.spec.name,
            "n": net.serial,
            "e": net.end_events,
            "s": [_freeze_scope(scope, net) for scope in net.scopes()],
        }
    )


def _freeze_scope(scope: Any, net: Net) -> list[Any]:
    tokens = [_freeze_token(marker, scope) for marker in scope.tasks.values() if marker.id != ROOT]
    if scope is net:
        return [None, scope.completed, _sorted(scope.ended_data), _sorted(scope.ended_stamps), tokens]
    host = scope.host
    data, stamps, lacks = _difference(scope.ended_data, scope.ended_stamps, host.data, host.stamps)
    return [host.id, scope.completed, data, stamps, tokens, lacks]


def _freeze_token(marker: Marker, scope: Any) -> list[Any]:
    head = [marker.id, marker.task_spec.name, _LETTERS[marker.state], marker.flow, marker.memory]
    if marker.host is not None:
        return [*head, marker.host.id]
    if not marker.free:
        return [*head, None, marker.data, marker.stamps]
    return [*head, None, *_difference(marker.data, marker.stamps, scope.ended_data, scope.ended_stamps)]


def _difference(data: Data, stamps: Stamps, base: Data, written: Stamps) -> tuple[Data, Stamps, list[str]]:
    """What is written differently from the base, its stamps, and the names of the base that are not there."""
    own = {n: v for n, v in data.items() if n not in base or stamps.get(n, 0) != written.get(n, 0)}
    return _sorted(own), _sorted({n: stamps[n] for n in own if n in stamps}), sorted(n for n in base if n not in data)


def _sorted(names: Mapping[str, Any]) -> dict[str, Any]:
    """The same names in one order, so that equal states are written equally."""
    return dict(sorted(names.items()))


def thaw(blob: bytes, specs: Mapping[str, Any], host: Host, rules: Rules) -> Net:
    """The instance of a stored form; BadState when it does not fit the package."""
    state = codec.loads(blob)
    try:
        net = Net(specs[state["p"]], specs, host, rules)
        net.serial, net.end_events = state["n"], state["e"]
        for waiting, completed, data, stamps, tokens, *lacks in state["s"]:
            scope = net if waiting is None else _open(net, waiting)
            if lacks:
                data, stamps = _sum(data, stamps, lacks[0], scope.host.data, scope.host.stamps)  # noqa: PLW2901
            scope.begin(data, stamps)
            scope.completed = completed
            _thaw_tokens(scope, tokens)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadState(reason=f"找不到 {error}") from error
    return net


def _open(net: Net, token: str) -> Scope:
    host = net.find(token)
    if host is None:
        raise KeyError(token)
    scope = Scope(net.subprocess_specs[host.task_spec.called], host, net)
    net.subprocesses[token] = scope
    return scope


def _thaw_tokens(scope: Any, tokens: list[list[Any]]) -> None:
    for token, name, letter, flow, memory, host, *own in tokens:
        parent: Any = scope.task_tree if host is None else scope.tasks[host]
        data, stamps = _known(scope, own) if host is None else (parent.data, parent.stamps)
        marker = Marker(scope, scope.spec.task_specs[name], parent, token, data, stamps)
        marker.flow, marker.memory = flow, memory
        marker.become(_STATES[letter])


def _known(scope: Any, own: list[Any]) -> tuple[Data, Stamps]:
    """A token's data and stamps: all written (format 1, and events that watch a scope), or what differs."""
    data, stamps, *lacks = own
    return _sum(data, stamps, lacks[0], scope.ended_data, scope.ended_stamps) if lacks else (data, stamps)


def _sum(own: Data, stamps: Stamps, lacks: list[str], base: Data, written: Stamps) -> tuple[Data, Stamps]:
    """The data and stamps of which `_difference` kept the rest."""
    without = {*lacks, *own}
    return (
        {name: value for name, value in base.items() if name not in without} | own,
        {name: stamp for name, stamp in written.items() if name not in without} | stamps,
    )
