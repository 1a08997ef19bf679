"""Every kind of element, once: it works, stored and read again between any two acts, or it is refused by name."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any

import pytest

from engine.bpmn import BadValue, BpmnError, NoWay, Package, Refused, Run, compile_package, next_start, restore, start
from tests.engine.bpmn.diagrams import (
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
    package,
    process,
    service,
    signal,
    subprocess,
    timer,
    user,
)
from tests.engine.bpmn.diagrams import start as begin


class Life:
    """One instance, stored and read again before every act."""

    def __init__(self, made: Package, data: dict[str, Any] | None = None, desk: Desk | None = None, **how: Any) -> None:
        self.made, self.desk, self.history = made, desk or Desk(), []
        self.keep(start(made, "p", data or {}, self.desk, **how))

    def keep(self, run: Run) -> None:
        self.history += [(step.element_id, step.what) for step in run.trace()]
        self.blob = run.dump()
        assert restore(self.made, self.blob, self.desk).dump() == self.blob

    @property
    def run(self) -> Run:
        return restore(self.made, self.blob, self.desk)

    def act(self, what: Callable[[Run], Any]) -> "Life":
        run = self.run
        what(run)
        self.keep(run)
        return self

    def do(self, element: str, **data: Any) -> "Life":
        token = next(task.token for task in self.run.tasks() if task.element_id == element)
        return self.act(lambda run: run.complete(token, data))

    def fire(self, element: str) -> "Life":
        waiting = next(timer for timer in self.run.timers() if timer.element_id == element)
        self.desk.time = max(self.desk.time, waiting.due_at)
        return self.act(lambda run: run.fire(waiting.token))

    def send(self, name: str, **payload: Any) -> "Life":
        return self.act(lambda run: run.send(name, payload))

    def open(self) -> list[str]:
        return sorted(task.element_id for task in self.run.tasks())

    def done(self, element: str) -> int:
        return self.history.count((element, "completed"))


def escalation(code: str = "") -> str:
    reference = f' escalationRef="escalation_{code}"' if code else ""
    return f"<bpmn:escalationEventDefinition{reference}/>"


def made(*processes: str, escalations: str = "", **defined: str) -> Package:
    found = "".join(
        f'<bpmn:escalation id="escalation_{code}" name="{code}" escalationCode="{code}"/>'
        for code in escalations.split()
    )
    data = document(*processes, **defined).replace(b"<bpmn:process", found.encode() + b"<bpmn:process", 1)
    return compile_package({"a.bpmn": data})


def one(step: str, *more: str, **defined: str) -> Package:
    """Start → the step `t` → `after` → end, and more."""
    return made(process("p", begin(), step, user("after"), end(), *more, flows("start t after end")), **defined)


def repeated(marker: str, kind: str = "userTask", body: str = "", **attributes: Any) -> str:
    return node(kind, "t", body + marker, name="t", **attributes)


def multi(body: str, sequential: bool = False, **attributes: str) -> str:
    written = "".join(f' lianxin:{name}="{value}"' for name, value in attributes.items())
    flag = str(sequential).lower()
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{flag}"{written}>{body}'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )


def count(text: str) -> str:
    return f"<bpmn:loopCardinality>{text}</bpmn:loopCardinality>"


def until(text: str) -> str:
    return f"<bpmn:completionCondition>{text}</bpmn:completionCondition>"


def loop(condition: str = "", maximum: str = "", before: bool = False) -> str:
    limit = f' loopMaximum="{maximum}"' if maximum else ""
    body = f"<bpmn:loopCondition>{condition}</bpmn:loopCondition>" if condition else ""
    flag = str(before).lower()
    return f'<bpmn:standardLoopCharacteristics testBefore="{flag}"{limit}>{body}</bpmn:standardLoopCharacteristics>'


# ------------------------------------------------------------------------------------------------ multi-instance

INSIDE = begin("s") + user("inside") + end("e") + flows("s inside e")
CALLED = process("called", begin("cs"), user("inside"), end("ce"), flows("cs inside ce"))
REPEATED = {
    "userTask": ("t", repeated),
    "manualTask": ("t", lambda marker: repeated(marker, "manualTask")),
    "subProcess": ("inside", lambda marker: repeated(marker, "subProcess", INSIDE)),
    "transaction": ("inside", lambda marker: repeated(marker, "transaction", INSIDE)),
    "callActivity": ("inside", lambda marker: repeated(marker, "callActivity", calledElement="called")),
}


@pytest.mark.parametrize("kind", REPEATED)
@pytest.mark.parametrize("sequential", [True, False])
def test_every_activity_may_have_several_instances(kind: str, sequential: bool) -> None:
    element, step = REPEATED[kind]
    package = made(
        process("p", begin(), step(multi(count("3"), sequential)), user("after"), end(), flows("start t after end")),
        *([CALLED] if kind == "callActivity" else []),
    )
    life = Life(package)
    for left in (3, 2, 1):
        assert life.open() == [element] * (1 if sequential else left)
        life.do(element)
    assert life.open() == ["after"]
    assert life.done("t") == 3, "each instance is told, the frame is not"
    assert "loopCounter" not in life.run.tasks()[0].data


def test_the_path_of_an_instance_does_not_name_the_frame() -> None:
    life = Life(one(repeated(multi(count("2")), "subProcess", INSIDE)))
    assert {task.path for task in life.run.tasks()} == {(("p", "t"),)}
    assert {task.path for task in Life(one(repeated(multi(count("2"))))).run.tasks()} == {()}


@pytest.mark.parametrize("sequential", [True, False])
def test_a_collection_gives_every_instance_its_element_and_collects_the_results(sequential: bool) -> None:
    marker = multi("", sequential, collection="units", item="unit", result="answer", results="answers")
    life = Life(one(repeated(marker)), {"units": ["A", "B", "C"], "unit": "outer", "answer": 0})
    order = [2, 0, 1] if not sequential else [0, 1, 2]
    for element in order:
        task = next(task for task in life.run.tasks() if task.data["unit"] == "ABC"[element])
        assert task.data["loopCounter"] == element + 1
        life.act(lambda run, token=task.token, n=element: run.complete(token, {"answer": n * 10, f"seen{n}": True}))
    (after,) = life.run.tasks()
    assert after.data == {
        "units": ["A", "B", "C"], "unit": "outer", "answer": 0, "answers": [0, 10, 20],
        "seen0": True, "seen1": True, "seen2": True,
    }  # fmt: skip


def test_the_standards_own_elements_name_the_collection_too() -> None:
    marker = multi(
        "<bpmn:loopDataInputRef>units</bpmn:loopDataInputRef><bpmn:loopDataOutputRef>answers</bpmn:loopDataOutputRef>"
        '<bpmn:inputDataItem id="unit"/><bpmn:outputDataItem id="answer" name="the answer"/>'
    )
    life = Life(one(repeated(marker)), {"units": ["A", "B"]})
    for task in life.run.tasks():
        life.act(lambda run, task=task: run.complete(task.token, {"answer": task.data["unit"].lower()}))
    assert life.run.tasks()[0].data["answers"] == ["a", "b"]


@pytest.mark.parametrize("sequential", [True, False])
def test_the_completion_condition_withdraws_the_rest(sequential: bool) -> None:
    marker = multi(count("4") + until("numberOfCompletedInstances == 2 or refused"), sequential)
    life = Life(one(repeated(marker)), {"refused": False})
    life.do("t").do("t")
    assert life.open() == ["after"]
    assert life.history.count(("t", "cancelled")) == (0 if sequential else 2)
    assert Life(one(repeated(marker)), {"refused": False}).do("t", refused=True).open() == ["after"]


@pytest.mark.parametrize(("text", "data"), [("0", {}), ("len(units)", {"units": []})])
def test_no_instance_at_all_goes_straight_on(text: str, data: dict[str, Any]) -> None:
    assert Life(one(repeated(multi(count(text if text != "0" else "zero")))), {"zero": 0} | data).open() == ["after"]


@pytest.mark.parametrize("value", [201, -1, 2.0, True, "3", None])
def test_a_wrong_number_of_instances_is_refused(value: Any) -> None:
    with pytest.raises(BadValue, match="t"):
        Life(one(repeated(multi(count("n")))), {"n": value})


@pytest.mark.parametrize("value", [[0] * 201, "abc", {"a": 1}, None])
def test_a_wrong_collection_is_refused(value: Any) -> None:
    with pytest.raises(BadValue, match="t"):
        Life(one(repeated(multi("", collection="n"))), {"n": value})


def test_two_hundred_instances_stay_small_and_quick() -> None:
    life = Life(one(repeated(multi("", collection="units", result="x", results="xs"))), {"units": list(range(200))})
    assert len(life.run.tasks()) == 200
    assert len(life.blob) < 100_000
    run = life.run
    for task in run.tasks():
        run.complete(task.token, {"x": 1})
    assert run.tasks()[0].data["xs"] == [1] * 200


@pytest.mark.parametrize("interrupting", [True, False])
@pytest.mark.parametrize("sequential", [True, False])
def test_a_boundary_event_sits_on_all_instances(interrupting: bool, sequential: bool) -> None:
    package = one(
        repeated(multi(count("3"), sequential)),
        boundary("b", "t", timer("timeDuration", "P1D"), interrupting), user("late"), flows("b late"),
    )  # fmt: skip
    life = Life(package).do("t").fire("b")
    assert len(life.run.timers()) == 0
    assert life.open() == (["late"] if interrupting else [*(["late"]), *["t"] * (1 if sequential else 2)])


def test_an_error_of_one_instance_withdraws_all() -> None:
    fails = begin("s") + user("inside") + node("endEvent", "e", error("bad")) + flows("s inside e")
    package = one(
        repeated(multi(count("3")), "subProcess", fails),
        boundary("b", "t", error("bad")), user("repair"), flows("b repair"), errors="bad",
    )  # fmt: skip
    assert Life(package).do("inside").open() == ["repair"]


def test_instances_inside_instances() -> None:
    inner = begin("s") + node("userTask", "u", multi("", collection="row", item="cell")) + end("e") + flows("s u e")
    life = Life(one(repeated(multi("", collection="rows", item="row"), "subProcess", inner)), {"rows": [[1, 2], [3]]})
    assert sorted(task.data["cell"] for task in life.run.tasks()) == [1, 2, 3]
    for _ in range(3):
        life.do("u")
    assert life.run.tasks()[0].data == {"rows": [[1, 2], [3]]}


def test_services_scripts_and_receive_tasks_repeat() -> None:
    marker = multi(count("3"), sequential=True)
    script = node("scriptTask", "t", marker + "<bpmn:script>n = n + loopCounter</bpmn:script>", scriptFormat="lianxin")
    assert Life(one(script), {"n": 0}).run.tasks()[0].data == {"n": 6}
    life = Life(one(node("serviceTask", "t", marker, x_operation="x.y")))
    assert len(life.desk.calls) == 3
    life = Life(one(node("receiveTask", "t", multi(count("2")), messageRef="message_m"), messages="m"))
    assert len(life.run.subscriptions()) == 2
    assert life.send("m").open() == ["after"]


# ------------------------------------------------------------------------------------------------ standard loop


def test_a_loop_runs_while_its_condition_holds() -> None:
    life = Life(one(repeated(loop("more", "9"))), {"more": True})
    life.do("t").do("t", more=False)
    assert life.open() == ["after"]
    assert life.done("t") == 2


def test_a_loop_may_ask_first() -> None:
    assert Life(one(repeated(loop("more", "9", before=True))), {"more": False}).open() == ["after"]
    assert Life(one(repeated(loop("more", "9"))), {"more": False}).open() == ["t"]


def test_a_loop_stops_at_its_maximum() -> None:
    life = Life(one(repeated(loop("true", "3"))))
    for number in (1, 2, 3):
        assert life.run.tasks()[0].data["loopCounter"] == number
        life.do("t")
    assert life.open() == ["after"]


# ------------------------------------------------------------------------------------------------ event subprocesses


def triggered(body: str, interrupting: bool = True, name: str = "x") -> str:
    first = node("startEvent", f"{name}_s", body, isInterrupting=str(interrupting).lower())
    inside = first + user(f"{name}_u") + end(f"{name}_e") + flows(f"{name}_s {name}_u {name}_e")
    return node("subProcess", name, inside, triggeredByEvent="true")


BODIES = {"message": message("m"), "signal": signal("s"), "timer": timer("timeDuration", "P1D")}


def happen(life: Life, kind: str) -> Life:
    return life.fire("x_s") if kind == "timer" else life.send(kind[0], why=kind)


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("interrupting", [True, False])
@pytest.mark.parametrize("level", ["process", "subprocess", "call"])
def test_event_subprocesses(kind: str, interrupting: bool, level: str) -> None:
    inside = (user("a"), user("b"), triggered(BODIES[kind], interrupting))
    inner = process("q", begin("qs"), *inside, end("qe"), flows("qs a b qe"))
    processes = {
        "process": (process("p", begin(), *inside, user("after"), end(), flows("start a b after end")),),
        "subprocess": (
            process(
                "p",
                begin(),
                subprocess("t", begin("qs"), *inside, end("qe"), flows("qs a b qe")),
                user("after"),
                end(),
                flows("start t after end"),
            ),
        ),
        "call": (process("p", begin(), call("t", "q"), user("after"), end(), flows("start t after end")), inner),
    }[level]
    package = made(*processes, messages="m", signals="s")
    life = Life(package).do("a", seen="a")
    assert len(life.run.timers()) + len(life.run.subscriptions()) == 1
    happen(life, kind)
    assert life.open() == (["x_u"] if interrupting else ["b", "x_u"])
    started = next(task for task in life.run.tasks() if task.element_id == "x_u")
    assert started.data["seen"] == "a", "it sees what the scope knows by now"
    if not interrupting:
        life.do("b")
        if level != "process":
            assert life.open() == ["x_u"], "the scope ends with its last token"
    life.do("x_u", last=True)
    if level == "process":
        assert life.open() == ([] if interrupting else ["after"])
    else:
        assert life.open() == ["after"]
        assert life.run.tasks()[0].data["last"] is True
    for task in life.run.tasks():
        life.do(task.element_id)
    assert life.run.ended
    assert life.run.timers() == []
    assert life.run.subscriptions() == []


def test_an_untriggered_event_subprocess_holds_nothing_up() -> None:
    life = Life(one(user("t"), triggered(timer("timeDuration", "P1D")))).do("t").do("after")
    assert life.run.ended
    assert life.run.timers() == []


def test_a_message_may_start_an_event_subprocess_many_times() -> None:
    life = Life(one(user("t"), triggered(message("m"), False), messages="m"))
    life.send("m").send("m").send("m")
    assert life.open() == ["t", "x_u", "x_u", "x_u"]


def test_a_cycle_starts_an_event_subprocess_again_and_again() -> None:
    life = Life(one(user("t"), triggered(timer("timeCycle", "R2/P1D"), False)))
    life.fire("x_s").fire("x_s")
    assert life.open() == ["t", "x_u", "x_u"]
    assert life.run.timers() == []


@pytest.mark.parametrize(("thrown", "caught"), [("bad", "bad"), ("bad", ""), ("worse", "")])
def test_an_error_starts_an_event_subprocess(thrown: str, caught: str) -> None:
    inside = user("t"), user("aside"), service("s", "x.y"), triggered(error(caught))
    package = made(process("p", begin(), *inside, end(), flows("start t s end", "start aside end")), errors="bad worse")
    life = Life(package)
    life.desk.answers["x.y"] = thrown
    life.do("t", why="wrong")
    assert life.open() == ["x_u"]
    assert life.run.tasks()[0].data == {"why": "wrong", "error_code": thrown}
    assert life.do("x_u").run.ended


def test_an_error_inside_its_own_event_subprocess_goes_outward() -> None:
    first = node("startEvent", "x_s", error())
    handler = node("subProcess", "x", first + service("again", "x.y") + end("x_e") + flows("x_s again x_e"),
                   triggeredByEvent="true")  # fmt: skip
    life = Life(made(process("p", begin(), user("t"), service("s", "x.y"), end(), handler, flows("start t s end"))))
    life.desk.answers["x.y"] = "bad"
    with pytest.raises(BpmnError):
        life.do("t")


def test_a_timer_of_an_event_subprocess_is_asked_again_with_the_scopes_data() -> None:
    package = one(user("t"), triggered(timer("timeDate", "days(day(since), limit)"), False))
    life = Life(package, {"since": "2026-11-23", "limit": 10}).do("t", limit=30)
    changes: list[Any] = []
    life.act(lambda run: changes.extend(run.recompute()))
    assert [(change.new - change.old).days for change in changes] == [20]


# ------------------------------------------------------------------------------------------------ escalation, transaction


@pytest.mark.parametrize("interrupting", [True, False])
@pytest.mark.parametrize(("thrown", "caught"), [("up", "up"), ("up", ""), ("up", "other")])
@pytest.mark.parametrize("at_end", [True, False])
def test_escalations(interrupting: bool, thrown: str, caught: str, at_end: bool) -> None:
    if at_end:
        inside = begin("s") + user("a") + node("endEvent", "up", escalation(thrown)) + flows("s a up")
    else:
        inside = begin("s") + user("a") + node("intermediateThrowEvent", "up", escalation(thrown)) + user("b")
        inside += end("e") + flows("s a up b e")
    package = one(
        node("subProcess", "t", inside), boundary("x", "t", escalation(caught), interrupting), user("above"),
        flows("x above"), escalations="up other",
    )  # fmt: skip
    life = Life(package).do("a", mark=1)
    rest = ["after"] if at_end else ["b"]
    if caught == "other":
        assert life.open() == rest, "nobody listens: nothing happens"
    else:
        assert life.open() == (["above"] if interrupting else sorted(["above", *rest]))
        above = next(task for task in life.run.tasks() if task.element_id == "above")
        assert above.data == {"mark": 1, "escalation_code": "up"}


@pytest.mark.parametrize("interrupting", [True, False])
def test_an_escalation_starts_an_event_subprocess(interrupting: bool) -> None:
    thrower = node("intermediateThrowEvent", "up", escalation("up"))
    package = made(
        process("p", begin(), user("t"), thrower, user("after"), end(), triggered(escalation("up"), interrupting),
                flows("start t up after end")),
        escalations="up",
    )  # fmt: skip
    assert Life(package).do("t").open() == (["x_u"] if interrupting else ["after", "x_u"])


def test_an_escalation_leaves_a_called_process() -> None:
    inner = process("q", begin("qs"), user("a"), node("endEvent", "up", escalation("up")), flows("qs a up"))
    outer = process("p", begin(), call("t", "q"), boundary("x", "t", escalation(), False), user("above"), end(),
                    flows("start t end", "x above"))  # fmt: skip
    assert Life(made(outer, inner, escalations="up")).do("a").open() == ["above"]


def test_a_transaction_is_cancelled_as_a_whole() -> None:
    cancel = "<bpmn:cancelEventDefinition/>"
    inside = (
        begin("s") + node("parallelGateway", "g") + user("a") + user("b") + node("endEvent", "c", cancel) + end("e")
        + flows("s g a c", "g b e")
    )  # fmt: skip
    package = one(node("transaction", "t", inside), boundary("x", "t", cancel), user("undo"), flows("x undo"))
    life = Life(package).do("a", why="no")
    assert life.open() == ["undo"]
    assert life.run.tasks()[0].data == {"why": "no"}
    assert ("b", "cancelled") in life.history
    assert Life(package).do("b").do("a").open() == ["undo"]


# ------------------------------------------------------------------------------------------------ flows, starts, gateways


def test_conditional_flows_leave_a_task() -> None:
    package = made(
        process(
            "p", begin(), user("t", default="f_t__d"), user("a"), user("b"), user("c"), user("d"), end(),
            flows("start t a end", "t b end", "t c end", "t d end", t__a="x > 1", t__b="x > 2"),
        )
    )  # fmt: skip
    assert Life(package).do("t", x=0).open() == ["c", "d"]
    assert Life(package).do("t", x=2).open() == ["a", "c"]
    assert Life(package).do("t", x=3).open() == ["a", "b", "c"]


def test_conditional_flows_leave_a_message_and_a_boundary_event() -> None:
    package = made(
        process(
            "p", begin(), node("intermediateCatchEvent", "m", message("m"), default="f_m__b"), user("a"), user("b"),
            end(), flows("start m a end", "m b end", m__a="yes"),
        ),
        messages="m",
    )  # fmt: skip
    assert Life(package).send("m", yes=True).open() == ["a"]
    assert Life(package).send("m", yes=False).open() == ["b"]


def test_starts_are_known_to_a_schedule_and_can_be_named() -> None:
    package = made(
        process(
            "p", begin(), node("startEvent", "daily", timer("timeCycle", "R/P1D")),
            node("startEvent", "told", message("m")), node("startEvent", "heard", signal("s")),
            user("a"), user("b"), end(), flows("start a end", "daily b end", "told b", "heard b"),
        ),
        messages="m",
        signals="s",
    )  # fmt: skip
    starts = {event.id: (event.event, event.event_name, event.timer_kind) for event in package.start_events("p")}
    assert starts == {
        "start": (None, "", ""), "daily": ("timer", "", "timeCycle"), "told": ("message", "m", ""),
        "heard": ("signal", "s", ""),
    }  # fmt: skip
    assert Life(package).open() == ["a"]
    for name in ("daily", "told", "heard"):
        assert Life(package, {"x": 1}, start_event=name).open() == ["b"]
    with pytest.raises(KeyError):
        Life(package, start_event="a")
    desk = Desk()
    first = next_start(package, "p", "daily", desk)
    assert first is not None
    assert first["due"] == datetime(2026, 11, 24, 1, tzinfo=UTC)
    desk.time = first["due"] + timedelta(days=2, hours=1)
    following = next_start(package, "p", "daily", desk, first)
    assert following is not None
    assert following["due"] == datetime(2026, 11, 27, 1, tzinfo=UTC), "missed ones are skipped"
    with pytest.raises(KeyError):
        next_start(package, "p", "told", desk)


def test_missing_starts_and_ends_are_implicit() -> None:
    package = made(process("p", user("a"), user("b"), user("c"), flows("a c")))
    life = Life(package)
    assert life.open() == ["a", "b"]
    assert life.do("a").do("b").do("c").run.ended


def test_two_timers_on_one_event_gateway_have_their_own_due_times() -> None:
    package = made(
        process(
            "p", begin(), node("eventBasedGateway", "g"), catch("soon", timer("timeDuration", "P1D")),
            catch("late", timer("timeDuration", "P9D")), user("a"), user("b"), end(),
            flows("start g soon a end", "g late b end"),
        )
    )  # fmt: skip
    life = Life(package)
    assert {t.element_id: (t.due_at - life.desk.time).days for t in life.run.timers()} == {"soon": 1, "late": 9}
    assert Life(package).fire("late").open() == ["b"]
    assert life.fire("soon").open() == ["a"]
    assert life.run.timers() == []


def test_data_objects_and_stores_are_drawn_and_do_not_disturb() -> None:
    drawn = '<bpmn:dataObject id="d"/><bpmn:dataObjectReference id="dr" dataObjectRef="d"/>'
    inside = begin("s") + drawn.replace('"d', '"dd') + user("inside") + end("e") + flows("s inside e")
    life = Life(one(subprocess("t", inside), drawn, '<bpmn:dataStoreReference id="store"/>'), {"d": 1})
    assert life.do("inside", d=2).run.tasks()[0].data == {"d": 2}


REFUSED = {
    "complexGateway": '<bpmn:complexGateway id="t"/>',
    "adHocSubProcess": node("adHocSubProcess", "t", INSIDE),
    "compensation": '<bpmn:task id="t" isForCompensation="true"/>',
    "event": node("intermediateThrowEvent", "t", "<bpmn:compensateEventDefinition/>"),
    "conditional": node("intermediateCatchEvent", "t", "<bpmn:conditionalEventDefinition/>"),
    "parallelMultiple": node("intermediateCatchEvent", "t", message("m") + signal("s"), parallelMultiple="true"),
    "instantiate": node("receiveTask", "t", instantiate="true", messageRef="message_m"),
    "python": node("scriptTask", "t", "<bpmn:script>import os</bpmn:script>", scriptFormat="python"),
    "service": node("serviceTask", "t"),
    "rule": node("businessRuleTask", "t"),
    "call": node("callActivity", "t", calledElement="nowhere"),
    "endless": repeated(loop()),
    "uncounted": repeated(multi("")),
    "too many": repeated(multi(count("201"))),
    "too fast": node("intermediateCatchEvent", "t", timer("timeCycle", "R/PT1S")),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_executed_is_refused_by_name(kind: str) -> None:
    with pytest.raises(Refused) as refused:
        one(REFUSED[kind], messages="m", signals="s")
    faults = [finding for finding in refused.value.findings if finding.severity == "error"]
    assert "t" in {finding.element for finding in faults}
    assert all(finding.message.endswith("。") and finding.message_en for finding in faults)


def test_package_helper_is_the_plain_one() -> None:
    assert package(process("p", begin(), user("t"), end(), flows("start t end"))).processes == ("p",)


def test_ten_thousand_passes_weigh_and_cost_the_same() -> None:
    """A loop with a boundary timer and another token waiting elsewhere: the library's own dies at pass 247."""
    package = made(
        process(
            "p", begin(), node("parallelGateway", "g"), user("aside"), node("exclusiveGateway", "m"), user("t"),
            boundary("b", "t", timer("timeDuration", "P1D"), False), user("late"), triggered(message("m"), False),
            node("exclusiveGateway", "w", default="f_w__m"), end(),
            flows("start g m t w m", "g aside end", "b late end", "w end", w__end="done"),
        ),
        messages="m",
    )  # fmt: skip
    desk, form = Desk(), {f"field{number}": "社情民意" * 5 for number in range(20)}
    blob = start(package, "p", form, desk).dump()
    sizes, times = [], []
    for number in range(10_000):
        begun = perf_counter()
        run = restore(package, blob, desk)
        task = next(task for task in run.tasks() if task.element_id == "t")
        run.complete(task.token, {"done": False, "count": number})
        blob = run.dump()
        times.append(perf_counter() - begun)
        sizes.append(len(blob))
    assert max(sizes) < 10_000
    assert sizes[-1] - sizes[0] < 200, "only the numbers grow"
    assert median(times[-500:]) < 2 * median(times[:500])


