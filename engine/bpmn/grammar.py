"""The grammar of the expression language: Python's own parser, then a whitelist of node kinds, with every refusal a
position and a sentence for somebody who has never programmed. Nothing here evaluates anything."""

import ast
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from engine.bpmn.hints import syntax
from engine.bpmn.source import CONSTANTS, Kind, Problem, Text, code_of

MAX_SOURCE = 4_000
MAX_NODES = 400
MAX_DEPTH = 60
MAX_INTEGER = 10**18
_ESCAPE = re.compile(r"\\(.|$)", re.DOTALL)
_EXPRESSIONS = (
    ast.BoolOp,
    ast.BinOp,
    ast.UnaryOp,
    ast.Compare,
    ast.IfExp,
    ast.Call,
    ast.Constant,
    ast.Name,
    ast.Attribute,
    ast.Subscript,
    ast.List,
    ast.Tuple,
    ast.Dict,
    ast.keyword,
)
_STATEMENTS = (ast.Assign, ast.AugAssign, ast.If, ast.Pass)
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn)
_NOT_WORDS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lambda: ("不能定义函数", "functions cannot be defined"),
    ast.FunctionDef: ("不能定义函数", "functions cannot be defined"),
    ast.Import: ("不能引入模块（import）", "import is not allowed"),
    ast.ImportFrom: ("不能引入模块（import）", "import is not allowed"),
    ast.For: ("不能写循环，请在流程图上画循环或多实例", "no loops: draw a loop or a multi-instance instead"),
    ast.While: ("不能写循环，请在流程图上画循环或多实例", "no loops: draw a loop or a multi-instance instead"),
    ast.ListComp: ("不能写推导式", "comprehensions are not allowed"),
    ast.GeneratorExp: ("不能写推导式", "comprehensions are not allowed"),
    ast.JoinedStr: ('不能用 f"…" 文字，请用 + 连接', "no f-strings: join texts with +"),
    ast.NamedExpr: ("表达式里不能赋值（:=）", "no assignment inside an expression"),
    ast.Slice: ("不能截取一段（[a:b]）", "slices are not allowed"),
    ast.Expr: ("这一行没有写入任何名称，请写成：名称 = 值", "this line assigns nothing: write name = value"),
    ast.Starred: ("不能用 * 展开", "no unpacking with *"),
    ast.Set: ("集合请写成列表 [ ]", "write a list [ ] instead of a set"),
}


def parse(source: str, kind: Kind) -> tuple[ast.AST | None, list[Problem]]:
    """The syntax tree of a source text and everything that is wrong with it; the tree is None or must not be
    evaluated when there is any problem. Never raises, whatever the text."""
    text = Text(source, kind)
    early = list(_before_parsing(text))
    if early:
        return None, early[:1]
    try:
        tree = ast.parse(text.flat[text.lead :], mode="eval" if kind == "expression" else "exec")
    except SyntaxError as error:
        return None, [syntax(text, error)]
    except (RecursionError, MemoryError):
        return None, [text.problem("depth", 0, "括号或运算嵌套太深，请拆成几步", "nested too deeply")]
    except (ValueError, OverflowError):
        return None, [text.problem("syntax", 0, "含有不能识别的字符或过大的数", "unreadable character or number")]
    found = list(_bounds(text, tree))
    return tree, found or list(_whitelist(text, tree))


def _before_parsing(text: Text) -> Iterator[Problem]:
    source = text.source
    if not source.strip():
        yield text.problem("empty", 0, "没有填写内容", "nothing is written here")
    elif len(source) > MAX_SOURCE:
        yield text.problem(
            "length", MAX_SOURCE, f"太长，最多 {MAX_SOURCE} 个字", f"longer than {MAX_SOURCE} characters"
        )
    else:
        for offset, char in enumerate(source):
            if char not in "\n\r\t" and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}:
                code = f"U+{ord(char):04X}"
                yield text.problem(
                    "invisible", offset, f"含有看不见的字符 {code}，请删去", f"invisible character {code}"
                )
        for escape in _ESCAPE.finditer(source):
            if escape[1] not in "\\'\"nt":
                yield text.problem(
                    "escape",
                    escape.start(),
                    "反斜杠 \\ 只能写成 \\\\、\\n、\\t 或放在引号前",
                    "only \\\\ \\n \\t \\' \\\" escapes",
                )
        depth = 0
        for offset, char in code_of(source):
            depth += (char in "([{") - (char in ")]}")
            if depth > MAX_DEPTH:
                yield text.problem("depth", offset, "括号嵌套太深，请拆成几步", "nested too deeply")


