"""The grammar of the expression language: Python's own parser, then a whitelist of node kinds, with every refusal a
position and a sentence for somebody who has never programmed. Nothing here evaluates anything."""

import ast
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from engine.errors import LianxinError

Kind = Literal["expression", "script"]

MAX_SOURCE = 4_000
MAX_NODES = 400
MAX_DEPTH = 60
MAX_INTEGER = 10**18
CONSTANTS = {"true": True, "false": False, "null": None, "none": None}

_FULL_WIDTH = dict(zip("（），：；！＝＜＞＋－＊／％“”‘’【】［］｛｝。．＆｜　", "(),:;!=<>+-*/%\"\"''[][]{}..&| ", strict=True))
_OPERATORS = (
    ("&&", "“并且”请写 and，不用 &&", "write `and` instead of `&&`"),
    ("||", "“或者”请写 or，不用 ||", "write `or` instead of `||`"),
    ("===", "相等请写 ==（两个等号）", "write `==` instead of `===`"),
    ("<>", "不相等请写 !=", "write `!=` instead of `<>`"),
    ("=>", "大于等于请写 >=", "write `>=` instead of `=>`"),
    ("=<", "小于等于请写 <=", "write `<=` instead of `=<`"),
    ("${", "不用 ${…} 包起来，直接写表达式", "write the expression itself, without ${…}"),
    ("#{", "不用 #{…} 包起来，直接写表达式", "write the expression itself, without #{…}"),
    ("?", "“如果”请写成：甲 if 条件 else 乙", "write `a if condition else b` instead of `? :`"),
)
_EXPRESSIONS = (
    ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.Call, ast.Constant, ast.Name, ast.Attribute,
    ast.Subscript, ast.List, ast.Tuple, ast.Dict, ast.keyword,
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
    ast.JoinedStr: ("不能用 f\"…\" 文字，请用 + 连接", "no f-strings: join texts with +"),
    ast.NamedExpr: ("表达式里不能赋值（:=）", "no assignment inside an expression"),
    ast.Slice: ("不能截取一段（[a:b]）", "slices are not allowed"),
    ast.Expr: ("这一行没有写入任何名称，请写成：名称 = 值", "this line assigns nothing: write name = value"),
    ast.Starred: ("不能用 * 展开", "no unpacking with *"),
    ast.Set: ("集合请写成列表 [ ]", "write a list [ ] instead of a set"),
}


@dataclass(frozen=True)
class Problem:
    """One fault in a source text; line and column count from 1, in characters of the original text."""

    code: str
    line: int
    column: int
    message: str
    message_en: str


class ExpressionError(LianxinError):
    """表达式“{source}”第 {line} 行第 {column} 列有误：{reason}"""

    def __init__(self, source: str, problem: Problem) -> None:
        self.source = source
        self.problem = problem
        self.position = (problem.line, problem.column)
        shown = source.strip()
        shown = shown if len(shown) <= 80 else shown[:79] + "…"
        super().__init__(source=shown, line=problem.line, column=problem.column, reason=problem.message)


class Text:
    """A source text and its flattened twin (line breaks of an expression read as spaces), for exact positions."""

    def __init__(self, source: str, kind: Kind) -> None:
        self.source = source
        self.kind = kind
        unified = source.replace("\r\n", " \n").replace("\r", "\n")
        self.flat = unified if kind == "script" else unified.replace("\n", " ").replace("\t", " ")
        self.lead = 0 if kind == "script" else len(self.flat) - len(self.flat.lstrip(" "))

    def problem(self, code: str, offset: int, message: str, english: str) -> Problem:
        """A problem at a character offset of the original text."""
        before = self.source[: max(0, offset)]
        line = before.count("\n") + 1
        return Problem(code, line, len(before) - (before.rfind("\n") + 1) + 1, message, english)

    def at(self, code: str, node: ast.AST, message: str, english: str) -> Problem:
        """A problem at a node of the tree."""
        return self.problem(code, self.offset(getattr(node, "lineno", 1), getattr(node, "col_offset", 0)), message, english)

    def offset(self, lineno: int, byte_column: int) -> int:
        """Character offset of the parser's position (line from 1, column in UTF-8 bytes)."""
        if self.kind == "expression":
            return self.lead + len(self.flat[self.lead :].encode()[:byte_column].decode(errors="ignore"))
        lines = self.flat.split("\n")
        lineno = min(max(lineno, 1), len(lines))
        inside = len(lines[lineno - 1].encode()[:byte_column].decode(errors="ignore"))
        return sum(len(line) + 1 for line in lines[: lineno - 1]) + inside


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
        return None, [_syntax(text, error)]
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
        yield text.problem("length", MAX_SOURCE, f"太长，最多 {MAX_SOURCE} 个字", f"longer than {MAX_SOURCE} characters")
    else:
        for offset, char in enumerate(source):
            if char not in "\n\r\t" and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}:
                code = f"U+{ord(char):04X}"
                yield text.problem("invisible", offset, f"含有看不见的字符 {code}，请删去", f"invisible character {code}")
        depth = 0
        for offset, char in _code(source):
            depth += (char in "([{") - (char in ")]}")
            if depth > MAX_DEPTH:
                yield text.problem("depth", offset, "括号嵌套太深，请拆成几步", "nested too deeply")


