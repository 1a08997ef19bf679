"""The expression language of our diagrams: conditions, timers, arguments, cardinalities, DMN cells and short assignment
scripts. A whitelist evaluator with bounds; no Python is ever executed, nothing but named functions can be called.

    compile('answered and days_left < 3').evaluate({'answered': True, 'days_left': 2})      -> True
    script('limit_days = 30 if extended else 10').run({'extended': True})                   -> {'limit_days': 30}
    check('tier = "街道"', functions=())                                                     -> [Problem(...)]
"""

import ast
import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from engine.bpmn.functions import BUILTINS
from engine.bpmn.grammar import CONSTANTS, ExpressionError, Kind, Problem, Text, parse
from engine.bpmn.values import (
    MAX_ITEMS,
    add,
    admit,
    arithmetic,
    bounded,
    comparable,
    contained,
    item,
    measured,
    number,
    read,
    register,
    subtract,
    truth,
    word,
)
from engine.errors import LianxinError

__all__ = ["BUILTINS", "Expression", "ExpressionError", "Problem", "Script", "check", "compile", "register", "script"]

Names = Mapping[str, Any] | Callable[[str], Any]
Functions = Mapping[str, Callable[..., Any]]

MAX_STEPS = 20_000
_NO_FUNCTIONS: Functions = {}
_FAULTS = (LianxinError, ValueError, TypeError, LookupError, ArithmeticError, RecursionError, MemoryError,
           AttributeError, UnicodeError)

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: add,
    ast.Sub: subtract,
    ast.Mult: arithmetic("乘法", operator.mul),
    ast.Div: arithmetic("除法", operator.truediv),
    ast.FloorDiv: arithmetic("整除", operator.floordiv),
    ast.Mod: arithmetic("求余", operator.mod),
}
_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}


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
                yield _unknown_function(self._text, node.func, known)  # type: ignore[attr-defined]
        for name, node in self._reads() if names is not None else ():
            if name not in names:  # type: ignore[operator]
                yield _unknown_name(self._text, node, known, names or ())

    def _reads(self) -> Iterator[tuple[str, ast.Name]]:
        yield from _reads(self._tree, set())


class Expression(_Source):
    """One checked expression; immutable, shared between threads."""

    kind: Kind = "expression"

    def evaluate(self, names: Names = _NO_FUNCTIONS, functions: Functions = _NO_FUNCTIONS) -> Any:
        """The value. `names` is a mapping or a lookup that raises KeyError; `functions` go before the built-in ones.
        ExpressionError, with its position, for everything that goes wrong."""
        return _Run(self._text, names, functions).result(self._tree.body)

    def decide(self, names: Names = _NO_FUNCTIONS, functions: Functions = _NO_FUNCTIONS) -> bool:
        """The value of a condition: true or false, never a text or a number that merely looks like one."""
        return _Run(self._text, names, functions).decision(self._tree.body)

    def constant(self) -> Any:
        """The value if the whole text is one literal (a number may carry a sign), else None."""
        body = self._tree.body
        simple = body.operand if isinstance(body, ast.UnaryOp) else body
        literal = isinstance(simple, ast.Constant) or isinstance(simple, ast.Name) and simple.id in CONSTANTS
        return self.evaluate() if literal else None


class Script(_Source):
    """A checked assignment script: `name = expression` lines and if / elif / else."""

    kind: Kind = "script"

    def run(self, names: Names = _NO_FUNCTIONS, functions: Functions = _NO_FUNCTIONS) -> dict[str, Any]:
        """The names assigned and their final values; nothing outside is changed. ExpressionError as above."""
        run = _Run(self._text, names, functions)
        run.block(self._tree.body)
        return run.changed

    def targets(self) -> frozenset[str]:
        """The names it may assign."""
        return frozenset(node.id for node in ast.walk(self._tree)
                         if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))


@lru_cache(maxsize=4096)
def compile(source: str) -> Expression:
    """The checked expression (cached); ExpressionError when the text is not in our language."""
    return Expression(source)


@lru_cache(maxsize=512)
def script(source: str) -> Script:
    """The checked assignment script (cached); ExpressionError when the text is not in our language."""
    return Script(source)


