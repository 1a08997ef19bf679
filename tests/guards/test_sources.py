"""Habits of the code that no type checker sees: time, transactions, outsiders, text that is executed."""

from collections.abc import Callable, Iterator

import pytest

from tests.guards.sources import Source, python, source

CLOCK = "engine/clock.py"
WALL = {
    f"{module}.{name}"
    for module, names in {
        "datetime.datetime": ("now", "utcnow", "today", "fromtimestamp", "utcfromtimestamp"),
        "datetime.date": ("today", "fromtimestamp"),
        "datetime": ("datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
        "time": ("time", "time_ns", "localtime", "gmtime", "ctime", "strftime"),
        "sqlalchemy.func": ("now", "current_timestamp", "current_date", "current_time", "localtimestamp", "sysdate"),
    }.items()
    for name in names
}
# a dry run's sandbox has no other door than the dry run
ENTRY_POINTS = (
    "web/", "workers/", "engine/commands/", "engine/cli.py", "engine/db.py", "engine/dryrun/memory.py",
)  # fmt: skip
EXECUTED = {"eval", "exec", "compile", "__import__"}
STORED_PROGRAMS = ("pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle")
SPECIALISTS = {"SpiffWorkflow": "engine/bpmn/", "lxml": "engine/bpmn/", "celery": "workers/", "kombu": "workers/"}

Rule = Callable[[Source], Iterator[str]]


def wall_clock(file: Source) -> Iterator[str]:
    """Time comes from engine.clock only: what the demo and the tests move is then everything (rule 5)."""
    if file.path != CLOCK:
        yield from (f"{file.path}:{call.lineno} {name}()" for name, call in file.calls() if name in WALL)


def queued_time(file: Source) -> Iterator[str]:
    """No eta, countdown or retry(countdown): on Redis they run several times, and are lost with it (rule 4)."""
    for name, call in file.calls():
        for word in call.keywords:
            if word.arg in ("eta", "countdown"):
                yield f"{file.path}:{call.lineno} {name}({word.arg}=…)"


def transactions(file: Source) -> Iterator[str]:
    """Only entry points open and commit transactions; operations never do (rule 1)."""
    if not file.path.startswith(ENTRY_POINTS):
        for name, call in file.calls():
            if name == "engine.db.transaction" or name.split(".")[-1] == "commit":
                yield f"{file.path}:{call.lineno} {name}()"


def outsiders(file: Source) -> Iterator[str]:
    """SpiffWorkflow and lxml have one room, the queue another."""
    for module, node in file.imports():
        room = SPECIALISTS.get(module.split(".")[0])
        if room and not file.path.startswith(room):
            yield f"{file.path}:{node.lineno} import {module}"


def executed_text(file: Source) -> Iterator[str]:
    """Neither a diagram nor a row nor a message is ever executed or unpickled (rule 8)."""
    own = {getattr(node, "name", "") for node in file.tree.body} | set(file.names)
    for name, call in file.calls():
        if name in EXECUTED - own:
            yield f"{file.path}:{call.lineno} {name}()"
    for module, node in file.imports():
        if module.split(".")[0] in STORED_PROGRAMS:
            yield f"{file.path}:{node.lineno} import {module}"


def hidden_imports(file: Source) -> Iterator[str]:
    """No imports inside functions: they hide circles from import-linter's reader."""
    top = {id(node) for node in file.tree.body}
    for module, node in file.imports():
        if id(node) not in top and node.col_offset:
            yield f"{file.path}:{node.lineno} import {module}"


# each rule with one file it must refuse and one it must let pass
CASES: dict[Rule, tuple[str, str, str, str]] = {
    wall_clock: ("web/a.py", "from datetime import datetime as d\nd.now()", "web/a.py", "import time\ntime.monotonic()"),
    queued_time: ("workers/a.py", "t.apply_async(eta=x)", "workers/a.py", "t.apply_async(expires=30)"),
    transactions: (
        "engine/a.py", "from engine import db\nwith db.transaction(e) as s: ...",
        "web/a.py", "from engine import db\nwith db.transaction(e) as s: ...",
    ),
    outsiders: ("engine/a.py", "from lxml import etree", "engine/bpmn/a.py", "from lxml import etree"),
    executed_text: ("engine/a.py", "eval(x)", "engine/a.py", "import re\nre.compile(x)"),
    hidden_imports: ("engine/a.py", "def f():\n    import json", "engine/a.py", "import json"),
}  # fmt: skip


@pytest.mark.parametrize("rule", CASES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_habits(rule: Rule) -> None:
    assert [fault for file in python() for fault in rule(file)] == [], rule.__doc__


@pytest.mark.parametrize("rule", CASES, ids=lambda rule: rule.__name__)
def test_the_guard_sees_what_it_guards_against(rule: Rule) -> None:
    bad_path, bad, good_path, good = CASES[rule]
    assert list(rule(source(bad_path, bad))) != []
    assert list(rule(source(good_path, good))) == []


def test_every_commit_of_a_session_is_seen() -> None:
    assert list(transactions(source("engine/a.py", "session.commit()")))


def test_every_room_was_read() -> None:
    rooms = {file.path.split("/")[0] for file in python()}
    assert rooms == {"engine", "web", "workers"}
    assert len(python()) > 100
