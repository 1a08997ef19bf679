"""The bounded exploration: what it calls proved never gets stuck in the executor, and what gets stuck is found."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.bpmn import check_package, start
from engine.bpmn.explore import Explored, explore
from engine.bpmn.guard import load
from engine.bpmn.lint_states import draw
from engine.bpmn.model import NoWay
from tests.engine.bpmn.diagrams import (
    TERMINATE,
    boundary,
    call,
    catch,
    document,
    end,
    flows,
    message,
    node,
    process,
    subprocess,
    timer,
    user,
)
from tests.engine.bpmn.diagrams import start as begin
from tests.engine.bpmn.test_property import BLOCKS, EXAMPLES, Block, Counting, Drawing, act, acts


def explored(*processes: str, **defined: str) -> dict[str, Explored]:
    data = document(*processes, **defined)
    return {one.scope: one for one in explore(draw({"a.bpmn": load(data, "a.bpmn")}))}


def gates(split: str, merge: str) -> str:
    default = {"default": "f_g__a"} if split != "parallelGateway" else {}
    return process(
        "p", begin(), node(split, "g", **default), user("a"), user("b"), node(merge, "j"), end(),
        flows("start g a j end", "g b j", **({"g__b": "x"} if default else {})),
    )  # fmt: skip


@pytest.mark.parametrize("split", ["exclusiveGateway", "inclusiveGateway", "parallelGateway"])
@pytest.mark.parametrize("merge", ["exclusiveGateway", "inclusiveGateway", "parallelGateway"])
def test_splits_and_joins(split: str, merge: str) -> None:
    found = explored(gates(split, merge))["p"]
    stuck = merge == "parallelGateway" and split != "parallelGateway"
    assert found.verdict == ("counter-example" if stuck else "proved")
    if stuck:
        assert found.path == ("start", "g", "a"), "the shortest way, as element ids"
        assert found.stuck == ("j",)


def test_a_finding_names_the_join_and_the_way() -> None:
    (finding,) = check_package({"a.bpmn": document(gates("exclusiveGateway", "parallelGateway"))})
    assert (finding.code, finding.severity, finding.element) == ("explore.stuck", "error", "j")
    assert "start → g → a" in finding.message
    assert finding.line
    (finding,) = check_package({"a.bpmn": document(gates("exclusiveGateway", "parallelGateway"))}, draft=True)
    assert finding.severity == "warning"


def test_a_join_fed_by_a_reminder_never_fires() -> None:
    found = explored(
        process(
            "p", begin(), user("a"), boundary("b", "a", timer("timeDuration", "P1D"), False), node("parallelGateway", "j"),
            end(), flows("start a j end", "b j"),
        )
    )["p"]  # fmt: skip
    assert (found.verdict, found.path, found.stuck) == ("counter-example", ("start", "a"), ("j",))


def test_what_cannot_end_inside_is_found_outside_too() -> None:
    inside = begin("s") + node("exclusiveGateway", "g", default="f_g__a") + user("a") + user("b")
    inside += node("parallelGateway", "j") + end("e") + flows("s g a j e", "g b j", g__b="x")
    found = explored(process("p", begin(), subprocess("t", inside), end(), flows("start t end")))
    assert (found["t"].verdict, found["t"].path) == ("counter-example", ("s", "g", "a"))
    found = explored(
        process("p", begin(), call("t", "q"), end(), flows("start t end")),
        process("q", begin("s"), user("a"), node("exclusiveGateway", "m"), end("e"), flows("s m a m", "m e")),
    )
    assert found["q"].verdict == "proved"


def test_a_round_without_a_way_out() -> None:
    found = explored(process("p", begin(), node("exclusiveGateway", "m"), user("a"), end(), flows("start m a m")))["p"]
    assert (found.verdict, found.stuck) == ("counter-example", ("m",))


def test_an_interrupting_event_subprocess_is_a_way_out() -> None:
    first = node("startEvent", "xs", timer("timeDuration", "P1D"))
    rescue = node("subProcess", "x", first + user("xu") + end("xe") + flows("xs xu xe"), triggeredByEvent="true")
    body = gates("exclusiveGateway", "parallelGateway").replace("</bpmn:process>", rescue + "</bpmn:process>")
    assert explored(body)["p"].verdict == "proved"


def test_terminate_frees_a_waiting_join() -> None:
    body = process(
        "p", begin(), node("parallelGateway", "g"), user("a"), user("b"), node("exclusiveGateway", "w", default="f_w__j"),
        node("parallelGateway", "j"), end(), end("t", TERMINATE), flows("start g a w j end", "g b j", "w t", w__t="x"),
    )  # fmt: skip
    assert explored(body)["p"].verdict == "proved"


def test_a_fork_in_a_round_is_not_called_proved() -> None:
    body = process(
        "p", begin(), node("exclusiveGateway", "m"), node("parallelGateway", "g"), user("a"), user("b"),
        node("inclusiveGateway", "j"), node("exclusiveGateway", "w", default="f_w__m"), end(),
        flows("start m g a w m", "g b j end", "w j", w__j="x"),
    )  # fmt: skip
    found = explored(body)["p"]
    assert found.verdict == "undecided"
    (finding,) = [one for one in check_package({"a.bpmn": document(body)}) if one.code.startswith("explore.")]
    assert (finding.code, finding.severity) == ("explore.undecided", "warning")


def test_many_states_are_cut_in_time() -> None:
    users = [user(f"u{number}") for number in range(14)]
    late = [boundary(f"b{number}", f"u{number}", message("m"), False) for number in range(14)]
    body = process(
        "p", begin(), node("parallelGateway", "g"), node("parallelGateway", "j"), *users, *late, end(),
        node("inclusiveGateway", "k"),
        flows("start g", *(f"g u{n} j" for n in range(14)), *(f"b{n} k" for n in range(14)), "j k end"),
    )  # fmt: skip
    assert explored(body, messages="m")["p"].verdict == "undecided"


def test_the_event_behind_a_gateway_is_one_way_each() -> None:
    body = process(
        "p", begin(), node("eventBasedGateway", "g"), catch("c", message("m")), catch("d", timer("timeDuration", "P1D")),
        node("parallelGateway", "j"), end(), flows("start g c j end", "g d j"),
    )  # fmt: skip
    assert explored(body, messages="m")["p"].verdict == "counter-example"


class Crooked(Drawing):
    """Draws joins of the wrong kind now and then."""

    def __init__(self, kinds: list[str]) -> None:
        super().__init__()
        self.kinds = kinds

    def split(self, gateway: str, merge: str, parts: Any, **extra: str) -> tuple[str, str, str]:
        kind = self.kinds[self.count % len(self.kinds)] if self.kinds else merge
        return super().split(gateway, kind or merge, parts, **extra)


KINDS = st.lists(st.sampled_from(["", "", "exclusiveGateway", "inclusiveGateway", "parallelGateway"]), max_size=5)


@settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(BLOCKS, KINDS, st.lists(st.tuples(st.integers(0, 11), st.integers(0, 2), st.booleans()), max_size=25))
def test_what_is_proved_does_not_get_stuck(
    block: Block, kinds: list[str], choices: list[tuple[int, int, bool]]
) -> None:
    made = Crooked(kinds).whole(block)
    verdicts = Counter(one.verdict for one in made.explored())
    desk = Counting()
    run = start(made, "p", {"choice": choices[0][1] if choices else 0, "repeat": False}, desk)
    try:
        for number in range(200):
            possible = acts(run)
            if not possible:
                break
            pick, choice, repeat = choices[number] if number < len(choices) else (number, 0, False)
            ordinary = [one for one in possible if one[0] == "complete"] if number >= len(choices) else []
            verb, token = (ordinary or possible)[pick % len(ordinary or possible)]
            act(run, desk, verb, token, {"choice": choice, "repeat": repeat})
    except NoWay:
        return
    if not run.ended and not acts(run):
        assert verdicts["counter-example"] or verdicts["undecided"]
    if not any(kinds):
        assert not verdicts["counter-example"]
