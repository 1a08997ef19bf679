"""Fifty people at once, over HTTP, against the real server with two processes, on both databases.

Nothing is done twice, nothing is lost, nobody sees an error page, and whoever was late reads who was faster.
"""

import os
import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from engine import clock, db
from engine.cases.models import Case, NumberCounter
from engine.handlings.models import Handling, Review
from engine.organisation.models import Person, Post
from engine.work.models import History, Incident, Instance, Task
from tests import factories, people, served

pytestmark = pytest.mark.processes

# SOAK=1 (make soak) is the full size; CI takes fewer tasks and the same crowd
PEOPLE, TASKS = 50, 200 if os.environ.get("SOAK") else 20
Address = tuple[str, int]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Engine:
    """Both databases; the other pages' tests are content with SQLite."""
    found: Engine = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def cast(database: Engine) -> people.Cast:
    """The installed house; the clock is the server's own, today's."""
    return factories.prepared(database)


@pytest.fixture
def address(database: Engine, cast: people.Cast, tmp_path: Path) -> Iterator[Address]:
    settings = served.environment(
        DATABASE_URL=database.url.render_as_string(hide_password=False), LIANXIN_DATA=str(tmp_path / "data")
    )
    with served.web(settings, tmp_path / "web.log") as found:
        yield found


def _clerks(database: Engine, cast: people.Cast, organisation_id: int, duty: str, count: int) -> dict[str, str]:
    """Login and name of new colleagues, all in the same organisation."""
    with db.transaction(database) as session:
        found = [
            Person(login=f"clerk-{index:02}", name=f"经办{index:02}", password_hash=people.password_hash())
            for index in range(count)
        ]
        session.add_all(found)
        session.flush()
        session.add_all(
            Post(person_id=person.id, organisation_id=organisation_id, duty=duty, starts_on=people.SINCE)
            for person in found
        )
        return {person.login: person.name for person in found}


def _reported(database: Engine, cast: people.Cast, count: int) -> list[int]:
    """Ids of that many reviews waiting in the pool of the street's organisation department."""
    with db.transaction(database) as session:
        here = replace(cast, session=session)
        for _ in range(count):
            case = factories.registered(session, here, reflected_on=clock.today().isoformat())
            factories.step(session, here, case, "signed")
            factories.step(session, here, case, "reported")
        return list(session.scalars(select(Task.id).where(Task.role == "tier_review").order_by(Task.id)))


@dataclass
class Told:
    """What the fifty read: (task, person) of those who won, the sentences of the others, anything unexpected."""

    claimed: list[tuple[int, str]] = field(default_factory=list)
    completed: list[tuple[int, str]] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)


def test_fifty_people_and_the_same_tasks(database: Engine, cast: people.Cast, address: Address) -> None:
    tasks = _reported(database, cast, TASKS)
    assert len(tasks) == TASKS
    names = _clerks(database, cast, cast.department("street").id, "staff", PEOPLE)
    unit = str(cast.unit("street").id)
    with db.reading(database) as session:
        before = session.scalar(select(func.max(History.id))) or 0

    with ThreadPoolExecutor(PEOPLE) as pool:
        signed_in = list(pool.map(lambda login: served.Person(address).sign_in(login, people.PASSWORD), names))
        told, start = Told(), threading.Barrier(PEOPLE)
        list(pool.map(lambda pair: _work(*pair, tasks, unit, start, told), zip(signed_in, names.values(), strict=True)))

    assert told.unexpected == []
    winners = dict(told.claimed)
    assert len(told.claimed) == len(winners) == TASKS
    assert sorted(told.completed) == sorted(told.claimed)
    assert len(told.refused) >= TASKS * (PEOPLE - 1)
    for task_id, sentence in told.refused:
        assert winners[task_id] in sentence, f"task {task_id} went to {winners[task_id]}, a loser read {sentence!r}"
    _nothing_twice_nothing_lost(database, winners, before)


