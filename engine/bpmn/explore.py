"""Bounded exploration before publish: can an instance, however people and data decide, always come to an end?

Every scope (process or embedded subprocess) is walked by itself, with whatever runs inside an activity as one step:
states are the tokens on its elements, conditions and events are free choices. The answer is `proved` (every state that
can be reached can reach an end), `counter-example` (the shortest way to a state that cannot), or `undecided` when the
bounds cut the walk: more than TOKENS tokens on one element, more than STATES states. What was cut is never called
proved. Only parallel and inclusive joins let tokens wait for each other, so a scope without them needs few states."""

from collections.abc import Mapping

from engine.bpmn.normalise import Node, Picture
from engine.bpmn.walk import STATES, TOKENS, Explored, Walk

__all__ = ["STATES", "TOKENS", "Explored", "explore"]


def explore(drawn: Mapping[str, Picture]) -> list[Explored]:
    """Every scope of these processes (by id), called processes and inner scopes before what contains them."""
    return _Explorer(drawn).all()


class _Explorer:
    def __init__(self, drawn: Mapping[str, Picture]) -> None:
        self.drawn = drawn
        self.found: list[Explored] = []
        self.ends: dict[int, bool] = {}

    def all(self) -> list[Explored]:
        for name, picture in self.drawn.items():
            self.scope(picture, name)
        return self.found

    def scope(self, picture: Picture, process_id: str) -> bool:
        """Whether the scope can come to an end at all; explores it on the first call. A process that calls itself is
        another rule's fault."""
        if id(picture) not in self.ends:
            self.ends[id(picture)] = True
            dead = {node.id for node in picture.nodes.values() if not self.passable(node, process_id)}
            walk = Walk(picture, dead)
            walk.run()
            explored = walk.verdict(process_id)
            self.found.append(explored)
            self.ends[id(picture)] = walk.ends or not picture.nodes
        return self.ends[id(picture)]

    def passable(self, node: Node, process_id: str) -> bool:
        if node.inner is not None:
            return self.scope(node.inner, process_id)
        if node.tag == "callActivity" and node.called in self.drawn:
            return self.scope(self.drawn[node.called], node.called)
        return True
