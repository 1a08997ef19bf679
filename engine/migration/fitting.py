"""The mapping as a table: what becomes of each element of the old version, in words and with its reason."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from engine import bpmn, instances
from engine.access import Actor
from engine.bpmn.change import KINDS
from engine.instances import Crowd
from engine.migration.planning import versions
from engine.packages import queries as packages
from engine.packages.difference import differences

# what an instance can stand at, or have armed
WAITING = frozenset({
    "userTask", "manualTask", "task", "receiveTask", "callActivity", "subProcess", "transaction",
    "intermediateCatchEvent", "eventBasedGateway", "boundaryEvent",
})  # fmt: skip


@dataclass(frozen=True)
class Fit:
    """One element of the old version. `target`: its id in the new one ("" for none); `verdict` green (nothing to see),
    yellow (look at it) or red (its cases stay) with `word` and `reason`; `choices`: what it may be mapped to (id,
    name). `key` names it in a mapping."""

    process_id: str
    element_id: str
    name: str
    kind: str
    count: int
    target: str
    verdict: Literal["green", "yellow", "red"]
    word: str
    reason: str
    choices: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """`process/element`, as a mapping wants it."""
        return f"{self.process_id}/{self.element_id}"


def chosen(session: Session, actor: Actor, from_id: int, to_id: int, own: Mapping[str, str]) -> dict[str, str]:
    """The mapping in force: what the administrator chose, else what is proposed; "" stands for a proposal refused."""
    old, new = versions(session, actor, from_id, to_id)
    merged = {**bpmn.proposals(old, new), **own}
    return {key: target for key, target in merged.items() if target}


def fits(session: Session, actor: Actor, from_id: int, to_id: int, own: Mapping[str, str]) -> list[Fit]:
    """Every element of the old version at which a case can wait, in drawing order."""
    old, new = versions(session, actor, from_id, to_id)
    table = _Table(session, (from_id, to_id), old, new, own)
    return [table.fit(process_id, element) for process_id in old.processes for element in old.elements(process_id)
            if element.kind in WAITING]  # fmt: skip


class _Table:
    """Both versions side by side."""

    def __init__(
        self, session: Session, ids: tuple[int, int], old: bpmn.Package, new: bpmn.Package, own: Mapping[str, str]
    ) -> None:
        self.old, self.new, self.own = old, new, own
        self.proposed = bpmn.proposals(old, new)
        self.crowds = instances.crowds(session, ids[0])
        self.changed: dict[tuple[str, str], list[str]] = {}
        for change in differences(packages.files(session, ids[0]), packages.files(session, ids[1])):
            if change.kind not in ("added", "removed", "identifier"):
                self.changed.setdefault((change.file, change.element), []).append(change.sentence)

    def fit(self, process_id: str, element: bpmn.Element) -> Fit:
        """One row."""
        key = f"{process_id}/{element.id}"
        there = {other.id: other for other in self.new.elements(process_id)} if process_id in self.new.processes else {}
        same = element.id if element.id in there else ""
        target = self.own.get(key, same or self.proposed.get(key, ""))
        crowd = self.crowds.get((process_id, element.id), Crowd())
        verdict, word, reason = self.judge(process_id, element, there.get(target), crowd.count)
        others = tuple(
            (other.id, other.name or other.id) for other in there.values() if other.kind == element.kind
        )  # fmt: skip
        return Fit(
            process_id, element.id, element.name or element.id, KINDS.get(element.kind, "环节"), crowd.count,
            target if target in there else "", verdict, word, reason, others,
        )  # fmt: skip

    def judge(
        self, process_id: str, element: bpmn.Element, there: bpmn.Element | None, count: int
    ) -> tuple[Literal["green", "yellow", "red"], str, str]:
        """Verdict, word and reason."""
        if there is None and element.kind == "boundaryEvent":
            return "yellow", "不再有", "新版本已删去，换版后不再等待它。"
        if there is None:
            lost = "新版本已删去，请选择对应的环节。" if process_id in self.new.processes else "新版本没有这个流程。"
            if count:
                return "red", "缺对应", f"有{count}件停在这里，{lost}"
            return "green", "不影响", "新版本已删去，现在没有件停在这里。"
        if there.kind != element.kind:
            word = KINDS.get(there.kind, "环节")
            return ("red" if count else "yellow"), "不同类", f"新版本改成了{word}，停在这里的件不能带过去。"
        reasons = [*self.how(process_id, element, there), *self.sentences(process_id, there)]
        if reasons:
            return "yellow", "有改动", "".join(dict.fromkeys(reasons))
        return "green", "相同", ""

    def how(self, process_id: str, element: bpmn.Element, there: bpmn.Element) -> Iterator[str]:
        """Why it is this element, where the id does not say so."""
        if there.id == element.id:
            return
        if self.own.get(f"{process_id}/{element.id}") not in (None, self.proposed.get(f"{process_id}/{element.id}")):
            yield f"按您的选择，对应“{there.name or there.id}”。"
        else:
            yield "标识改了，其余设置相同，系统建议对应。"

    def sentences(self, process_id: str, there: bpmn.Element) -> Iterator[str]:
        """What changed about the element itself, and the events that are new on it."""
        yield from self.changed.get((self.new.diagrams[process_id], there.id), ())
        if process_id not in self.old.processes:
            return
        known = {element.id for element in self.old.elements(process_id)}
        known |= {
            target for key, target in (self.proposed | dict(self.own)).items() if key.startswith(f"{process_id}/")
        }
        for event in self.new.elements(process_id):
            if event.attached_to == there.id and event.id not in known:
                yield f"新版本在这里新增“{event.name or event.id}”。"
