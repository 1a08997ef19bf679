"""Article 11: 10 working days, 30 with the delegate's consent; reminders and supervision (R60–R63, R69, R70)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import clock, db, deadlines, tasks
from engine.cases.models import Case
from engine.errors import Conflict, Forbidden, LianxinError
from engine.handlings.models import Extension, Reminder, Supervision
from engine.work.models import Deadline, History, Task
from tests import factories
from tests.people import Cast

REQUEST = {
    "reason": "涉及跨街道管线迁改，需要联合踏勘，十个工作日内无法完成。",
    "work_done": "已完成现场勘查和部门协商。",
}


@dataclass(frozen=True)
class Scene:
    """A case a street unit received on 2026-02-13; every `opened` is one transaction."""

    database: Engine
    cast: Cast
    case_id: int

    @contextmanager
    def opened(self) -> Iterator[tuple[Session, Cast, Case]]:
        with db.transaction(self.database) as session:
            yield session, replace(self.cast, session=session), session.get_one(Case, self.case_id)

    def sweep(self) -> deadlines.Swept:
        return deadlines.sweep(lambda: db.transaction(self.database))


@pytest.fixture
def scene(database: Engine, at: Callable[[str], object]) -> Scene:
    at("2026-02-13 10:00")
    with db.transaction(database) as session:
        cast = factories.install(session)
        return Scene(database, cast, factories.handled(session, cast).id)


def request(scene: Scene) -> str:
    with scene.opened() as (session, cast, case):
        task = factories.open_task(session, case, "answer")
        if task.assignee_id is None:
            tasks.claim(session, cast.actor("unit_clerk"), task.id)
        return tasks.request_extension(session, cast.actor("unit_clerk"), task.id, REQUEST)


def consent(scene: Scene, who: str = "delegate", decision: str = "consent") -> None:
    with scene.opened() as (session, cast, case):
        task = factories.open_task(session, case, "extension_consent")
        tasks.complete(session, cast.actor(who), task.id, {"decision": decision, "opinion": "情况属实。"})


def due_on(scene: Scene) -> str:
    with scene.opened() as (session, _, case):
        return factories.open_task(session, case, "answer").due_on.isoformat()


def history(scene: Scene, *acts: str) -> list[str]:
    with scene.opened() as (session, _, _case):
        rows = session.scalars(select(History.act).where(History.case_id == scene.case_id).order_by(History.id))
        return [act for act in rows if act in acts]


def test_extension_counts_from_the_same_receipt(scene: Scene, at: Callable[[str], object]) -> None:
    assert due_on(scene) == "2026-03-05"
    at("2026-03-02 15:00")
    request(scene)
    assert due_on(scene) == "2026-03-05"
    at("2026-03-03 09:30")
    consent(scene)
    assert due_on(scene) == "2026-04-02"
    with scene.opened() as (session, _, _case):
        moved = session.scalars(select(History).where(History.act == "deadline_moved")).one()
        assert moved.data == {"old": "2026-03-05", "new": "2026-04-02"}
        limit = session.scalars(select(Deadline).where(Deadline.role == "limit")).one()
        assert limit.due_at == clock.end_of(clock.local(limit.due_at).date() - timedelta(days=1))
        assert clock.local(limit.due_at).isoformat() == "2026-04-03T00:00:00+08:00"


@pytest.mark.parametrize(
    "who", ["other_delegate", "unit_clerk", "unit_head", "street_head", "city_head", "liaison", "system_administrator"]
)
def test_nobody_consents_for_the_signing_delegate(scene: Scene, at: Callable[[str], object], who: str) -> None:
    request(scene)
    with pytest.raises(LianxinError):
        consent(scene, who)
    assert due_on(scene) == "2026-03-05"


def test_r62_a_request_after_the_limit_changes_nothing_but_the_record(
    scene: Scene, at: Callable[[str], object]
) -> None:
    at("2026-03-06 00:00")
    assert "只作记录" in request(scene)
    assert due_on(scene) == "2026-03-05"
    with scene.opened() as (session, _, _case):
        assert session.scalars(select(Extension)).one().decision == "late_request"
        assert not session.scalars(select(Task).where(Task.role == "extension_consent")).all()


def test_refusal_and_silence_leave_ten_days_and_a_second_extension_is_refused(
    scene: Scene, at: Callable[[str], object]
) -> None:
    request(scene)
    with pytest.raises(Conflict):
        request(scene)  # one request at a time
    consent(scene, decision="refuse")
    assert due_on(scene) == "2026-03-05"
    request(scene)  # a refused unit may ask again before the limit ends
    consent(scene)
    with pytest.raises(Conflict, match="第十一条"):
        request(scene)


def test_late_consent_moves_the_shown_date_and_the_ladder_but_the_case_stays_overdue(
    scene: Scene, at: Callable[[str], object]
) -> None:
    at("2026-03-04 15:00")
    request(scene)
    at("2026-03-06 00:00")
    scene.sweep()
    at("2026-03-06 09:00")
    consent(scene)
    assert due_on(scene) == "2026-04-02"
    assert history(scene, "overdue", "extension_consented_late") == ["overdue", "extension_consented_late"]
    at("2026-03-13 00:30")  # five working days after the first limit: not fired any more
    scene.sweep()
    with scene.opened() as (session, _, _case):
        assert [row.step for row in session.scalars(select(Supervision))] == [0]


def test_reminders_three_and_one_working_days_before_once_each(scene: Scene, at: Callable[[str], object]) -> None:
    for moment in ("2026-03-02 08:59", "2026-03-02 09:00", "2026-03-02 09:01", "2026-03-04 09:00", "2026-03-04 18:00"):
        at(moment)
        scene.sweep()
    with scene.opened() as (session, _, _case):
        rows = session.scalars(select(Reminder).order_by(Reminder.id)).all()
        assert [(row.days_before, clock.local(row.due_at).isoformat(), row.sent) for row in rows] == [
            (3, "2026-03-02T09:00:00+08:00", True),
            (1, "2026-03-04T09:00:00+08:00", True),
        ]


def test_answered_in_between_there_is_no_second_reminder(scene: Scene, at: Callable[[str], object]) -> None:
    at("2026-03-02 09:00")
    scene.sweep()
    at("2026-03-03 10:00")
    with scene.opened() as (session, cast, case):
        factories.step(session, cast, case, "answered")
    at("2026-03-20 10:00")
    assert scene.sweep().fired == 0
    assert history(scene, "reminded", "reminder_superseded", "overdue") == ["reminded"]


def test_the_ladder_rises_once_per_rung_with_its_true_due_time_however_late_it_is_swept(
    scene: Scene, at: Callable[[str], object]
) -> None:
    at("2026-03-05 23:59")
    scene.sweep()
    assert history(scene, "overdue") == []
    at("2026-03-30 03:00")  # everything stood still for weeks
    scene.sweep()
    scene.sweep()
    with scene.opened() as (session, cast, _case):
        rows = session.scalars(select(Supervision).order_by(Supervision.step)).all()
        assert [clock.local(row.due_at).isoformat() for row in rows] == [
            "2026-03-06T00:00:00+08:00", "2026-03-13T00:00:00+08:00", "2026-03-20T00:00:00+08:00",
        ]  # fmt: skip
        assert {clock.local(row.fired_at).isoformat() for row in rows} == {"2026-03-30T03:00:00+08:00"}
        tiers = ("street", "district", "city")
        assert [row.organisation_id for row in rows] == [cast.department(tier).id for tier in tiers]
        boxes = session.scalars(select(Task.organisation_id).where(Task.role == "supervision")).all()
        assert sorted(boxes) == sorted(row.organisation_id for row in rows)
    assert history(scene, "overdue", "supervised") == ["overdue", "supervised", "supervised"]


def test_delivered_feedback_closes_the_ladder(scene: Scene, at: Callable[[str], object]) -> None:
    at("2026-03-06 00:00")
    scene.sweep()
    at("2026-03-07 10:00")
    with scene.opened() as (session, cast, case):
        factories.step(session, cast, case, "answered")
        assert not session.scalars(select(Task).where(Task.role == "supervision")).all()
        assert session.scalars(select(Supervision)).one().closed_at is not None
    at("2026-04-01 10:00")
    assert scene.sweep().fired == 0


def test_a_returned_answer_never_stopped_the_clock(scene: Scene, at: Callable[[str], object]) -> None:
    at("2026-03-03 10:00")
    with scene.opened() as (session, cast, case):
        factories.step(session, cast, case, "answered")
    at("2026-03-09 10:00")
    with scene.opened() as (session, cast, case):
        factories.act(
            session, cast, case, "street_clerk", "feedback_check", decision="return", opinion="未答复核心诉求。"
        )
    assert due_on(scene) == "2026-03-05"
    scene.sweep()
    with scene.opened() as (session, _, _case):
        row = session.scalars(select(Supervision)).one()
        assert clock.local(row.due_at).isoformat() == "2026-03-06T00:00:00+08:00"


def test_forbidden_names_the_act() -> None:
    assert "同意延期" in Forbidden("同意延期").message
