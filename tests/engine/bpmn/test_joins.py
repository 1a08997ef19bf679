"""Joins meet the right tokens, in loops too, where the library's own fire early."""

import pytest

from engine.bpmn import Package, Run, restore, start
from tests.engine.bpmn.diagrams import Desk, end, flows, node, package, process, service, user
from tests.engine.bpmn.diagrams import start as begin


def walk(package: Package, run: Run, desk: Desk, *elements: str, **data: object) -> Run:
    """Complete these open tasks in this order, storing the instance in between."""
    for element in elements:
        run = restore(package, run.dump(), desk)
        run.complete(next(t.token for t in run.tasks() if t.element_id == element), data)
    return run


def open_steps(run: Run) -> list[str]:
    return sorted(task.element_id for task in run.tasks())


def block(kind: str, **conditions: str) -> Package:
    """fork → b, c → join → again? → (loop | end)"""
    return package(
        process(
            "p",
            begin(),
            node("exclusiveGateway", "merge"),
            node(kind, "fork", default="f_fork__b") if conditions else node(kind, "fork"),
            user("b"),
            user("c"),
            user("d"),
            node(kind, "join"),
            user("again"),
            node("exclusiveGateway", "more", default="f_more__end"),
            end(),
            flows(
                "start merge fork b join again more merge",
                "fork c join",
                "fork d join",
                "more end",
                more__merge="more",
                **conditions,
            ),
        )
    )


@pytest.mark.parametrize("first", ["b c d", "d c b", "c d b"])
@pytest.mark.parametrize("second", ["b c d", "d c b", "c b d"])
def test_parallel_join_in_a_loop(first: str, second: str) -> None:
    made, desk = block("parallelGateway"), Desk()
    run = start(made, "p", {"more": True}, desk)
    for order in (first, second):
        for missing in (3, 2, 1):
            assert len(open_steps(run)) == missing
            run = walk(made, run, desk, order.split()[3 - missing])
        assert open_steps(run) == ["again"]
        run = walk(made, run, desk, "again", more=order is first)
    assert run.ended or first == second


def test_parallel_join_keeps_excess_tokens() -> None:
    made = package(
        process(
            "p",
            begin(),
            node("parallelGateway", "fork"),
            user("a"),
            user("b"),
            user("c"),
            node("exclusiveGateway", "m"),
            node("parallelGateway", "join"),
            user("after"),
            end(),
            flows("start fork a m join after end", "fork b m", "fork c join"),
        )
    )
    desk = Desk()
    run = walk(made, start(made, "p", {}, desk), desk, "a", "b")
    assert open_steps(run) == ["c"]
    run = walk(made, run, desk, "c")
    assert open_steps(run) == ["after"]
    run = walk(made, run, desk, "after")
    assert not run.ended, "the second token still waits for a partner"


def test_a_single_flow_needs_no_partner() -> None:
    made = package(process("p", begin(), node("parallelGateway", "g"), user("a"), end(), flows("start g a end")))
    assert open_steps(start(made, "p", {}, Desk())) == ["a"]


@pytest.mark.parametrize(("wanted", "expected"), [("bc", "bc"), ("c", "c"), ("bcd", "bcd"), ("", "b")])
def test_inclusive_split_and_join(wanted: str, expected: str) -> None:
    made = block("inclusiveGateway", fork__c="'c' in wanted", fork__d="'d' in wanted")
    if "b" in wanted:
        made = block_with_three_conditions()
    desk = Desk()
    run = start(made, "p", {"wanted": wanted, "more": False}, desk)
    assert open_steps(run) == list(expected)
    for element in reversed(expected):
        assert "again" not in open_steps(run)
        run = walk(made, run, desk, element)
    assert open_steps(run) == ["again"]
    assert walk(made, run, desk, "again").ended


def block_with_three_conditions() -> Package:
    return package(
        process(
            "p",
            begin(),
            node("exclusiveGateway", "merge"),
            node("inclusiveGateway", "fork", default="f_fork__join"),
            user("b"),
            user("c"),
            user("d"),
            node("inclusiveGateway", "join"),
            user("again"),
            node("exclusiveGateway", "more", default="f_more__end"),
            end(),
            flows(
                "start merge fork b join again more merge",
                "fork c join",
                "fork d join",
                "fork join",
                "more end",
                more__merge="more",
                fork__b="'b' in wanted",
                fork__c="'c' in wanted",
                fork__d="'d' in wanted",
            ),
        )
    )


