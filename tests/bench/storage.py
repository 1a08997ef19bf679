"""What stays of a finished case on SQLite, rows and indexes, and how long the token game alone takes for one step."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, select

from engine import bpmn, clock, db
from engine.catalogue import facts
from engine.catalogue.act import Act
from engine.packages import queries as packages
from engine.packages.models import Package
from engine.work.models import Instance
from tests import factories
from tests.bench.rows import STEPS
from tests.moments import moment
from tests.people import Cast

NOW = "2026-03-02 10:00"
CASES = 40
RATED = ("rated_by_reporter", "rated_by_delegate", "rated_by_department")
ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "handling.open": {"outcome": ""},
    "feedback.deliver": {"outcome": "delivered"},
    "feedback.copy": {"letter_needed": False},
}
OF_MEETINGS = {"measure_due_on"}
TASKS = len(STEPS) + len(RATED)


def run(engine: Engine, cast: Cast, cases: int = CASES) -> list[str]:
    """The printed lines for one database; `cases` are finished and weighed."""
    with clock.frozen(moment(NOW)):
        lines = [f"{engine.dialect.name}: the token game alone, one step {_steps(engine, cast) * 1e3:.2f} ms"]
        if engine.dialect.name == "sqlite":
            whole = _stored(engine, cast, cases)
            lines.append(f"sqlite: {whole / 1024:.1f} KB stored per finished case of {TASKS} tasks")
            lines.append(f"        {whole / 1024 / TASKS * 4:.1f} KB for four of them")
    return lines


def _finish(engine: Engine, cast: Cast) -> None:
    with db.transaction(engine) as session:
        scene = replace(cast, session=session)
        case = factories.registered(session, scene)
        for name in (*STEPS, *RATED):
            factories.step(session, scene, case, name)
        assert case.state == "closed", case.state


def _stored(engine: Engine, cast: Cast, cases: int) -> float:
    _finish(engine, cast)
    before = _bytes(engine)
    for _ in range(cases):
        _finish(engine, cast)
    return (_bytes(engine) - before) / cases


def _bytes(engine: Engine) -> int:
    """Pages in use times their size: rows and indexes, nothing that is free."""
    with db.reading(engine) as session:
        size, pages, free = (
            int(session.connection().exec_driver_sql(f"PRAGMA {name}").scalar_one())
            for name in ("page_size", "page_count", "freelist_count")
        )
    return size * (pages - free)


class _Outside:
    """A host that knows what the main path asks for; services answer at once."""

    def __init__(self, act: Act) -> None:
        self.functions: Mapping[str, Any] = facts.functions(act)
        self.facts = {name: facts.fact(act, name) for name in facts.FACTS - OF_MEETINGS}

    def now(self) -> Any:
        """This moment."""
        return clock.now()

    def fact(self, name: str, _data: Mapping[str, Any]) -> Any:
        """A fact of an imagined case."""
        return self.facts[name]

    def call(self, operation: str, arguments: Mapping[str, Any], token: bpmn.Token) -> Mapping[str, Any] | None:
        """What the services of the main path answer."""
        return ANSWERS.get(operation)


def _steps(engine: Engine, cast: Cast) -> float:
    """Seconds of the CPU for restoring, completing one task, looking at the waits and writing the state."""
    with db.transaction(engine) as session:
        scene = replace(cast, session=session)
        case = factories.registered(session, scene)
        factories.step(session, scene, case, "signed")
        state = session.scalars(select(Instance.state).where(Instance.case_id == case.id)).one()
        package = packages.compiled(session, session.scalars(select(Package.id).where(Package.key == "opinion")).one())
        for name in STEPS[1:]:
            factories.step(session, scene, case, name)
        host = _Outside(Act(session, case, case.id))
    assert state is not None
    answers = ({"decision": "report"}, {"decision": "refer"}, {"decision": "answer"}, {"decision": "accept"})
    taken, number = 0.0, 0
    for _ in range(50):
        blob = state
        for answer in answers:
            began = time.process_time()
            step = bpmn.restore(package, blob, host)
            step.complete(step.tasks()[0].token, answer)
            step.tasks(), step.timers(), step.subscriptions()
            blob = step.dump()
            taken, number = taken + time.process_time() - began, number + 1
    return taken / number
