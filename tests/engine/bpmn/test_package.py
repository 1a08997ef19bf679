"""What a package says about its diagrams, and that it is never changed by running them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.bpmn import Refused, Run, compile_package, start
from tests.engine.bpmn.diagrams import (
    Desk,
    boundary,
    document,
    end,
    flows,
    node,
    package,
    process,
    service,
    subprocess,
    timer,
    user,
)
from tests.engine.bpmn.diagrams import start as begin

LANES = (
    '<bpmn:laneSet id="lanes"><bpmn:lane id="l1" name="工作室"><bpmn:flowNodeRef>a</bpmn:flowNodeRef></bpmn:lane>'
    '<bpmn:lane id="l2" name="承办单位"><bpmn:flowNodeRef>sub</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>'
)
DRAWN = process(
    "p",
    LANES,
    begin(),
    user("a", x_form="reply", x_role="承办"),
    boundary("late", "a", timer("timeDuration", "P1D"), False),
    service("s", "x.y", days="1 + 1"),
    subprocess(
        "sub",
        begin("sb"),
        node("userTask", "inner", "<bpmn:documentation>第十一条</bpmn:documentation>"),
        end("se"),
        flows("sb inner se"),
    ),
    end(),
    flows("start a sub end", "late s"),
)


def test_elements_as_drawn() -> None:
    made = package(DRAWN)
    assert made.processes == ("p",)
    assert made.diagrams == {"p": "test0.bpmn"}
    found = {element.id: element for element in made.elements("p")}
    assert sorted(found) == sorted(["start", "a", "late", "s", "sub", "sb", "inner", "se", "end"])
    assert (found["a"].kind, found["a"].lane, found["a"].extensions) == (
        "userTask",
        "工作室",
        {"form": "reply", "role": "承办"},
    )
    assert (found["late"].attached_to, found["late"].timer, found["late"].event) == ("a", "P1D", "timer")
    assert found["s"].extensions == {"operation": "x.y", "arguments": {"days": "1 + 1"}}
    assert (found["inner"].scope, found["inner"].documentation, found["inner"].lane) == ("sub", "第十一条", "承办单位")
    with pytest.raises(KeyError):
        made.elements("q")


def test_open_tasks_know_their_lane_and_form() -> None:
    run = start(package(DRAWN), "p", {}, Desk())
    [task] = run.tasks()
    assert (task.lane, task.extensions["form"]) == ("工作室", "reply")
    run.complete(task.token, {})
    assert (run.tasks()[0].lane, run.tasks()[0].path) == ("承办单位", (("p", "sub"),))


def test_a_package_that_cannot_run_is_refused_with_every_reason() -> None:
    files = {
        "one.bpmn": document(
            process("p", begin(), user("a"), node("complexGateway", "c"), end(), flows("start a c end"))
        ),
        "two.bpmn": document(process("q", begin(), service("s", "x.unknown"), end(), flows("start s end"))),
        "three.bpmn": b"<!DOCTYPE x><x/>",
        "readme.txt": b"\xff",
    }
    with pytest.raises(Refused) as refused:
        compile_package(files)
    assert [finding.file for finding in refused.value.findings] == ["three.bpmn"]
    del files["three.bpmn"]
    with pytest.raises(Refused) as refused:
        compile_package(files, operations=["x.y"])
    assert {(f.file, f.element) for f in refused.value.findings if f.severity == "error"} == {
        ("one.bpmn", "c"),
        ("two.bpmn", "s"),
    }


def test_one_package_serves_many_threads() -> None:
    made = package(DRAWN)

    def walk(number: int) -> tuple[object, ...]:
        run: Run = start(made, "p", {"number": number}, Desk())
        seen = []
        while run.tasks():
            seen.append((run.tasks()[0].token, run.tasks()[0].element_id))
            run.complete(run.tasks()[0].token, {"step": len(seen)})
        return (*seen, dict(run.data))

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(walk, range(40)))
    assert results == [(*results[0][:-1], {"number": number, "step": 2}) for number in range(40)]
