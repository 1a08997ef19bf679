"""docs/bpmn.md against the code: every row of the table of elements is compiled, every bound and function read."""

import re
from pathlib import Path

import pytest

from engine.bpmn import (
    Refused,
    compile_package,
    evaluation,
    explore,
    grammar,
    guard,
    lint_flow,
    lint_package,
    lint_times,
    repeats,
    start,
    timers,
    values,
)
from engine.bpmn.expressions import BUILTINS
from engine.bpmn.model import Rules
from engine.catalogue import FUNCTIONS
from engine.packages.models import MigrationResult, StartSchedule
from engine.work.models import Deadline, History, Incident, Instance, Subscription, Task
from tests.engine.bpmn.diagrams import (
    TERMINATE,
    Desk,
    boundary,
    call,
    catch,
    document,
    end,
    error,
    flows,
    message,
    node,
    process,
    service,
    signal,
    subprocess,
    timer,
    user,
)
from tests.engine.bpmn.diagrams import start as begin
from tests.engine.bpmn.drawings import dmn
from tests.engine.bpmn.test_elements import INSIDE, count, escalation, loop, multi, repeated, triggered

PAGE = (Path(__file__).parents[3] / "docs" / "bpmn.md").read_text(encoding="utf-8")
DAY, CANCEL = timer("timeDuration", "P1D"), "<bpmn:cancelEventDefinition/>"


def line(*items: str) -> str:
    """Start → t → end, and more."""
    return process("p", begin(), *items, end(), flows("start t end"))


def gateway(kind: str, default: bool = True) -> str:
    attributes = {"default": "f_t__a"} if default else {}
    ways = flows("start t a j end", "t b j", **({"t__b": "x"} if default else {}))
    return process("p", begin(), node(kind, "t", **attributes), user("a"), user("b"),
                   node("exclusiveGateway" if default else kind, "j"), end(), ways)  # fmt: skip


def thrown(body: str, **extra: str) -> str:
    return line(node("intermediateThrowEvent", "t", body, **extra))


def at_edge(body: str, kind: str = "userTask") -> str:
    inside = {"userTask": "", "subProcess": INSIDE, "transaction": INSIDE}[kind]
    return process(
        "p", begin(), node(kind, "h", inside), boundary("t", "h", body), end(), flows("start h end", "t end")
    )


def at_end(body: str) -> str:
    return process("p", begin(), node("endEvent", "t", body), flows("start t"))


def started(body: str) -> str:
    return process("p", node("startEvent", "t", body), user("a"), end(), flows("t a end"))


CANCELLED = process(
    "p", begin(), node("transaction", "h", begin("s") + user("a") + node("endEvent", "t", CANCEL) + flows("s a t")),
    boundary("b", "h", CANCEL), end(), flows("start h end", "b end"),
)  # fmt: skip
EVENTS = process("p", begin(), node("eventBasedGateway", "t"), catch("a", DAY), catch("b", timer("timeDate", "2027-01-01")),
                 end(), flows("start t a end", "t b end"))  # fmt: skip
SCRIPT = node("scriptTask", "t", "<bpmn:script>x = 1</bpmn:script>", scriptFormat="lianxin")
ASSIGNING = (
    '<bpmn:dataInputAssociation id="t"><bpmn:sourceRef>d</bpmn:sourceRef><bpmn:assignment id="as">'
    "<bpmn:from>x</bpmn:from></bpmn:assignment></bpmn:dataInputAssociation>"
)
SEVERAL = process("p", begin(), node("startEvent", "t", DAY), user("a"), end(), flows("start a end", "t a"))
LANE = '<bpmn:laneSet id="ls"><bpmn:lane id="l" name="街道"><bpmn:flowNodeRef>t</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>'
CALLED = process("q", begin("qs"), user("qa"), end("qe"), flows("qs qa qe"))
STORE = '<bpmn:dataStoreReference id="store"/>'
LINKS = process(
    "p", begin(), node("intermediateThrowEvent", "t", '<bpmn:linkEventDefinition name="x"/>'),
    node("intermediateCatchEvent", "c", '<bpmn:linkEventDefinition name="x"/>'), end(), flows("start t", "c end"),
)  # fmt: skip

