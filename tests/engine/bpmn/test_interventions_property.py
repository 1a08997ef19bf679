"""Random nested diagrams: going over to the same version changes nothing, and after any move that is not refused the
case still comes to its end. LIANXIN_EXAMPLES makes the sample larger."""

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.bpmn import CannotMove, Run, go_back, migrate, move, positions, restore, start, targets
from tests.engine.bpmn.test_property import BLOCKS, LONG, Block, Counting, Drawing, act, acts

EXAMPLES = int(os.environ.get("LIANXIN_EXAMPLES", "150"))
CHOICES = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 2), st.booleans()), max_size=LONG)


@settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(BLOCKS, CHOICES)
def test_going_over_to_the_same_version_changes_nothing(block: Block, choices: list[tuple[int, int, bool]]) -> None:
    old, new, desk = Drawing().whole(block), Drawing().whole(block), Counting()
    run = start(old, "p", {"choice": 0, "repeat": False}, desk)
    for number, (pick, choice, repeat) in enumerate(choices):
        migrated = migrate(old, new, run.dump(), desk)
        assert migrated.refusals == [] and migrated.run is not None
        assert migrated.run.dump() == run.dump()
        assert {fate.what for fate in migrated.timers} <= {"stays"}
        old, new, run = new, old, migrated.run
        possible = acts(run)
        if not possible:
            break
        act(run, desk, *possible[pick % len(possible)], {"choice": choice, "repeat": repeat, "k": number})


@settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(BLOCKS, CHOICES, st.integers(0, 20), st.integers(0, 50), st.integers(0, 50), st.booleans())
def test_after_a_move_the_case_still_ends(
    block: Block, choices: list[tuple[int, int, bool]], when: int, which: int, where: int, back: bool
) -> None:
    made, desk = Drawing().whole(block), Counting()
    run = start(made, "p", {"choice": 0, "repeat": False}, desk)
    for number in range(400):
        possible: list[Any] = acts(run)
        if not possible:
            break
        if number == when:
            found = positions(run)
            token = found[which % len(found)].token
            places = [place for place in targets(run, token) if place.earlier or not back]
            if places:
                blob = run.dump()
                try:
                    (go_back if back else move)(run, token, places[where % len(places)].element_id)
                except CannotMove:
                    run = restore(made, blob, desk)
                possible = acts(run)
                if not possible:
                    break
        pick, choice, repeat = choices[number] if number < len(choices) else (number, 0, False)
        ordinary = [one for one in possible if one[0] == "complete"] if number >= LONG else []
        verb, token = (ordinary or possible)[pick % len(ordinary or possible)]
        run = restore(made, run.dump(), desk)
        act(run, desk, verb, token, {"choice": choice, "repeat": repeat, f"k{number % 5}": number})
    assert run.ended


class Renumbered(Drawing):
    """The same drawing, every element under another id."""

    def __init__(self) -> None:
        super().__init__()
        self.mapping: dict[str, str] = {}

    def name(self, kind: str) -> str:
        name = super().name(kind)
        if kind == "process":
            return name
        self.mapping[name] = f"{name}_new"
        return f"{name}_new"


def waiting(run: Run) -> tuple[Any, ...]:
    """What the outside sees, in the old names."""
    tasks = [(task.token, task.element_id.removesuffix("_new")) for task in run.tasks()]
    timers = [
        (timer.token, timer.element_id.removesuffix("_new"), timer.due_at, timer.host_token) for timer in run.timers()
    ]
    return run.ended, tasks, timers, [(item.token, item.name) for item in run.subscriptions()]


@settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(BLOCKS, CHOICES, st.integers(0, 12))
def test_under_other_ids_a_case_goes_on_as_it_would_have(
    block: Block, choices: list[tuple[int, int, bool]], when: int
) -> None:
    drawing = Renumbered()
    old, new = Drawing().whole(block), drawing.whole(block)
    kept_desk, moved_desk = Counting(), Counting()
    kept = start(old, "p", {"choice": 0, "repeat": False}, kept_desk)
    moved = restore(old, kept.dump(), moved_desk)
    moved_desk.calls.extend(kept_desk.calls)
    for number, (pick, choice, repeat) in enumerate(choices):
        if number == when:
            migrated = migrate(old, new, moved.dump(), moved_desk, drawing.mapping)
            if migrated.run is None:  # flows got other ids with their ends: a join with waiting tokens is not the same
                assert all("汇合" in refusal.reason for refusal in migrated.refusals)
                return
            moved = migrated.run
        assert waiting(moved) == waiting(kept)
        possible = acts(kept)
        if not possible:
            break
        chosen = possible[pick % len(possible)]
        for run, desk in ((kept, kept_desk), (moved, moved_desk)):
            act(run, desk, *chosen, {"choice": choice, "repeat": repeat, "k": number})
    assert waiting(moved) == waiting(kept)