def _work(person: served.Person, name: str, tasks: list[int], unit: str, start: threading.Barrier, told: Told) -> None:
    """One of the fifty: takes every task, each second person from the other end of the list, and completes what was
    won; one who came too late tries now and then to complete it all the same."""
    start.wait()
    dice = random.Random(name)
    for task_id in tasks if int(name[-1]) % 2 else reversed(tasks):
        answer = person.post(f"/tasks/{task_id}/claim", fragment=True)
        if answer.status == 200:
            told.claimed.append((task_id, name))
        elif answer.status == 409:
            told.refused.append((task_id, answer.text))
        else:
            told.unexpected.append(f"claim {answer.status}: {answer.text[:600]}")
        if answer.status == 200 or dice.random() < 0.05:
            done = person.post(
                f"/tasks/{task_id}", fragment=True, decision="refer", unit_id=unit, basis="属本级管理权限"
            )
            if done.status == 200:
                told.completed.append((task_id, name))
            elif done.status == 409 and answer.status == 409:
                told.refused.append((task_id, done.text))
            else:
                told.unexpected.append(f"complete after {answer.status}, {done.status}: {done.text[:600]}")


def _nothing_twice_nothing_lost(database: Engine, winners: dict[int, str], before: int) -> None:
    """The records agree with what people read on their screens."""
    with db.reading(database) as session:
        for act in ("claimed", "referred"):
            of_act = select(History.case_id, History.actor_name).where(History.act == act, History.id > before)
            rows = session.execute(of_act).all()
            assert len(rows) == len({row.case_id for row in rows}) == TASKS, act
            if act == "referred":
                assert Counter(row.actor_name for row in rows) == Counter(winners.values())
        counted = select(History.act, func.count()).where(History.id > before).group_by(History.act)
        added = dict(session.execute(counted).all())
        assert set(added.values()) == {TASKS}, f"every case has the same history, but: {added}"
        for table in (Review, Handling):
            assert session.scalar(select(func.count()).select_from(table)) == TASKS
        open_tasks = session.execute(select(Task.role, func.count()).group_by(Task.role)).all()
        assert dict(open_tasks) == {"answer": TASKS}
        assert session.scalar(select(func.count()).select_from(Incident)) == 0
        revisions = set(session.scalars(select(Instance.revision)))
        assert len(revisions) == 1, "every instance took the same number of steps"


def test_registrations_at_once_some_of_them_wrong(database: Engine, cast: people.Cast, address: Address) -> None:
    names = _clerks(database, cast, cast.studio.id, "liaison", 10)
    today = clock.today()
    form = factories.FORM | {
        "delegate_id": str(cast.delegates["delegate"].id), "reflected_on": today.isoformat(),
    }  # fmt: skip

    def register(turn: tuple[int, served.Person]) -> tuple[int, str]:
        number, person = turn
        wrong = {"reporter_age": "four"} if number % 5 == 4 else {}
        answer = person.post(f"/registration/{cast.studio.id}", **form | wrong)
        return answer.status, answer.to or answer.text

    with ThreadPoolExecutor(10) as pool:
        signed_in = list(pool.map(lambda login: served.Person(address).sign_in(login, people.PASSWORD), names))

        def ten_in_a_row(index: int) -> list[tuple[int, str]]:
            return [register((10 * index + turn, signed_in[index])) for turn in range(10)]

        answers = [answer for rows in pool.map(ten_in_a_row, range(10)) for answer in rows]

    assert Counter(status for status, _ in answers) == {302: 80, 422: 20}, [
        text for code, text in answers if code > 499
    ]
    assert len({text for status, text in answers if status == 302}) == 80
    with db.reading(database) as session:
        numbers = sorted(session.scalars(select(Case.number)))
        assert numbers == [f"沙头角街道沙头角社区{today.year}{turn:03}" for turn in range(1, 81)]
        assert session.scalars(select(NumberCounter.last)).one() == 80


def test_one_page_open_in_two_windows(database: Engine, cast: people.Cast, address: Address) -> None:
    """The same person presses twice: done once, and the second answer names the person."""
    [task_id] = _reported(database, cast, 1)
    windows = [served.Person(address).sign_in("street_clerk", people.PASSWORD) for _ in range(2)]
    form = {"decision": "refer", "unit_id": str(cast.unit("street").id), "basis": "属本级管理权限"}
    assert windows[0].post(f"/tasks/{task_id}/claim").status == 302
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda window: window.post(f"/tasks/{task_id}", **form), windows))
    assert sorted(answer.status for answer in answers) == [302, 409]
    late = next(answer for answer in answers if answer.status == 409)
    assert "王经办" in late.text
    assert form["basis"] not in late.text or "没有提交" in late.text
    with db.reading(database) as session:
        assert session.scalar(select(func.count()).where(History.act == "referred")) == 1
