"""Loop markers of an activity as drawn: multi-instance (sequential or parallel, by a number or a list) and the standard
loop. How they run is in repetition.py."""

from dataclasses import dataclass

from lxml.etree import _Element

MAX_INSTANCES = 200
COUNTER = "loopCounter"
_BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
_OURS = "{urn:lianxin:bpmn}"


@dataclass(frozen=True)
class Repeat:
    """One loop marker. Multi-instance: `count` or `collection` (expressions), each instance sees its element under
    `item`; what an instance leaves under `result` is collected in the list `results`; `until` ends it early. Loop:
    runs again while `condition` holds, at most `maximum` times."""

    loop: bool
    sequential: bool
    count: str = ""
    collection: str = ""
    item: str = "item"
    result: str = ""
    results: str = ""
    until: str = ""
    condition: str = ""
    before: bool = False
    maximum: int = MAX_INSTANCES

    @property
    def private(self) -> tuple[str, ...]:
        """The names only an instance sees."""
        names = (COUNTER, *((self.item,) if self.collection else ()), *((self.result,) if self.results else ()))
        return tuple(dict.fromkeys(names))


def read_repeat(activity: _Element) -> Repeat | None:
    """The loop marker of an activity; None when it has none."""
    several = activity.find(f"{_BPMN}multiInstanceLoopCharacteristics")
    if several is not None:
        return _several(several)
    loop = activity.find(f"{_BPMN}standardLoopCharacteristics")
    if loop is None:
        return None
    maximum = loop.get("loopMaximum", "").strip()
    return Repeat(
        loop=True,
        sequential=True,
        condition=_text(loop, "loopCondition"),
        before=loop.get("testBefore") == "true",
        maximum=min(int(maximum), MAX_INSTANCES) if maximum.isdecimal() and len(maximum) < 6 else MAX_INSTANCES,
    )


def _several(marker: _Element) -> Repeat:
    results = marker.get(f"{_OURS}results") or _text(marker, "loopDataOutputRef")
    result = marker.get(f"{_OURS}result") or _item(marker, "outputDataItem")
    return Repeat(
        loop=False,
        sequential=marker.get("isSequential") == "true",
        count=_text(marker, "loopCardinality"),
        collection=marker.get(f"{_OURS}collection") or _text(marker, "loopDataInputRef"),
        item=marker.get(f"{_OURS}item") or _item(marker, "inputDataItem") or "item",
        results=results,
        result=result or (results and "result"),
        until=_text(marker, "completionCondition"),
    )


def _text(marker: _Element, tag: str) -> str:
    found = marker.find(_BPMN + tag)
    return "".join(found.itertext()).strip() if found is not None else ""


def _item(marker: _Element, tag: str) -> str:
    found = marker.find(_BPMN + tag)
    names = (found.get("name", ""), found.get("id", "")) if found is not None else ("",)
    return next((name for name in names if name.isidentifier()), names[0])
