"""Lint: every rule refuses its diagram, naming the element in Chinese and English, and lets the sound one pass."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.bpmn import lint
from engine.bpmn.findings import Finding, errors
from engine.bpmn.support import UNSUPPORTED
from tests.engine.bpmn.drawings import END, START, TASK, argument, around, bpmn, dmn, flow, line, timer

SAMPLES = Path(__file__).parent / "samples"
FUNCTIONS = ("working_days", "today")
OPERATIONS = ("case.close",)
GATE = '<exclusiveGateway id="g" default="g_e"/>'
SERVICE = '<serviceTask id="t" lianxin:operation="case.close"/>'


def found(files: Mapping[str, bytes] | bytes, **known: Any) -> list[Finding]:
    named = {"a.bpmn": files} if isinstance(files, bytes) else files
    return lint.check(named, known.pop("functions", FUNCTIONS), known.pop("operations", OPERATIONS), **known)


def codes(files: Mapping[str, bytes] | bytes, **known: Any) -> set[str]:
    return {finding.code for finding in found(files, **known)}


def script(text: str, language: str = "lianxin") -> bytes:
    return around(f'<scriptTask id="t" scriptFormat="{language}"><script>{text}</script></scriptTask>')


def split(*ways: str, default: str = "g_e", kind: str = "exclusiveGateway") -> bytes:
    attribute = f'default="{default}"' if default else ""
    return bpmn(START, TASK, END, f'<{kind} id="g" {attribute}/>', line("s", "g"), line("t", "e"), *ways)


def call(target: str, process: str = "p") -> bytes:
    called = f'calledElement="{target}"' if target else ""
    return bpmn(START, f'<callActivity id="c" {called}/>', END, line("s", "c", "e"), process=process)


def inner(content: str, *more: str) -> bytes:
    return around(f'<subProcess id="t">{content}</subProcess>', *more)


def boundary(definition: str, before: str = "", attributes: str = "") -> bytes:
    return around(
        TASK,
        f'<boundaryEvent id="b" attachedToRef="t" {attributes}>{definition}</boundaryEvent>',
        flow("b", "e"),
        before=before,
    )


def service(content: str = "", operation: str = "case.close", kind: str = "serviceTask") -> bytes:
    attribute = f'lianxin:operation="{operation}"' if operation else ""
    return around(f'<{kind} id="t" {attribute}>{content}</{kind}>')


MESSAGE = '<message id="m" name="urge"/>'
INNER = '<startEvent id="s2"/><userTask id="t2"/><endEvent id="e2"/>' + line("s2", "t2", "e2")
WAYS = (flow("g", "t", "urgent"), flow("g", "e"))
MULTI = "<multiInstanceLoopCharacteristics>{}</multiInstanceLoopCharacteristics>"
LOOP = '<standardLoopCharacteristics loopMaximum="3"/>'
TRIGGERED = (
    '<startEvent id="s2"><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></startEvent>'
    '<userTask id="t2"/><endEvent id="e2"/>' + line("s2", "t2", "e2")
)


SERVICES = (
    '<subProcess id="t"><startEvent id="s2"/><serviceTask id="t2" lianxin:operation="case.close"/><endEvent id="e2"/>'
    + line("s2", "t2", "e2") + "{}</subProcess>"
)  # fmt: skip


def receiving(*more: str) -> bytes:
    return bpmn(START, '<receiveTask id="r" messageRef="m"/>', END, line("s", "r", "e"), *more, before=MESSAGE)


def triggered(content: str, *more: str) -> bytes:
    return around(TASK, f'<subProcess id="x" triggeredByEvent="true">{content}</subProcess>', *more)


def repeated(marker: str) -> bytes:
    return around(f'<userTask id="t">{marker}</userTask>')


def transaction(definition: str) -> bytes:
    content = '<startEvent id="s2"/><userTask id="t2"/><endEvent id="e2"><cancelEventDefinition/></endEvent>'
    event = f'<boundaryEvent id="b" attachedToRef="t">{definition}</boundaryEvent>'
    return around(f'<transaction id="t">{content}{line("s2", "t2", "e2")}</transaction>', event, flow("b", "e"))


# code: (a diagram it refuses, the sound twin)
RULES: dict[str, tuple[Any, Any]] = {
    "id.duplicate": (around(TASK, '<userTask id="t"/>'), around(TASK)),
    "id.missing": (around(TASK, "<userTask/>"), around(TASK)),
    "id.invalid": (
        bpmn(START, END, line("s", "e"), process="1 p"),
        bpmn(START, END, line("s", "e"), process="流程-1.a"),
    ),
    "id.long": (
        bpmn(START, f'<userTask id="{"t" * 81}"/>', END, line("s", "t" * 81, "e")),
        bpmn(START, f'<userTask id="{"t" * 80}"/>', END, line("s", "t" * 80, "e")),
    ),
    "name.long": (around(f'<userTask id="t" name="{"长" * 81}"/>'), around(f'<userTask id="t" name="{"长" * 80}"/>')),
    "start.missing": (bpmn(TASK, END, line("t", "e")), around(TASK)),
    "start.several": (around(TASK, '<startEvent id="s2"/>', flow("s2", "t")), around(TASK)),
    "start.inner": (inner(INNER.replace("/>", "><signalEventDefinition/></startEvent>", 1)), inner(INNER)),
    "end.missing": (bpmn(START, TASK, line("s", "t")), around(TASK)),
    "node.unreachable": (
        around(TASK, '<userTask id="x"/>', flow("x", "e")),
        around(TASK, '<userTask id="x"/>', flow("t", "x"), flow("x", "e")),
    ),
    "flow.dangling": (around(TASK, flow("t", "nowhere")), around(TASK)),
    "flow.into_start": (around(TASK, flow("t", "s")), around(TASK)),
    "flow.out_of_end": (around(TASK, flow("e", "t")), around(TASK)),
    "flow.dead_end": (around(TASK, '<userTask id="x"/>', flow("t", "x")), around(TASK)),
    "boundary.host": (
        timer("P1D", "timeDuration").replace(b'attachedToRef="t"', b'attachedToRef="s"'),
        timer("P1D", "timeDuration"),
    ),
    "boundary.event": (boundary(""), timer("P1D", "timeDuration")),
    "gateway.event": (
        split(flow("g", "t"), default="", kind="eventBasedGateway"),
        bpmn(
            START,
            '<eventBasedGateway id="g"/><receiveTask id="r" messageRef="m"/>',
            END,
            line("s", "g", "r", "e"),
            before=MESSAGE,
        ),
    ),
    "gateway.default": (split(*WAYS, default="x"), split(*WAYS)),
    "gateway.no_default": (split(flow("g", "t", "urgent"), flow("g", "e", "not urgent"), default=""), split(*WAYS)),
    "condition.missing": (split(flow("g", "t"), flow("g", "e")), split(*WAYS)),
    "condition.single": (split(flow("g", "t", "urgent"), default=""), split(flow("g", "t"), default="")),
    "condition.on_default": (split(flow("g", "t", "urgent"), flow("g", "e", "urgent")), split(*WAYS)),
    "condition.misplaced": (
        split(flow("g", "t", "urgent"), flow("g", "e"), default="", kind="parallelGateway"),
        split(flow("g", "t"), flow("g", "e"), default="", kind="parallelGateway"),
    ),
    "condition.default": (split(flow("g", "t"), flow("g", "e"), kind="parallelGateway"), split(*WAYS)),
    "condition.no_default": (
        bpmn(START, TASK, END, flow("s", "t"), flow("t", "e", "urgent")),
        bpmn(START, TASK, END, flow("s", "t"), flow("t", "e", "urgent"), flow("t", "e", identity="plain")),
    ),
    "condition.language": (
        split(WAYS[0].replace("<conditionExpression", '<conditionExpression language="python"'), flow("g", "e")),
        split(*WAYS),
    ),
    "expression.equals": (
        split(flow("g", "t", "tier = 1"), flow("g", "e")),
        split(flow("g", "t", "tier == 1"), flow("g", "e")),
    ),
    "expression.boolean": (
        split(flow("g", "t", "'False'"), flow("g", "e")),
        split(flow("g", "t", "true"), flow("g", "e")),
    ),
    "expression.function": (
        split(flow("g", "t", "workdays(1) == 2"), flow("g", "e")),
        split(flow("g", "t", "working_days(x, 1) == 2"), flow("g", "e")),
    ),
    "expression.markup": (split(flow("g", "t", "true<x/>"), flow("g", "e")), split(*WAYS)),
    "expression.construct": (script("import os"), script("a = 1")),
    "script.python": (script("a = 1", "text/python"), script("a = 1")),
    "script.language": (script("a = 1", "javascript"), script("a = 1")),
    "script.empty": (script(" "), script("a = 1")),
    "argument.name": (service(argument("a b", "1")), service(argument("a", "1"))),
    "expression.operator": (service(argument("a", "1 &lt;&gt; 2")), service(argument("a", "1 != 2"))),
    "extension.unknown": (service("<extensionElements><lianxin:listener/></extensionElements>"), service()),
    "extension.foreign": (around('<userTask id="t" camunda:formKey="../x"/>'), around(TASK)),
    "operation.missing": (service(operation=""), service()),
    "operation.unknown": (service(operation="case.vanish"), service()),
    "operation.misplaced": (service(kind="manualTask"), service(kind="userTask")),
    "decision.missing": (
        around('<businessRuleTask id="t"/>'),
        {"a.bpmn": around('<businessRuleTask id="t" lianxin:decision="d"/>'), "d.dmn": dmn('"a"|"b"')},
    ),
    "decision.unknown": (
        {"a.bpmn": around('<businessRuleTask id="t" lianxin:decision="x"/>'), "d.dmn": dmn('"a"|"b"')},
        {"a.bpmn": around('<businessRuleTask id="t" lianxin:decision="d"/>'), "d.dmn": dmn('"a"|"b"')},
    ),
    "decision.policy": (
        {"d.dmn": dmn('"a"|"b"', policy="COLLECT")},
        {"d.dmn": dmn('"a"|"b"', "< 3|x + 1", "-|", policy="FIRST")},
    ),
    "decision.output": ({"d.dmn": dmn('"a"|"b"').replace(b'name="unit"', b'name="1"')}, {"d.dmn": dmn('"a"|"b"')}),
    "decision.width": ({"d.dmn": dmn('"a"|"b"').replace(b"<rule>", b"<rule><inputEntry/>")}, {"d.dmn": dmn('"a"|"b"')}),
    "expression.syntax": ({"d.dmn": dmn('"a"|b b')}, {"d.dmn": dmn('"a"|b + b')}),
    "expression.private": ({"d.dmn": dmn("value.__class__|1")}, {"d.dmn": dmn("value.kind == 1|1")}),
    "call.target": (call("elsewhere"), {"a.bpmn": call("q"), "b.bpmn": bpmn(START, END, line("s", "e"), process="q")}),
    "call.recursion": (
        {"a.bpmn": call("q"), "b.bpmn": call("p", process="q")},
        {"a.bpmn": call("q"), "b.bpmn": bpmn(START, END, line("s", "e"), process="q")},
    ),
    "call.depth": (
        {f"{n}.bpmn": call(f"p{n + 1}", process=f"p{n}") for n in range(14)},
        {"a.bpmn": call("q"), "b.bpmn": bpmn(START, END, line("s", "e"), process="q")},
    ),
    "process.missing": (b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>', around(TASK)),
    "process.duplicate": ({"a.bpmn": around(TASK), "b.bpmn": around(TASK)}, around(TASK)),
    "event.reference": (
        boundary('<messageEventDefinition messageRef="m"/>'),
        boundary('<messageEventDefinition messageRef="m"/>', before=MESSAGE),
    ),
    "form.key": (
        around('<userTask id="t" lianxin:form="../../etc/passwd"/>'),
        around('<userTask id="t" lianxin:form="answer"/>'),
    ),
    "timer.missing": (timer(""), timer("P1D", "timeDuration")),
    "timer.kind": (timer("P1D", "timeCycle"), timer("R3/P1D", "timeCycle")),
    "timer.invalid": (timer("2026-13-45"), timer("2026-12-31")),
    "timer.range": (timer("PT0S", "timeDuration"), timer("PT1M", "timeDuration")),
    "timer.period": (timer("R3/PT59S", "timeCycle"), timer("R3/PT60S", "timeCycle")),
    "timer.repeats": (timer("R1000000000/P1D", "timeCycle"), timer("R/P1D", "timeCycle")),
    "timer.blank": (timer("P10D ", "timeDuration"), timer("\n  P10D\n", "timeDuration")),
    "expression.punctuation": (timer("working_days(received_on，10)"), timer("working_days(received_on, 10)")),
    "unsupported.event": (boundary("<conditionalEventDefinition/>"), boundary("<escalationEventDefinition/>")),
    "unsupported.multipleEvents": (
        boundary("<signalEventDefinition/><errorEventDefinition/>"),
        boundary("<errorEventDefinition/>"),
    ),
    "file.import": (around(TASK, before='<import id="i" location="x.bpmn"/>'), around(TASK)),
    "start.triggered": (triggered(INNER), triggered(TRIGGERED)),
    "triggered.connected": (triggered(TRIGGERED, flow("t", "x")), triggered(TRIGGERED)),
    "triggered.repeated": (triggered(TRIGGERED + LOOP), triggered(TRIGGERED)),
    "cancel.host": (boundary("<cancelEventDefinition/>"), transaction("<cancelEventDefinition/>")),
    "cancel.end": (transaction("<escalationEventDefinition/>"), transaction("<cancelEventDefinition/>")),
    "multi.missing": (repeated(MULTI.format("")), repeated(MULTI.format("<loopCardinality>2</loopCardinality>"))),
    "multi.name": (
        repeated(MULTI.format("<loopCardinality>2</loopCardinality><loopDataOutputRef>a b</loopDataOutputRef>")),
        repeated(MULTI.format("<loopCardinality>2</loopCardinality><loopDataOutputRef>ab</loopDataOutputRef>")),
    ),
    "loop.missing": (repeated("<standardLoopCharacteristics/>"), repeated(LOOP)),
    "loop.maximum": (
        repeated("<standardLoopCharacteristics><loopCondition>again</loopCondition></standardLoopCharacteristics>"),
        repeated(LOOP),
    ),
    "scope.empty": (inner(""), inner(INNER)),
    "process.empty": (bpmn(), around(TASK)),
    "drawn.dataStoreReference": (
        around(TASK, '<dataStoreReference id="d"/>'),
        around(TASK, '<dataObjectReference id="d"/>'),
    ),
    "unsupported.complexGateway": (split(*WAYS, kind="complexGateway"), split(*WAYS)),
    "unsupported.adHocSubProcess": (around(f'<adHocSubProcess id="t">{INNER}</adHocSubProcess>'), inner(INNER)),
    "unsupported.compensation": (around('<userTask id="t" isForCompensation="true"/>'), around(TASK)),
    "wait.nobody": (
        receiving(),
        receiving(
            '<boundaryEvent id="b" attachedToRef="r"><timerEventDefinition><timeDuration>P1D'
            "</timeDuration></timerEventDefinition></boundaryEvent>" + flow("b", "e")
        ),
    ),
    "loop.budget": (
        around(SERVICES.format(MULTI.format("<loopCardinality>200</loopCardinality>"))),
        around(SERVICES.format(MULTI.format("<loopCardinality>20</loopCardinality>"))),
    ),
    "loop.no_wait": (
        bpmn(START, GATE, SERVICE, END, line("s", "g", "e"), flow("g", "t", "again"), flow("t", "g")),
        bpmn(START, GATE, TASK, END, line("s", "g", "e"), flow("g", "t", "again"), flow("t", "g")),
    ),
}


@pytest.mark.parametrize("code", RULES)
def test_the_rule_refuses_and_names_the_element(code: str) -> None:
    hits = [finding for finding in found(RULES[code][0]) if finding.code == code]
    assert hits, codes(RULES[code][0])
    for finding in hits:
        assert finding.file.endswith((".bpmn", ".dmn"))
        assert finding.element in finding.message
        assert finding.message.endswith("。")
        assert len(finding.message_en) > 10
        assert finding.line


@pytest.mark.parametrize("code", RULES)
def test_the_sound_twin_passes(code: str) -> None:
    assert errors(found(RULES[code][1])) == []


@pytest.mark.parametrize(
    ("content", "code", "passes"),
    [
        (MULTI.format(""), "multi.missing", False),
        (MULTI.format("<loopCardinality>1000000000</loopCardinality>"), "multi.range", False),
        (MULTI.format("<loopCardinality>0</loopCardinality>"), "multi.range", False),
        (MULTI.format("<loopCardinality>2.5</loopCardinality>"), "multi.range", False),
        (MULTI.format("<loopCardinality>200</loopCardinality>"), "multi.", True),
        (MULTI.format("<loopCardinality>len(places)</loopCardinality>"), "multi.", True),
        (MULTI.format("<loopCardinality>[</loopCardinality>"), "expression.syntax", False),
        ("<standardLoopCharacteristics/>", "loop.missing", False),
        ('<standardLoopCharacteristics loopMaximum="3"/>', "loop.maximum", True),
        ('<standardLoopCharacteristics loopMaximum="9999"/>', "multi.range", False),
    ],
)
def test_repetition_is_bounded(content: str, code: str, passes: bool) -> None:
    hits = [name for name in codes(around(f'<userTask id="t">{content}</userTask>')) if name.startswith(code)]
    assert bool(hits) is not passes


@pytest.mark.parametrize("tag", sorted(tag for tag in UNSUPPORTED if tag != "instantiate"))
def test_the_table_of_unsupported_elements_is_used(tag: str) -> None:
    marks = {
        "compensation": '<task id="x" isForCompensation="true"/>',
        "multipleEvents": '<endEvent id="x"><signalEventDefinition/><signalEventDefinition/></endEvent>',
    }
    assert f"unsupported.{tag}" in codes(around(TASK, marks.get(tag, f'<{tag} id="x"/>')))


def test_forms_and_people_are_asked_for_only_when_the_forms_are_known() -> None:
    bare, lanes = around(TASK), '<laneSet><lane id="l"><flowNodeRef>t</flowNodeRef></lane></laneSet>'
    assert codes(bare) == set()
    assert codes(bare, forms=("answer",)) == {"form.missing", "task.nobody", "task.unmarked"}
    marked = '<userTask id="t" lianxin:role="answer" lianxin:form="{}" {}/>'
    assert codes(around(marked.format("answer", ""), lanes), forms=("answer",)) == set()
    assert codes(around(marked.format("other", 'lianxin:pool="x"')), forms=("answer",)) == {"form.unknown"}


def test_a_position_inside_an_expression() -> None:
    (finding,) = found(split(flow("g", "t", "urgent and\n  working_dais(1)"), flow("g", "e")))
    assert (finding.element, finding.line, finding.column) == ("g_t", 2, 3)
    assert "working_days" in finding.message


def test_empty_catalogues_mean_unchecked() -> None:
    assert found(service(argument("a", "anything(1)"), operation="any.thing"), functions=(), operations=()) == []


AGAIN = (flow("g", "t", "again"), flow("t", "g"))


def loop(content: str) -> bytes:
    """A subprocess that starts again whenever it is done."""
    return bpmn(START, GATE, f'<subProcess id="t">{content}</subProcess>', END, line("s", "g", "e"), *AGAIN)


CALLS_AGAIN = bpmn(START, GATE, '<callActivity id="t" calledElement="q"/>', END, line("s", "g", "e"), *AGAIN)
ERROR_END = '<startEvent id="s2"/><endEvent id="e2"><errorEventDefinition errorRef="er"/></endEvent>' + line("s2", "e2")
CAUGHT = '<boundaryEvent id="b" attachedToRef="t"><errorEventDefinition/></boundaryEvent>' + flow("b", "t")


@pytest.mark.parametrize(
    ("drawing", "endless"),
    [
        ({"a.bpmn": loop(INNER)}, False),
        ({"a.bpmn": loop('<startEvent id="s2"/><endEvent id="e2"/>' + line("s2", "e2"))}, True),
        (
            {
                "a.bpmn": bpmn(
                    START,
                    f'<subProcess id="t">{ERROR_END}</subProcess>',
                    END,
                    line("s", "t", "e"),
                    CAUGHT,
                    before='<error id="er" errorCode="x"/>',
                )
            },
            True,
        ),
        ({"a.bpmn": around(SERVICE, CAUGHT)}, True),
        ({"a.bpmn": around(f'<subProcess id="t">{INNER}</subProcess>', CAUGHT)}, False),
        (
            {
                "a.bpmn": around(
                    TASK,
                    CAUGHT.replace("<errorEventDefinition/>", '<signalEventDefinition signalRef="m"/>'),
                    before='<signal id="m" name="x"/>',
                )
            },
            False,
        ),
        ({"a.bpmn": CALLS_AGAIN, "b.bpmn": bpmn(START, SERVICE, END, line("s", "t", "e"), process="q")}, True),
        ({"a.bpmn": CALLS_AGAIN, "b.bpmn": bpmn(START, TASK, END, line("s", "t", "e"), process="q")}, False),
    ],
)
def test_rounds_without_a_wait_are_found_through_subprocesses_errors_and_calls(drawing: Any, endless: bool) -> None:
    assert {finding.code for finding in errors(found(drawing))} == ({"loop.no_wait"} if endless else set())


@pytest.mark.parametrize("sample", sorted(path.name for path in SAMPLES.glob("*.bpmn")))
def test_attack_diagrams_are_refused_quickly(sample: str) -> None:
    began = time.perf_counter()
    assert errors(found({sample: (SAMPLES / sample).read_bytes()}))
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    "row",
    [json.loads(row) for row in (SAMPLES / "timers.jsonl").read_text("utf-8").splitlines()],
    ids=lambda row: row["id"],
)
def test_attack_timers_are_refused(row: dict[str, str]) -> None:
    kind = {"date": "timeDate", "duration": "timeDuration", "cycle": "timeCycle"}[row["kind"]]
    assert any(code.startswith("timer.") for code in codes(timer(row["value"], kind)))


def test_four_hundred_nodes_are_checked_within_a_second() -> None:
    names = [f"t{number}" for number in range(390)]
    tasks = "".join(f'<userTask id="{name}"/>' for name in names)
    began = time.perf_counter()
    assert found(bpmn(START, tasks, END, line("s", *names, "e"))) == []
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    "more",
    [
        ('<intermediateThrowEvent id="x"><messageEventDefinition messageRef="m"/></intermediateThrowEvent>',),
        ('<sendTask id="x" lianxin:operation="case.close"/>',),
    ],
)
def test_a_wait_is_owned_by_whoever_sends(more: tuple[str, ...]) -> None:
    ways = '<parallelGateway id="g"/>' + line("s", "g") + line("g", "r") + line("g", "x", "e")
    drawing = bpmn(START, '<receiveTask id="r" messageRef="m"/>', END, ways, flow("r", "e"), *more, before=MESSAGE)
    assert ("wait.nobody" in codes(drawing)) is ("sendTask" in more[0])
    owned = receiving().replace(b'id="r"', b'id="r" lianxin:role="extension_consent"')
    assert "wait.nobody" not in codes(owned)


def test_lanes_need_people_when_they_are_known() -> None:
    lanes = '<laneSet><lane id="l" name="街道"><flowNodeRef>t</flowNodeRef></lane></laneSet>'
    assert codes(around(TASK, lanes)) == set()
    assert codes(around(TASK, lanes), people=("街道",)) == set()
    assert codes(around(TASK, lanes), people=("区",)) == {"lane.nobody"}
    assert codes(around('<userTask id="t" lianxin:pool="studio"/>', lanes), people=("studio",)) == set()
    assert codes(around('<userTask id="t" lianxin:pool="studio"/>', lanes), people=()) == {"pool.nobody"}
