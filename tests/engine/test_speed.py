"""What one completion costs, in statements and rows: numbers that a slow machine cannot change (docs/decisions/0017)."""

import re
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

from engine import clock, db
from engine.config import ROOT
from engine.organisation.models import Person, Post
from tests import factories
from tests.bench import rows, storage

Clock = Callable[[str], object]

# per completion of the main path: what it reads and what it writes, each row written being one statement
READS = {"signed": 2, "reported": 3, "referred": 2, "answered": 2, "accepted": 3}
LOCK = 1  # PostgreSQL locks the instance with a statement of its own; on SQLite the whole transaction is the lock


def test_a_completion_reads_little_and_writes_each_row_once(database: Engine, at: Clock) -> None:
    """The rows are those README.md of the benchmark lists, so that its floor stays the true one."""
    at("2026-03-02 10:00")
    cast = factories.prepared(database)
    for act in rows.walk(database, cast):  # what a process reads once
        act()
    text = (ROOT / "tests" / "bench" / "README.md").read_text(encoding="utf-8")
    lock = 0 if database.dialect.name == "sqlite" else LOCK
    for name, act in zip(rows.STEPS, rows.walk(database, cast), strict=True):
        before = rows.snapshot(database)
        with rows.listening(database) as sent:
            act()
        written = rows.difference(before, rows.snapshot(database))
        listed = re.search(rf"^{name}:\n((?:    .+\n)+)", text, re.MULTILINE)
        assert listed is not None, name
        assert [line.strip() for line in listed[1].splitlines()] == list(written.lines()), name
        assert len(sent.writes) == written.count(), (name, sent.writes)
        assert len(sent.reads) <= READS[name] + lock, (name, sent.reads)


def test_what_a_finished_case_leaves_and_the_token_game_alone_are_measured(database: Engine, at: Clock) -> None:
    """The figures of a quick part of the bench come out: it is not run every day, and must not rot meanwhile."""
    at("2026-03-02 10:00")
    lines = storage.run(database, factories.prepared(database), cases=1)
    assert "one step" in lines[0]
    kept = [float(line.split()[0]) for line in lines if "four of them" in line]
    assert len(kept) == (database.dialect.name == "sqlite")


def test_a_group_of_500_costs_what_a_group_of_one_costs(database: Engine, at: Clock) -> None:
    at("2026-03-02 10:00")
    cast = factories.prepared(database)
    counts = []
    for size in (0, 500):
        with db.transaction(database) as session:
            _join(session, cast.organisations["street_unit"].id, size)
        with db.transaction(database) as session:
            case = factories.registered(session, replace(cast, session=session))
            for name in ("signed", "reported"):
                factories.step(session, replace(cast, session=session), case, name)
        before = rows.snapshot(database)
        with rows.listening(database) as sent, db.transaction(database) as session:
            factories.step(session, replace(cast, session=session), case, "referred")
        counts.append((rows.difference(before, rows.snapshot(database)).count(), len(sent.reads), len(sent.writes)))
    assert counts[0] == counts[1]


def _join(session: Session, organisation_id: int, size: int) -> None:
    if not size:
        return
    ids = range(10_000, 10_000 + size)
    people = [{"id": number, "login": f"member-{number}", "name": "组员"} for number in ids]
    session.execute(insert(Person), people)
    posts = [
        {"person_id": number, "organisation_id": organisation_id, "duty": "staff", "starts_on": clock.today()}
        for number in ids
    ]
    session.execute(insert(Post), posts)
