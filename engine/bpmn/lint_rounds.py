"""Lint of rounds: no loop of a diagram may run without waiting for a person, a message or a time."""

from collections.abc import Collection, Iterator

from engine.bpmn.draft import by_hand, chosen_by_hand
from engine.bpmn.findings import Finding
from engine.bpmn.model import Rules
from engine.bpmn.outline import ACTIVITIES, Diagram, Node, Scope, finding, linked, text
from engine.bpmn.repeats import read_repeat

BUDGET = Rules().max_steps
WAITING = frozenset({"task", "userTask", "manualTask", "receiveTask", "intermediateCatchEvent"})
THROWING_KINDS = frozenset({"error", "escalation", "cancel"})


def check_rounds(diagrams: list[Diagram], draft: bool = False) -> Iterator[Finding]:
    """No round that runs without waiting for a person, a message or a time; in a draft, steps done by hand wait."""
    rounds = _Rounds({process.id: process for diagram in diagrams for process in diagram.processes}, draft)
    for diagram in diagrams:
        for scope in diagram.scopes():
            for circle in rounds.circles(scope):
                names = "→".join(node.element.get("name") or node.id for node in circle[:8])
                yield finding(
                    diagram.file,
                    circle[0].element,
                    "loop.no_wait",
                    f"在一个不等待的循环里（{names}），会一直转下去，请在循环里放一个用户任务、接收任务或等待事件。",
                    f"is part of a loop that never waits ({', '.join(node.id for node in circle[:8])})",
                )


def check_budget(diagrams: list[Diagram], draft: bool = False) -> Iterator[Finding]:
    """No repetition that runs further in one breath than a transaction may: instances × elements inside."""
    rounds = _Rounds({process.id: process for diagram in diagrams for process in diagram.processes}, draft)
    for diagram in diagrams:
        for _, node in diagram.nodes():
            repeat = read_repeat(node.element)
            if repeat is None or not rounds.passable(node)[0]:
                continue
            size = sum(len(scope.nodes) for scope in node.inner.within()) if node.inner is not None else 1
            count = repeat.maximum if repeat.loop or not repeat.count.isdecimal() else int(repeat.count[:6])
            if size * count > BUDGET:
                yield finding(
                    diagram.file,
                    node.element,
                    "loop.budget",
                    f"不等待地重复最多 {count} 次、每次 {size} 个环节，一次最多走 {BUDGET} 步，可能走不完；"
                    "请减少次数，或在里面放一个等待环节。",
                    f"may run {count} times {size} elements without waiting; the budget is {BUDGET} steps",
                    "warning",
                )


class _Rounds:
    """Which nodes can be passed without waiting, across subprocesses and called processes."""

    def __init__(self, processes: dict[str, Scope], draft: bool = False) -> None:
        self.processes, self.draft = processes, draft
        self.known: dict[int, tuple[bool, bool]] = {}

    def circles(self, scope: Scope) -> list[list[Node]]:
        """The groups of nodes of this scope that form a round without a wait."""
        edges = {node.id: [other.id for other in self.after(scope, node)] for node in scope.nodes.values()}
        return [
            [scope.nodes[identity] for identity in group]
            for group in _strong(edges)
            if len(group) > 1 or group[0] in edges[group[0]]
        ]

    def after(self, scope: Scope, node: Node) -> list[Node]:
        """The nodes that may run right after this one, in the same breath."""
        through, throws = self.passable(node)
        following = [scope.nodes[flow.target] for flow in node.leaving] + linked(scope, node) if through else []
        return following + [event for event in node.attached if throws and THROWING_KINDS & set(event.events)]

    def passable(self, node: Node) -> tuple[bool, bool]:
        """Whether a token can leave the node normally, and by an error, without having waited."""
        if node.kind in WAITING and "link" not in node.events:
            return False, False
        if self.draft and hand(node, self.processes):
            return False, False
        if node.inner is not None:
            return self.inside(node.inner) if node.inner.nodes else (True, False)
        if node.kind == "callActivity":
            called = self.processes.get(node.element.get("calledElement", "").rpartition(":")[2])
            return self.inside(called) if called is not None else (True, True)
        return True, node.kind in ACTIVITIES

    def inside(self, scope: Scope) -> tuple[bool, bool]:
        """The same for everything inside a scope. A scope inside itself (recursion) is another rule's fault."""
        if id(scope) not in self.known:
            self.known[id(scope)] = (False, False)
            stack = scope.starts()
            seen: set[str] = set()
            ends = throws = False
            while stack:
                node = stack.pop()
                if node.id not in seen:
                    seen.add(node.id)
                    following = self.after(scope, node)
                    through, fails = self.passable(node)
                    error_end = node.kind == "endEvent" and bool(THROWING_KINDS & set(node.events))
                    ends |= through and not node.leaving and not error_end
                    throws |= (
                        fails or error_end or (node.kind == "intermediateThrowEvent" and "escalation" in node.events)
                    )
                    stack += following
            self.known[id(scope)] = (ends, throws)
        return self.known[id(scope)]


def hand(node: Node, processes: Collection[str]) -> bool:
    """Whether a person does this step in a draft. Decisions count as known: their tables never wait."""
    element = node.element
    decision = node.own("decision")
    ways = {flow.id: bool(text(flow.condition).strip()) for flow in node.leaving}
    return chosen_by_hand(node.kind, len(node.arriving), element.get("default"), ways) or by_hand(
        node.kind,
        node.own("operation"),
        decision,
        element.get("scriptFormat", ""),
        element.get("calledElement", "").rpartition(":")[2],
        {*processes, *([decision] if decision else [])},
    )


def _strong(edges: dict[str, list[str]]) -> list[list[str]]:
    """Strongly connected groups (Tarjan, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    groups: list[list[str]] = []
    for root, first in edges.items():
        work = [(root, iter(first))] if root not in index else []
        while work:
            node, following = work[-1]
            if node not in index:
                index[node] = low[node] = len(index)
                path.append(node)
            step = next((other for other in following if other not in index or other in path), None)
            if step is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    groups.append(path[path.index(node) :])
                    del path[path.index(node) :]
            elif step in index:
                low[node] = min(low[node], index[step])
            else:
                work.append((step, iter(edges[step])))
    return groups
