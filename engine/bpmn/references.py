"""What the diagrams of a package are called and what they name: forms, decision tables, other processes. For lists of
files and for asking who still uses something; a file that cannot be read names nothing (lint says why)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml.etree import Element as AnyTag
from lxml.etree import QName, _Element

from engine.bpmn.findings import Refused
from engine.bpmn.guard import LIANXIN, load

_DEFINED = ("process", "decision")
_OURS = ("form", "decision", "operation")


@dataclass(frozen=True)
class Reference:
    """One element naming something: `kind` is form, decision, operation, process (called) or argument; `target` the
    name, for an argument its value."""

    file: str
    element: str
    name: str
    kind: str
    target: str


def titles(files: Mapping[str, bytes]) -> dict[str, str]:
    """File → the names of the processes or decisions in it, joined; the file's own name when there are none."""
    found = {}
    for file, root in _roots(files):
        names = [
            one.get("name") or one.get("id", "")
            for one in root.iterchildren(AnyTag)
            if QName(one).localname in _DEFINED
        ]
        found[file] = "、".join(name for name in names if name) or file
    return {file: found.get(file, file) for file in files if file.endswith((".bpmn", ".dmn"))}


def defined(files: Mapping[str, bytes]) -> dict[str, list[str]]:
    """File → the ids of the processes or decisions in it."""
    return {
        file: [one.get("id", "") for one in root.iterchildren(AnyTag) if QName(one).localname in _DEFINED]
        for file, root in _roots(files)
    }


def references(files: Mapping[str, bytes]) -> list[Reference]:
    """Everything the elements of the diagrams name, in the order of the files."""
    return [found for file, root in _roots(files) for element in root.iter(AnyTag) for found in _named(file, element)]


def _roots(files: Mapping[str, bytes]) -> Iterator[tuple[str, _Element]]:
    for file in sorted(file for file in files if file.endswith((".bpmn", ".dmn"))):
        try:
            yield file, load(files[file], file).getroot()
        except Refused:
            continue


def _named(file: str, element: _Element) -> Iterator[Reference]:
    own, name = element.get("id", ""), element.get("name") or element.get("id", "")
    for kind in _OURS:
        target = element.get(f"{{{LIANXIN}}}{kind}")
        if target:
            yield Reference(file, own, name, kind, target)
    if QName(element).localname == "callActivity" and element.get("calledElement"):
        yield Reference(file, own, name, "process", element.get("calledElement", "").rpartition(":")[2])
    for argument in element.findall(f"{{*}}extensionElements//{{{LIANXIN}}}argument"):
        yield Reference(file, own, name, "argument", argument.get("value", ""))
