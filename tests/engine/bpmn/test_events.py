"""Boundary events, catch events, errors, ends: who is interrupted and who is not."""

from datetime import timedelta

import pytest

from engine.bpmn import BpmnError, ExpressionError, NotWaiting, Package, Run, StepBudgetExceeded, restore, start
from tests.engine.bpmn.diagrams import (
    TERMINATE,
    Desk,
    boundary,
    call,
    catch,
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


def open_steps(run: Run) -> list[str]:
    return sorted(task.element_id for task in run.tasks())


def again(package: Package, run: Run, desk: Desk) -> Run:
    return restore(package, run.dump(), desk)


def complete(run: Run, element: str, **data: object) -> None:
    run.complete(next(t.token for t in run.tasks() if t.element_id == element), data)


HOSTS = {
    "user": user("host"),
    "subprocess": subprocess("host", begin("s"), user("inside"), end("e"), flows("s inside e")),
    "call": call("host", "called"),
}
CALLED = process("called", begin("cs"), user("inside"), end("ce"), flows("cs inside ce"))


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("event", ["timer", "message", "signal"])
@pytest.mark.parametrize("interrupting", [True, False])
def test_boundary_events_on_every_kind_of_activity(host: str, event: str, interrupting: bool) -> None:
    body = {"timer": timer("timeDuration", "P1D"), "message": message("m"), "signal": signal("s")}[event]
    made = package(
        process(
            "p",
            begin(),
            HOSTS[host],
            boundary("b", "host", body, interrupting),
            user("other"),
            end(),
            flows("start host end", "b other end"),
        ),
        CALLED,
        messages="m",
        signals="s",
    )
    desk = Desk()
    run = again(made, start(made, "p", {}, desk), desk)
    if event == "timer":
        desk.time += timedelta(days=1)
        run.fire(run.timers()[0].token)
    else:
        run.send(event[0], {"why": event})
    inside = "host" if host == "user" else "inside"
    assert open_steps(run) == (["other"] if interrupting else sorted([inside, "other"]))
    assert run.timers() == []
    assert bool(run.subscriptions()) is (not interrupting and event != "timer")
    assert ("cancelled" in [s.what for s in run.trace()]) is interrupting
    run = again(made, run, desk)
    for task in run.tasks():
        run.complete(task.token, {})
    assert run.ended


def test_a_message_boundary_listens_every_time() -> None:
    made = package(
        process(
            "p",
            begin(),
            user("a"),
            boundary("b", "a", message("urge"), False),
            service("s", "x.urge"),
            end(),
            flows("start a end", "b s"),
        ),
        messages="urge",
    )
    desk = Desk()
    run = start(made, "p", {}, desk)
    for _ in range(5):
        run = again(made, run, desk)
        run.send("urge")
    assert len(desk.calls) == 5
    complete(run, "a")
    assert run.ended
    with pytest.raises(NotWaiting):
        run.send("urge")


def test_the_payload_goes_with_the_leaving_token_only() -> None:
    made = package(
        process(
            "p",
            begin(),
            user("a"),
            boundary("b", "a", message("m"), False),
            user("c"),
            end(),
            flows("start a end", "b c end"),
        ),
        messages="m",
    )
    run = start(made, "p", {"x": 1}, Desk())
    run.send("m", {"y": 2})
    assert {t.element_id: dict(t.data) for t in run.tasks()} == {"a": {"x": 1}, "c": {"x": 1, "y": 2}}


@pytest.mark.parametrize(("code", "expected"), [("late", "named"), ("other", "any")])
def test_a_failing_service_reaches_the_boundary_of_its_code(code: str, expected: str) -> None:
    made = package(
        process(
            "p",
            begin(),
            service("s", "x.y"),
            boundary("b1", "s", error("late")),
            boundary("b2", "s", error()),
            user("named"),
            user("any"),
            end(),
            flows("start s end", "b1 named end", "b2 any end"),
        ),
        errors="late",
    )
    desk = Desk()
    desk.answers["x.y"] = code
    run = start(made, "p", {}, desk)
    assert open_steps(run) == [expected]
    assert run.tasks()[0].data["error_code"] == code


@pytest.mark.parametrize("thrower", [service("t", "x.y"), node("endEvent", "t", error("late"))])
def test_an_error_looks_outward(thrower: str) -> None:
    inner = subprocess("inner", begin("s"), user("open"), thrower, end("e"), flows("s open e", "s t"))
    made = package(
        process(
            "p",
            begin(),
            call("c", "q"),
            boundary("b", "c", error("late")),
            user("rescue"),
            end(),
            flows("start c end", "b rescue end"),
        ),
        process(
            "q",
            begin("qs"),
            inner,
            boundary("wrong", "inner", error("early")),
            end("qe"),
            flows("qs inner qe", "wrong qe"),
        ),
        errors="late early",
    )
    desk = Desk()
    desk.answers["x.y"] = "late"
    run = start(made, "p", {}, desk)
    assert open_steps(run) == ["rescue"]
    assert {"c", "inner", "open"} <= {s.element_id for s in run.trace() if s.what == "cancelled"}


def test_an_error_nobody_catches_leaves_the_engine() -> None:
    made = package(process("p", begin(), service("s", "x.y"), end(), flows("start s end")))
    desk = Desk()
    desk.answers["x.y"] = "boom"
    with pytest.raises(BpmnError, match="boom"):
        start(made, "p", {}, desk)


def test_terminate_ends_its_own_scope_only() -> None:
    inner = subprocess(
        "inner",
        begin("s"),
        user("a"),
        boundary("soon", "a", timer("timeDuration", "P1D"), False),
        user("b"),
        catch("m", message("m")),
        end("stop", TERMINATE),
        end("e"),
        flows("s a e", "s b stop", "s m e", "soon e"),
    )
    made = package(
        process(
            "p",
            begin(),
            inner,
            user("beside"),
            user("after"),
            end(),
            flows("start inner after end", "start beside end"),
        ),
        messages="m",
    )
    desk = Desk()
    run = again(made, start(made, "p", {}, desk), desk)
    assert (open_steps(run), len(run.timers()), len(run.subscriptions())) == (["a", "b", "beside"], 1, 1)
    complete(run, "b", done=True)
    assert open_steps(run) == ["after", "beside"]
    assert run.timers() == run.subscriptions() == []
    assert sorted(s.element_id for s in run.trace() if s.what == "cancelled") == ["a", "m"]
    assert next(t for t in run.tasks() if t.element_id == "after").data == {"done": True}
    assert run.end_events == ()


def test_terminate_in_the_top_process_ends_the_case() -> None:
    made = package(
        process("p", begin(), user("a"), user("b"), end("stop", TERMINATE), end(), flows("start a stop", "start b end"))
    )
    run = start(made, "p", {}, Desk())
    complete(run, "a")
    assert (run.ended, run.end_events, run.tasks()) == (True, ("stop",), [])


def test_catching_in_the_middle() -> None:
    made = package(
        process(
            "p",
            begin(),
            catch("m", message("hello")),
            node("receiveTask", "r", messageRef="message_hello"),
            catch("t", timer("timeDuration", "PT2H")),
            catch("s", signal("go")),
            user("last"),
            end(),
            flows("start m r t s last end"),
        ),
        messages="hello",
        signals="go",
    )
    desk = Desk()
    run = start(made, "p", {}, desk)
    for value in (1, 2):
        run = again(made, run, desk)
        run.send("hello", {"x": value})
    desk.time += timedelta(hours=2)
    run = again(made, run, desk)
    run.fire(run.timers()[0].token)
    run = again(made, run, desk)
    run.send("go")
    assert run.tasks()[0].data == {"x": 2}


@pytest.mark.parametrize("winner", ["m1", "m2", "t"])
def test_an_event_gateway_takes_the_first(winner: str) -> None:
    made = package(
        process(
            "p",
            begin(),
            node("eventBasedGateway", "g"),
            catch("m1", message("one")),
            catch("m2", message("two")),
            catch("t", timer("timeDuration", "P1D")),
            catch("t2", timer("timeDuration", "P2D")),
            user("a1"),
            user("a2"),
            user("a3"),
            user("a4"),
            end(),
            flows("start g m1 a1 end", "g m2 a2 end", "g t a3 end", "g t2 a4 end"),
        ),
        messages="one two",
    )
    desk = Desk()
    run = again(made, start(made, "p", {}, desk), desk)
    assert len({t.due_at for t in run.timers()}) == 2
    if winner == "t":
        desk.time += timedelta(days=1)
        run.fire(run.timers()[0].token)
    else:
        run.send({"m1": "one", "m2": "two"}[winner], {"x": 1})
    assert open_steps(run) == [{"m1": "a1", "m2": "a2", "t": "a3"}[winner]]
    assert run.timers() == run.subscriptions() == []
    complete(run, open_steps(run)[0])
    assert run.ended


def test_signals_reach_everybody_waiting_and_links_jump() -> None:
    made = package(
        process(
            "p",
            begin(),
            user("a"),
            boundary("b", "a", signal("go")),
            user("woken"),
            user("thrower"),
            node("intermediateThrowEvent", "throw", signal("go")),
            node("intermediateThrowEvent", "out", '<bpmn:linkEventDefinition name="l"/>'),
            catch("in", '<bpmn:linkEventDefinition name="l"/>'),
            user("landed"),
            end(),
            flows("start a end", "start thrower throw out", "in landed end", "b woken end"),
        ),
        signals="go",
    )
    run = start(made, "p", {}, Desk())
    complete(run, "thrower")
    assert open_steps(run) == ["landed", "woken"]


def test_an_act_that_goes_too_far_runs_out_of_steps() -> None:
    names = [f"s{number}" for number in range(60)]
    made = package(
        process(
            "p",
            begin(),
            user("a"),
            *(service(name, "x.y") for name in names),
            end(),
            flows(f"start a {' '.join(names)} end"),
        )
    )
    run = start(made, "p", {}, Desk(), max_steps=50)
    with pytest.raises(StepBudgetExceeded, match="50.*s50"):
        complete(run, "a")


def test_a_signal_may_withdraw_its_own_thrower() -> None:
    inner = subprocess(
        "inner",
        begin("s"),
        node("intermediateThrowEvent", "throw", signal("up")),
        user("never"),
        end("e"),
        flows("s throw never e"),
    )
    made = package(
        process(
            "p",
            begin(),
            inner,
            boundary("b", "inner", signal("up")),
            user("rescue"),
            end(),
            flows("start inner end", "b rescue end"),
        ),
        signals="up",
    )
    assert open_steps(start(made, "p", {}, Desk())) == ["rescue"]


def test_a_thrown_message_carries_its_arguments() -> None:
    throw = node(
        "intermediateThrowEvent",
        "throw",
        '<bpmn:extensionElements><lianxin:argument name="y" value="x + 1"/></bpmn:extensionElements>' + message("m"),
    )
    made = package(
        process(
            "p",
            begin(),
            catch("c", message("m")),
            user("a"),
            throw,
            user("t"),
            end(),
            flows("start c a end", "start t throw end"),
        ),
        messages="m",
    )
    run = start(made, "p", {"x": 1}, Desk())
    complete(run, "t", x=5)
    assert [dict(t.data) for t in run.tasks()] == [{"x": 1, "y": 6}]


def test_the_place_of_a_failure_is_known() -> None:
    made = package(
        process(
            "p",
            begin(),
            user("a"),
            node("exclusiveGateway", "g", name="哪里", default="f_g__end"),
            end(),
            flows("start a g end", "g a", g__a="unheard > 1"),
        )
    )
    run = start(made, "p", {}, Desk())
    with pytest.raises(ExpressionError, match="unheard"):
        complete(run, "a")
    assert run.position == ("p", "g")


def test_scripts_assign_and_nothing_else() -> None:
    script = node(
        "scriptTask",
        "s",
        "<bpmn:script>days = 30 if extended else 10\nleft = days - used</bpmn:script>",
        scriptFormat="lianxin",
    )
    made = package(process("p", begin(), script, user("a"), end(), flows("start s a end")))
    run = start(made, "p", {"extended": True}, Desk(used=4))
    assert run.tasks()[0].data == {"extended": True, "days": 30, "left": 26}


def test_no_python_anywhere() -> None:
    run = start(package(process("p", begin(), user("a"), end(), flows("start a end"))), "p", {}, Desk())
    engine = run._net.script_engine
    for attempt in (engine.environment.evaluate, engine.environment.execute):
        with pytest.raises(PermissionError):
            attempt("__import__('os')", {})
    with pytest.raises(ExpressionError):
        engine.evaluate(next(run._net.all_markers()), "__import__('os').getcwd()")
    with pytest.raises(PermissionError):
        engine.call_service(None)
