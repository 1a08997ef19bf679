"""Lint: whether a package of diagrams may be deployed. The same findings serve the editor while somebody draws.

Structure (lint_flow, lint_scopes, lint_rounds, and lint_states by exploration), waits (lint_waits), evaluated texts
(lint_texts, lint_times), steps and references (lint_steps), calls between processes (lint_package), decision tables
(lint_tables), and for the procedure `opinion` the articles of the measures (articles). What the executor cannot do is
listed once, in support.py."""

from collections.abc import Collection, Iterator, Mapping

from lxml.etree import _ElementTree

from engine.bpmn import (
    articles,
    lint_flow,
    lint_package,
    lint_rounds,
    lint_scopes,
    lint_steps,
    lint_tables,
    lint_texts,
    lint_times,
    lint_waits,
)
from engine.bpmn.draft import soften
from engine.bpmn.findings import Finding, Refused, errors
from engine.bpmn.guard import load
from engine.bpmn.lint_states import check_states, draw
from engine.bpmn.outline import Diagram, read

_ORDER = {"error": 0, "warning": 1}


def check(
    files: Mapping[str, bytes],
    functions: Collection[str] = (),
    operations: Collection[str] = (),
    forms: Collection[str] | None = None,
    package: str = "",
    draft: bool = False,
    marked: bool | None = None,
    people: Collection[str] | None = None,
) -> list[Finding]:
    """Everything wrong with these files (name → bytes), errors first; empty when they may be deployed. A file the
    guard refuses appears with the guard's finding. `functions` and `operations` are what diagrams may name (empty:
    unchecked); `forms`, when given, are the form keys of the package; `package` is its key, for the articles that
    bind it; `draft` forgives what a draft may lack; `marked` asks every user task for its role (default: when the
    forms are known, that is at publish); `people`, when given, are the lanes (names)
    and pools somebody works in."""
    trees, refused = {}, []
    for name, data in files.items():
        try:
            trees[name] = load(data, name)
        except Refused as error:
            refused += error.findings
    found = refused + lint(trees, functions, operations, forms, package, draft, marked)
    if people is not None:
        found += lint_waits.check_lanes(trees, people)
    if not errors(found):
        explored = list(check_states(draw(trees)))
        found += soften(explored) if draft else explored
    return _sorted(found)


def lint(
    trees: Mapping[str, _ElementTree],
    functions: Collection[str] = (),
    operations: Collection[str] = (),
    forms: Collection[str] | None = None,
    package: str = "",
    draft: bool = False,
    marked: bool | None = None,
) -> list[Finding]:
    """The same for trees that passed the guard."""
    roots = {name: tree.getroot() for name, tree in trees.items()}
    diagrams = [read(root, name) for name, root in roots.items() if name.lower().endswith(".bpmn")]
    tables = {name: root for name, root in roots.items() if name.lower().endswith(".dmn")}
    decisions = [identity for root in tables.values() for identity in lint_tables.identities(root)]
    known = functions or None
    found = [item for name, root in tables.items() for item in lint_tables.check_table(name, root, known)]
    for diagram in diagrams:
        found += _check_drawing(diagram)
        found += _check_texts(diagram, known)
        found += lint_steps.check_operations(diagram, operations or None)
        found += lint_steps.check_decisions(diagram, decisions)
        found += lint_steps.check_forms(diagram, forms)
        found += lint_waits.check_waits(diagram, diagrams)
        if forms is not None if marked is None else marked:
            found += lint_steps.check_marked(diagram)
    found += lint_package.check_processes(diagrams)
    found += lint_package.check_calls(diagrams)
    found += lint_rounds.check_rounds(diagrams, draft)
    found += lint_rounds.check_budget(diagrams, draft)
    if package == articles.PACKAGE:
        found += articles.check(diagrams)
    return _sorted(soften(found) if draft else found)


def _check_drawing(diagram: Diagram) -> Iterator[Finding]:
    yield from lint_flow.check_ids(diagram)
    yield from lint_flow.check_lengths(diagram)
    yield from lint_scopes.check_ends(diagram)
    yield from lint_scopes.check_inner(diagram)
    yield from lint_flow.check_connections(diagram)
    yield from lint_flow.check_reachable(diagram)
    yield from lint_flow.check_conditions(diagram)
    yield from lint_steps.check_support(diagram)
    yield from lint_steps.check_imports(diagram)
    yield from lint_steps.check_foreign(diagram)
    yield from lint_steps.check_own_attributes(diagram)
    yield from lint_steps.check_references(diagram)


def _check_texts(diagram: Diagram, functions: Collection[str] | None) -> Iterator[Finding]:
    yield from lint_texts.check_plain(diagram)
    yield from lint_texts.check_conditions(diagram, functions)
    yield from lint_texts.check_scripts(diagram, functions)
    yield from lint_texts.check_arguments(diagram, functions)
    yield from lint_times.check_timers(diagram, functions)
    yield from lint_texts.check_repetition(diagram, functions)


def _sorted(findings: list[Finding]) -> list[Finding]:
    return sorted(
        findings, key=lambda item: (_ORDER[item.severity], item.file, item.line or 0, item.element, item.code)
    )
