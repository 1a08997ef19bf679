"""A package: the .bpmn and .dmn files of one procedure, guarded, checked and parsed once. Immutable and shared by all
threads; the caller keeps it per version."""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from lxml.etree import _ElementTree

from engine.bpmn.decisions import Decision, tables
from engine.bpmn.draft import by_hand, chosen_by_hand
from engine.bpmn.explore import Explored, explore
from engine.bpmn.findings import Finding, Refused, errors
from engine.bpmn.guard import load
from engine.bpmn.lint import lint
from engine.bpmn.model import Element
from engine.bpmn.normalise import Picture, pictures
from engine.bpmn.parse import ProcessSpec, build, elements


class Package:
    """What `compile_package` makes of the files of one procedure version."""

    def __init__(self, drawn: Mapping[str, Picture], specs: Mapping[str, ProcessSpec], findings: list[Finding]) -> None:
        self.drawn, self.specs = MappingProxyType(dict(drawn)), MappingProxyType(dict(specs))
        self.warnings: tuple[Finding, ...] = tuple(findings)
        self._elements = {name: tuple(elements(picture)) for name, picture in drawn.items()}
        self._files = {name: picture.file for name, picture in drawn.items()}
        self._names = {name: picture.name or name for name, picture in drawn.items()}

    @property
    def processes(self) -> tuple[str, ...]:
        """The ids of the processes, in file order."""
        return tuple(self._files)

    @property
    def diagrams(self) -> Mapping[str, str]:
        """Process id → name of the file it is drawn in."""
        return MappingProxyType(self._files)

    @property
    def names(self) -> Mapping[str, str]:
        """Process id → the name people read."""
        return MappingProxyType(self._names)

    def elements(self, process_id: str) -> tuple[Element, ...]:
        """The elements of a process as drawn, those of embedded subprocesses included; KeyError for unknown ids."""
        return self._elements[process_id]

    def explored(self) -> list[Explored]:
        """What the bounded exploration says of every scope: proved, counter-example or undecided."""
        return explore(self.drawn)

    def start_events(self, process_id: str) -> tuple[Element, ...]:
        """The start events of a process, for the start schedule and the routing of messages: `event` is None for the
        plain one, else timer, message or signal."""
        return tuple(e for e in self._elements[process_id] if e.kind == "startEvent" and e.scope is None)


def compile_package(
    files: Mapping[str, bytes], functions: Collection[str] = (), operations: Collection[str] = (), draft: bool = False
) -> Package:
    """The package of these files (name → bytes; other suffixes are ignored). `functions` and `operations` are what
    expressions and service tasks may name; empty means unchecked. A draft runs by hand what it cannot execute (see
    draft.py). Refused, with every finding, when it cannot run."""
    trees = _load({name: data for name, data in files.items() if name.endswith((".bpmn", ".dmn"))})
    findings = lint(trees, functions=functions, operations=operations, draft=draft)
    if errors(findings):
        raise Refused(findings)
    roots = {name: tree.getroot() for name, tree in trees.items()}
    diagrams = {name: root for name, root in roots.items() if name.endswith(".bpmn")}
    drawn = {
        picture.id: picture for name, root in diagrams.items() for picture in pictures(root, name) if picture.nodes
    }
    decisions = {table.id: table for name, root in roots.items() if name not in diagrams for table in tables(root)}
    if draft:
        for picture in drawn.values():
            _leave_to_people(picture, {*drawn, *decisions})
    return Package(drawn, dict(_specs(drawn, decisions)), findings)


def _leave_to_people(picture: Picture, known: Collection[str]) -> None:
    for node in picture.nodes.values():
        own = node.extensions
        ways = {flow.id: bool(flow.condition) for flow in node.flows}
        node.by_hand = by_hand(
            node.tag, own.get("operation"), own.get("decision"), node.language, node.called, known
        ) or chosen_by_hand(node.tag, len(node.incoming), node.default, ways)
        if node.inner is not None:
            _leave_to_people(node.inner, known)


def _load(files: Mapping[str, bytes]) -> dict[str, _ElementTree]:
    trees, found = {}, []
    for name, data in files.items():
        try:
            trees[name] = load(data, name)
        except Refused as refused:
            found += refused.findings
    if found:
        raise Refused(found)
    return trees


def _specs(drawn: Mapping[str, Picture], decisions: Mapping[str, Decision]) -> Iterator[tuple[str, Any]]:
    for picture in drawn.values():
        yield from build(picture, decisions).items()
