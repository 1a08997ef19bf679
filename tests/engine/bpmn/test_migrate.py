"""A running instance goes over to another version: what waits stays as it is, or the whole instance stays."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from engine.bpmn import Migrated, Package, Run, migrate, proposals, start
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
    subprocess,
    timer,
    user,
)
from tests.engine.bpmn.diagrams import (
    start as begin,
)

DAY = timedelta(days=1)


def version(
    limit: str = "P10D", *more: str, path: str = "s a b e", limit_id: str = "limit", step: str = "b"
) -> Package:
    return package(process(
        "p", begin("s"), *([user("a")] if " a " in path else []), user(step), boundary(limit_id, step, timer("timeDuration", limit), interrupting=False),
        end("e"), *more, flows(*path.split(",")),
    ), messages="asked")  # fmt: skip


OLD = version()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def waiting(package: Package, desk: Desk, *done: str, process_id: str = "p") -> bytes:
    run = start(package, process_id, {"x": 1}, desk)
    for element in done:
        run.complete(token(run, element), {})
    return run.dump()


def token(run: Run, element: str) -> str:
    return next(task.token for task in run.tasks() if task.element_id == element)


def go(old: Package, new: Package, blob: bytes, desk: Desk, mapping: Mapping[str, str] | None = None,
       began: datetime | None = None) -> Migrated:  # fmt: skip
    tokens = {f"t{number}": began for number in range(30)} if began else {}
    return migrate(old, new, blob, desk, mapping, tokens)


def fates(migrated: Migrated) -> dict[str, tuple[str, int | None]]:
    """what happens to each timer, and in how many days after the start it is due."""
    zero = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    return {
        fate.element_id: (fate.what, None if fate.new is None else (fate.new - zero).days) for fate in migrated.timers
    }


def reason(migrated: Migrated) -> tuple[str, str]:
    assert migrated.run is None
    (refusal,) = migrated.refusals
    return refusal.element_id, refusal.reason


def test_token_data_and_due_time_stay(desk: Desk) -> None:
    blob = waiting(OLD, desk, "a")
    desk.time += 3 * DAY
    migrated = go(OLD, version(path="s b e"), blob, desk)
    assert migrated.run is not None and fates(migrated) == {"limit": ("stays", 10)}
    assert migrated.run.dump() == blob
    desk.time += 8 * DAY
    migrated.run.fire(migrated.run.timers()[0].token)
    migrated.run.complete(token(migrated.run, "b"), {})
    assert migrated.run.ended and migrated.run.data["x"] == 1


@pytest.mark.parametrize("mapping", [None, {"limit": "frist"}])
def test_a_limit_under_another_id_is_the_same_limit(desk: Desk, mapping: dict[str, str] | None) -> None:
    blob = waiting(OLD, desk, "a")
    desk.time += 3 * DAY
    migrated = go(OLD, version(limit_id="frist"), blob, desk, mapping)
    assert fates(migrated) == {"frist": ("stays", 10)}


def test_a_changed_limit_is_counted_from_when_it_was_set(desk: Desk) -> None:
    blob = waiting(OLD, desk, "a")
    desk.time += 3 * DAY
    assert fates(go(OLD, version("P8D"), blob, desk)) == {"limit": ("moved", 8)}


def test_new_events_are_armed_from_the_beginning_of_the_step_and_removed_ones_go(desk: Desk) -> None:
    reminder = boundary("reminder", "b", timer("timeDuration", "P8D"), interrupting=False)
    asked = boundary("asked", "b", message("asked"), interrupting=False)
    new = version("P10D", reminder, asked, user("told"), path="s a b e,asked told")
    blob, began = waiting(OLD, desk, "a"), desk.time
    desk.time += 3 * DAY
    migrated = go(OLD, new, blob, desk, began=began)
    assert migrated.run is not None
    assert fates(migrated) == {"limit": ("stays", 10), "reminder": ("new", 8)}
    assert [item.name for item in migrated.run.subscriptions()] == ["asked"]
    back = go(new, OLD, migrated.run.dump(), desk)
    assert back.run is not None and fates(back) == {"limit": ("stays", 10), "reminder": ("gone", None)}
    assert back.run.subscriptions() == []


def test_what_fired_already_is_not_armed_again(desk: Desk) -> None:
    run = start(OLD, "p", {}, desk)
    run.complete(token(run, "a"), {})
    desk.time += 11 * DAY
    run.fire(run.timers()[0].token)
    migrated = go(OLD, version("P20D"), run.dump(), desk)
    assert migrated.run is not None and migrated.run.timers() == [] and migrated.timers == []


def test_a_cycle_goes_on_with_its_next_occurrence(desk: Desk) -> None:
    every = boundary(
        "every",
        "b",
        "<bpmn:timerEventDefinition><bpmn:timeCycle>R/P2D</bpmn:timeCycle></bpmn:timerEventDefinition>",
        False,
    )
    blob, began = waiting(OLD, desk, "a"), desk.time
    desk.time += 5 * DAY
    migrated = go(OLD, version("P10D", every), blob, desk, began=began)
    assert fates(migrated)["every"] == ("new", 6)


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (version(step="c", path="s a c e"), "已删除"),
        (package(process("p", begin("s"), user("a"), node("manualTask", "b", name="b"), end("e"), flows("s a b e"))), "另一种环节"),
        (package(process("q", begin("s"), user("b"), end("e"), flows("s b e"))), "没有了"),
    ],
)  # fmt: skip
def test_an_active_step_that_went_is_refused_by_name(desk: Desk, new: Package, words: str) -> None:
    element, why = reason(go(OLD, new, waiting(OLD, desk, "a"), desk))
    assert element == "b" and "“b”" in why and words in why


def test_an_active_step_may_be_mapped(desk: Desk) -> None:
    new = version(step="c", path="s a c e")
    for mapping in ({"b": "c"}, {"p/b": "c"}):
        migrated = go(OLD, new, waiting(OLD, desk, "a"), desk, mapping)
        assert migrated.run is not None and fates(migrated) == {"limit": ("stays", 10)}
        assert [task.element_id for task in migrated.run.tasks()] == ["c"]
    assert proposals(OLD, new) == {}  # two steps without anything of their own but the name


def test_clear_pairs_are_proposed() -> None:
    old = package(process("p", begin("s"), user("a", x_form="sheet"), end("e"), flows("s a e")))
    new = package(process("p", begin("s"), user("z", x_form="sheet"), end("e"), flows("s z e")))
    assert proposals(old, new) == {"p/a": "z"}


PARALLEL = (begin("s"), user("a"), node("parallelGateway", "fork"), user("b"), user("c"), node("parallelGateway", "join"),
            user("d"), end("e"))  # fmt: skip
FORKED = package(process("p", *PARALLEL, flows("s a fork b join d e", "fork c join")))


def test_a_join_with_waiting_tokens_must_stay_and_elsewhere_may_change(desk: Desk) -> None:
    rewired = package(process("p", *PARALLEL, user("x"), flows("s a fork b join d e", "fork c x join")))
    assert reason(go(FORKED, rewired, waiting(FORKED, desk, "a", "c"), desk))[0] == "join"
    migrated = go(FORKED, rewired, waiting(FORKED, desk, "a"), desk)
    assert migrated.run is not None
    for step in ("b", "c", "x", "d"):
        migrated.run.complete(token(migrated.run, step), {})
    assert migrated.run.ended


def test_a_branch_added_around_a_running_block_would_never_be_joined(desk: Desk) -> None:
    third = package(process("p", *PARALLEL, user("x"), flows("s a fork b join d e", "fork c join", "fork x join")))
    assert "“join”还要等一支" in reason(go(FORKED, third, waiting(FORKED, desk, "a"), desk))[1]
    migrated = go(FORKED, third, waiting(FORKED, desk), desk)
    assert migrated.run is not None
    for step in ("a", "b", "c", "x", "d"):
        migrated.run.complete(token(migrated.run, step), {})
    assert migrated.run.ended


def caller(target: str, *others: str) -> Package:
    called = (process(name, begin(f"{name}_s"), user(f"{name}_u"), end(f"{name}_e"), flows(f"{name}_s {name}_u {name}_e"))
              for name in (target, *others))  # fmt: skip
    return package(
        process("p", begin("s"), call("sub", target), user("after"), end("e"), flows("s sub after e")), *called
    )


def test_a_running_call_keeps_its_target_and_a_step_after_it_is_honoured(desk: Desk) -> None:
    old = caller("one")
    blob = waiting(old, desk)
    assert "换成了另一个" in go(old, caller("two", "one"), blob, desk).refusals[0].reason
    assert {refusal.element_id for refusal in go(old, caller("two"), blob, desk).refusals} == {"sub", "one_u"}
    called = process("one", begin("one_s"), user("one_u"), end("one_e"), flows("one_s one_u one_e"))
    new = package(
        process("p", begin("s"), call("sub", "one"), user("between"), user("after"), end("e"), flows("s sub between after e")),
        called,
    )  # fmt: skip
    migrated = go(old, new, blob, desk)
    assert migrated.run is not None
    for step in ("one_u", "between", "after"):
        migrated.run.complete(token(migrated.run, step), {})
    assert migrated.run.ended


def test_a_subprocess_may_be_mapped_with_what_runs_inside(desk: Desk) -> None:
    def of(name: str) -> Package:
        inner = subprocess(name, begin("i"), user("in"), boundary("limit", "in", timer("timeDuration", "P10D")), end("ie"),
                           end("ie2"), flows("i in ie", "limit ie2"))  # fmt: skip
        return package(process("p", begin("s"), inner, end("e"), flows(f"s {name} e")))

    old, new = of("one"), of("two")
    blob = waiting(old, desk)
    assert {refusal.element_id for refusal in go(old, new, blob, desk).refusals} == {"one", "in"}
    migrated = go(old, new, blob, desk, {"one": "two"})
    assert migrated.run is not None and fates(migrated) == {"limit": ("stays", 10)}
    migrated.run.complete(token(migrated.run, "in"), {})
    assert migrated.run.ended


def test_events_behind_a_gateway_keep_their_times(desk: Desk) -> None:
    def of(*names: str) -> Package:
        events = [catch(name, timer("timeDuration", "P9D" if name == "x" else "P4D")) for name in names]
        paths = flows("s g", *(f"g {name} e" for name in names))
        return package(process("p", begin("s"), node("eventBasedGateway", "g"), *events, end("e"), paths))

    old, new = of("x", "y"), of("x", "z")
    blob = waiting(old, desk)
    desk.time += DAY
    migrated = go(old, new, blob, desk)
    assert fates(migrated) == {"x": ("stays", 9), "y": ("gone", None), "z": ("new", 4)}
    assert migrated.run is not None
    desk.time += 5 * DAY
    migrated.run.fire(next(timer.token for timer in migrated.run.timers() if timer.element_id == "z"))
    assert migrated.run.ended
    assert "全部换掉" in reason(go(old, of("v", "w"), blob, desk))[1]


def test_a_running_repetition_must_stay_as_it_was(desk: Desk) -> None:
    def of(count: int) -> Package:
        marker = f"<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>{count}</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
        return package(
            process("p", begin("s"), node("userTask", "a", marker, name="a"), user("b"), end("e"), flows("s a b e"))
        )

    old = of(2)
    blob = waiting(old, desk)
    assert "重复的方式" in reason(go(old, of(3), blob, desk))[1]
    migrated = go(old, old, blob, desk)
    assert migrated.run is not None and len(migrated.run.tasks()) == 2


def test_the_same_version_is_the_identity(desk: Desk) -> None:
    for package_, done in ((OLD, ["a"]), (FORKED, ["a", "b"])):
        blob = waiting(package_, desk, *done)
        migrated = go(package_, package_, blob, desk)
        assert migrated.run is not None and migrated.run.dump() == blob
