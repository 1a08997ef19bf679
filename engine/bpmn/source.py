"""A source text of the expression language with exact positions, and what may be wrong with it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from engine.errors import LianxinError

Kind = Literal["expression", "script"]

CONSTANTS = {"true": True, "false": False, "null": None, "none": None}


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
        return self.problem(
            code, self.offset(getattr(node, "lineno", 1), getattr(node, "col_offset", 0)), message, english
        )

    def offset(self, lineno: int, byte_column: int) -> int:
        """Character offset of the parser's position (line from 1, column in UTF-8 bytes)."""
        if self.kind == "expression":
            return self.lead + len(self.flat[self.lead :].encode()[:byte_column].decode(errors="ignore"))
        lines = self.flat.split("\n")
        lineno = min(max(lineno, 1), len(lines))
        inside = len(lines[lineno - 1].encode()[:byte_column].decode(errors="ignore"))
        return sum(len(line) + 1 for line in lines[: lineno - 1]) + inside


def code_of(source: str) -> Iterator[tuple[int, str]]:
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
