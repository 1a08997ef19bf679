"""The opinion procedure on the executor, in the ways real cases go."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from engine.bpmn import BadState, NotDue, NotWaiting, Package, Run, restore, start
from tests.engine.bpmn.diagrams import Desk
from tests.engine.bpmn.opinion import TIERS, opinion


@pytest.fixture(scope="module")
def package() -> Package:
    return opinion()


@pytest.fixture
def desk() -> Desk:
    desk = Desk(received_on=date(2026, 11, 23), limit_days=10, consented=False, accepted=False)

    def extend(token: Any) -> dict[str, Any]:
        desk.facts["limit_days"] = 30
        return {"extended": True}

    desk.answers["handling.extend"] = extend
    return desk


class Case:
    """One instance that is stored and read again between any two acts."""

    def __init__(self, package: Package, desk: Desk) -> None:
        self.package, self.desk = package, desk
        self.blob = start(package, "opinion", {"case": 7}, desk).dump()

    @property
    def run(self) -> Run:
        return restore(self.package, self.blob, self.desk)

    def act(self, verb: str, *arguments: Any) -> Run:
        run = self.run
        getattr(run, verb)(*arguments)
        self.blob = run.dump()
        return run

    def do(self, element: str, **data: Any) -> Run:
        return self.act("complete", self.token(element), data)

    def token(self, element: str) -> str:
        return next(task.token for task in self.run.tasks() if task.element_id == element)

    def open(self) -> list[str]:
        return sorted(task.element_id for task in self.run.tasks())

    def due(self) -> dict[str, datetime]:
        return {timer.element_id: timer.due_at for timer in self.run.timers()}

    def fire(self, element: str) -> Run:
        token = next(timer.token for timer in self.run.timers() if timer.element_id == element)
        self.desk.time = max(self.desk.time, self.due()[element])
        return self.act("fire", token)


@pytest.fixture
def case(package: Package, desk: Desk) -> Case:
    return Case(package, desk)


def midnight(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 16, 0, tzinfo=UTC)


def test_first_wait_three_levels_down(case: Case) -> None:
    [task] = case.run.tasks()
    assert (task.process_id, task.element_id, task.kind) == ("handling", "answer", "userTask")
    assert task.path == (("opinion", "community"), ("tier_review", "handle"), ("handling", "answering"))
    assert task.extensions == {"role": "承办", "article": "11"}
    assert task.data == {"case": 7}
    assert case.due()["limit"] == midnight(12, 3)
    assert len(case.due()) == 6
    assert [(s.name, s.kind, s.element_id) for s in case.run.subscriptions()] == [
        ("terminate", "message", "stop_community"),
        ("extension_requested", "message", "extension"),
    ]


def test_the_straight_way(case: Case, desk: Desk) -> None:
    for tier in TIERS:
        assert case.run.tasks()[0].path[0] == ("opinion", tier)
        case.do("answer", text="已解决")
        case.do("check", accepted=True)
    assert case.run.ended
    assert case.run.end_events == ("closed",)
    assert dict(case.run.data) == {"case": 7, "text": "已解决", "accepted": True}
    assert [name for name, _ in desk.calls] == ["handling.open", "handling.deliver", "copies.send", "copies.send"] * 4
    assert case.run.tasks() == case.run.timers() == case.run.subscriptions() == []


def test_a_returned_answer_sets_every_timer_again(case: Case) -> None:
    case.fire("half")
    assert "half" not in case.due()
    case.do("answer")
    assert case.open() == ["check"]
    assert case.due() == {}
    case.do("check", accepted=False)
    assert case.open() == ["answer"]
    assert len(case.due()) == 6
    assert case.due()["half"] == midnight(11, 28)


def test_a_reminder_leaves_the_task_open(case: Case, desk: Desk) -> None:
    before = case.token("answer")
    run = case.fire("limit")
    assert desk.calls[-1] == ("notices.limit", {})
    assert case.token("answer") == before
    assert [(step.element_id, step.what) for step in run.trace()] == [
        ("limit", "fired"),
        ("do_limit", "entered"),
        ("do_limit", "completed"),
    ]
    case.act("recompute")
    assert sorted(case.due()) == ["half", "plus10", "plus5", "soon", "tomorrow"]


def test_nothing_fires_by_itself_or_too_early(case: Case, desk: Desk) -> None:
    token = next(timer.token for timer in case.run.timers() if timer.element_id == "limit")
    with pytest.raises(NotDue, match=r"limit.*2026-12-04 00:00"):
        case.run.fire(token)
    desk.time += timedelta(days=365)
    case.act("recompute")
    assert len(case.due()) == 6
    case.run.fire(token)


def test_supervision_is_withdrawn_when_the_answer_is_delivered(case: Case) -> None:
    case.fire("plus10")
    assert case.open() == ["answer", "supervision"]
    run = case.do("answer")
    assert case.open() == ["check"]
    assert [step.element_id for step in run.trace() if step.what == "cancelled"] == ["supervision"]


def test_an_extension_moves_the_timers_and_may_be_asked_again(case: Case, desk: Desk) -> None:
    case.act("send", "extension_requested", {"reason": "复杂"})
    assert case.open() == ["answer", "consent"]
    assert next(task for task in case.run.tasks() if task.element_id == "consent").data["reason"] == "复杂"
    case.act("send", "extension_requested")
    assert case.open() == ["answer", "consent", "consent"]
    case.do("consent", consented=False)
    case.do("consent", consented=True)
    assert case.open() == ["answer"]
    assert case.due()["limit"] == midnight(12, 3)
    run = case.run
    moved = {change.element_id: change for change in run.recompute()}
    assert sorted(moved) == ["limit", "plus10", "plus5", "soon", "tomorrow"]
    assert (moved["limit"].old, moved["limit"].new) == (midnight(12, 3), midnight(12, 23))
    assert moved["limit"].basis == {"start": "2026-11-23", "days": 30}
    case.blob = run.dump()
    assert case.due()["limit"] == midnight(12, 23)
    assert next(t for t in case.run.timers() if t.element_id == "limit").basis == {"start": "2026-11-23", "days": 30}


@pytest.mark.parametrize("done", [0, 1, 3])
def test_termination_withdraws_everything_in_the_tier(case: Case, done: int) -> None:
    for _ in range(done):
        case.do("answer")
        case.do("check", accepted=True)
    case.fire("plus10")
    run = case.act("send", "terminate", {"why": "撤回"})
    assert run.ended
    assert run.end_events == ("terminated",)
    assert run.data["why"] == "撤回"
    assert {s.element_id for s in run.trace() if s.what == "cancelled"} == {
        TIERS[done],
        "handle",
        "answering",
        "answer",
        "supervision",
    }
    assert run.tasks() == run.timers() == run.subscriptions() == []


def test_a_message_reaches_exactly_one_token_when_asked(case: Case) -> None:
    [listener] = [s for s in case.run.subscriptions() if s.name == "extension_requested"]
    with pytest.raises(NotWaiting):
        case.run.send("terminate", token=listener.token)
    case.act("send", "extension_requested", {}, listener.token)
    assert case.open() == ["answer", "consent"]
    with pytest.raises(NotWaiting):
        case.run.send("unheard_of")


def test_a_task_is_completed_once(case: Case) -> None:
    token = case.token("answer")
    case.do("answer")
    with pytest.raises(NotWaiting):
        case.act("complete", token, {})
    with pytest.raises(NotWaiting):
        case.act("fire", token)
    with pytest.raises(NotWaiting):
        case.act("complete", "root", {})


def test_after_an_exception_nothing_can_be_stored(case: Case, desk: Desk) -> None:
    desk.answers["handling.deliver"] = lambda token: {"bad": object()}
    run = case.run
    with pytest.raises(Exception, match="deliver"):
        run.complete(case.token("answer"), {})
    with pytest.raises(BadState):
        run.dump()


def test_a_case_of_any_age_costs_the_same(case: Case, package: Package, desk: Desk) -> None:
    """A thousand returns: the state stays small and a step as cheap as the first."""
    sizes, costs, blob = [], [], case.blob
    for _ in range(1_000):
        begun = time.process_time()
        for _ in ("answer", "check"):
            run = restore(package, blob, desk)
            run.complete(run.tasks()[0].token, {"text": "x", "accepted": False})
            blob = run.dump()
        costs.append(time.process_time() - begun)
        sizes.append(len(blob))
    assert max(sizes) < 4_000
    assert max(sizes) - min(sizes) < 200
    early, late = sorted(costs[:200])[100], sorted(costs[-200:])[100]
    assert late < max(3 * early, 0.01)
