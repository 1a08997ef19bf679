"""The expression language of our diagrams: conditions, timers, arguments, cardinalities, DMN cells and short assignment
scripts. A whitelist evaluator with bounds; no Python is ever executed, nothing but named functions can be called.

    compile('answered and days_left < 3').evaluate({'answered': True, 'days_left': 2})      -> True
    script('limit_days = 30 if extended else 10').run({'extended': True})                   -> {'limit_days': 30}
    check('tier = "街道"', functions=())                                                     -> [Problem(...)]
"""

import ast
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any

from engine.bpmn.evaluation import NOTHING, Functions, Names, Run
from engine.bpmn.functions import BUILTINS
from engine.bpmn.grammar import parse
from engine.bpmn.hints import unknown_function, unknown_name
from engine.bpmn.source import CONSTANTS, ExpressionError, Kind, Problem, Text
from engine.bpmn.values import register

__all__ = ["BUILTINS", "Expression", "ExpressionError", "Problem", "Script", "check", "compile", "register", "script"]


class _Source:
    """What an expression and a script have in common: a checked tree, its free names and its calls."""

    kind: Kind

    def __init__(self, source: str) -> None:
        self.source = source
        tree, problems = parse(source, self.kind)
        if problems or tree is None:
            raise ExpressionError(source, problems[0])
        self._tree: Any = tree
        self._text = Text(source, self.kind)
        self._calls = frozenset(node.func.id for node in ast.walk(tree) if _is_call(node))  # type: ignore[attr-defined]

    def calls(self) -> frozenset[str]:
        """The functions it calls, built-in ones included."""
        return self._calls

    def names(self) -> frozenset[str]:
        """The names it reads that must come from outside."""
        return frozenset(name for name, _ in self._reads())

    def problems(self, functions: Collection[str] | None, names: Collection[str] | None = None) -> list[Problem]:
        """Unknown functions (and unknown names, if the known ones are given), each with its position."""
        return sorted(self._unknown(functions, names), key=lambda problem: (problem.line, problem.column))

    def _unknown(self, functions: Collection[str] | None, names: Collection[str] | None) -> Iterator[Problem]:
        known = {*(functions or ()), *BUILTINS}
        for node in ast.walk(self._tree) if functions is not None else ():
            if _is_call(node) and node.func.id not in known:  # type: ignore[attr-defined]
                yield unknown_function(self._text, node.func, known)  # type: ignore[attr-defined]
        for name, node in self._reads() if names is not None else ():
            if name not in names:  # type: ignore[operator]
                yield unknown_name(self._text, node, known, names or ())

    def _reads(self) -> Iterator[tuple[str, ast.Name]]:
        yield from _reads(self._tree, set())


class Expression(_Source):
    """One checked expression; immutable, shared between threads."""

    kind: Kind = "expression"

    def evaluate(self, names: Names = NOTHING, functions: Functions = NOTHING) -> Any:
        """The value. `names` is a mapping or a lookup that raises KeyError; `functions` go before the built-in ones.
        ExpressionError, with its position, for everything that goes wrong."""
        return Run(self._text, names, functions).result(self._tree.body)

    def decide(self, names: Names = NOTHING, functions: Functions = NOTHING) -> bool:
        """The value of a condition: true or false, never a text or a number that merely looks like one."""
        return Run(self._text, names, functions).decision(self._tree.body)

    def constant(self) -> Any:
        """The value if the whole text is one literal (a number may carry a sign), else None."""
        body = self._tree.body
        simple = body.operand if isinstance(body, ast.UnaryOp) else body
        literal = isinstance(simple, ast.Constant) or (isinstance(simple, ast.Name) and simple.id in CONSTANTS)
        return self.evaluate() if literal else None


class Script(_Source):
    """A checked assignment script: `name = expression` lines and if / elif / else."""

    kind: Kind = "script"

    def run(self, names: Names = NOTHING, functions: Functions = NOTHING) -> dict[str, Any]:
        """The names assigned and their final values; nothing outside is changed. ExpressionError as above."""
        run = Run(self._text, names, functions)
        run.block(self._tree.body)
        return run.changed

    def targets(self) -> frozenset[str]:
        """The names it may assign."""
        return frozenset(
            node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        )


@lru_cache(maxsize=4096)
def compile(source: str) -> Expression:  # noqa: A001
    """The checked expression (cached); ExpressionError when the text is not in our language."""
    return Expression(source)


@lru_cache(maxsize=512)
def script(source: str) -> Script:
    """The checked assignment script (cached); ExpressionError when the text is not in our language."""
    return Script(source)


def check(
    source: str, functions: Collection[str] | None, *, kind: Kind = "expression", names: Collection[str] | None = None
) -> list[Problem]:
    """Everything wrong with a text, for lint and the editor; never raises. `functions` are the known ones
    besides the built-in (None: any); with `names`, unknown names are reported."""
    _, problems = parse(source, kind)
    if problems:
        return problems
    checked: _Source = compile(source) if kind == "expression" else script(source)
    return checked.problems(functions, names)


def _is_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


def _reads(node: ast.AST, assigned: set[str]) -> Iterator[tuple[str, ast.Name]]:
    """Names read before they are surely assigned; `assigned` grows along the way."""
    if isinstance(node, ast.Name):
        if node.id not in assigned and node.id not in CONSTANTS:
            yield node.id, node
    elif isinstance(node, ast.Call):
        yield from _reads_of_all([*node.args, *(keyword.value for keyword in node.keywords)], assigned)
    elif isinstance(node, ast.Assign | ast.AugAssign):
        yield from _reads_of_assignment(node, assigned)
    elif isinstance(node, ast.If):
        then, other = set(assigned), set(assigned)
        yield from _reads_of_all([node.test, *node.body], then)
        yield from _reads_of_all(node.orelse, other)
        assigned |= then & other
    else:
        yield from _reads_of_all(ast.iter_child_nodes(node), assigned)


def _reads_of_assignment(node: ast.Assign | ast.AugAssign, assigned: set[str]) -> Iterator[tuple[str, ast.Name]]:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    if isinstance(node, ast.AugAssign):
        yield from _reads(target, assigned)
    yield from _reads(node.value, assigned)
    assigned.update(name.id for name in (target,) if isinstance(name, ast.Name))


def _reads_of_all(nodes: Iterable[ast.AST], assigned: set[str]) -> Iterator[tuple[str, ast.Name]]:
    for node in nodes:
        yield from _reads(node, assigned)