def _bounds(text: Text, tree: ast.AST) -> Iterator[Problem]:
    nodes, stack = 0, [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        nodes += isinstance(node, ast.expr | ast.stmt | ast.keyword)
        if nodes > MAX_NODES:
            yield text.at("size", node, f"太复杂，最多 {MAX_NODES} 个成分，请拆成几步", f"more than {MAX_NODES} parts")
            return
        if depth > MAX_DEPTH:
            yield text.at("depth", node, "嵌套太深，请拆成几步", "nested too deeply")
            return
        stack += [(child, depth + 1) for child in ast.iter_child_nodes(node)]


def _whitelist(text: Text, tree: ast.AST) -> Iterator[Problem]:
    stack = list(ast.iter_child_nodes(tree))
    while stack:
        node = stack.pop(0)
        problem = _refuse(text, node)
        if problem:
            yield problem
        else:
            stack += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr_context)]


def _refuse(text: Text, node: ast.AST) -> Problem | None:
    if isinstance(node, ast.operator | ast.cmpop | ast.boolop | ast.unaryop):
        return None
    allowed = _EXPRESSIONS if text.kind == "expression" else _EXPRESSIONS + _STATEMENTS
    if not isinstance(node, allowed):
        message, english = _NOT_WORDS.get(
            type(node), ("流程图里不允许这种写法", "this construct is not allowed in a diagram")
        )
        return text.at("construct", node, message, english)
    details = _DETAILS.get(type(node))
    refused = details(node) if details is not None else None
    return text.at(refused[0], node, refused[1], refused[2]) if refused else None


Refusal = tuple[str, str, str] | None


def _private(name: str | None) -> Refusal:
    if name is not None and name.startswith("_"):
        return "private", f"名称 {name} 以下划线开头，不能使用", f"{name}: names starting with _ are not allowed"
    return None


def _constant(node: ast.Constant) -> Refusal:
    value = node.value
    if value is None or isinstance(value, bool | str):
        return None
    if isinstance(value, int) and abs(value) <= MAX_INTEGER:
        return None
    if isinstance(value, float) and value - value == 0:
        return None
    if isinstance(value, int | float):
        return "number", "数太大", "the number is too large"
    return "construct", "只能写文字、数、true、false、null", "only texts, numbers, true, false and null"


def _binary(node: ast.BinOp | ast.AugAssign) -> Refusal:
    if isinstance(node.op, _ARITHMETIC):
        return None
    if isinstance(node.op, ast.BitAnd | ast.BitOr):
        return "operator", "“并且”写 and，“或者”写 or", "write `and` / `or`"
    return "operator", "不能用这种运算，可用 + - * / // %", "only + - * / // % are allowed"


def _compare(node: ast.Compare) -> Refusal:
    if all(isinstance(op, _COMPARISONS) for op in node.ops):
        return None
    return "operator", "“是”请写 ==，“不是”请写 !=", "write `==` / `!=` instead of `is`"


def _call(node: ast.Call) -> Refusal:
    if not isinstance(node.func, ast.Name):
        return "call", "只能按名称调用函数，不能调用“对象.方法()”", "only named functions can be called"
    if any(keyword.arg is None for keyword in node.keywords):
        return "call", "不能用 ** 展开", "no unpacking with **"
    return None


def _assign(node: ast.Assign) -> Refusal:
    if len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
        return "assign", "一行只能给一个名称赋值：名称 = 值", "assign one plain name per line"
    return _target(node.targets[0].id)


def _target(name: str) -> Refusal:
    if name in CONSTANTS:
        return "assign", f"{name} 是固定的值，不能赋值", f"{name} cannot be assigned"
    return _private(name)


_DETAILS: dict[type[ast.AST], Callable[[Any], Refusal]] = {
    ast.Constant: _constant,
    ast.BinOp: _binary,
    ast.AugAssign: lambda node: (
        _binary(node)
        or (
            _target(node.target.id)
            if isinstance(node.target, ast.Name)
            else ("assign", "一行只能给一个名称赋值：名称 = 值", "assign one plain name per line")
        )
    ),
    ast.UnaryOp: lambda node: ("operator", "不能用 ~", "~ is not allowed") if isinstance(node.op, ast.Invert) else None,
    ast.Compare: _compare,
    ast.Call: _call,
    ast.keyword: lambda node: _private(node.arg),
    ast.Name: lambda node: _private(node.id),
    ast.Attribute: lambda node: _private(node.attr),
    ast.Assign: _assign,
    ast.Dict: lambda node: ("construct", "不能用 ** 展开", "no unpacking with **") if None in node.keys else None,
}
