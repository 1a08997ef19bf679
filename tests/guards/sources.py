"""What the guards read: the house's own Python files as trees, its templates, diagrams and documents as text."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from engine.config import ROOT

HOUSE = ("engine", "web", "workers")
TEMPLATES = ROOT / "web" / "templates"
PROCESSES = ROOT / "processes"
DOCS = ROOT / "docs"


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the root, its text and its tree."""

    path: str
    tree: ast.Module

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Everything in the tree; a dozen guards look through it."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def names(self) -> dict[str, str]:
        """Local name → the dotted name it was imported as."""
        found: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name.split(".")[0]] = (
                        alias.name if alias.asname else alias.name.split(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom):
                found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        return found

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Every call with the dotted name of what is called: `engine.db.transaction`, `?.commit`."""
        names = self.names
        for node in self.nodes:
            if isinstance(node, ast.Call):
                yield dotted(node.func, names), node

    def imports(self) -> Iterator[tuple[str, ast.stmt]]:
        """Every imported module, whether `import a.b` or `from a.b import c` (as a.b.c)."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((alias.name, node) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)

    def strings(self) -> Iterator[ast.Constant]:
        """Every text constant."""
        yield from (node for node in self.nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def dotted(node: ast.expr, names: dict[str, str]) -> str:
    """`a.b.c` with the imports resolved; what is computed reads `?`."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value, names)}.{node.attr}"
    return "?"


def source(path: str, text: str) -> Source:
    """A source from its text; the negative cases of the guards come this way."""
    return Source(path, ast.parse(text))


@cache
def python() -> tuple[Source, ...]:
    """Every Python file of the house (tests and tools are not the house)."""
    files = sorted(file for room in HOUSE for file in (ROOT / room).rglob("*.py") if "node_modules" not in file.parts)
    return tuple(source(str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")) for file in files)


@cache
def templates() -> dict[str, str]:
    """Every template by the name it is rendered with."""
    return {
        str(file.relative_to(TEMPLATES)): file.read_text(encoding="utf-8") for file in sorted(TEMPLATES.rglob("*.html"))
    }


def document(path: str | Path) -> str:
    """A file of the project as text."""
    return (ROOT / path).read_text(encoding="utf-8")


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every line of every Markdown table in a text, without heads and rules."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if line.startswith("|") and not _rule(line) and not _rule(following):
            yield [cell.strip().replace("¦", "|") for cell in line.strip().strip("|").split("|")]


def _rule(line: str) -> bool:
    return line.startswith("|") and set(line) <= set("|-: ")