def check(source: str, functions: Collection[str] | None, *, kind: Kind = "expression",
          names: Collection[str] | None = None) -> list[Problem]:
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
        for part in [*node.args, *(keyword.value for keyword in node.keywords)]:
            yield from _reads(part, assigned)
    elif isinstance(node, ast.Assign | ast.AugAssign):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(node, ast.AugAssign):
            yield from _reads(target, assigned)
        yield from _reads(node.value, assigned)
        assigned.add(target.id)  # type: ignore[attr-defined]
    elif isinstance(node, ast.If):
        yield from _reads(node.test, assigned)
        then, other = set(assigned), set(assigned)
        for part in node.body:
            yield from _reads(part, then)
        for part in node.orelse:
            yield from _reads(part, other)
        assigned |= then & other
    else:
        for part in ast.iter_child_nodes(node):
            yield from _reads(part, assigned)


def _unknown_function(text: Text, node: ast.Name, known: Collection[str]) -> Problem:
    near = get_close_matches(node.id, known, 1)
    hint = f"，是不是 {near[0]}？" if near else f"；可用的有 {'、'.join(sorted(known))}"
    return text.at("function", node, f"没有函数 {node.id}{hint}", f"unknown function {node.id}")


def _unknown_name(text: Text, node: ast.Name, functions: Collection[str], names: Collection[str]) -> Problem:
    if node.id in functions:
        return text.at("name", node, f"{node.id} 是函数，请加括号：{node.id}(…)", f"{node.id} is a function: call it")
    near = get_close_matches(node.id, names, 1)
    hint = f"，是不是 {near[0]}？" if near else "；文字请加英文引号"
    return text.at("name", node, f"没有名称 {node.id}{hint}", f"unknown name {node.id}; put texts in quotes")


