"""What changed between the diagrams of two versions, in words a procedure administrator reads: elements added, removed,
renamed, moved in the flow; limits, people, forms, operations, conditions. Data for a page, in the order of the drawing.

The pictures are compared, not the texts: where something stands on the paper is no change of the procedure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from engine.bpmn.change import KINDS, LIMITS, OWN, PEOPLE, Change, counted
from engine.bpmn.guard import load
from engine.bpmn.normalise import GATEWAYS, Flow, Node, Picture, pictures


def diagram_changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[Change]:
    """The changes between the .bpmn files of two versions; Refused when one of them is no safe XML."""
    before, after = _pictures(old), _pictures(new)
    found: list[Change] = []
    for name in after:
        if name in before:
            found += _Pair(before[name], after[name]).changes()
        else:
            word = _title(after[name])
            found.append(Change("added", name, after[name].file, None, after[name].name, f"新增流程“{word}”。"))
    for name in before:
        if name not in after:
            word = _title(before[name])
            found.append(Change("removed", name, before[name].file, before[name].name, None, f"删去流程“{word}”。"))
    return found


def _pictures(files: Mapping[str, bytes]) -> dict[str, Picture]:
    roots = {name: load(data, name).getroot() for name, data in sorted(files.items()) if name.endswith(".bpmn")}
    return {picture.id: picture for name, root in roots.items() for picture in pictures(root, name)}


def _title(picture: Picture) -> str:
    return picture.name or picture.id


def title(node: Node) -> str:
    """How people call a node: kind and name."""
    limit = node.extensions.get("role") in LIMITS and node.event.kind == "timer"
    kind = "时限" if limit else KINDS.get(node.tag, "环节")
    return f"{kind}“{node.name or node.id}”"


class _Pair:
    """One process in two versions."""

    def __init__(self, old: Picture, new: Picture) -> None:
        self.file = new.file
        self.title = _title(new)
        self.old, self.new = dict(_flat(old)), dict(_flat(new))
        self.same = {name: name for name in self.old if name in self.new} | self.renumbered()
        self.back = {target: name for name, target in self.same.items()}

    def renumbered(self) -> dict[str, str]:
        """Elements under another id: of those without counterpart, the ones alike in everything else, then the events
        with the same role on the same step."""
        pairs: dict[str, str] = {}
        for likeness in (_likeness, _post):
            gone = {name: likeness(node) for name, (node, _) in self.old.items() if name not in self.new}
            come = {name: likeness(node) for name, (node, _) in self.new.items() if name not in self.old}
            counts = Counter(gone.values()), Counter(come.values())
            for name, mark in gone.items():
                if mark and name not in pairs and counts[0][mark] == counts[1][mark] == 1:
                    target = next(other for other, same in come.items() if same == mark)
                    if target not in pairs.values():
                        pairs[name] = target
        return pairs

    def changes(self) -> Iterator[Change]:
        """In the order of the new drawing, what went at the end."""
        for name, (node, _) in self.new.items():
            if name in self.back:
                yield from self.node(self.old[self.back[name]][0], node)
            elif node.name or node.tag not in GATEWAYS:
                place = self.place(name, self.new)
                yield self.change("added", name, None, node.name, f"{place}新增{title(node)}。")
        for name, (node, _) in self.old.items():
            if name not in self.same and (node.name or node.tag not in GATEWAYS):
                yield self.change("removed", name, node.name, None, f"删去{title(node)}。")
        yield from self.lanes()
        yield from self.flows()

    def lanes(self) -> Iterator[Change]:
        """Elements that stand in another lane, together."""
        moved: dict[tuple[str, str], list[Node]] = {}
        for name, (node, scope) in self.new.items():
            old = self.old[self.back[name]][0].lane if name in self.back else node.lane
            if not scope and old != node.lane and node.tag not in GATEWAYS:
                moved.setdefault((old or "", node.lane or ""), []).append(node)
        for (before, after), nodes in moved.items():
            names = "、".join(node.name or node.id for node in nodes)
            sentence = f"“{names}”的泳道由“{before or '无'}”改为“{after or '无'}”。"
            also = tuple(node.id for node in nodes[1:])
            yield replace(self.change("lane", nodes[0].id, before or None, after or None, sentence), also=also)

    def change(self, kind: str, element: str, before: str | None, after: str | None, sentence: str) -> Change:
        """A change in this process's file."""
        old = self.back.get(element, element)
        return Change(kind, element, self.file, before, after, sentence, formerly="" if old == element else old)

    def place(self, name: str, nodes: Mapping[str, tuple[Node, str]]) -> str:
        """'在“A”之后', where a name can be given."""
        host = nodes[name][0].attached_to or ""
        if host in nodes:
            return f"在“{nodes[host][0].name or host}”上"
        names = [nodes[one][0].name or one for one in sorted(_before(name, nodes, set(nodes)))]
        return f"在“{'”“'.join(names)}”之后" if names else f"在“{self.title}”中"

    def node(self, old: Node, new: Node) -> Iterator[Change]:
        """What changed about one element."""
        called = title(new)
        if old.id != new.id:
            yield self.change("identifier", new.id, old.id, new.id, f"{called}的标识由 {old.id} 改为 {new.id}。")
        if old.name != new.name:
            yield self.change("renamed", new.id, old.name, new.name, f"{title(old)}改名为“{new.name or new.id}”。")
        if old.tag != new.tag:
            kinds = [KINDS.get(tag, tag) for tag in (old.tag, new.tag)]
            yield self.change("kind", new.id, old.tag, new.tag, f"“{new.name or new.id}”由{kinds[0]}改为{kinds[1]}。")
        yield from self.moved(old, new)
        yield from self.event(old, new)
        for key, (kind, word) in OWN.items():
            yield from self.value(kind, new, word, old.extensions.get(key), new.extensions.get(key))
        arguments = [node.extensions.get("arguments", {}) for node in (old, new)]
        for key in sorted(arguments[0].keys() | arguments[1].keys()):
            yield from self.value("argument", new, f"参数 {key} ", arguments[0].get(key), arguments[1].get(key))
        yield from self.value("called", new, "调用的流程", old.called, new.called)
        yield from self.value("script", new, "计算脚本", old.script, new.script)
        yield from self.value("repeat", new, "重复方式", str(old.repeat or ""), str(new.repeat or ""))
        if old.documentation != new.documentation:
            yield self.change("text", new.id, old.documentation, new.documentation, f"{called}的说明文字有改动。")

    def value(self, kind: str, node: Node, word: str, before: str | None, after: str | None) -> Iterator[Change]:
        """One value that changed, came or went."""
        if (before or "") == (after or ""):
            return
        shown = [PEOPLE.get(text or "", text) if kind == "pool" else text for text in (before, after)]
        if not before:
            sentence = f"{title(node)}的{word}定为“{shown[1]}”。"
        elif not after:
            sentence = f"{title(node)}不再有{word}（原为“{shown[0]}”）。"
        else:
            sentence = f"{title(node)}的{word}由“{shown[0]}”改为“{shown[1]}”。"
        yield self.change(kind, node.id, before or None, after or None, sentence)

    def event(self, old: Node, new: Node) -> Iterator[Change]:
        """Times, messages, and whether the event ends its step."""
        before, after = old.event, new.event
        if (before.timer, before.text) != (after.timer, after.text) and before.text and after.text:
            kind = "limit" if new.extensions.get("role") in LIMITS else "timer"
            words = counted(before.text, after.text)
            yield self.change(kind, new.id, before.text, after.text, f"{title(new)}的期限{words}。")
        elif before.kind != after.kind:
            yield self.change("timer", new.id, before.kind, after.kind, f"{title(new)}等待的事件换成了另一种。")
        if before.kind == after.kind and before.name != after.name:
            yield from self.value("message", new, "消息或信号", before.name, after.name)
        if old.interrupting != new.interrupting and new.tag in ("boundaryEvent", "startEvent"):
            sentence = f"{title(new)}发生后{'结束所在的环节' if new.interrupting else '不再结束所在的环节'}。"
            yield self.change("interrupting", new.id, str(old.interrupting), str(new.interrupting), sentence)

    def moved(self, old: Node, new: Node) -> Iterator[Change]:
        """Whether what comes before an element, among what both versions have, is something else now."""
        if old.attached_to or new.attached_to:
            host = self.same.get(old.attached_to or "", old.attached_to)
            if host != new.attached_to:
                yield self.change("moved", new.id, host, new.attached_to, f"{title(new)}{self.at(new)}。")
            return
        scope = [self.same.get(self.old[old.id][1], self.old[old.id][1]), self.new[new.id][1]]
        before = {self.same[one] for one in _before(old.id, self.old, set(self.same))}
        after = _before(new.id, self.new, set(self.back))
        if new.tag in GATEWAYS or (before == after and scope[0] == scope[1]):
            return
        names = ["、".join(sorted(self.new[one][0].name or one for one in ids)) for ids in (before, after)]
        was = f"（原在“{names[0]}”之后）" if names[0] else ""
        where = f"改到“{names[1]}”之后" if names[1] else "不再有前一步"
        yield self.change("moved", new.id, names[0] or None, names[1] or None, f"{title(new)}{where}{was}。")

    def at(self, node: Node) -> str:
        """'改挂在“A”上'."""
        host = node.attached_to or ""
        return f"改挂在“{self.new[host][0].name or host}”上" if host in self.new else "不再挂在环节上"

    def flows(self) -> Iterator[Change]:
        """Conditions and defaults of flows that both versions have."""
        old = {self.way(node, flow, self.same): (node, flow) for node, _ in self.old.values() for flow in node.flows}
        for node, _ in self.new.values():
            for flow in node.flows:
                known = old.get((flow.source, flow.target))
                if known is not None:
                    yield from self.flow(known, (node, flow))

    def way(self, node: Node, flow: Flow, names: Mapping[str, str]) -> tuple[str, str]:
        """From where to where, in the ids of the new version."""
        return names.get(node.id, node.id), names.get(flow.target, flow.target)

    def flow(self, old: tuple[Node, Flow], new: tuple[Node, Flow]) -> Iterator[Change]:
        """What changed about one flow."""
        (before_node, before), (node, flow) = old, new
        target = self.new[flow.target][0] if flow.target in self.new else node
        way = f"从“{node.name or node.id}”到“{target.name or target.id}”"
        if before.condition != flow.condition:
            texts = [text or "无条件" for text in (before.condition, flow.condition)]
            sentence = f"{way}的条件由“{texts[0]}”改为“{texts[1]}”。"
            yield self.change("condition", flow.id, before.condition, flow.condition, sentence)
        defaults = before_node.default == before.id, node.default == flow.id
        if defaults[0] != defaults[1]:
            sentence = f"{way}{'成为' if defaults[1] else '不再是'}默认流向。"
            yield self.change("default", flow.id, str(defaults[0]), str(defaults[1]), sentence)


def _flat(picture: Picture, scope: str = "") -> Iterator[tuple[str, tuple[Node, str]]]:
    for node in picture.nodes.values():
        yield node.id, (node, scope)
        if node.inner is not None:
            yield from _flat(node.inner, node.id)


def _before(name: str, nodes: Mapping[str, tuple[Node, str]], known: set[str]) -> set[str]:
    """The nearest elements before one, seen through gateways and through what the other version has not."""
    found, seen, stack = set(), {name}, [flow.source for flow in nodes[name][0].incoming]
    while stack:
        source = stack.pop()
        if source in seen or source not in nodes:
            continue
        seen.add(source)
        if source in known and nodes[source][0].tag not in GATEWAYS:
            found.add(source)
        else:
            stack += [flow.source for flow in nodes[source][0].incoming]
    return found


def _likeness(node: Node) -> tuple[Any, ...]:
    own = tuple(str(node.extensions.get(key, "")) for key in ("role", "operation", "form"))
    what = (*own, node.event.text, node.event.name, "" if any(own) else node.name)
    return (node.tag, *what) if any(what) else ()


def _post(node: Node) -> tuple[Any, ...]:
    role = node.extensions.get("role")
    return (node.attached_to, node.event.kind, role) if role and node.attached_to else ()
