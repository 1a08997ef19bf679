"""One evaluation of a checked syntax tree: values of the whitelisted nodes, within a budget of steps."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from engine.bpmn.functions import BUILTINS
from engine.bpmn.hints import unknown_function, unknown_name
from engine.bpmn.source import CONSTANTS, ExpressionError, Text
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
    subtract,
    truth,
    word,
)
from engine.errors import LianxinError

Names = Mapping[str, Any] | Callable[[str], Any]
Functions = Mapping[str, Callable[..., Any]]

MAX_STEPS = 20_000
NOTHING: Functions = {}
_FAULTS = (
    LianxinError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    MemoryError,
    AttributeError,
    UnicodeError,
)

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: add,
    ast.Sub: subtract,
    ast.Mult: arithmetic("乘法", operator.mul),
    ast.Div: arithmetic("除法", operator.truediv),
    ast.FloorDiv: arithmetic("整除", operator.floordiv),
    ast.Mod: arithmetic("求余", operator.mod),
}
_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class Run:
    """One evaluation: where names come from, what may be called, how many steps are left."""

    def __init__(self, text: Text, names: Names, functions: Functions) -> None:
        self.text = text
        self.lookup = names.__getitem__ if isinstance(names, Mapping) else names
        self.functions = functions
        self.steps = MAX_STEPS
        self.changed: dict[str, Any] = {}
        self.node: ast.AST = ast.Constant(None)  # where we are, for the position of a fault

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
            raise self.fault(_reason(error)) from error

    def fault(self, reason: str) -> ExpressionError:
        return ExpressionError(self.text.source, self.text.at("value", self.node, reason, "cannot be calculated"))

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
            raise ExpressionError(self.text.source, unknown_name(self.text, node, known, ())) from None
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
            raise ExpressionError(self.text.source, unknown_function(self.text, node.func, known))  # type: ignore[arg-type]
        arguments = [self.value(part) for part in node.args]
        named = {keyword.arg or "": self.value(keyword.value) for keyword in node.keywords}
        self.node = node
        self.spend(sum(min(len(part), MAX_ITEMS) for part in arguments if isinstance(part, list | tuple)))
        return bounded(function(*arguments, **named))


_VISIT: dict[type[ast.AST], Callable[[Run, Any], Any]] = {
    ast.Constant: Run.constant,
    ast.Name: Run.name,
    ast.BoolOp: Run.logic,
    ast.BinOp: Run.binary,
    ast.UnaryOp: Run.unary,
    ast.Compare: Run.compare,
    ast.IfExp: Run.choice,
    ast.List: Run.sequence,
    ast.Tuple: Run.sequence,
    ast.Dict: Run.record,
    ast.Subscript: Run.subscript,
    ast.Attribute: Run.attribute,
    ast.Call: Run.call,
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
