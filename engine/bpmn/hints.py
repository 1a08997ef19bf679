"""Sentences for the typical mistakes in an expression: what was meant, and how to write it."""

import ast
from collections.abc import Collection
from difflib import get_close_matches

from engine.bpmn.source import Problem, Text, code_of

_FULL_WIDTH = dict(
    zip("（），：；！＝＜＞＋－＊／％“”‘’【】［］｛｝。．＆｜　", "(),:;!=<>+-*/%\"\"''[][]{}..&| ", strict=True)
)
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


def syntax(text: Text, error: SyntaxError) -> Problem:
    """The friendliest sentence for a text the parser could not read: the typical mistakes first."""
    code = list(code_of(text.source))
    for offset, char in code:
        if char in _FULL_WIDTH:
            plain = _FULL_WIDTH[char]
            return text.problem(
                "punctuation",
                offset,
                f"“{char}”是中文（全角）标点，请改成英文半角 {plain}",
                f"full-width punctuation; type {plain}",
            )
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
                return text.problem(
                    "equals",
                    offset,
                    "一个等号是赋值；比较是否相等请写 ==（两个等号）",
                    "`=` assigns; compare with `==`",
                )
        elif char == "!" and after != "=":
            return text.problem("operator", offset, "“不是”请写 not，不用 !", "write `not` instead of `!`")
    return None


def _unreadable(text: Text, error: SyntaxError) -> Problem:
    lineno, column = error.lineno or 1, max((error.offset or 1) - 1, 0)
    start = text.lead if text.kind == "expression" else text.offset(lineno, 0)
    offset = start + column
    near = text.source[offset : offset + 10].split("\n")[0].strip()
    where = f"“{near}”附近写法不对" if near else "到这里还没有写完整"
    hint = "，请检查括号、引号是否成对，运算符是否齐全"
    return text.problem(
        "syntax",
        min(offset, len(text.source)),
        where + hint,
        "cannot be read here: check brackets, quotes and operators",
    )


def unknown_function(text: Text, node: ast.Name, known: Collection[str]) -> Problem:
    """The sentence for a call of a function that does not exist."""
    near = get_close_matches(node.id, known, 1)
    hint = f"，是不是 {near[0]}？" if near else f"；可用的有 {'、'.join(sorted(known))}"
    return text.at("function", node, f"没有函数 {node.id}{hint}", f"unknown function {node.id}")


def unknown_name(text: Text, node: ast.Name, functions: Collection[str], names: Collection[str]) -> Problem:
    """The sentence for a name that does not exist."""
    if node.id in functions:
        return text.at("name", node, f"{node.id} 是函数，请加括号：{node.id}(…)", f"{node.id} is a function: call it")
    near = get_close_matches(node.id, names, 1)
    hint = f"，是不是 {near[0]}？" if near else "；文字请加英文引号"
    return text.at("name", node, f"没有名称 {node.id}{hint}", f"unknown name {node.id}; put texts in quotes")