def _code(source: str) -> Iterator[tuple[int, str]]:
    """The characters outside quoted texts and comments, with their offsets."""
    quote, skip, comment = "", False, False
    for offset, char in enumerate(source):
        if comment:
            comment = char != "\n"
        elif skip:
            skip = False
        elif quote:
            skip = char == "\\"
            quote = "" if char in (quote, "\n") else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and source[offset + 1 : offset + 2] != "{":
            comment = True
        else:
            yield offset, char


def _syntax(text: Text, error: SyntaxError) -> Problem:
    """The friendliest sentence for a text the parser could not read: the typical mistakes first."""
    code = list(_code(text.source))
    for offset, char in code:
        if char in _FULL_WIDTH:
            plain = _FULL_WIDTH[char]
            return text.problem("punctuation", offset, f"“{char}”是中文（全角）标点，请改成英文半角 {plain}",
                                f"full-width punctuation; type {plain}")
    for offset, _ in code:
        for wrong, message, english in _OPERATORS:
            if text.source.startswith(wrong, offset):
                return text.problem("operator", offset, message, english)
    return _lone_mark(text, code) or _unreadable(text, error)


def _lone_mark(text: Text, code: list[tuple[int, str]]) -> Problem | None:
    """A single = where a comparison was meant (not where a script assigns or a call names an argument), or a lone !."""
    source, calls = text.source, []
    for offset, char in code:
        before, after = source[max(0, offset - 1) : offset], source[offset + 1 : offset + 2]
        if char in "([{":
            calls.append(char == "(" and (before.isalnum() or before == "_"))
        elif char in ")]}" and calls:
            calls.pop()
        elif char == "=" and before not in tuple("=!<>+-*/%") and after != "=" and not any(calls[-1:]):
            line = source[source.rfind("\n", 0, offset) + 1 : offset].lstrip()
            if text.kind == "expression" or line.startswith(("if ", "elif ")):
                return text.problem("equals", offset, "一个等号是赋值；比较是否相等请写 ==（两个等号）",
                                    "`=` assigns; compare with `==`")
        elif char == "!" and after != "=":
            return text.problem("operator", offset, "“不是”请写 not，不用 !", "write `not` instead of `!`")
    return None


def _unreadable(text: Text, error: SyntaxError) -> Problem:
    lineno, column = error.lineno or 1, max((error.offset or 1) - 1, 0)
    if text.kind == "expression":
        offset = text.lead + column
    else:
        offset = text.offset(lineno, 0) + column
    near = text.source[offset : offset + 10].split("\n")[0].strip()
    where = f"“{near}”附近写法不对" if near else "到这里还没有写完整"
    hint = "，请检查括号、引号是否成对，运算符是否齐全"
    return text.problem("syntax", min(offset, len(text.source)), where + hint, "cannot be read here: check brackets, quotes and operators")


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
        message, english = _NOT_WORDS.get(type(node), ("流程图里不允许这种写法", "this construct is not allowed in a diagram"))
        return text.at("construct", node, message, english)
    refused = _DETAILS.get(type(node), lambda _: None)(node)
    return text.at(*_placed(refused, node)) if refused else None


def _placed(refused: tuple[str, str, str], node: ast.AST) -> tuple[str, ast.AST, str, str]:
    return refused[0], node, refused[1], refused[2]


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


_DETAILS = {
    ast.Constant: _constant,
    ast.BinOp: _binary,
    ast.AugAssign: lambda node: _binary(node) or (
        _target(node.target.id) if isinstance(node.target, ast.Name)
        else ("assign", "一行只能给一个名称赋值：名称 = 值", "assign one plain name per line")),
    ast.UnaryOp: lambda node: ("operator", "不能用 ~", "~ is not allowed") if isinstance(node.op, ast.Invert) else None,
    ast.Compare: _compare,
    ast.Call: _call,
    ast.keyword: lambda node: _private(node.arg),
    ast.Name: lambda node: _private(node.id),
    ast.Attribute: lambda node: _private(node.attr),
    ast.Assign: _assign,
    ast.Dict: lambda node: ("construct", "不能用 ** 展开", "no unpacking with **") if None in node.keys else None,
}
