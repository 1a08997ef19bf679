"""The one beat table and the tasks are the same list: nothing is scheduled that is not there, nothing waits unasked."""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.commands import duties
from workers.app import BEAT, app


def tasks() -> set[str]:
    """The names of our tasks, as a worker would load them."""
    app.loader.import_default_modules()
    return {name for name in app.tasks if name.startswith("workers.")}


def faults(known: set[str], table: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A sentence for each entry without task, task without entry, and entry whose messages could pile up."""
    asked = {entry["task"] for entry in table.values()}
    yield from (f"beat asks for {name}, which no worker knows" for name in sorted(asked - known))
    yield from (f"nothing ever asks for {name}" for name in sorted(known - asked))
    for name, entry in table.items():
        if not entry.get("options", {}).get("expires"):
            yield f"“{name}”: its messages never expire, so a worker that comes back does the same work many times"


def test_every_task_has_a_beat_entry_and_every_entry_a_task() -> None:
    assert list(faults(tasks(), BEAT)) == []
    assert app.conf.beat_schedule == BEAT


def test_the_guard_sees_both_directions() -> None:
    assert len(list(faults(tasks() | {"workers.forgotten"}, BEAT))) == 1
    assert len(list(faults(tasks(), BEAT | {"x": {"task": "workers.nobody", "options": {"expires": 5}}}))) == 1
    assert len(list(faults(tasks(), BEAT | {"x": {"task": sorted(tasks())[0]}}))) == 1


def test_what_the_queue_asks_for_happens_without_a_queue_too() -> None:
    """The thread in each process and `lianxin sweep` do the same duties as beat's messages (rule 4)."""
    assert {f"workers.{name}" for name in duties.DUTIES} == tasks()


def test_no_result_is_kept_and_no_task_is_scheduled_for_later() -> None:
    assert app.conf.result_backend is None
    assert all("eta" not in entry and "countdown" not in entry for entry in BEAT.values())
