"""Which element of a new version an element of the old one became, when its id was changed."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from engine.bpmn.nodes import Pass
from engine.bpmn.package import Package


def proposals(old: Package, new: Package, tags: Collection[str] = ()) -> dict[str, str]:
    """Elements whose id was changed, as far as the rest of them tells: `process/element` → id in the new version. Only
    clear pairs: one of this kind went and exactly one came, in the same scope."""
    found: dict[str, str] = {}
    for name, before in old.specs.items():
        after = new.specs.get(name)
        if after is None:
            continue
        gone = _strange(before, after, tags)
        come = _strange(after, before, tags)
        for mark, element_id in gone.items():
            if mark in come:
                found[f"{name.partition('/')[0]}/{element_id}"] = come[mark]
    return found


def _strange(here: Any, there: Any, tags: Collection[str]) -> dict[tuple[Any, ...], str]:
    """What makes each element recognisable that stands only here → its id, where that is one element's alone."""
    own = here.task_specs.values()
    specs = [spec for spec in own if isinstance(spec, Pass) and spec.name not in there.task_specs]
    marks = [(_mark(spec), spec.bpmn_id) for spec in specs if not tags or spec.tag in tags]
    count = Counter(mark for mark, _ in marks)
    return {mark: element_id for mark, element_id in marks if count[mark] == 1}


def _mark(spec: Any) -> tuple[Any, ...]:
    kept = tuple(str(spec.extensions.get(name, "")) for name in ("role", "operation", "form", "pool", "decision"))
    event = getattr(spec, "event", None)
    what = (event.kind, event.name, event.timer, event.text) if event is not None else ()
    return (spec.tag, *kept, *what, *(() if any(kept) or any(what[1:]) else (spec.bpmn_name,)))
