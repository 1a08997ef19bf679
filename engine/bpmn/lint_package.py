"""Lint across the files of a package: processes and the calls between them."""

from collections.abc import Iterator

from engine.bpmn.findings import Finding
from engine.bpmn.outline import Diagram, Scope, finding

MAX_CALL_DEPTH = 10


def check_calls(diagrams: list[Diagram]) -> Iterator[Finding]:
    """Called processes exist, do not call themselves in circles, and do not nest too deeply."""
    processes = {process.id: process for diagram in diagrams for process in diagram.processes if process.nodes}
    calls = {name: _called(process) for name, process in processes.items()}
    for diagram in diagrams:
        for scope, node in diagram.nodes():
            if node.kind != "callActivity":
                continue
            target = node.element.get("calledElement", "").rpartition(":")[2]  # a name may carry its namespace's prefix
            if target not in processes:
                zh = f"调用的流程“{target}”不在流程包里，请放入或改名。" if target else "没有写调用哪个流程，请选一个。"
                yield finding(
                    diagram.file,
                    node.element,
                    "call.target",
                    zh,
                    f"calls {target or 'nothing'}, which is not in the package",
                )
            elif scope.process.id in _reach(calls, target):
                yield finding(
                    diagram.file,
                    node.element,
                    "call.recursion",
                    f"流程“{target}”又会调回“{scope.process.id}”，没有尽头，请拆开。",
                    f"{target} calls {scope.process.id} again, without end",
                )
            elif _depth(calls, target) >= MAX_CALL_DEPTH:
                yield finding(
                    diagram.file,
                    node.element,
                    "call.depth",
                    f"流程一层调一层，超过 {MAX_CALL_DEPTH} 层，请合并。",
                    f"calls nest deeper than {MAX_CALL_DEPTH}",
                )


def _called(process: Scope) -> set[str]:
    return {
        node.element.get("calledElement", "").rpartition(":")[2]
        for scope in process.within()
        for node in scope.nodes.values()
        if node.kind == "callActivity"
    }


def _reach(calls: dict[str, set[str]], start: str) -> set[str]:
    seen, stack = set(), [start]
    while stack:
        name = stack.pop()
        if name not in seen:
            seen.add(name)
            stack += calls.get(name, ())
    return seen


def _depth(calls: dict[str, set[str]], start: str) -> int:
    """The longest chain of calls below a process, counted up to one more than allowed."""
    level, depth = {start}, 0
    while level and depth <= MAX_CALL_DEPTH:
        level = {name for caller in level for name in calls.get(caller, ())}
        depth += 1
    return depth


def check_processes(diagrams: list[Diagram]) -> Iterator[Finding]:
    """Every file has a process, and no process id is used by two files."""
    seen: dict[str, str] = {}
    for diagram in diagrams:
        if not diagram.processes:
            yield finding(
                diagram.file, diagram.root, "process.missing", "文件里没有流程，请画一个。", "contains no process"
            )
        filled = any(process.nodes for process in diagram.processes)
        for process in diagram.processes:
            if not process.nodes:
                yield finding(
                    diagram.file,
                    process.element,
                    "process.empty",
                    "里面什么也没有画，不会成为可用的流程。",
                    "is empty and cannot be started",
                    "warning" if filled else "error",
                )
            if process.id in seen and seen[process.id] != diagram.file:
                yield finding(
                    diagram.file,
                    process.element,
                    "process.duplicate",
                    f"流程编号 {process.id} 在 {seen[process.id]} 里已经用了，请改名。",
                    f"already defined in {seen[process.id]}",
                )
            seen.setdefault(process.id, diagram.file)
