"""What is stored comes back, and user data never becomes anything else."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bpmn import BadState, BadValue, clean, restore, start
from engine.bpmn.codec import FORMAT, dumps, loads
from tests.engine.bpmn.diagrams import Desk, end, flows, node, package, process, user
from tests.engine.bpmn.diagrams import start as begin
from tests.engine.bpmn.opinion import opinion

TAGS = ["~t", "~d", "~p", "~n", "~~d", "~", "typename", "__class__", "value"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.datetimes(),
    st.timedeltas(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.sampled_from(["2026-01-01", "~d", "typename"]),
)
KEYS = st.one_of(st.text(), st.sampled_from(TAGS))
VALUES = st.recursive(SCALARS, lambda inner: st.one_of(st.lists(inner), st.dictionaries(KEYS, inner)), max_leaves=8)


@settings(max_examples=60, derandomize=True)
@given(st.dictionaries(KEYS, VALUES))
def test_round_trip(data: dict[str, object]) -> None:
    cleaned = clean(data)
    assert cleaned == data
    again = loads(dumps(cleaned))
    assert repr(again) == repr(cleaned), "types survive as well as values"


@pytest.mark.parametrize(
    "value",
    [
        {"typename": "timedelta", "days": 3},
        {"~d": "2026-01-01"},
        {"~t": "x", "more": 1},
        {"~~d": {"~d": "2026-01-01"}},
        {"~p": [1, 2, 3]},
        {"__import__": "os"},
        {"~n": "1"},
    ],
)
def test_user_data_never_imitates_a_tag(value: dict[str, object]) -> None:
    made = package(process("p", begin(), user("a"), user("b"), end(), flows("start a b end")))
    desk = Desk()
    run = restore(made, start(made, "p", {"form": value, **value}, desk).dump(), desk)
    assert dict(run.tasks()[0].data) == {"form": value, **value}
    run.complete(run.tasks()[0].token, value)
    assert dict(restore(made, run.dump(), desk).tasks()[0].data) == {"form": value, **value}


class Sly(str):
    """A text with ideas of its own."""

    __slots__ = ()


def test_only_plain_values_enter() -> None:
    class Dated(date):
        basis = None

    cleaned = clean(
        {
            "a": Dated(2026, 1, 1),
            "b": Sly("x"),
            "c": (1, 2),
            "d": datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8))),
        }
    )
    assert cleaned == {"a": date(2026, 1, 1), "b": "x", "c": [1, 2], "d": datetime(2026, 1, 1, tzinfo=UTC)}
    assert type(cleaned["a"]) is date
    assert type(cleaned["b"]) is str


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1: 2},
        {1, 2},
        float("nan"),
        float("inf"),
        b"x",
        lambda: 1,
        Decimal("NaN"),
        "x" * 100_001,
        "\ud800",
        2**63,
    ],
)
def test_other_values_are_refused(value: object) -> None:
    with pytest.raises(BadValue):
        clean({"x": value})


def test_deep_values_are_refused() -> None:
    value: list[object] = []
    for _ in range(60):
        value = [value]
    with pytest.raises(BadValue):
        clean(value)


@pytest.mark.parametrize(
    "blob",
    [b"", b"\x00{}", b"\x02{}", b"\x01", b"\x01{", b'\x01{"~d":"x"}', b"\x01{}", b"\x01[]", b"\x01" + b"[" * 100_000],
)
def test_damaged_states_are_refused(blob: bytes) -> None:
    made = package(process("p", begin(), user("a"), end(), flows("start a end")))
    with pytest.raises(BadState):
        restore(made, blob, Desk())


def test_a_state_belongs_to_its_diagram() -> None:
    old = package(process("p", begin(), user("a"), end(), flows("start a end")))
    new = package(process("p", begin(), user("b"), end(), flows("start b end")))
    with pytest.raises(BadState, match="a"):
        restore(new, start(old, "p", {}, Desk()).dump(), Desk())


def test_data_given_and_shown_are_copies() -> None:
    made = package(process("p", begin(), user("a"), end(), flows("start a end")))
    given = {"list": [1]}
    run = start(made, "p", given, Desk())
    given["list"].append(2)
    assert run.tasks()[0].data == {"list": [1]}
    with pytest.raises(TypeError):
        run.tasks()[0].data["x"] = 1  # type: ignore[index]


def test_a_state_of_format_1_stays_readable() -> None:
    """Written by the first edition in the middle of handling, with a reminder fired and an extension asked for."""
    made = opinion()
    desk = Desk(received_on=date(2026, 11, 23), limit_days=10, consented=False, accepted=False)
    blob = (Path(__file__).parent / "samples" / "state_1.bin").read_bytes()
    assert blob[:1] == b"\x01"
    run = restore(made, blob, desk)
    assert [task.element_id for task in run.tasks()] == ["answer", "consent"]
    assert len(run.timers()) == 5
    assert run.data["form"] == {"title": "路灯不亮", "~d": "x", "n": Decimal("1.50")}
    assert run.tasks()[1].data["reason"] == "天气"
    assert run.tasks()[1].data["wait"] == timedelta(days=2)
    again = run.dump()
    assert again[:1] == FORMAT
    assert restore(made, again, desk).dump() == again
    run = restore(made, again, desk)
    run.complete(run.tasks()[1].token, {"consented": True})
    assert [task.element_id for task in run.tasks()] == ["answer"]
    assert desk.calls[-1][0] == "handling.extend"


def test_tokens_share_what_their_scope_knows() -> None:
    parts = [user(f"u{number}") for number in range(30)]
    ways = flows("start g", *(f"g u{number} end" for number in range(30)))
    made = package(process("p", begin(), node("parallelGateway", "g"), *parts, end(), ways))
    form = {f"field{number}": "x" * 100 for number in range(40)}
    run = start(made, "p", form, Desk())
    assert len(run.dump()) < 10_000
    run.complete(run.tasks()[3].token, {"field1": "new"})
    run.complete(run.tasks()[3].token, {"more": 1})
    again = restore(made, run.dump(), Desk())
    assert dict(again.data) == dict(run.data) == form | {"field1": "new", "more": 1}
    assert [dict(task.data) for task in again.tasks()] == [form] * 28
    assert again.dump() == run.dump()
