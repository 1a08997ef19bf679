"""第十二条 督办：reminders, the ladder, slips, the delegate's board, who follows; and 代理 and 交接 of the people who do it."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import desk, tasks
from engine.errors import LianxinError
from engine.organisation import absences
from engine.organisation.absences import AbsenceForm
from engine.work.models import History
from tests import factories
from tests.people import Cast

Clock = Callable[[str], object]


def away(session: Session, cast: Cast, who: str, deputy: str, first: str, last: str) -> None:
    form = AbsenceForm(cast.id(who), cast.id(deputy), date.fromisoformat(first), date.fromisoformat(last), "外出学习")
    absences.set_deputy(session, form, cast.id(who))


def test_i14_the_deputy_does_existing_and_new_tasks_and_everything_returns_by_date(
    session: Session, cast: Cast, at: Clock
) -> None:
    held = factories.handled(session, cast)
    task = factories.open_task(session, held, "answer")
    tasks.claim(session, cast.actor("unit_clerk"), task.id)
    away(session, cast, "unit_clerk", "unit_head", "2026-02-23", "2026-02-27")
    assert desk.inbox(session, cast.actor("unit_head"), "in_hand").rows == []  # not yet
    at("2026-02-23 09:00")
    row = desk.inbox(session, cast.actor("unit_head"), "in_hand").rows[0]
    assert (row.task_id, row.deputy_for) == (task.id, "陈城管")
    view = tasks.load(session, cast.actor("unit_head"), task.id)
    assert (view.may_complete, view.deputy_for) == (True, "陈城管")
    tasks.complete(session, cast.actor("unit_head"), task.id, factories.STEPS["answered"][2])
    done = session.scalars(select(History).where(History.act == "answered")).one()
    assert (done.actor_name, done.on_behalf_of) == ("程科长", "陈城管")


def test_i14_a_duty_nobody_else_holds_goes_to_the_deputy_and_what_she_took_is_back_at_the_end(
    session: Session, cast: Cast, at: Clock
) -> None:
    away(session, cast, "liaison", "secretary", "2026-02-13", "2026-02-20")
    case = factories.registered(session, cast)
    factories.step(session, cast, case, "signed")
    report = factories.open_task(session, case, "report")
    row = desk.inbox(session, cast.actor("secretary"), "receipt").rows[0]
    assert (row.task_id, row.deputy_for, row.claimable) == (report.id, "李联络", True)
    tasks.claim(session, cast.actor("secretary"), report.id)
    assert report.assignee_id == cast.id("liaison")
    claimed = session.scalars(select(History).where(History.act == "claimed")).one()
    assert (claimed.actor_name, claimed.on_behalf_of) == ("石书记", "李联络")
    at("2026-02-21 00:00")  # the last day has passed: nothing has to be given back
    assert desk.boxes(session, cast.actor("secretary"))["todo"] == 0
    with pytest.raises(LianxinError), session.begin_nested():
        tasks.complete(session, cast.actor("secretary"), report.id, {"decision": "report"})
    tasks.complete(session, cast.actor("liaison"), report.id, {"decision": "report"})
    assert case.tier == "street"