# ------------------------------------------------------------------------------------------------ drafts


def test_a_draft_asks_a_person_at_a_gateway_without_conditions() -> None:
    drawn = process(
        "p",
        begin(),
        node("exclusiveGateway", "g"),
        user("a"),
        user("b"),
        node("serviceTask", "s"),
        node("callActivity", "c", calledElement="x:nowhere"),
        end(),
        flows("start g a end", "g b s c end").replace('id="f_g__b"', 'id="f_g__b" name="同意"'),
    )
    package = compile_package({"a.bpmn": document(drawn)}, draft=True)
    assert Life(package).open() == ["g"]
    assert Life(package).do("g", way="f_g__a").open() == ["a"]
    with pytest.raises(NoWay, match="g"):
        Life(package).do("g", way="elsewhere")
    life = Life(package).do("g", way="同意").do("b")
    assert life.open() == ["s"], "a service that names no operation is done by hand"
    assert life.do("s").open() == ["c"]
    assert life.desk.calls == []
    assert life.do("c").run.ended


def test_a_draft_chooses_several_ways_at_an_inclusive_gateway() -> None:
    drawn = process(
        "p", begin(), node("inclusiveGateway", "g", default="f_g__a"), user("a"), user("b"), user("c"),
        node("inclusiveGateway", "j"), end(), flows("start g a j end", "g b j", "g c j"),
    )  # fmt: skip
    package = compile_package({"a.bpmn": document(drawn)}, draft=True)
    assert Life(package).do("g", way=["f_g__b", "f_g__c"]).open() == ["b", "c"]
    assert Life(package).do("g").open() == ["a"], "nothing said: the default"
    assert Life(package).do("g", way=["f_g__b", "f_g__c"]).do("b").do("c").run.ended


def test_a_signal_thrown_inside_starts_an_event_subprocess() -> None:
    for interrupting, left in ((True, ["x_u"]), (False, ["after", "x_u"])):
        package = made(
            process(
                "p", begin(), user("t"), node("intermediateThrowEvent", "up", signal("s")), user("after"), end(),
                triggered(signal("s"), interrupting), flows("start t up after end"),
            ),
            signals="s",
        )  # fmt: skip
        assert Life(package).do("t").open() == left


def test_every_instance_has_its_own_event_subprocess() -> None:
    inside = begin("s") + user("a") + end("e") + triggered(message("m")) + flows("s a e")
    life = Life(one(repeated(multi(count("3")), "subProcess", inside), messages="m"))
    token = life.run.subscriptions()[1].token
    life.act(lambda run: run.send("m", None, token))
    assert life.open() == ["a", "a", "x_u"]
    assert life.send("m").open() == ["x_u", "x_u", "x_u"]
