"""Lint by exploration: what explore.py finds, as findings. Only diagrams without other errors are worth walking."""

from collections.abc import Iterator, Mapping

from lxml.etree import _ElementTree

from engine.bpmn.explore import STATES, TOKENS, Explored, explore
from engine.bpmn.findings import Finding
from engine.bpmn.normalise import Node, Picture, pictures


def draw(trees: Mapping[str, _ElementTree]) -> dict[str, Picture]:
    """The processes of guarded .bpmn trees by id."""
    return {
        picture.id: picture
        for name, tree in trees.items() if name.lower().endswith(".bpmn")
        for picture in pictures(tree.getroot(), name) if picture.nodes
    }  # fmt: skip


def check_states(drawn: Mapping[str, Picture]) -> Iterator[Finding]:
    """A counter-example is an error with its way; what the bounds left undecided is a warning, never called proved."""
    nodes = {node.id: node for picture in drawn.values() for node in _nodes(picture)}
    for explored in explore(drawn):
        if explored.verdict == "counter-example":
            yield _stuck(explored, nodes)
        elif explored.verdict == "undecided":
            where = nodes[explored.stuck[0]]
            yield Finding(
                "explore.undecided",
                "warning",
                explored.file,
                where.id,
                f"“{where.name or where.id}”（{where.id}）：从这里起情形太多（超过 {STATES} 种，或同一环节同时超过 "
                f"{TOKENS} 处），没有查完，不能保证每种走法都能结束，请人工核对或拆成子流程。",
                f"{where.id}: not decided within the bounds ({STATES} states, {TOKENS} tokens on one element)",
                where.line,
            )


def _stuck(explored: Explored, nodes: Mapping[str, Node]) -> Finding:
    where = nodes[explored.stuck[0]] if explored.stuck else nodes[explored.path[-1]]
    way = " → ".join(nodes[name].name or name for name in explored.path[-12:])
    stay = "、".join(f"“{nodes[name].name or name}”（{name}）" for name in explored.stuck)
    return Finding(
        "explore.stuck",
        "error",
        explored.file,
        where.id,
        f"“{where.name or where.id}”（{where.id}）：按 {way} 走，会停在{stay}，走不到结束，请检查分支与汇合是否成对。",
        f"{where.id}: after {' -> '.join(explored.path)} the case stays at {', '.join(explored.stuck)} for ever",
        where.line,
    )


def _nodes(picture: Picture) -> Iterator[Node]:
    for node in picture.nodes.values():
        yield node
        if node.inner is not None:
            yield from _nodes(node.inner)