class _Run:
    """One evaluation: where names come from, what may be called, how many steps are left."""

    def __init__(self, text: Text, names: Names, functions: Functions) -> None:
        self.text = text
        self.lookup = names.__getitem__ if isinstance(names, Mapping) else names
        self.functions = functions
        self.steps = MAX_STEPS
        self.changed: dict[str, Any] = {}
        self.node: ast.AST | None = None

    def result(self, node: ast.expr) -> Any:
        return self._guarded(node, lambda: measured(self.value(node)))

    def decision(self, node: ast.expr) -> bool:
        return bool(self._guarded(node, lambda: truth(self.value(node))))

    def block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self.spend(1)
            if isinstance(statement, ast.If):
                self.block(statement.body if self.decision(statement.test) else statement.orelse)
            elif isinstance(statement, ast.Assign):
                self.changed[statement.targets[0].id] = self.result(statement.value)  # type: ignore[attr-defined]
            elif isinstance(statement, ast.AugAssign):
                self.changed[statement.target.id] = self._guarded(statement, self._augmented, statement)  # type: ignore[union-attr]

    def _augmented(self, statement: ast.AugAssign) -> Any:
        old = self.name(statement.target)  # type: ignore[arg-type]
        return measured(_ARITHMETIC[type(statement.op)](old, self.value(statement.value)))

    def _guarded(self, node: ast.AST, action: Callable[..., Any], *arguments: Any) -> Any:
        self.node = node
        try:
            return action(*arguments)
        except ExpressionError:
            raise
        except _FAULTS as error:
            raise self.fault(self.node or node, _reason(error)) from error

    def fault(self, node: ast.AST, reason: str, code: str = "value") -> ExpressionError:
        return ExpressionError(self.text.source, self.text.at(code, node, reason, reason))

    def spend(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise ValueError(f"计算超过 {MAX_STEPS} 步")

    def value(self, node: ast.expr) -> Any:
        self.steps -= 1
        result = _VISIT[type(node)](self, node)
        self.node = node
        return result

    def constant(self, node: ast.Constant) -> Any:
        return node.value

    def name(self, node: ast.Name) -> Any:
        self.node = node
        if node.id in CONSTANTS:  # before any data: a form field called "true" must not change what true means
            return CONSTANTS[node.id]
        if node.id in self.changed:
            return self.changed[node.id]
        try:
            found = self.lookup(node.id)
        except KeyError:
            known = {*self.functions, *BUILTINS}
            raise ExpressionError(self.text.source, _unknown_name(self.text, node, known, ())) from None
        return admit(found)

    def logic(self, node: ast.BoolOp) -> bool:
        wanted = isinstance(node.op, ast.Or)
        for part in node.values:
            if truth(self.value(part)) is wanted:
                return wanted
        return not wanted

    def binary(self, node: ast.BinOp) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        self.node = node
        if isinstance(left, list | tuple):
            self.spend(len(left))
        return _ARITHMETIC[type(node.op)](left, right)

    def unary(self, node: ast.UnaryOp) -> Any:
        value = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return not truth(value)
        if not number(value):
            raise ValueError(f"正负号只能用在数前面，这里是{word(value)}")
        return -value if isinstance(node.op, ast.USub) else value

    def compare(self, node: ast.Compare) -> bool:
        left = self.value(node.left)
        for op, part in zip(node.ops, node.comparators, strict=True):
            right = self.value(part)
            self.node = node
            if not self._holds(op, left, right):
                return False
            left = right
        return True

    def _holds(self, op: ast.cmpop, left: Any, right: Any) -> bool:
        if isinstance(op, ast.In | ast.NotIn):
            self.spend(len(right) if isinstance(right, list | tuple) else 1)
            return contained(left, right) is isinstance(op, ast.In)
        if isinstance(op, ast.Eq | ast.NotEq):
            return bool(left == right) is isinstance(op, ast.Eq)
        comparable(left, right)
        return bool(_ORDER[type(op)](left, right))

    def choice(self, node: ast.IfExp) -> Any:
        return self.value(node.body if truth(self.value(node.test)) else node.orelse)

    def sequence(self, node: ast.List | ast.Tuple) -> Any:
        return [self.value(part) for part in node.elts]

    def record(self, node: ast.Dict) -> dict[str, Any]:
        record: dict[str, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            name = self.value(key) if key is not None else None
            if not isinstance(name, str):
                raise ValueError("记录各项的名称必须是文字")
            record[name] = self.value(value)
        return record

    def subscript(self, node: ast.Subscript) -> Any:
        value, key = self.value(node.value), self.value(node.slice)
        self.node = node
        return item(value, key)

    def attribute(self, node: ast.Attribute) -> Any:
        value = self.value(node.value)
        self.node = node
        return read(value, node.attr)

    def call(self, node: ast.Call) -> Any:
        name = node.func.id  # type: ignore[attr-defined]
        function = self.functions.get(name) or BUILTINS.get(name)
        if function is None:
            known = {*self.functions, *BUILTINS}
            raise ExpressionError(self.text.source, _unknown_function(self.text, node.func, known))  # type: ignore[arg-type]
        arguments = [self.value(part) for part in node.args]
        named = {keyword.arg or "": self.value(keyword.value) for keyword in node.keywords}
        self.node = node
        self.spend(sum(min(len(part), MAX_ITEMS) for part in arguments if isinstance(part, list | tuple)))
        return bounded(function(*arguments, **named))


_VISIT: dict[type[ast.AST], Callable[[_Run, Any], Any]] = {
    ast.Constant: _Run.constant, ast.Name: _Run.name, ast.BoolOp: _Run.logic, ast.BinOp: _Run.binary,
    ast.UnaryOp: _Run.unary, ast.Compare: _Run.compare, ast.IfExp: _Run.choice, ast.List: _Run.sequence,
    ast.Tuple: _Run.sequence, ast.Dict: _Run.record, ast.Subscript: _Run.subscript,
    ast.Attribute: _Run.attribute, ast.Call: _Run.call,
}


def _reason(error: BaseException) -> str:
    if isinstance(error, LianxinError):
        return error.message
    text = str(error)
    if type(error) is ValueError and any("一" <= char <= "鿿" for char in text):
        return text
    if isinstance(error, OverflowError):
        return "结果超出可以表示的范围"
    if isinstance(error, TypeError):
        return "函数的参数个数或类型不对，或两个值不能这样计算"
    return "无法计算"
