"""What is due fires exactly once, whoever looks, how late and how often (R69, R70, R71; rule 4)."""

import threading
from collections import Counter
from collections.abc import Callable
from contextvars import copy_context
from functools import partial

import pytest
from sqlalchemy import Engine, event, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from engine import clock, db, deadlines
from engine.cases.models import Case
from engine.handlings.models import Reminder, Supervision
from engine.work.models import Deadline, History, Incident, Instance
from tests import factories
from tests.moments import moment

Clock = Callable[[str], object]


def handled(database: Engine, count: int = 1) -> list[int]:
    """Cases a street unit has received now, in transactions of their own."""
    with db.transaction(database) as session:
        cast = factories.install(session)
        return [factories.handled(session, cast).id for _ in range(count)]


def sweep(database: Engine) -> deadlines.Swept:
    return deadlines.sweep(partial(db.transaction, database))


def acts(session: Session) -> Counter[str]:
    return Counter(session.scalars(select(History.act).where(History.actor_id.is_(None))))


def break_deadlines(database: Engine, case_id: int) -> None:
    with db.transaction(database) as session:
        for row in session.scalars(select(Deadline).where(Deadline.case_id == case_id)):
            row.token = f"unknown {row.id}"


def test_stopped_from_the_fourth_to_the_seventh_the_escalation_of_the_sixth_fires_once_with_its_true_time(
    database: Engine, at: Clock
) -> None:
    """R71."""
    at("2026-02-13 10:00")
    handled(database)
    at("2026-03-04 09:30")
    sweep(database)
    at("2026-03-07 11:00")
    sweep(database)
    sweep(database)
    with db.transaction(database) as session:
        raised = session.scalars(select(Supervision)).one()
        assert (raised.step, raised.due_at, raised.fired_at) == (0, moment("2026-03-06"), moment("2026-03-07 11:00"))
        row = session.scalars(select(History).where(History.act == "overdue")).one()
        assert (row.due_at, row.at) == (moment("2026-03-06"), moment("2026-03-07 11:00"))


def test_everything_missed_in_weeks_fires_in_order_once(database: Engine, at: Clock) -> None:
    """R69, R70: reminders that came too late are recorded and not sent; the ladder has its three rungs."""
    at("2026-02-13 10:00")
    handled(database)
    at("2026-04-10 08:00")
    assert sweep(database).fired == 7  # signing, plan, two reminders, limit and two more rungs
    assert sweep(database) == deadlines.Swept(0, 0, False)
    with db.transaction(database) as session:
        steps = session.execute(select(Supervision.step, Supervision.due_at).order_by(Supervision.id)).all()
        assert [tuple(row) for row in steps] == [
            (0, moment("2026-03-06")), (1, moment("2026-03-13")), (2, moment("2026-03-20")),
        ]  # fmt: skip
        assert [row.sent for row in session.scalars(select(Reminder))] == [False, False]
        assert acts(session)["supervised"] == 2


def test_many_sweeps_at_once_fire_each_deadline_once(database: Engine, at: Clock) -> None:
    at("2026-02-13 10:00")
    cases = handled(database, 6)
    at("2026-03-06 00:00")
    fired: list[int] = []
    start = threading.Barrier(4)

    def look() -> None:
        start.wait()
        fired.append(sweep(database).fired)

    threads = [threading.Thread(target=copy_context().run, args=(look,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fired.append(sweep(database).fired)  # those a colleague had locked at that moment
    assert sum(fired) == 5 * len(cases)  # signing, plan, two reminders, limit
    with db.transaction(database) as session:
        assert acts(session)["overdue"] == len(cases)
        assert len(session.scalars(select(Supervision)).all()) == len(cases)
        assert not session.scalars(select(Incident)).all()


def test_a_broken_deadline_is_an_incident_and_holds_nobody_up(database: Engine, at: Clock) -> None:
    at("2026-02-13 10:00")
    broken, sound = handled(database, 2)
    break_deadlines(database, broken)
    at("2026-03-06 00:00")
    first = sweep(database)
    assert (first.fired, first.failed) == (5, 1)
    with db.transaction(database) as session:
        incident = session.scalars(select(Incident)).one()
        assert (incident.case_id, incident.cause) == (broken, "timer_failed")
        assert session.scalars(select(Supervision.case_id)).all() == [sound]


def test_a_broken_deadline_is_tried_again_less_and_less_often(database: Engine, at: Clock) -> None:
    at("2026-02-13 10:00")
    (case_id,) = handled(database)
    with db.transaction(database) as session:
        for row in session.scalars(select(Deadline).where(Deadline.role != "limit")):
            session.delete(row)
    break_deadlines(database, case_id)
    at("2026-03-06 00:00")
    failures = []
    for minutes in (0, 5, 10, 15, 29, 30):
        at(f"2026-03-06 00:{minutes:02}")
        failures.append(sweep(database).failed)
    assert failures == [1, 0, 1, 0, 0, 1]
    with db.transaction(database) as session:
        assert len(session.scalars(select(Incident)).all()) == 1


def test_suspended_cases_do_not_fill_the_batch(database: Engine, at: Clock) -> None:
    at("2026-02-13 10:00")
    cases = handled(database, 3)
    with db.transaction(database) as session:
        session.execute(update(Instance).where(Instance.case_id.in_(cases[:2])).values(status="suspended"))
    at("2026-03-06 00:00")
    assert deadlines.sweep(partial(db.transaction, database), limit=2).fired == 5


def test_a_database_that_goes_away_is_nobodys_incident(database: Engine, at: Clock) -> None:
    """The connection breaks in the middle of firing: nothing of it is kept, nothing is blamed on the case."""
    at("2026-02-13 10:00")
    handled(database)
    at("2026-03-06 00:00")

    def break_off(connection: object, cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO supervisions"):
            event.remove(database, "before_cursor_execute", break_off)
            raise OperationalError(statement, None, Exception("server closed the connection"), None, True)

    event.listen(database, "before_cursor_execute", break_off)
    with pytest.raises(OperationalError):
        sweep(database)
    with db.transaction(database) as session:
        assert not session.scalars(select(Incident)).all()
        assert not session.scalars(select(Supervision)).all()
    assert sweep(database).fired == 1
    with db.transaction(database) as session:
        assert len(session.scalars(select(Supervision)).all()) == 1


def test_killed_connections_of_a_restarting_postgresql_are_nobodys_incident(postgresql: Engine, at: Clock) -> None:
    at("2026-02-13 10:00")
    handled(postgresql)
    at("2026-03-06 00:00")
    other = db.connect(postgresql.url.render_as_string(hide_password=False))

    def cut(connection: object, cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO supervisions"):
            event.remove(postgresql, "before_cursor_execute", cut)
            with other.begin() as administrator:
                administrator.execute(
                    text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                         "AND pid <> pg_backend_pid()")
                )  # fmt: skip

    event.listen(postgresql, "before_cursor_execute", cut)
    with pytest.raises(OperationalError):
        sweep(postgresql)
    other.dispose()
    assert sweep(postgresql).fired == 1
    with db.transaction(postgresql) as session:
        assert not session.scalars(select(Incident)).all()
        assert session.scalars(select(Case)).one()


def test_next_due_is_the_first_of_all(database: Engine, at: Clock) -> None:
    at("2026-02-13 10:00")
    handled(database)
    with db.transaction(database) as session:
        assert deadlines.next_due(session) == moment("2026-02-15")  # 24:00 of the first working day: signing
        assert clock.today().isoformat() == "2026-02-13"
