"""Every requirement of the way of one opinion has an acceptance test that carries its number (docs/articles.md names
the sentence it comes from)."""

import ast
import re

from engine.config import ROOT

# R28–R44 registration, R48–R71 tiers and handling, R74–R84 supervision, ledger and rating, R91–R92 inbox and tracking,
# R94–R117 papers, annex 2 and 终止
RANGES = ((28, 44), (48, 71), (74, 84), (91, 92), (94, 117))
NUMBERED = re.compile(r"test_((?:r\d+_)+)\w")


def numbers() -> set[int]:
    """The numbers in the names of all tests: most in tests/articles, those that need the whole demo beside it."""
    found: set[int] = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = NUMBERED.match(node.name) if isinstance(node, ast.FunctionDef) else None
            found |= {int(number) for number in re.findall(r"r(\d+)_", name[1])} if name else set()
    return found


def test_every_requirement_has_a_test_of_its_number() -> None:
    wanted = {number for first, last in RANGES for number in range(first, last + 1)}
    missing = sorted(wanted - numbers())
    assert not missing, f"no test_rNN_… for R{', R'.join(map(str, missing))}"
