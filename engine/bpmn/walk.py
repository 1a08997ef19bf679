"""The states of one scope, breadth first, as explore.py asks for them: tokens on elements, conditions and events as
free choices, joins firing as the executor's do."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from engine.bpmn.joins import reach
from engine.bpmn.normalise import Flow, Node, Picture
from engine.bpmn.parse import starts

TOKENS = 3
STATES = 3_000
WAYS = 6  # conditional ways out of one element of which every subset is tried
_CLEARING = frozenset({"terminate", "error", "cancel"})
_JOINS = frozenset({"parallelGateway", "inclusiveGateway"})

Place = tuple[str, str]  # element and, at a join, the flow the token came by; ("!", event) for an armed timer
State = tuple[tuple[Place, int], ...]
Verdict = Literal["proved", "counter-example", "undecided"]


@dataclass(frozen=True)
class Explored:
    """What is known of one scope. `path` are the element ids of the shortest way to a state without an end, `stuck`
    the elements on which its tokens stay; for `undecided`, `stuck` is where the walk was cut."""

    file: str
    process_id: str
    scope: str
    verdict: Verdict
    states: int
    path: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()


class Walk:
    """The states of one scope, breadth first."""

    def __init__(self, picture: Picture, dead: set[str]) -> None:
        self.picture, self.nodes, self.dead = picture, picture.nodes, dead
        self.joins = {n.id: n for n in self.nodes.values() if n.tag in _JOINS and len(n.incoming) > 1}
        self.reaches: dict[str, Mapping[str, frozenset[str]]] = {
            join.id: reach(join, self.nodes) for join in self.joins.values()
        }
        self.boundary: dict[str, list[Node]] = {}
        for node in self.nodes.values():
            if node.attached_to:
                self.boundary.setdefault(node.attached_to, []).append(node)
        self.clearing = any(node.event.kind in _CLEARING and node.tag == "endEvent" for node in self.nodes.values())
        self.aside = {node.id for node in self.nodes.values() if self.harmless(node)}
        self.parents: dict[State, tuple[State | None, str]] = {}
        self.before: dict[State, list[State]] = {}
        self.cut: dict[State, str] = {}
        self.ends = False
        # an event subprocess that replaces everything in the scope is a way out of any state
        self.rescued = any(n.triggered and n.id not in dead and _replaces(n) for n in self.nodes.values())

    def harmless(self, event: Node) -> bool:
        """Whether what a non-interrupting event starts meets no join and clears nothing: it disturbs nobody, however
        often and whenever it happens, so it is walked by itself."""
        if not event.attached_to or event.interrupting or event.event.kind in _CLEARING:
            return False
        seen, stack = {""}, [event.id]
        while stack:
            name = stack.pop()
            if name in self.joins or self.nodes[name].event.kind in _CLEARING:
                return False
            seen.add(name)
            following = [flow.target for flow in self.nodes[name].flows]
            stack += [one for one in (*following, *(b.id for b in self.boundary.get(name, ()))) if one not in seen]
        return True

    def run(self) -> None:
        """Walk from every start until there is nothing new or the bound is reached."""
        queue: deque[State] = deque()
        for state in self.beginnings():
            if state not in self.parents:
                self.parents[state] = (None, "")
                queue.append(state)
        while queue:
            state = queue.popleft()
            for element, following in self.moves(state):
                self.before.setdefault(following, []).append(state)
                if following not in self.parents:
                    if len(self.parents) >= STATES:
                        self.cut[state] = element
                        continue
                    self.parents[following] = (state, element)
                    queue.append(following)
        self.ends = () in self.parents or bool(self.cut)

    def beginnings(self) -> Iterator[State]:
        """The first states: where plain instances begin, and every other start event by itself, and what disturbs
        nobody."""
        usual = starts(self.picture)
        events = [(node.id,) for node in self.nodes.values() if node.tag == "startEvent" and node.id not in usual]
        for names in (usual, *events, *((name,) for name in sorted(self.aside))):
            tokens: dict[Place, int] = {}
            for name in names:
                self.put(tokens, name, "")
            yield _state(tokens)

    def verdict(self, process_id: str) -> Explored:
        """What the walk says."""
        known = (self.picture.file, process_id, self.picture.id)
        hopeful = set(self.parents) if self.rescued else set(self.cut) | ({()} if () in self.parents else set())
        stack = list(hopeful)
        while stack:
            for earlier in self.before.get(stack.pop(), ()):
                if earlier not in hopeful:
                    hopeful.add(earlier)
                    stack.append(earlier)
        lost = [state for state in self.parents if state not in hopeful]
        if lost:
            # a state in which nothing moves any more says more than a round, and a round more than the way to it
            round_ = next((one for one in lost if len(self.before.get(one, ())) > 1), lost[0])
            state = next((one for one in lost if not any(True for _ in self.moves(one))), round_)
            places = tuple(dict.fromkeys(element for (element, _), _ in state if element != "!"))
            return Explored(*known, "counter-example", len(self.parents), self.path(state), places)
        if self.cut:
            return Explored(*known, "undecided", len(self.parents), (), (next(iter(self.cut.values())),))
        return Explored(*known, "proved", len(self.parents))

    def path(self, state: State) -> tuple[str, ...]:
        """The elements passed on the shortest way to a state."""
        found: list[str] = []
        current: State | None = state
        while current is not None:
            current, element = self.parents[current]
            if element:
                found.append(element)
        return tuple(reversed(found))

    # -------------------------------------------------------------------------------------------------- moves

    def moves(self, state: State) -> Iterator[tuple[str, State]]:
        """Everything that may happen next. A token that nothing disturbs and that disturbs nobody goes first, alone:
        in which order such tokens move makes no difference."""
        tokens = dict(state)
        if not self.clearing:
            for element, flow in tokens:
                undisturbed = all(event.id in self.aside for event in self.boundary.get(element, ()))
                if element != "!" and element not in self.joins and undisturbed:
                    yield from self.step(state, tokens, (element, flow))
                    return
        for place in tokens:
            if place[0] == "!" or place[0] in self.joins:
                continue
            yield from self.step(state, tokens, place)
            yield from self.events(state, tokens, place)
        for join in self.joins.values():
            yield from self.join(state, tokens, join)

    def step(self, state: State, tokens: Mapping[Place, int], place: Place) -> Iterator[tuple[str, State]]:
        """The token leaves its element by itself."""
        node = self.nodes[place[0]]
        if node.tag == "endEvent" and node.event.kind in _CLEARING:
            yield node.id, ()
        elif node.id not in self.dead:
            for flows in self.choices(state, node):
                yield from self.go(state, tokens, [place], node.id, flows)

    def events(self, state: State, tokens: Mapping[Place, int], place: Place) -> Iterator[tuple[str, State]]:
        """Boundary events of the element happen."""
        for event in self.boundary.get(place[0], ()):
            if event.id in self.aside:
                continue
            if event.interrupting or event.event.kind in _CLEARING:
                yield from self.go(state, tokens, [place], place[0], [], event.id)
            elif event.event.kind == "timer" and event.event.timer != "timeCycle":
                if tokens.get(("!", event.id)):
                    yield from self.go(state, tokens, [("!", event.id)], event.id, [], event.id)
            elif not tokens.get((event.id, "")):
                yield from self.go(state, tokens, [], event.id, [], event.id)
            elif self.meets(event):
                self.cut.setdefault(state, event.id)

    def meets(self, event: Node) -> bool:
        """Whether what this event starts can wait at a join: only then does it matter how often it happens."""
        return any(event.id in places for places in self.reaches.values())

    def join(self, state: State, tokens: Mapping[Place, int], join: Node) -> Iterator[tuple[str, State]]:
        """A join fires as the executor's does (joins.py)."""
        waiting = [(join.id, flow.id) for flow in join.incoming if tokens.get((join.id, flow.id))]
        if not waiting:
            return
        if join.tag == "parallelGateway":
            if len(waiting) < len(join.incoming):
                return
        elif any(self.blocks(place, join, waiting) for place in tokens) and not self.all_at_joins(tokens):
            return
        for flows in self.choices(state, join):
            yield from self.go(state, tokens, waiting, join.id, flows)

    def blocks(self, place: Place, join: Node, waiting: Sequence[Place]) -> bool:
        reached = self.reaches[join.id].get(place[0], frozenset())
        return place[0] != join.id and bool(reached) and reached.isdisjoint(flow for _, flow in waiting)

    def all_at_joins(self, tokens: Mapping[Place, int]) -> bool:
        return all(
            element in self.joins and self.joins[element].tag == "inclusiveGateway"
            for element, _ in tokens if element != "!"
        )  # fmt: skip

    def choices(self, state: State, node: Node) -> Iterator[Sequence[Flow]]:
        """The sets of flows a token may leave by."""
        flows = node.flows
        if len(flows) < 2:
            yield flows
        elif node.tag in ("exclusiveGateway", "eventBasedGateway"):
            yield from ([flow] for flow in flows)
        elif node.tag == "parallelGateway" or not any(flow.condition for flow in flows):
            yield from ([list(flows)] if node.tag != "inclusiveGateway" else self.subsets(state, node, [], flows))
        else:
            free = [flow for flow in flows if flow.condition or flow.id == node.default]
            always = [flow for flow in flows if flow not in free]
            yield from self.subsets(state, node, always, free)

    def subsets(
        self, state: State, node: Node, always: Sequence[Flow], free: Sequence[Flow]
    ) -> Iterator[Sequence[Flow]]:
        """Some of the free flows, at least one flow in all; of very many only single ones and all together."""
        sizes = range(0 if always and not node.default else 1, len(free) + 1)
        if len(free) > WAYS:
            self.cut.setdefault(state, node.id)
            sizes = range(1, 2)
            yield [*always, *free]
        for size in sizes:
            yield from ([*always, *chosen] for chosen in combinations(free, size))

    def go(
        self,
        state: State,
        tokens: Mapping[Place, int],
        taken: Sequence[Place],
        element: str,
        flows: Sequence[Flow],
        event: str = "",
    ) -> Iterator[tuple[str, State]]:
        """The state after tokens were taken and others put; nothing (and a cut) when that is too many."""
        after = dict(tokens)
        for place in taken:
            after[place] -= 1
            for boundary in self.boundary.get(place[0], ()):
                armed = ("!", boundary.id)
                if after.get(armed, 0) > after[place]:
                    after[armed] = after[place]
        for flow in flows:
            self.put(after, flow.target, flow.id)
        if event:
            self.put(after, event, "")
        if any(number > TOKENS for number in after.values()):
            self.cut.setdefault(state, element)
            return
        yield event or element, _state(after)

    def put(self, tokens: dict[Place, int], name: str, flow: str) -> None:
        """A token arrives, with its one-off timers."""
        place = (name, flow if name in self.joins else "")
        tokens[place] = tokens.get(place, 0) + 1
        for event in self.boundary.get(name, ()):
            once = event.event.kind == "timer" and event.id not in self.aside
            if once and not event.interrupting and event.event.timer != "timeCycle":
                tokens[("!", event.id)] = tokens.get(("!", event.id), 0) + 1


def _replaces(node: Node) -> bool:
    inner = node.inner.nodes.values() if node.inner is not None else ()
    event = next((one for one in inner if one.tag == "startEvent"), None)
    return event is not None and event.interrupting and event.event.kind in ("timer", "message", "signal")


def _state(tokens: Mapping[Place, int]) -> State:
    return tuple(sorted((place, number) for place, number in tokens.items() if number))