# row of the table: the diagrams that show it
ROWS: dict[str, tuple[str, ...]] = {
    "user task, manual task, task": tuple(line(node(kind, "t")) for kind in ("userTask", "manualTask", "task")),
    "service task": (line(service("t", "x.y")),),
    "send task": (line(node("sendTask", "t", x_operation="x.y")),),
    "service task without operation": (line(node("serviceTask", "t")),),
    "script task": (line(SCRIPT),),
    "script task in another language": (line(SCRIPT.replace('"lianxin"', '"python"')),),
    "business rule task": (line(node("businessRuleTask", "t", x_decision="d")),),
    "receive task": (line(node("receiveTask", "t", messageRef="message_m")),),
    "receive task that starts instances": (line(node("receiveTask", "t", messageRef="message_m", instantiate="true")),),
    "exclusive gateway": (gateway("exclusiveGateway"),),
    "inclusive gateway": (gateway("inclusiveGateway"),),
    "parallel gateway": (gateway("parallelGateway", False),),
    "event-based gateway": (EVENTS,),
    "complex gateway": (gateway("complexGateway", False),),
    "conditional flows leaving a task": (gateway("userTask"),),
    "several flows leaving a task": (process("p", begin(), user("t"), user("a"), user("b"), end(),
                                             flows("start t a end", "t b end")),),
    "plain start event": (started(""),),
    "timer start event": (started(timer("timeCycle", "R/P1D")),),
    "message start event, signal start event": (started(message("m")), started(signal("s"))),
    "several start events": (SEVERAL,),
    "no start event, no end event": (process("p", user("t"), user("a"), flows("t a")),),
    "timer catch event": tuple(
        line(catch("t", timer(kind, text)))
        for kind, text in (("timeDate", "2027-01-01"), ("timeDuration", "P1D"), ("timeCycle", "R3/P1D"))
    ),
    "message catch event, signal catch event": (line(catch("t", message("m"))), line(catch("t", signal("s")))),
    "conditional event": tuple(
        make("<bpmn:conditionalEventDefinition/>") for make in (lambda b: line(catch("t", b)), at_edge, started)
    ),
    "message throw event, signal throw event": (thrown(message("m")), thrown(signal("s"))),
    "escalation throw event": (thrown(escalation("up")),),
    "link event": (LINKS,),
    "compensation event": tuple(make("<bpmn:compensateEventDefinition/>") for make in (thrown, at_edge, at_end)),
    "compensation activity": (line(node("task", "t", isForCompensation="true")),),
    "several triggers on one event": (line(catch("t", message("m") + DAY)), at_edge(message("m") + DAY)),
    "timer boundary event": (at_edge(DAY), at_edge(timer("timeCycle", "R/P1D"), "subProcess")),
    "message boundary event, signal boundary event": (at_edge(message("m")), at_edge(signal("s"))),
    "error boundary event": (at_edge(error("bad")), at_edge(error(), "subProcess")),
    "escalation boundary event": (at_edge(escalation("up"), "subProcess"),),
    "cancel boundary event": (at_edge(CANCEL, "transaction"),),
    "plain end event, message end event, signal end event": (at_end(""), at_end(message("m")), at_end(signal("s"))),
    "terminate end event": (at_end(TERMINATE),),
    "error end event": (process(
        "p", begin(), subprocess("h", begin("s") + user("a") + node("endEvent", "t", error("bad")) + flows("s a t")),
        boundary("b", "h", error("bad")), end(), flows("start h end", "b end"),
    ),),
    "escalation end event": (at_end(escalation("up")),),
    "cancel end event": (CANCELLED,),
    "subprocess": (line(subprocess("t", INSIDE)),),
    "event subprocess": tuple(
        line(user("t"), triggered(body, interrupting))
        for body in (DAY, message("m"), signal("s"), error("bad"), escalation("up")) for interrupting in (True, False)
    ),
    "transaction": (line(node("transaction", "t", INSIDE)),),
    "ad-hoc subprocess": (line(node("adHocSubProcess", "t", INSIDE)),),
    "call activity": (line(call("t", "q")) + CALLED,),
    "call activity of an unknown process": (line(call("t", "nowhere")),),
    "multi-instance by number": (line(repeated(multi(count("3")))), line(repeated(multi(count("3"), True)))),
    "multi-instance by list": (line(repeated(multi("", collection="[1, 2]"))),),
    "multi-instance without number or list": (line(repeated(multi(""))),),
    "loop": (line(repeated(loop("x", "3"))),),
    "loop without condition or maximum": (line(repeated(loop())),),
    "data object": (line(user("t"), '<bpmn:dataObject id="d"/><bpmn:dataObjectReference id="r" dataObjectRef="d"/>'),),
    "data store": (line(user("t"), STORE),),
    "data association with assignment": (line(node("userTask", "t", ASSIGNING.replace('id="t"', 'id="da"'))),),
    "lane": (line(LANE, user("t")),),
    "global task": ('<bpmn:globalTask id="t"/>' + line(user("a")).replace('"t"', '"a"'),),
}  # fmt: skip
SAID = dict(re.findall(r"^\| ([^|]+?) \| (works|refused) \|", PAGE, re.MULTILINE))


