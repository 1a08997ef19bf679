"""Procedures: parsed and published, started, and a loop that goes round 10, 1,000 and 10,000 times.

The floor of the first two is what the act writes, written again with SQLAlchemy Core. A loop has no floor: it is
compared with itself, the last step with the first.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from statistics import median

from sqlalchemy import Engine

from engine import bpmn, clock, config, db, definitions
from tests import factories
from tests.bench import again
from tests.engine.bpmn.diagrams import Desk, boundary, document, end, flows, node, process, start, timer, user
from tests.moments import moment
from tests.people import Cast

NOW, TURNS = "2026-02-13 10:00", 20
ROUNDS = (10, 1_000, 10_000)


def run(engine: Engine, names: frozenset[str]) -> Iterator[str]:
    """The printed lines on an empty database."""
    yield f"{engine.dialect.name}: procedures"
    with clock.frozen(moment(NOW)):
        cast = factories.prepared(engine)
        if "publish" in names:
            yield _publish(engine, cast)
        if "start" in names:
            yield _start(engine, cast)


def _publish(engine: Engine, cast: Cast) -> str:
    """The opinion procedure with one word changed: checked, explored, stored, and compiled as the next start needs it."""
    files = definitions.read_folder(config.ROOT / "processes" / "opinion")

    def publish(number: int) -> None:
        text = files["handling.bpmn"].replace("承办并书面反馈".encode(), f"承办并书面反馈{number}".encode())
        with db.transaction(engine) as session:
            actor = replace(cast, session=session).actor("procedure_administrator")
            changed = files | {"handling.bpmn": text}
            package = definitions.publish(session, "opinion", changed, "修订", author=actor)
            definitions.compiled(session, package.id)

    written = again.written_by(engine, partial(publish, 0))
    took = again.seconds([partial(publish, number) for number in range(1, 6)])
    return again.line("parse and publish a procedure of five diagrams", took, again.floor(engine, written, TURNS))


def _start(engine: Engine, cast: Cast) -> str:
    """An opinion registered: its case, ledger line and instance up to the first task."""

    def register() -> None:
        with db.transaction(engine) as session:
            factories.registered(session, replace(cast, session=session))

    register()
    written = again.written_by(engine, register)
    took = again.seconds([register] * TURNS * 2)
    return again.line("start: an opinion registered", took, again.floor(engine, written, TURNS))


def passes() -> Iterator[str]:
    """A step that is done again and again with a reminder on its edge: state in bytes, and the last steps beside the
    first; the library alone dies at pass 247."""
    gate = node("exclusiveGateway", "g", default="f_g__end")
    edge = boundary("b", "t", timer("timeDuration", "P10D"), interrupting=False) + end("reminded")
    drawing = process(
        "p", start(), user("t"), edge, gate, end(), flows("start t g end", "g t", "b reminded", g__t="again")
    )
    package, desk = bpmn.compile_package({"loop.bpmn": document(drawing)}), Desk()
    yield "the engine alone: one loop, stored and read again at every pass"
    for rounds in ROUNDS:
        blob, took = bpmn.start(package, "p", {}, desk).dump(), []
        for _ in range(rounds):
            began = time.perf_counter()
            run = bpmn.restore(package, blob, desk)
            run.complete(run.tasks()[0].token, {"again": True, "answer": "已答复" * 20})
            blob = run.dump()
            took.append(time.perf_counter() - began)
        part = max(5, rounds // 10)
        first, last = median(took[:part]), median(took[-part:])
        yield (
            f"  {f'{rounds} passes':<44} {len(blob):6} bytes of state   first {first * 1e3:6.3f} ms   "
            f"last {last * 1e3:6.3f} ms   ×{last / first:.2f}"
        )
