"""A case that nothing would ever move again is found by us, once."""

import threading
from datetime import timedelta

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session

from engine import clock, db, upkeep
from engine.cases.models import Case
from engine.organisation.models import Post
from engine.work.models import Deadline, Incident, Instance, Subscription, Task
from tests import factories


def strand(session: Session, case: Case) -> None:
    """What a mistake of ours would leave: tokens that nobody waits for."""
    for table in (Task, Deadline, Subscription):
        session.execute(delete(table).where(table.case_id == case.id))


def incidents(session: Session) -> list[tuple[int | None, str]]:
    return [(row.case_id, row.cause) for row in session.scalars(select(Incident).order_by(Incident.case_id))]


def test_a_stranded_case_is_reported_once_and_the_others_are_not(session: Session) -> None:
    cast = factories.install(session)
    cases = [factories.registered(session, cast) for _ in range(3)]
    assert upkeep.check_stuck(session) == 0
    strand(session, cases[1])
    assert [upkeep.check_stuck(session) for _ in range(3)] == [1, 0, 0]
    assert incidents(session) == [(cases[1].id, "stuck")]


def test_waiting_for_a_timer_or_a_message_is_enough(session: Session) -> None:
    cast = factories.install(session)
    case = factories.handled(session, cast)
    session.execute(delete(Task).where(Task.case_id == case.id))
    assert upkeep.check_stuck(session) == 0
    session.execute(delete(Deadline).where(Deadline.case_id == case.id))
    assert session.scalars(select(Subscription.id)).first() is not None
    assert upkeep.check_stuck(session) == 0


def test_an_open_case_whose_procedure_ended_is_found_too(session: Session) -> None:
    cast = factories.install(session)
    cases = [factories.registered(session, cast) for _ in range(2)]
    for case in cases:
        strand(session, case)
    session.execute(update(Instance).values(status="ended", ended_at=clock.now()))
    assert upkeep.check_stuck(session) == 2
    assert upkeep.check_stuck(session) == 0
    assert incidents(session) == [(case.id, "stuck") for case in cases]


def test_after_the_incident_was_resolved_in_vain_it_is_raised_again(session: Session) -> None:
    cast = factories.install(session)
    strand(session, factories.registered(session, cast))
    upkeep.check_stuck(session)
    session.execute(update(Incident).values(resolved_at=clock.now()))
    assert upkeep.check_stuck(session) == 1


def test_two_looking_at_once_report_once(database: Engine) -> None:
    with db.transaction(database) as session:
        cast = factories.install(session)
        for _ in range(5):
            strand(session, factories.registered(session, cast))
    start = threading.Barrier(4)

    def look() -> None:
        start.wait()
        with db.transaction(database) as session:
            upkeep.check_stuck(session)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.transaction(database) as session:
        assert len(incidents(session)) == 5


def test_the_incident_goes_when_the_case_moves_again(session: Session) -> None:
    cast = factories.install(session)
    case = factories.registered(session, cast)
    task = factories.open_task(session, case, "signature")
    saved = {column.key: getattr(task, column.key) for column in Task.__table__.columns}
    strand(session, case)
    assert upkeep.check_stuck(session) == 1
    session.expunge_all()
    session.add(Task(**saved))
    session.flush()
    assert upkeep.check_stuck(session) == 0
    assert session.scalars(select(Incident.resolved_at)).one() is not None


def test_a_suspended_case_waits_on_purpose(session: Session) -> None:
    cast = factories.install(session)
    strand(session, factories.registered(session, cast))
    session.execute(update(Instance).values(status="suspended"))
    assert upkeep.check_stuck(session) == 0


def test_a_task_whose_people_left_is_found(session: Session) -> None:
    cast = factories.install(session)
    handled, waiting = factories.handled(session, cast), factories.registered(session, cast)
    assert upkeep.check_stuck(session) == 0
    yesterday = clock.today() - timedelta(days=1)
    session.execute(update(Post).where(Post.organisation_id == cast.unit("street").id).values(ends_on=yesterday))
    cast.people["delegate"].active = False
    session.flush()
    assert [upkeep.check_stuck(session) for _ in range(2)] == [2, 0]
    assert incidents(session) == [(handled.id, "empty_pool"), (waiting.id, "empty_pool")]
    assert {row.element_id for row in session.scalars(select(Incident))} == {"answer", "sign"}