def test_every_row_has_its_diagrams() -> None:
    assert list(SAID) == list(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_the_row_is_true(row: str) -> None:
    escalated = '<bpmn:escalation id="escalation_up" name="up" escalationCode="up"/>'
    for drawing in ROWS[row]:
        data = document(drawing, messages="m", signals="s", errors="bad").replace(
            b"<bpmn:process", escalated.encode() + b"<bpmn:process", 1
        )
        files = {"a.bpmn": data, "d.dmn": dmn('"a"|"b"')}
        if SAID[row] == "works":
            run = start(compile_package(files), "p", {"x": True, "tier": "a"}, Desk())
            assert run.dump()
            continue
        with pytest.raises(Refused) as refused:
            compile_package(files)
        faults = [finding for finding in refused.value.findings if finding.severity == "error"]
        assert {finding.element for finding in faults} & {"t", "da", "as"}, faults


def test_the_functions_are_all_listed() -> None:
    built_in, house = (
        re.search(rf"{words}: ((?:`\w+`\s*)+)", PAGE) for words in ("Built-in functions", "Functions of the house")
    )
    assert built_in
    assert house
    assert re.findall(r"\w+", built_in[1]) == sorted(BUILTINS)
    assert re.findall(r"\w+", house[1]) == sorted(FUNCTIONS)


def test_the_bounds_are_those_of_the_code() -> None:
    said = {name: int(value) for name, value in re.findall(r"^\| ([^|]+?) \| (\d+) \|$", PAGE, re.MULTILINE)}
    assert said == {
        "bytes of a file": guard.MAX_BYTES,
        "depth of a file": guard.MAX_DEPTH,
        "XML elements of a file": guard.MAX_ELEMENTS,
        "elements of a diagram": guard.MAX_NODES,
        "flows leaving one element": guard.MAX_FAN_OUT,
        "characters of an element's id": lint_flow.LONGEST_ID,
        "characters of an element's name": lint_flow.LONGEST_NAME,
        "characters of a process's id": lint_flow.LONGEST_PROCESS_ID,
        "characters of a message's or signal's name": lint_flow.LONGEST_MESSAGE,
        "rules of a decision table": guard.MAX_RULES,
        "calls into each other": lint_package.MAX_CALL_DEPTH,
        "instances of a repeated activity": repeats.MAX_INSTANCES,
        "shortest period of a timer, in seconds": timers.MIN_PERIOD.total_seconds(),
        "longest wait of a timer, in days": lint_times.MAX_WAIT.days,
        "repeats of a timer": lint_times.MAX_REPEATS,
        "steps of one act": Rules().max_steps,
        "characters of an expression": grammar.MAX_SOURCE,
        "nodes of an expression": grammar.MAX_NODES,
        "depth of an expression": grammar.MAX_DEPTH,
        "steps of one evaluation": evaluation.MAX_STEPS,
        "characters of a text": values.MAX_TEXT,
        "items of a list": values.MAX_ITEMS,
        "states explored in one scope": explore.STATES,
        "tokens explored on one element": explore.TOKENS,
    }


def test_what_a_diagram_may_name_has_room_in_every_row() -> None:
    """A database that counts characters refuses a longer one, in the middle of somebody's act."""
    room = {
        "element_id": lint_flow.LONGEST_ID, "name": lint_flow.LONGEST_NAME, "element_name": lint_flow.LONGEST_NAME,
        "process_id": lint_flow.LONGEST_PROCESS_ID, "message": lint_flow.LONGEST_MESSAGE,
    }  # fmt: skip
    kept = [
        (model.__name__, name, model.__table__.c[name].type.length, most)
        for model in (Instance, Task, Deadline, Subscription, History, Incident, StartSchedule, MigrationResult)
        for name, most in room.items()
        if name in model.__table__.c
    ]
    assert len(kept) > 15
    assert [row for row in kept if row[2] is not None and row[2] < row[3]] == []
