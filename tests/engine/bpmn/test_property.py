"""Random nested diagrams, random acts: an instance stored and read after every act behaves exactly like one that never
left memory, every token meets its partners, and every case ends once. LIANXIN_EXAMPLES makes the sample larger."""

import os
from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.bpmn import Package, Run, restore, start
from tests.engine.bpmn.diagrams import (
    Desk,
    boundary,
    call,
    catch,
    end,
    flows,
    message,
    node,
    package,
    process,
    service,
    subprocess,
    timer,
    user,
)
from tests.engine.bpmn.diagrams import start as begin

EXAMPLES = int(os.environ.get("LIANXIN_EXAMPLES", "150"))
LONG = 60

Block = tuple[Any, ...]
LEAVES = st.sampled_from(
    [("user",), ("user",), ("service",), ("catch",), ("reminded",), ("stopped",), ("cycled",), ("several",)]
)


def nested(inner: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    kinds = st.sampled_from(["then", "xor", "and", "or", "events", "ways"])
    wrapped = st.sampled_from(
        ["loop", "scope", "call", "stopped_scope", "several_scope", "looped_scope", "watched", "raised", "cancelled"]
    )
    return st.one_of(st.tuples(kinds, several), st.tuples(wrapped, st.tuples(inner)))


BLOCKS = st.recursive(LEAVES, nested, max_leaves=9)


class Drawing:
    """Draws a block as items with one entry and one exit."""

    def __init__(self) -> None:
        self.count = 0
        self.processes: list[str] = []

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def whole(self, block: Block) -> Package:
        items, first, last = self.draw(block)
        self.processes.insert(0, process("p", begin(), end(), items, flows(f"start {first}", f"{last} end")))
        return package(*self.processes, messages="hello urge stop one two three alarm")

    def draw(self, block: Block) -> tuple[str, str, str]:
        kind, parts = block[0], [self.draw(part) for part in block[1]] if len(block) > 1 else []
        return getattr(self, f"draw_{kind}")(*parts)

    def draw_user(self) -> tuple[str, str, str]:
        name = self.name("user")
        return user(name), name, name

    def draw_service(self) -> tuple[str, str, str]:
        name = self.name("service")
        return service(name, "x.count"), name, name

    def draw_catch(self) -> tuple[str, str, str]:
        name = self.name("catch")
        return catch(name, message("hello")), name, name

    def draw_reminded(self) -> tuple[str, str, str]:
        host, event, aside, out = self.name("user"), self.name("soon"), self.name("user"), self.name("end")
        items = user(host) + boundary(event, host, timer("timeDuration", "P1D"), False) + user(aside) + end(out)
        urge, done = self.name("urge"), self.name("end")
        items += boundary(urge, host, message("urge"), False) + end(done)
        return items + flows(f"{event} {aside} {out}", f"{urge} {done}"), host, host

    def draw_cycled(self) -> tuple[str, str, str]:
        host, event, out = self.name("user"), self.name("cycle"), self.name("end")
        return (
            user(host)
            + boundary(event, host, timer("timeCycle", "R3/P1D"), False)
            + end(out)
            + flows(f"{event} {out}"),
            host,
            host,
        )

    def draw_stopped(self) -> tuple[str, str, str]:
        host, event, last = self.name("user"), self.name("stop"), self.name("merge")
        items = user(host) + boundary(event, host, message("stop")) + node("exclusiveGateway", last)
        return items + flows(f"{host} {last}", f"{event} {last}"), host, last

    def draw_stopped_scope(self, part: tuple[str, str, str]) -> tuple[str, str, str]:
        items, host, _ = self.draw_scope(part)
        event, late, last = self.name("stop"), self.name("late"), self.name("merge")
        items += boundary(event, host, message("stop")) + boundary(late, host, timer("timeDuration", "P3D"))
        items += node("exclusiveGateway", last)
        return items + flows(f"{host} {last}", f"{event} {last}", f"{late} {last}"), host, last

    def draw_scope(self, part: tuple[str, str, str]) -> tuple[str, str, str]:
        name, first, last = self.name("scope"), self.name("begin"), self.name("finish")
        items, entry, leave = part
        return (
            subprocess(name, begin(first), end(last), items, flows(f"{first} {entry}", f"{leave} {last}")),
            name,
            name,
        )

    def draw_call(self, part: tuple[str, str, str]) -> tuple[str, str, str]:
        name, called = self.name("call"), self.name("process")
        items, entry, leave = part
        first, last = self.name("begin"), self.name("finish")
        self.processes.append(
            process(called, begin(first), end(last), items, flows(f"{first} {entry}", f"{leave} {last}"))
        )
        return call(name, called), name, name

    def scope_of(self, part: tuple[str, str, str], extra: str = "", **how: Any) -> tuple[str, str, str]:
        """A subprocess with more in it: loop markers, event subprocesses, other ends."""
        name, first, last = self.name("scope"), self.name("begin"), self.name("finish")
        items, entry, leave = part
        inside = begin(first) + end(last) + items + flows(f"{first} {entry}", f"{leave} {last}") + extra
        return node(how.pop("kind", "subProcess"), name, inside, name=name), name, name

    def draw_several(self) -> tuple[str, str, str]:
        name = self.name("user")
        return node("userTask", name, several(parallel=self.count % 2 == 0), name=name), name, name

    def draw_several_scope(self, part: tuple[str, str, str]) -> tuple[str, str, str]:
        return self.scope_of(part, several(parallel=self.count % 2 == 0))

    def draw_looped_scope(self, part: tuple[str, str, str]) -> tuple[str, str, str]:
        condition = "<bpmn:loopCondition>repeat</bpmn:loopCondition>"
        return self.scope_of(
            part, f'<bpmn:standardLoopCharacteristics loopMaximum="3">{condition}</bpmn:standardLoopCharacteristics>'
        )

    def draw_watched(self, part: tuple[str, str, str]) -> tuple[str, str, str]:
        """A scope with two event subprocesses: a message beside it, a timer instead of it."""
        extra = ""
        for body, interrupting in ((message("alarm"), "false"), (timer("timeDuration", "P4D"), "true")):
            first, step, last = self.name("on"), self.name("user"), self.name("end")
            inside = node("startEvent", first, body, isInterrupting=interrupting) + user(step) + end(last)
            inside += flows(f"{first} {step} {last}")
            extra += node("subProcess", self.name("watch"), inside, triggeredByEvent="true")
        return self.scope_of(part, extra)

    def draw_raised(self, part: tuple[str, str, str]) -> tuple[str, str, str]:
        """A scope that raises an escalation when its content is done; a boundary event hears it."""
        items, entry, leave = part
        raised, event, last = self.name("raise"), self.name("heard"), self.name("merge")
        throw = node("intermediateThrowEvent", raised, "<bpmn:escalationEventDefinition/>", name="up")
        inner = items + throw + flows(f"{leave} {raised}")
        items, host, _ = self.scope_of((inner, entry, raised))
        cancels = self.count % 2 == 0
        items += boundary(event, host, "<bpmn:escalationEventDefinition/>", cancels)
        aside = self.name("user")
        items += user(aside) + node("exclusiveGateway", last)
        if cancels:
            return items + flows(f"{host} {last}", f"{event} {aside} {last}"), host, last
        out = self.name("end")
        return items + end(out) + flows(f"{host} {last}", f"{event} {aside} {out}"), host, last

    def draw_cancelled(self, part: tuple[str, str, str]) -> tuple[str, str, str]:
        """A transaction that is completed or cancelled by choice."""
        items, entry, leave = part
        way, cancel, done = self.name("way"), self.name("cancel"), self.name("done")
        definition = "<bpmn:cancelEventDefinition/>"
        items += node("exclusiveGateway", way, default=f"f_{way}__{done}") + node("endEvent", cancel, definition)
        items += node("exclusiveGateway", done)
        links = flows(f"{leave} {way} {done}", f"{way} {cancel}", **{f"{way}__{cancel}": "choice == 2"})
        items, host, _ = self.scope_of((items + links, entry, done), kind="transaction")
        event, last = self.name("undone"), self.name("merge")
        items += boundary(event, host, definition) + node("exclusiveGateway", last)
        return items + flows(f"{host} {last}", f"{event} {last}"), host, last

    def draw_ways(self, *parts: tuple[str, str, str]) -> tuple[str, str, str]:
        """Conditional flows straight from a task, met by an inclusive join."""
        first, last = self.name("user"), self.name("merge")
        items = user(first, default=f"f_{first}__{parts[0][1]}") + node("inclusiveGateway", last)
        items += "".join(part[0] for part in parts)
        conditions = {f"{first}__{part[1]}": f"choice != {n}" for n, part in enumerate(parts[1:])}
        ways = flows(*(f"{first} {p[1]}" for p in parts), *(f"{p[2]} {last}" for p in parts), **conditions)
        return items + ways, first, last

    def draw_then(self, *parts: tuple[str, str, str]) -> tuple[str, str, str]:
        items = "".join(part[0] for part in parts)
        links = [f"{a[2]} {b[1]}" for a, b in zip(parts, parts[1:], strict=False)]
        return items + flows(*links), parts[0][1], parts[-1][2]

    def split(
        self, gateway: str, merge: str, parts: tuple[tuple[str, str, str], ...], **extra: str
    ) -> tuple[str, str, str]:
        first, last = self.name("split"), self.name("merge")
        conditions = (
            {f"{first}__{part[1]}": f"choice {extra['test']} {n}" for n, part in enumerate(parts[1:])} if extra else {}
        )
        default = {"default": f"f_{first}__{parts[0][1]}"} if extra else {}
        items = node(gateway, first, **default) + node(merge, last) + "".join(part[0] for part in parts)
        return (
            items + flows(*(f"{first} {p[1]}" for p in parts), *(f"{p[2]} {last}" for p in parts), **conditions),
            first,
            last,
        )

    def draw_xor(self, *parts: tuple[str, str, str]) -> tuple[str, str, str]:
        return self.split("exclusiveGateway", "exclusiveGateway", parts, test="==")

    def draw_and(self, *parts: tuple[str, str, str]) -> tuple[str, str, str]:
        return self.split("parallelGateway", "parallelGateway", parts)

    def draw_or(self, *parts: tuple[str, str, str]) -> tuple[str, str, str]:
        return self.split("inclusiveGateway", "inclusiveGateway", parts, test="!=")

    def draw_events(self, *parts: tuple[str, str, str]) -> tuple[str, str, str]:
        first, last = self.name("events"), self.name("merge")
        catches = [self.name("on") for _ in parts]
        bodies = [message("one"), timer("timeDuration", "P2D"), message("three")]
        items = node("eventBasedGateway", first) + node("exclusiveGateway", last)
        items += "".join(catch(name, body) for name, body in zip(catches, bodies, strict=False))
        items += "".join(part[0] for part in parts)
        ways = [f"{first} {name} {part[1]}" for name, part in zip(catches, parts, strict=True)]
        return items + flows(*ways, *(f"{part[2]} {last}" for part in parts)), first, last

    def draw_loop(self, part: tuple[str, str, str]) -> tuple[str, str, str]:
        merge, decide, way, out = self.name("merge"), self.name("user"), self.name("way"), self.name("merge")
        items, entry, leave = part
        items += (
            node("exclusiveGateway", merge) + user(decide) + node("exclusiveGateway", way, default=f"f_{way}__{out}")
        )
        items += node("exclusiveGateway", out)
        links = flows(
            f"{merge} {entry}", f"{leave} {decide} {way} {out}", f"{way} {merge}", **{f"{way}__{merge}": "repeat"}
        )
        return items + links, merge, out


def several(parallel: bool) -> str:
    """Three instances; the second `repeat` completes them early."""
    flag = "false" if parallel else "true"
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{flag}" lianxin:results="results" lianxin:result="k0">'
        "<bpmn:loopCardinality>choice + 1</bpmn:loopCardinality>"
        "<bpmn:completionCondition>repeat and numberOfCompletedInstances == 2</bpmn:completionCondition>"
        "</bpmn:multiInstanceLoopCharacteristics>"
    )


