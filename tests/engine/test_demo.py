"""The living demo: every state is there, made by the real timers, and its clock makes the next ones fire."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from engine import access, clock, config, db, deadlines, desk
from engine.cases.models import Case
from engine.demo import build as demo
from engine.demo import clockwork, opinions
from engine.handlings.models import Reminder, Supervision
from engine.organisation import queries
from engine.organisation.models import Organisation
from engine.work.models import Deadline, History, Incident, Task
from tests.moments import at, moment

OPENS = "2026-03-18 08:30"  # a Wednesday
FOURTH_DAY = "2026-03-24"  # 临期 is what ends before the fourth working day begins
COUNTED = ("todo", "receipt", "in_hand", "done", "supervision", "due_soon", "overdue")
PROCESSES = config.ROOT / "processes"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One build for all tests here; each looks at it in a transaction that is rolled back."""
    file: Path = tmp_path_factory.mktemp("demo") / "demo.sqlite3"
    engine = db.connect(f"sqlite:///{file}")
    db.Base.metadata.create_all(engine)
    with at(OPENS), db.transaction(engine) as session:
        demo.build(session, PROCESSES)
    yield engine
    engine.dispose()


@pytest.fixture
def session(built: Engine) -> Iterator[Session]:
    with at(OPENS), built.connect() as connection, Session(connection) as session:
        yield session
        session.rollback()


def test_some_sixty_cases_in_every_state(session):
    assert session.scalar(select(func.count()).select_from(Case)) >= 60
    states = set(session.scalars(select(Case.state)))
    assert states >= {
        "awaiting_signature", "awaiting_report", "awaiting_referral", "awaiting_receipt", "handling", "extended",
        "awaiting_check", "delivering", "awaiting_rating", "rating_disagreed", "closed", "void", "terminated", "filed",
    }  # fmt: skip
    assert set(session.scalars(select(Case.tier))) == {"community", "street", "district", "city", "committee"}


def test_every_matter_and_several_districts_are_there(session):
    assert len(set(session.scalars(select(Case.matter)))) == 12
    assert len(set(session.scalars(select(Case.district_id)))) >= 4
    assert len(set(session.scalars(select(Case.content)))) >= 25


def test_every_act_of_the_procedure_happened(session):
    acts = set(session.scalars(select(History.act)))
    assert acts >= {
        "registered", "signed", "returned_to_studio", "amended", "answered_on_the_spot", "reported", "referred",
        "escalated", "received", "claimed", "answered", "declined", "extension_requested", "extension_consented",
        "extension_refused", "late_extension_request", "reminded", "overdue", "supervised", "supervision_noted",
        "feedback_accepted", "feedback_returned", "copied", "instructed", "filed", "rated", "rating_agreed",
        "rating_concluded", "closed", "void", "terminated", "withdrawn", "deadline_moved", "transit_late",
        "split", "merged", "sent_down", "redo_decided", "transfer_alert",
    }  # fmt: skip


def test_timers_fired_at_their_own_time(session):
    for row in [*session.scalars(select(Reminder)), *session.scalars(select(Supervision))]:
        assert row.due_at <= row.fired_at <= row.due_at + clockwork.LATEST_BEAT
    assert set(session.scalars(select(Supervision.step))) == {0, 1, 2}
    assert session.scalars(select(Deadline).where(Deadline.due_at <= clock.now())).all() == []


def test_nothing_lies_in_the_future_and_nothing_went_wrong(session):
    assert session.scalar(select(func.max(History.at))) <= clock.now()
    assert session.scalars(select(Incident)).all() == []


def test_one_limit_ends_tomorrow_at_the_streets_own_unit(session):
    query = (
        select(Task.due_on)
        .join(Organisation, Organisation.id == Task.organisation_id)
        .where(Organisation.name == "沙头角街道城管科", Task.role == "answer")
    )
    assert "2026-03-19" in {day.isoformat() for day in session.scalars(query)}


def test_a_second_build_changes_nothing(session):
    before = session.scalar(select(func.count()).select_from(History))
    again = demo.build(session, PROCESSES)
    assert (again.added, again.fired) == (0, 0)
    assert session.scalar(select(func.count()).select_from(History)) == before


def test_texts_fit_the_forms(session):
    for opinion in [*opinions.opinions(), *opinions.spot_opinions()]:
        told = opinion.told(
            {"community": "沙头角社区", "street": "沙头角街道", "district": "盐田区", "place": "海韵花园"}
        )
        assert len(told.summary) <= 300
        assert len(told.answer) <= 600
        assert len(told.content) >= 40
        assert "{" not in told.summary + told.content + told.answer


@pytest.fixture
def running(built: Engine) -> Iterator[Session]:
    """The demo as people use it: its clock runs on from the morning it was built."""
    with time_machine.travel(moment(OPENS), tick=True), built.connect() as connection, Session(connection) as session:
        yield session
        session.rollback()
        clock.shift(timedelta(0))


def test_the_clock_stops_at_the_next_deadline(running):
    due = deadlines.next_due(running)
    moved = clockwork.push(running, "deadline")
    assert due <= moved.now <= due + timedelta(minutes=1)
    assert {one.act for one in moved.fired} == {"reminded"}, "09:00 is the hour of reminders"
    assert all(one.due_at == due for one in moved.fired)


