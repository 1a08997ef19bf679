"""Killed with -9 before any statement of a completion: everything or nothing is there, and the retry works (rule 2)."""

import os
import signal
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select

from engine import db, tasks
from engine.access import Actor
from engine.handlings.models import Handling
from engine.work.models import Deadline, History, Task
from tests import crowd, factories
from tests.people import Cast

Rows = dict[str, list[crowd.Row]]
MOST = 200  # statements; a completion needs far fewer


@pytest.fixture
def cast(database: Engine, at: Any) -> Cast:
    at("2026-02-13 10:00")
    return factories.prepared(database)


@pytest.fixture
def claimed(database: Engine, cast: Cast) -> tuple[Actor, int, int]:
    """The referral of a case, signed for: who, which case, which task."""
    with db.transaction(database) as session:
        here = replace(cast, session=session)
        case = factories.registered(session, here)
        for name in ("signed", "reported"):
            factories.step(session, here, case, name)
        actor, task = here.actor("street_clerk"), factories.open_task(session, case, "tier_review")
        tasks.claim(session, actor, task.id)
        return actor, case.id, task.id


def complete(engine: Engine, actor: Actor, task_id: int, unit_id: int) -> None:
    with db.transaction(engine) as session:
        tasks.complete(
            session, actor, task_id, {"decision": "refer", "unit_id": str(unit_id), "basis": "属本级管理权限"}
        )


def die_before(number: int, url: str, *arguments: Any) -> bool:
    """Complete in a child process that is killed with -9 before its statement of that number, the commit being the
    last one; whether it lived long enough to finish."""
    child = os.fork()
    if child == 0:
        try:
            engine, count = db.connect(url), 0

            def look(*_: object) -> None:
                nonlocal count
                count += 1
                if count == number:
                    os.kill(os.getpid(), signal.SIGKILL)

            event.listen(engine, "before_cursor_execute", look)
            event.listen(engine, "commit", look)
            complete(engine, *arguments)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the parent's tests must not go on in here
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), f"the child failed by itself before statement {number}"
    return status == 0


def test_all_or_nothing(database: Engine, cast: Cast, claimed: tuple[Actor, int, int]) -> None:
    """Every statement on SQLite, every third on PostgreSQL; each try is the retry of the one killed before."""
    actor, case_id, task_id = claimed
    unit_id = cast.organisations["street_unit"].id
    url = database.url.render_as_string(hide_password=False)
    with database.connect() as connection:
        before = crowd.rows_of(connection, case_id)
    database.dispose()  # no connection is shared with a child
    numbers = range(1, MOST, 1 if database.dialect.name == "sqlite" else 3)
    killed = 0
    for number in numbers:
        if die_before(number, url, actor, task_id, unit_id):
            break
        killed += 1
        with database.connect() as connection:
            assert crowd.rows_of(connection, case_id) == before, f"half done when killed before statement {number}"
        database.dispose()
    assert killed >= 5
    with db.reading(database) as session:
        assert session.get(Task, task_id) is None
        assert len(session.scalars(select(History).where(History.task_id == task_id)).all()) == 1
        assert session.scalar(select(func.count()).select_from(Handling)) == 1
        assert session.scalar(select(func.count()).select_from(Deadline)) == 6
    after = rows_now(database, case_id)
    with pytest.raises(Exception, match="办理|找到"):
        complete(database, actor, task_id, unit_id)  # pressing once more does nothing twice
    assert rows_now(database, case_id) == after


def rows_now(database: Engine, case_id: int) -> Rows:
    with database.connect() as connection:
        return crowd.rows_of(connection, case_id)


def test_killed_between_commit_and_answer(database: Engine, cast: Cast, claimed: tuple[Actor, int, int]) -> None:
    """The commit was the last thing the process did: the person sees no answer, the act stands, once."""
    actor, _case_id, task_id = claimed
    url = database.url.render_as_string(hide_password=False)
    database.dispose()
    child = os.fork()
    if child == 0:
        complete(db.connect(url), actor, task_id, cast.organisations["street_unit"].id)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    with db.reading(database) as session:
        assert session.scalar(select(func.count()).select_from(Handling)) == 1
