"""The fixtures themselves: both databases, empty each time, and the clock."""

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from engine import clock, db
from engine.organisation.models import Person
from engine.rehearsal import ClockOffset


@pytest.mark.parametrize("_run", [1, 2])
def test_every_test_starts_with_empty_tables(database: Engine, _run: int) -> None:
    with db.transaction(database) as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 0
        session.add(Person(login="a", name="甲", password_hash=None))
    with db.reading(database) as session:
        assert session.scalars(select(Person.id)).all() == [1]


def test_a_failed_act_leaves_nothing(database: Engine) -> None:
    with pytest.raises(ZeroDivisionError):
        _add_somebody_and_fail(database)
    with db.reading(database) as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 0


def _add_somebody_and_fail(database: Engine) -> None:
    with db.transaction(database) as session:
        session.add(Person(login="a", name="甲", password_hash=None))
        session.flush()
        raise ZeroDivisionError


def test_reading_writes_nothing(database: Engine) -> None:
    with db.reading(database) as session:
        assert session.get(ClockOffset, 1) is None


def test_the_clock_stands_where_the_test_says(at, session: Session) -> None:
    at("2026-03-05 23:59")
    assert clock.today().isoformat() == "2026-03-05"
    at("2026-03-06")
    assert clock.now().isoformat() == "2026-03-05T16:00:00+00:00"
    person = Person(login="a", name="甲", password_hash=None, locked_until=clock.now())
    session.add(person)
    session.flush()
    session.expire(person)
    assert person.locked_until == clock.now()