def acts(run: Run) -> list[tuple[str, str]]:
    """Everything that can happen to an instance now."""
    return (
        [("complete", task.token) for task in run.tasks()]
        + [("fire", timer.token) for timer in run.timers()]
        + [("send", subscription.token) for subscription in run.subscriptions()]
    )


def act(run: Run, desk: Desk, verb: str, token: str, data: dict[str, Any]) -> None:
    if verb == "complete":
        run.complete(token, data)
    elif verb == "fire":
        desk.time = max(desk.time, next(timer.due_at for timer in run.timers() if timer.token == token))
        run.fire(token)
    else:
        name = next(found.name for found in run.subscriptions() if found.token == token)
        run.send(name, data, token)


def seen(run: Run) -> tuple[Any, ...]:
    """Everything the outside can see of an instance."""
    tasks = [(replace(t, data={}), repr(sorted(t.data.items()))) for t in run.tasks()]
    data = repr(sorted(run.data.items()))
    return (run.ended, run.end_events, data, tasks, run.timers(), run.subscriptions())


class Counting(Desk):
    """Operations return a number that grows: data tell the order of events."""

    def call(self, operation: str, arguments: Any, token: Any) -> dict[str, Any]:
        super().call(operation, arguments, token)
        return {"count": len(self.calls), f"seen_{token.element_id}": len(self.calls)}


@settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(BLOCKS, st.lists(st.tuples(st.integers(0, 11), st.integers(0, 2), st.booleans()), max_size=LONG))
def test_stored_and_kept_instances_are_the_same(block: Block, choices: list[tuple[int, int, bool]]) -> None:
    made = Drawing().whole(block)
    kept_desk, stored_desk = Counting(), Counting()
    data = {"choice": choices[0][1] if choices else 0, "repeat": False}
    kept = start(made, "p", data, kept_desk)
    stored = start(made, "p", data, stored_desk)
    history: Counter[str] = Counter()
    for number in range(400):
        possible = acts(kept)
        if not possible:
            break
        pick, choice, repeat = choices[number] if number < len(choices) else (number, 0, False)
        ordinary = [one for one in possible if one[0] == "complete"] if number >= LONG else []
        verb, token = (ordinary or possible)[pick % len(ordinary or possible)]
        values = {"choice": choice, "repeat": repeat, f"k{number % 5}": number}
        stored = restore(made, stored.dump(), stored_desk)
        act(kept, kept_desk, verb, token, values)
        act(stored, stored_desk, verb, token, values)
        history.update(step.element_id for step in stored.trace() if step.what == "completed")
        assert seen(stored) == seen(kept)
        assert stored.dump() == kept.dump()
        assert restore(made, stored.dump(), stored_desk).dump() == stored.dump()
    assert kept.ended
    assert "end" in kept.end_events
    assert history["end"] <= 1
    assert not acts(kept)
