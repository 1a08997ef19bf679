"""Cases made the way people make them: through the real use cases, step by step, on the test's clock."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import config, db, definitions, intake, tasks
from engine.cases.models import Case
from engine.work.models import Task
from engine.workdays import operations as workdays
from tests import people, world

FORM: dict[str, str] = {
    "reporter_naming": "named",
    "reporter_name": "陈某某",
    "reporter_gender": "male",
    "reporter_age": "46",
    "reporter_phone": "13800001234",
    "reporter_employer": "沙头角某商行",
    "reporter_employer_address": "深圳市盐田区沙头角街道深盐路2088号",
    "reporter_address": "深圳市盐田区沙头角街道沙头角社区3栋502",
    "reporter_address_phone": "",
    "channel": "visit",
    "channel_note": "",
    "matter": "environment",
    "content": "深盐路与沙深路路口垃圾转运点每晚十一点后作业，噪音和气味影响周边三栋居民休息，希望调整作业时间并加装密闭设施。",
    "summary": "反映深盐路路口垃圾转运点夜间作业噪音、异味扰民，要求调整作业时间、加装密闭设施。",
    "reflected_on": "2026-02-02",
    "reporter_signature": "handwritten",
    "settlement": "street",
}


def install(session: Session) -> people.Cast:
    """The cast, the calendars and the factory edition of the procedures, as `lianxin init` leaves them."""
    world.repeat(session, _write)
    return people.find(session)


def _write(session: Session) -> None:
    people.write(session)
    workdays.import_factory(session, config.ROOT / "processes" / "calendars")
    definitions.import_factory(session, config.ROOT / "processes")


def registered(session: Session, cast: people.Cast, **changes: str) -> Case:
    """A case registered at 沙头角社区 by its liaison."""
    form = FORM | {"delegate_id": str(cast.delegates["delegate"].id)} | changes
    return intake.register(session, cast.actor("liaison"), cast.studio.id, form)


def open_task(session: Session, case: Case, role: str) -> Task:
    """The open task of that role; fails when there is not exactly one."""
    return session.scalars(select(Task).where(Task.case_id == case.id, Task.role == role)).one()


def act(session: Session, cast: people.Cast, case: Case, who: str, role: str, **form: Any) -> tasks.Completed:
    """`who` claims (if it is a pool task) and completes the case's open task of that role."""
    task, actor = open_task(session, case, role), cast.actor(who)
    if task.person_id is None and task.assignee_id is None:
        tasks.claim(session, actor, task.id)
    return tasks.complete(session, actor, task.id, form)


STEPS: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "signed": ("delegate", "signature", {"decision": "sign", "signature_name": "戴代表"}),
    "reported": ("liaison", "report", {"decision": "report"}),
    "answered": (
        "unit_clerk", "answer",
        {"decision": "answer", "result": "solved", "contact": "陈城管 0755-25550000",
         "text": "经现场核查，转运点作业时间已调整至每日21时前，并于本月底加装密闭压缩箱。"},
    ),
    "accepted": ("street_clerk", "feedback_check", {"decision": "accept"}),
    "rated_by_reporter": ("liaison", "rating_reporter",
                          {"grade": "satisfied", "method": "phone", "remark": "电话回访，反映人口头确认。"}),
    "rated_by_delegate": ("delegate", "rating_delegate", {"grade": "satisfied"}),
    "rated_by_department": ("street_head", "rating_department", {"grade": "satisfied"}),
}  # fmt: skip


def step(session: Session, cast: people.Cast, case: Case, name: str) -> tasks.Completed:
    """One usual step of the main path; see STEPS, and `referred` for the referral."""
    if name == "referred":
        return refer(session, cast, case)
    who, role, form = STEPS[name]
    return act(session, cast, case, who, role, **form)


def refer(session: Session, cast: people.Cast, case: Case, unit: str = "street_unit", who: str = "street_clerk") -> Any:
    """The organisation department hands the case to a unit."""
    unit_id = str(cast.organisations[unit].id)
    return act(session, cast, case, who, "tier_review", decision="refer", unit_id=unit_id, basis="属本级管理权限")


def handled(session: Session, cast: people.Cast, **changes: str) -> Case:
    """A case that the street's unit has just received."""
    case = registered(session, cast, **changes)
    for name in ("signed", "reported", "referred"):
        step(session, cast, case, name)
    return case


def prepared(database: Engine) -> people.Cast:
    """`install` in a transaction of its own, for tests with several transactions."""
    with db.transaction(database) as session:
        return install(session)
