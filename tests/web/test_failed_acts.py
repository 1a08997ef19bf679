"""An act of a person that breaks: nothing is half done, a number for the person, an incident for the administrators,
and the same form goes through once the cause is mended (both databases)."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, func, select

from engine import catalogue, clock, db, upkeep
from engine.feedback.models import Feedback
from engine.work.models import History, Incident, Instance, Task
from tests import factories, people
from tests.web.conftest import Visit


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(request.param)
    return found


FORM = factories.STEPS["answered"][2]


def _rows(database: Engine) -> list[int]:
    with db.reading(database) as session:
        counted = (select(func.count()).select_from(table) for table in (History, Task, Feedback))
        return [session.scalar(query) or 0 for query in counted] + list(session.scalars(select(Instance.revision)))


def test_a_completion_that_breaks(
    visit: Visit, make: Callable[..., int], task_of: Callable[[int, str], int], database: Engine,
    cast: people.Cast, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    case_id = make("signed", "reported", "referred")
    clerk, task_id = visit("unit_clerk"), task_of(case_id, "answer")
    assert clerk.post(f"/tasks/{task_id}/claim").status_code == 302
    before, works = _rows(database), catalogue.SUBMISSIONS["answer.submit"]

    def breaks(act: catalogue.Act) -> None:
        works(act)
        act.session.flush()
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setitem(catalogue.SUBMISSIONS, "answer.submit", breaks)
    answers = [clerk.post(f"/tasks/{task_id}", FORM, fragment=fragment) for fragment in (False, True)]
    assert [answer.status_code for answer in answers] == [500, 500]
    numbers = [re.search(r"事故编号 (?:<strong>)?([0-9A-F]{8})", answer.text) for answer in answers]
    assert all(numbers) and "mistake of ours" not in answers[0].text
    assert _rows(database) == before
    with db.reading(database) as session:
        incident = session.scalars(select(Incident)).one()  # one for the same mistake at the same step
        assert (incident.case_id, incident.cause, incident.element_id) == (case_id, "act_failed", "answer")
        assert numbers[1] and numbers[1][1] in incident.message and "ZeroDivisionError" in incident.message
    assert "办理时出错" in visit("system_administrator").get("/incidents").text

    monkeypatch.setitem(catalogue.SUBMISSIONS, "answer.submit", works)
    with db.transaction(database) as session:
        assert upkeep.check_stuck(session) == 0
        assert session.scalars(select(Incident)).one().resolved_at is None  # the step is still open
    assert clerk.post(f"/tasks/{task_id}", FORM).status_code == 302
    assert _rows(database)[2] == 1
    with db.transaction(database) as session:
        upkeep.check_stuck(session)
        assert session.scalars(select(Incident)).one().resolved_at == clock.now()


def test_a_database_that_is_away_is_no_incident(
    visit: Visit, make: Callable[..., int], task_of: Callable[[int, str], int], database: Engine,
    cast: people.Cast, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    task_id = task_of(make("signed"), "report")
    liaison = visit("liaison")

    def gone(*_: object) -> None:
        raise db.DBAPIError("COMMIT", None, Exception("gone"), connection_invalidated=True)

    monkeypatch.setattr("engine.tasks.complete", gone)
    assert liaison.post(f"/tasks/{task_id}", {"decision": "report"}).status_code == 500
    with db.reading(database) as session:
        assert not session.scalars(select(Incident)).all()