def test_five_working_days_raise_supervision_once_each(running):
    watched = running.scalars(
        select(Task.case_id)
        .join(Organisation, Organisation.id == Task.organisation_id)
        .where(Organisation.name == "沙头角街道城管科", Task.role == "answer", Task.due_on == date(2026, 3, 19))
    ).one()
    moved = clockwork.push(running, "five_days")
    assert clock.local(moved.now).date() == date(2026, 3, 25)
    raised = running.scalars(select(Supervision).where(Supervision.case_id == watched)).all()
    assert [(row.step, row.due_at) for row in raised] == [(0, clock.end_of(date(2026, 3, 19)))]
    assert [one.act for one in moved.fired if one.case_id == watched].count("overdue") == 1
    assert running.scalars(select(Deadline).where(Deadline.due_at <= clock.now())).all() == []


SHARED = """
    SELECT p.person_id, p.organisation_id, CASE WHEN p.duty = 'head' THEN 'staff' ELSE p.duty END AS also, p.duty
    FROM posts p JOIN organisations o ON o.id = p.organisation_id
    WHERE p.starts_on <= :today AND (p.ends_on IS NULL OR p.ends_on >= :today) AND o.active AND o.kind != 'administration'
    UNION SELECT s.person_id, s.organisation_id, 'liaison', 'liaison' FROM posts s WHERE s.duty = 'secretary'
    AND NOT EXISTS (SELECT 1 FROM posts l WHERE l.organisation_id = s.organisation_id AND l.duty = 'liaison')
"""
COUNTS = f"""
    WITH held AS ({SHARED}),
    open_ones AS (
        SELECT t.* FROM tasks t WHERE t.assignee_id = :me OR t.person_id = :me OR (
            t.assignee_id IS NULL AND t.person_id IS NULL AND EXISTS (
                SELECT 1 FROM held h WHERE h.person_id = :me AND h.organisation_id = t.organisation_id
                AND t.duty IN ('', h.duty, h.also)))
    )
    SELECT
        (SELECT count(*) FROM open_ones) AS todo,
        (SELECT count(*) FROM open_ones WHERE assignee_id IS NULL AND person_id IS NULL) AS receipt,
        (SELECT count(*) FROM open_ones WHERE assignee_id = :me OR person_id = :me) AS in_hand,
        (SELECT count(*) FROM open_ones WHERE due_at <= :now AND role NOT IN ('report', 'tier_review')) AS overdue,
        (SELECT count(*) FROM open_ones WHERE due_at <= :soon
            AND (due_at > :now OR role IN ('report', 'tier_review'))) AS due_soon,
        (SELECT count(DISTINCT case_id) FROM history WHERE actor_id = :me AND act NOT IN (
            'registered', 'recorded', 'claimed', 'copied', 'closed', 'withdrawn', 'deadline_moved', 'task_ended',
            'extension_requested', 'late_extension_request', 'rating_concluded', 'consultation_called',
            'transfer_alert')) AS done,
        (SELECT count(*) FROM (
            SELECT case_id FROM open_ones WHERE role = 'supervision'
            UNION SELECT s.case_id FROM supervisions s JOIN handlings g ON g.id = s.handling_id
            JOIN held h ON h.organisation_id IN (s.organisation_id, g.unit_id)
            WHERE s.closed_at IS NULL AND h.person_id = :me
            UNION SELECT s.case_id FROM slips s JOIN held h
            ON h.organisation_id IN (s.unit_id, s.department_id, s.organisation_id)
            WHERE s.closed_at IS NULL AND s.kind != 'urge' AND h.person_id = :me) AS pressed) AS supervision,
        (SELECT count(*) FROM cases WHERE registered_by_id = :me) AS registered
"""
BUSY = """
    SELECT person_id FROM (SELECT DISTINCT p.person_id FROM posts p JOIN tasks t ON t.organisation_id = p.organisation_id
                           ORDER BY p.person_id LIMIT 40) AS staff
    UNION
    SELECT person_id FROM (SELECT DISTINCT person_id FROM tasks WHERE person_id IS NOT NULL LIMIT 8) AS delegates
"""


def test_r91_the_counts_of_every_inbox_are_those_of_the_tables(session):
    """R91: 待办, 待签收, 在办, 已办, 督办, 临期, 逾期 and 我登记的 of everybody in the demo, beside plain SQL that knows
    no house."""
    people = session.execute(text(BUSY)).scalars()
    now, soon = (f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" for when in (clock.now(), moment(FOURTH_DAY)))
    seen = Counter()
    for person_id in people.all():
        actor = queries.actor(session, person_id)
        if access.reach(actor) == access.Reach():
            continue
        given = {"me": person_id, "today": clock.today().isoformat(), "now": now, "soon": soon}
        truth = session.execute(text(COUNTS), given).one()
        counts = desk.boxes(session, actor)
        assert {name: counts[name] for name in truth._fields} == dict(truth._mapping), actor.name
        seen.update(name for name, count in truth._mapping.items() if count)
    assert seen["todo"] >= 20
    assert {name for name in COUNTED if not seen[name]} == set(), "nothing was compared in these boxes"