@pytest.mark.parametrize("rounds", [("bc", "cb"), ("bd", "c"), ("c", "bcd"), ("bcd", "b", "dc")])
def test_inclusive_join_in_a_loop(rounds: tuple[str, ...]) -> None:
    made, desk = block_with_three_conditions(), Desk()
    run = start(made, "p", {"wanted": rounds[0]}, desk)
    for number, wanted in enumerate(rounds, start=1):
        for element in wanted:
            assert element in open_steps(run)
            assert "again" not in open_steps(run)
            run = walk(made, run, desk, element)
        assert open_steps(run) == ["again"]
        more = number < len(rounds)
        run = walk(made, run, desk, "again", more=more, wanted=rounds[number] if more else "")
    assert run.ended


def test_inclusive_join_does_not_wait_for_a_path_that_cannot_come() -> None:
    made = package(
        process(
            "p",
            begin(),
            node("parallelGateway", "fork"),
            user("a"),
            user("b"),
            user("aside"),
            node("exclusiveGateway", "way", default="f_way__out"),
            end("out"),
            node("inclusiveGateway", "join"),
            user("after"),
            end(),
            flows("start fork a join after end", "fork b way join", "way out", "fork aside out", way__join="goes"),
        )
    )
    desk = Desk()
    run = walk(made, start(made, "p", {}, desk), desk, "a")
    assert open_steps(run) == ["aside", "b"]
    run = walk(made, run, desk, "b", goes=False)
    assert open_steps(run) == ["after", "aside"]


def test_inclusive_joins_that_wait_for_each_other_do_not_hang() -> None:
    made = package(
        process(
            "p",
            begin(),
            node("parallelGateway", "fork"),
            node("inclusiveGateway", "left"),
            node("inclusiveGateway", "right"),
            user("a"),
            user("b"),
            end(),
            flows("start fork left a right b left", "fork right", "b end"),
        )
    )
    assert "a" in open_steps(start(made, "p", {}, Desk()))


def test_the_younger_write_wins_at_a_join() -> None:
    made = package(
        process(
            "p",
            begin(),
            node("parallelGateway", "fork"),
            user("a"),
            service("late", "x.late"),
            user("b"),
            node("parallelGateway", "join"),
            user("after"),
            end(),
            flows("start fork a late join after end", "fork b join"),
        )
    )
    desk = Desk()
    run = start(made, "p", {"shared": 0, "old": 0}, desk)
    run = walk(made, run, desk, "a", shared="a", mine="a")
    run = walk(made, run, desk, "b", other="b")
    assert run.tasks()[0].data == {"shared": "a", "mine": "a", "other": "b", "old": 0}


def test_forks_and_merges_without_gateways() -> None:
    made = package(
        process("p", begin(), user("a"), user("b"), user("c"), user("d"), end(), flows("start a b d end", "a c d"))
    )
    desk = Desk()
    run = walk(made, start(made, "p", {}, desk), desk, "a", "b", "c")
    assert open_steps(run) == ["d", "d"]
    assert walk(made, run, desk, "d", "d").ended


def test_an_inner_inclusive_join_goes_before_the_outer_one() -> None:
    made = package(
        process(
            "p",
            begin(),
            node("parallelGateway", "fork"),
            user("a"),
            node("inclusiveGateway", "outer"),
            user("after"),
            node("inclusiveGateway", "split", default="f_split__b"),
            user("b"),
            user("c"),
            node("inclusiveGateway", "inner"),
            end(),
            flows("start fork a outer after end", "fork split b inner outer", "split c inner", split__c="true"),
        )
    )
    desk = Desk()
    run = walk(made, start(made, "p", {}, desk), desk, "a", "c")
    assert open_steps(run) == ["after"], "one token, not one for each join"
    assert walk(made, run, desk, "after").ended


def test_an_inclusive_join_does_not_wait_for_the_next_round() -> None:
    made = package(
        process(
            "p",
            begin(),
            node("exclusiveGateway", "merge"),
            node("parallelGateway", "fork"),
            user("a"),
            node("inclusiveGateway", "split", default="f_split__b"),
            user("b"),
            user("c"),
            node("inclusiveGateway", "join"),
            node("parallelGateway", "both"),
            user("decide"),
            node("exclusiveGateway", "way", default="f_way__end"),
            end(),
            flows(
                "start merge fork a both decide way end",
                "fork split b join both",
                "split c join",
                "way merge",
                split__c="false",
                way__merge="more",
            ),
        )
    )
    desk = Desk()
    run = start(made, "p", {}, desk)
    for more in (True, True, False):
        run = walk(made, run, desk, "b", "a")
        assert open_steps(run) == ["decide"]
        run = walk(made, run, desk, "decide", more=more)
    assert run.ended
