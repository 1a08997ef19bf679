"""Our own timers: values, time zones, cycles, recomputing."""

from datetime import UTC, date, datetime, timedelta

import pytest

from engine.bpmn import BadValue, Package, Run, restore, start
from engine.bpmn.timers import add, is_literal
from tests.engine.bpmn.diagrams import Desk, boundary, end, flows, package, process, service, timer, user
from tests.engine.bpmn.diagrams import start as begin


def waiting(kind: str, text: str, desk: Desk, **data: object) -> Run:
    return start(remind(kind, text), "p", data, desk)


def remind(kind: str, text: str) -> Package:
    return package(
        process(
            "p",
            begin(),
            user("a"),
            boundary("b", "a", timer(kind, text), False),
            service("s", "x.remind"),
            end(),
            flows("start a end", "b s"),
        )
    )


@pytest.mark.parametrize(
    ("kind", "text", "due"),
    [
        ("timeDate", "2026-12-01", datetime(2026, 12, 1, 16, tzinfo=UTC)),
        ("timeDate", "2026-12-01T09:00", datetime(2026, 12, 1, 1, tzinfo=UTC)),
        ("timeDate", "2026-12-01T09:00:00Z", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("timeDate", "2026-12-01T09:00:00+09:00", datetime(2026, 12, 1, 0, tzinfo=UTC)),
        ("timeDate", "'2026-12-01'", datetime(2026, 12, 1, 16, tzinfo=UTC)),
        ("timeDate", "received_on", datetime(2026, 11, 20, 16, tzinfo=UTC)),
        ("timeDate", "days(received_on, 10)", datetime(2026, 11, 30, 16, tzinfo=UTC)),
        ("timeDate", "moment", datetime(2026, 11, 25, 0, 30, tzinfo=UTC)),
        ("timeDate", "span", datetime(2026, 11, 26, 1, tzinfo=UTC)),
        ("timeDuration", "PT90M", datetime(2026, 11, 23, 2, 30, tzinfo=UTC)),
        ("timeDuration", "P1W2DT3H4M5S", datetime(2026, 12, 2, 4, 4, 5, tzinfo=UTC)),
        ("timeDuration", "'P3D'", datetime(2026, 11, 26, 1, tzinfo=UTC)),
        ("timeDuration", "span", datetime(2026, 11, 26, 1, tzinfo=UTC)),
        ("timeDate", "entered_at", datetime(2026, 11, 23, 1, tzinfo=UTC)),
        ("timeCycle", "R3/PT24H", datetime(2026, 11, 24, 1, tzinfo=UTC)),
        ("timeCycle", "R/2026-12-01T09:00/P1D", datetime(2026, 12, 1, 1, tzinfo=UTC)),
        ("timeCycle", "span", datetime(2026, 11, 26, 1, tzinfo=UTC)),
    ],
)
def test_values(kind: str, text: str, due: datetime) -> None:
    desk = Desk(
        received_on=date(2026, 11, 20),
        moment=datetime.fromisoformat("2026-11-25T08:30:00+08:00"),
        span=timedelta(days=3),
    )
    [found] = waiting(kind, text, desk).timers()
    assert (found.due_at, found.expression, found.occurrence) == (due, text, 1)
    assert found.due_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("timeDate", "5"),
        ("timeDate", "'soon'"),
        ("timeDate", "null"),
        ("timeDate", "'2026-02-30'"),
        ("timeCycle", "short"),
        ("timeCycle", "'R3/P'"),
        ("timeCycle", "'P1D'"),
        ("timeCycle", "'R0/P1D'"),
        ("timeCycle", "'R/PT59S'"),
    ],
)
def test_values_that_are_no_time(kind: str, text: str) -> None:
    with pytest.raises(BadValue, match="b"):
        waiting(kind, text, Desk(short=timedelta(seconds=59)))


def test_a_date_in_the_past_is_armed_and_fires_when_asked() -> None:
    run = waiting("timeDate", "2020-01-01", desk := Desk())
    run.fire(run.timers()[0].token)
    assert [name for name, _ in desk.calls] == ["x.remind"]
    assert run.timers() == []


def test_a_cycle_counts_and_ends() -> None:
    desk, made = Desk(), remind("timeCycle", "R3/P1D")
    run = start(made, "p", {}, desk)
    for occurrence in (1, 2, 3):
        run = restore(made, run.dump(), desk)
        [found] = run.timers()
        assert found.occurrence == occurrence
        assert found.due_at == datetime(2026, 11, 23 + occurrence, 1, tzinfo=UTC)
        desk.time = found.due_at + timedelta(minutes=5)
        run.fire(found.token)
    assert run.timers() == []
    assert len(desk.calls) == 3


def test_missed_occurrences_are_skipped() -> None:
    desk = Desk()
    run = waiting("timeCycle", "R5/P1D", desk)
    desk.time += timedelta(days=3, hours=1)
    run.fire(run.timers()[0].token)
    [found] = run.timers()
    assert (found.occurrence, found.due_at) == (4, datetime(2026, 11, 27, 1, tzinfo=UTC))
    desk.time += timedelta(days=30)
    run.fire(found.token)
    assert run.timers() == []
    assert len(desk.calls) == 2


def test_recompute_counts_from_the_moment_the_timer_was_set() -> None:
    desk = Desk(wait="P3D")
    run = waiting("timeDuration", "wait", desk)
    desk.time += timedelta(days=1)
    assert run.recompute() == []
    desk.facts["wait"] = "P5D"
    [change] = run.recompute()
    assert (change.old, change.new) == (datetime(2026, 11, 26, 1, tzinfo=UTC), datetime(2026, 11, 28, 1, tzinfo=UTC))
    assert run.recompute() == []


def test_recompute_notices_a_new_reason_for_the_same_day() -> None:
    desk = Desk(first=date(2026, 11, 20), count=10)
    run = waiting("timeDate", "days(first, count)", desk)
    desk.facts |= {"first": date(2026, 11, 21), "count": 9}
    [change] = run.recompute()
    assert change.old == change.new
    assert change.basis == {"start": "2026-11-21", "days": 9}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P1M", "2026-02-28T12:00:00"),
        ("P1Y1M", "2027-02-28T12:00:00"),
        ("P2Y1M", "2028-02-29T12:00:00"),
        ("P11M", "2026-12-31T12:00:00"),
    ],
)
def test_months_end_on_the_last_day(text: str, expected: str) -> None:
    start = datetime.fromisoformat("2026-01-31T12:00:00+08:00")
    assert add(start, text) == datetime.fromisoformat(expected + "+08:00")


@pytest.mark.parametrize("text", ["P", "PT", "P1H", "R3", "R/PT", "2026-1-1", "P1D2H", "", "working_days(a, 1)", "PX"])
def test_what_is_not_a_literal(text: str) -> None:
    assert not is_literal(text)
