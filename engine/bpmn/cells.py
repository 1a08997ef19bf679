"""What is wrong with one cell of a decision table, and where in the cell: the editor marks it while somebody types."""

from collections.abc import Collection, Iterator

from engine.bpmn import expressions
from engine.bpmn.decisions import COMPARISON, NEGATION, RANGE, VALUE, condition
from engine.bpmn.expressions import Problem


def check_input(cell: str, functions: Collection[str] | None, names: Collection[str] | None = None) -> list[Problem]:
    """Everything wrong with a condition cell; line and column count in the cell as it is written. Never raises."""
    found = list(_parts(cell, 0, functions, names))
    whole = condition(cell)
    if found or whole is None:
        return found
    # each part reads well, the whole does not: brackets that close too early
    wrong = expressions.check(whole, functions)
    return [Problem(wrong[0].code, 1, 1, wrong[0].message, wrong[0].message_en)] if wrong else []


def check_result(cell: str, functions: Collection[str] | None, names: Collection[str] | None = None) -> list[Problem]:
    """Everything wrong with a result cell; empty cells and `-` give null."""
    text = cell.strip()
    return [] if text in ("", "-") else list(_checked(text, _lead(cell), functions, names))


def _parts(
    cell: str, start: int, functions: Collection[str] | None, names: Collection[str] | None
) -> Iterator[Problem]:
    """The problems of the cell that begins at `start`; every form of `decisions.condition` has its texts."""
    text, start = cell.strip(), start + _lead(cell)
    if text in ("", "-"):
        return
    found = NEGATION.fullmatch(text)
    if found and not VALUE.search(text):
        yield from _parts(found["inside"], start + found.start("inside"), functions, names)
        return
    found = RANGE.fullmatch(text)
    if found:
        for part in ("low", "high"):
            yield from _checked(found[part], start + found.start(part), functions, names)
        return
    found = COMPARISON.fullmatch(text)
    if found:
        rest = found["rest"]
        yield from _checked(rest.strip(), start + found.start("rest") + _lead(rest), functions, names)
    elif VALUE.search(text):
        yield from _checked(text, start, functions, None if names is None else {*names, "value"})
    else:
        yield from _checked(text, start, functions, names)


def _checked(
    source: str, shift: int, functions: Collection[str] | None, names: Collection[str] | None
) -> Iterator[Problem]:
    for problem in expressions.check(source, functions, names=names):
        column = problem.column + shift if problem.line == 1 else problem.column
        yield Problem(problem.code, problem.line, max(column, 1), problem.message, problem.message_en)


def _lead(text: str) -> int:
    return len(text) - len(text.lstrip())
