"""What a scenario asks of a walk, and the sentences on what is different now."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.dryrun.observing import Observation, observe
from engine.dryrun.playing import Play
from engine.errors import Invalid

MOST = 300


@dataclass(frozen=True)
class Checked:
    """An expectation in words, and what is different now ("" when it is met)."""

    expected: Observation
    text: str
    difference: str


def proposals(play: Play) -> list[Observation]:
    """What could be expected of the walk from now on: all it led to this time."""
    return observe(play)


def read(expectations: Sequence[Mapping[str, Any]]) -> list[Observation]:
    """Stored expectations; Invalid for what is none (files are written by people)."""
    if len(expectations) > MOST:
        raise Invalid(f"一个情景最多 {MOST} 条期望。")
    try:
        return [Observation(**dict(item)) for item in expectations]
    except TypeError:
        raise Invalid("情景的期望不能识别。") from None


def check(play: Play, expected: Sequence[Observation]) -> list[Checked]:
    """Each expectation against what happened, in the order expected."""
    left, reached = observe(play), 0
    checked = []
    for item in expected:
        found = _match(left, item)
        if found is not None:
            left.remove(found)
        sentence = _difference(item, found, left, reached)
        if found is not None and item.what == "step":
            reached = max(reached, found.act)
        checked.append(Checked(item, text(item), sentence))
    return checked


def _match(left: Sequence[Observation], wanted: Observation) -> Observation | None:
    """The same thing on the same day, else the same thing."""
    alike = list(_alike(left, wanted))
    exact = [item for item in alike if (item.since, item.day) == (wanted.since, wanted.day)]
    return next(iter([*exact, *alike]), None)


def _alike(left: Sequence[Observation], wanted: Observation) -> Iterator[Observation]:
    for item in left:
        same = item.element == wanted.element or (wanted.what in ("step", "fired") and item.name == wanted.name)
        if item.what == wanted.what and same and item.to == wanted.to:
            yield item


def _difference(wanted: Observation, found: Observation | None, left: Sequence[Observation], reached: int) -> str:
    if found is None:
        return f"{text(wanted)}，现在{_instead(wanted, left)}"
    if wanted.what == "due":
        now = f"，现在是{found.day}个工作日"
        return f"{text(wanted)}{now}" if found.day != wanted.day else ""
    if (found.since, found.day) != (wanted.since, wanted.day) and wanted.what != "end":
        return f"{text(wanted)}，现在是{day_words(found)}"
    if wanted.what == "step" and found.act < reached:
        return f"{text(wanted)}，现在早于它前面的环节"
    return ""


def _instead(wanted: Observation, left: Sequence[Observation]) -> str:
    if wanted.what == "end":
        ends = [item.name for item in left if item.what == "end"]
        return f"以“{ends[0]}”结束" if ends else "没有结束"
    return "没有"


def text(item: Observation) -> str:
    """The expectation as a sentence, without its full stop."""
    when = day_words(item)
    if item.what == "due":
        return f"“{item.name}”的期限应为{item.day}个工作日"
    if item.what == "notice":
        return f"{when}应通知{item.to}（{item.name}）"
    if item.what == "end":
        return f"应以“{item.name}”结束"
    return f"{when}应进入“{item.name}”" if item.what == "step" else f"{when}“{item.name}”应到期"


def day_words(item: Observation) -> str:
    """The working day in words; day 0 is the day of receipt or of registration."""
    if item.since == "received":
        return f"第{item.day}个工作日" if item.day else "收到当天"
    return f"登记后第{item.day}个工作日" if item.day else "登记当天"


def first_difference(play: Play, checked: Sequence[Checked]) -> str:
    """The first thing that is different, in one sentence; "" when nothing is. An act that could not be done explains
    what is missing after it, so it comes before that."""
    number = len(play.done) - 1 if play.failed else None
    for item in checked:
        if item.difference and (number is None or item.expected.act < number):
            return f"{item.difference}。"
    if play.failed is not None:
        return f"第{len(play.done)}步“{play.failed.label}”没有走通：{play.failed.error}"
    return ""
