"""A person moves a token, sends it back, or ends it all; what would leave others waiting for ever is refused."""

import pytest

from engine.bpmn import CannotMove, NotWaiting, Run, cancel, effects, go_back, move, restore, start, targets, waits
from tests.engine.bpmn.diagrams import (
    Desk,
    boundary,
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
from tests.engine.bpmn.diagrams import (
    start as begin,
)

PACKAGE = package(
    process(
        "p", begin("s"), user("a"), user("b"), boundary("late", "b", timer("timeDuration", "P3D"), interrupting=False),
        boundary("asked", "b", message("asked"), interrupting=False), user("told"), service("do", "some.thing"),
        node("parallelGateway", "fork"), user("left"), user("right"), node("parallelGateway", "join"), user("last"),
        end("e"), flows("s a b do fork left join last e", "fork right join", "late told", "asked told"),
    ),
    messages="asked",
)  # fmt: skip


@pytest.fixture
def desk() -> Desk:
    return Desk()


def run_to(desk: Desk, *done: str) -> Run:
    run = start(PACKAGE, "p", {"x": 1}, desk)
    for element in done:
        run.complete(token(run, element), {})
    return restore(PACKAGE, run.dump(), desk)


def token(run: Run, element: str) -> str:
    return next(task.token for task in run.tasks() if task.element_id == element)


def open_steps(run: Run) -> list[str]:
    return sorted(task.element_id for task in run.tasks())


def test_a_moved_token_takes_what_is_armed_on_it_along_and_keeps_its_data(desk: Desk) -> None:
    run = run_to(desk, "a")
    before = waits(run)
    move(run, token(run, "b"), "last")
    change = effects(before, waits(run))
    assert open_steps(run) == ["last"] and run.tasks()[0].data["x"] == 1
    assert [task.element_id for task in change.tasks_gone] == ["b"]
    assert [timer.element_id for timer in change.timers_gone] == ["late"]
    assert [item.name for item in change.subscriptions_gone] == ["asked"]
    assert ([task.element_id for task in change.tasks_new], change.ends) == (["last"], False)
    run.complete(token(run, "last"), {})
    assert run.ended


def test_a_move_to_a_service_runs_it_and_goes_on(desk: Desk) -> None:
    run = run_to(desk)
    move(run, token(run, "a"), "do")
    assert desk.calls == [("some.thing", {})] and open_steps(run) == ["left", "right"]


@pytest.mark.parametrize(
    ("done", "source", "target", "reason"),
    [
        (["a"], "b", "late", "由事件触发"),
        (["a"], "b", "join", "汇合"),
        (["a"], "b", "s", "由事件触发"),
        (["a"], "b", "nowhere", "不在同一个流程范围内"),
        (["a", "b"], "left", "last", "“join”要等的并行步骤不会再有"),
        (["a"], "b", "right", "“join”要等的并行步骤不会再有"),
    ],
)
def test_where_a_token_cannot_go(desk: Desk, done: list[str], source: str, target: str, reason: str) -> None:
    run = run_to(desk, *done)
    with pytest.raises(CannotMove, match=reason):
        move(run, token(run, source), target)


def test_inside_a_block_a_token_may_not_go_back_and_after_it_it_may(desk: Desk) -> None:
    run = run_to(desk, "a", "b", "left")
    with pytest.raises(CannotMove, match="并行办理中的一支"):
        go_back(run, token(run, "right"), "a")
    run = run_to(desk, "a", "b", "left", "right")
    go_back(run, token(run, "last"), "b")
    assert open_steps(run) == ["b"] and len(run.timers()) == 1


def test_back_means_earlier(desk: Desk) -> None:
    for target in ("b", "a", "do", "last"):
        run = run_to(desk)
        with pytest.raises(CannotMove, match="不在“a”之前"):
            go_back(run, token(run, "a"), target)
    run = run_to(desk, "a")
    found = {target.element_id: target.earlier for target in targets(run, token(run, "b"))}
    assert found == {"a": True, "told": False, "do": False, "fork": False, "left": False, "right": False,
                     "last": False, "e": False}  # fmt: skip


def test_a_token_stays_in_its_scope_and_one_that_is_gone_cannot_move(desk: Desk) -> None:
    inner = package(process("p", begin("s"), subprocess("sub", begin("i"), user("in"), user("in2"), end("ie"),
                                                        flows("i in in2 ie")), user("out"), end("e"),
                            flows("s sub out e")))  # fmt: skip
    run = start(inner, "p", {}, desk)
    assert [target.element_id for target in targets(run, token(run, "in"))] == ["in2", "ie"]
    with pytest.raises(CannotMove, match="同一范围"):
        move(run, token(run, "in"), "out")
    host = next(marker.id for marker in run.net.markers())
    move(run, host, "out")
    assert open_steps(run) == ["out"]
    with pytest.raises(NotWaiting):
        move(run, "t99", "out")


def test_cancel_leaves_nothing(desk: Desk) -> None:
    run = run_to(desk, "a")
    cancel(run)
    assert run.ended and waits(run) == type(waits(run))((), (), (), True) and run.end_events == ()
