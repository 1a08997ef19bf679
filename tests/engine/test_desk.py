"""Boxes and search say what a plain look through the tables says (R91), and agree with the policy (R54)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from engine import access, desk, tasks
from engine.access import Verb
from engine.cases.models import Case
from engine.catalogue import scopes
from engine.desk import conditions
from engine.errors import Forbidden, NotFound
from engine.work.models import Task
from engine.workdays import lamps
from engine.workdays.queries import calendar
from tests import factories, people

At = Callable[[Any], datetime]
STAGES = (
    (),
    ("signed",),
    ("signed", "reported"),
    ("signed", "reported", "referred"),
    ("signed", "reported", "referred", "answered"),
    ("signed", "reported", "referred", "answered", "accepted"),
)


@pytest.fixture
def cast(session: Session, at: At) -> people.Cast:
    """The house with a case in each early stage, and one that a colleague holds."""
    at("2026-02-05 10:00")
    cast = factories.install(session)
    for stage in STAGES:
        case = factories.registered(session, cast)
        for name in stage:
            factories.step(session, cast, case, name)
    at("2026-02-27 10:00")
    held = factories.handled(session, cast)
    tasks.claim(session, cast.actor("unit_clerk"), factories.open_task(session, held, "answer").id)
    session.flush()
    return cast


def _looked(session: Session, cast: people.Cast, role: str) -> dict[str, int]:
    """The task boxes, counted one task at a time by the policy."""
    actor, days = cast.actor(role), calendar(session)
    mine = {"todo": 0, "receipt": 0, "in_hand": 0, "due_soon": 0, "overdue": 0}
    for task in session.scalars(select(Task)):
        case = session.get_one(Case, task.case_id)
        free = task.assignee_id is None and access.may(actor, Verb.TASK_CLAIM, scopes.task_scope(session, task, case))
        held = actor.person_id in (task.assignee_id, task.person_id)
        if not (free or held):
            continue
        colour = lamps.lamp(days, task.due_at, task.role in lamps.SOFT).colour if task.due_at else ""
        mine["todo"] += 1
        mine["receipt"] += free
        mine["in_hand"] += held
        mine["due_soon"] += colour == "yellow"
        mine["overdue"] += colour == "red"
    return mine


def test_counts_are_what_the_policy_lets_one_do(session: Session, cast: people.Cast) -> None:
    for role in people.ROLES:
        counts, looked = desk.boxes(session, cast.actor(role)), _looked(session, cast, role)
        assert {box: counts[box] for box in looked} == looked, role
        assert list(counts) == list(desk.BOXES)


def test_the_roles_together_have_work(session: Session, cast: people.Cast) -> None:
    """Otherwise the comparison above would compare nothing with nothing."""
    found = {role: desk.boxes(session, cast.actor(role)) for role in people.ROLES}
    assert found["unit_clerk"]["overdue"] == 1
    assert found["unit_head"]["receipt"] == 1
    assert found["unit_clerk"]["in_hand"] == 1
    assert found["delegate"]["todo"] >= 2
    assert found["liaison"]["registered"] == len(STAGES) + 1
    assert found["delegate"]["unread"] == 1
    assert found["system_administrator"] == dict.fromkeys(desk.BOXES, 0)


def test_every_list_has_as_many_rows_as_its_tile_says(session: Session, cast: people.Cast) -> None:
    for role in ("liaison", "delegate", "street_clerk", "street_head", "unit_clerk", "unit_head"):
        actor = cast.actor(role)
        for box, count in desk.boxes(session, actor).items():
            page = desk.inbox(session, actor, box)
            assert page.total == len(page.rows) == count, (role, box)


def test_search_finds_what_the_policy_lets_one_read(session: Session, cast: people.Cast) -> None:
    cases = session.scalars(select(Case)).all()
    for role in people.ROLES:
        actor = cast.actor(role)
        allowed = {case.id for case in cases if access.may(actor, Verb.CASE_READ, scopes.case_scope(session, case))}
        assert set(session.scalars(select(Case.id).where(conditions.readable(actor)))) == allowed, role
        if access.may(actor, Verb.CASE_SEARCH):
            assert desk.search(session, actor, "2026").total == len(allowed), role
        else:
            with pytest.raises(Forbidden):
                desk.search(session, actor, "2026")


def test_a_case_at_the_committee_is_found_there(session: Session, cast: people.Cast) -> None:
    case = session.scalars(select(Case)).first()
    assert case is not None
    assert desk.search(session, cast.actor("committee_head"), case.number).total == 0
    case.tier = "committee"
    session.flush()
    assert desk.search(session, cast.actor("committee_head"), case.number).total == 1


def test_pages(session: Session, cast: people.Cast) -> None:
    actor = cast.actor("liaison")
    numbers = [row.number for number in range(1, 5) for row in desk.inbox(session, actor, "registered", number, 2).rows]
    assert len(numbers) == len(set(numbers)) == len(STAGES) + 1
    assert desk.inbox(session, actor, "registered", 1, 2).pages == 4
    with pytest.raises(NotFound):
        desk.inbox(session, actor, "everything")


def test_text_is_text(session: Session, cast: people.Cast) -> None:
    actor = cast.actor("liaison")
    for text in ("%", "_", "!", "'", '"; drop table cases'):
        assert desk.inbox(session, actor, "registered", text=text).total == 0


def test_a_box_costs_the_same_number_of_statements_whatever_its_length(session: Session, cast: people.Cast) -> None:
    statements: list[str] = []
    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", lambda *args: statements.append(args[2]))
    actor = cast.actor("liaison")
    costs = []
    for size in (1, 7):
        session.expire_all()
        statements.clear()
        desk.inbox(session, actor, "registered", 1, size)
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 10
    statements.clear()
    desk.boxes(session, actor)
    assert len(statements) <= 2  # the calendar's state, and one for all boxes
