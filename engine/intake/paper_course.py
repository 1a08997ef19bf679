"""The way a paper case had already gone before it was entered (补录), walked again by the real procedure: report,
escalations and referral at the hours of the dates on its papers, so that every limit counts from the true day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine import clock, instances
from engine.access import Actor
from engine.cases.models import Case
from engine.catalogue import telling
from engine.catalogue.act import Act
from engine.notices.models import Notice
from engine.organisation.models import Organisation
from engine.work.models import Instance, Task, Withdrawal

BASIS = "照纸质件补录"
OPENS = 9  # the hour that stands for a day known only by its date
ARRIVALS = ("reported_on", "district_on", "city_on")
RUNGS = {"street": 1, "district": 2, "city": 3}  # how many of ARRIVALS a case has behind it there
MISSING = {
    "reported_on": "请填写报街道组织部门日期。", "district_on": "请填写上报区委组织部日期。",
    "city_on": "请填写上报市委组织部日期。", "received_on": "请填写承办单位收到日期。",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One act of the way: the role of the task it completed, the day on the paper, and what its form said."""

    role: str
    on: date
    form: Mapping[str, Any]


def problems(asked: Mapping[str, Any], tier: str) -> dict[str, str]:
    """What is wrong with the dates of a case that stands at this tier, a sentence per field."""
    passed = ARRIVALS[: RUNGS[tier]] + (("received_on",) if asked["reached"] == "with_unit" else ())
    found = {name: MISSING[name] for name in passed if name not in asked}
    known = [name for name in ("registered_on", *passed) if name in asked]
    for before, after in pairwise(known):
        if asked[after] < asked[before]:
            found[after] = "日期应依次为登记、报街道、上报、承办单位收到。"
    for name in set(ARRIVALS[RUNGS[tier] :]) & asked.keys():
        found[name] = "本件没有到过这一级，请不要填写。"
    return found


def tier_of(session: Session, asked: Mapping[str, Any]) -> str:
    """Where the case stands: with a unit, at the unit's tier."""
    if asked["reached"] == "with_unit":
        return session.get_one(Organisation, asked["unit_id"]).tier
    return str(asked["reached"]).removeprefix("at_")


def walk(session: Session, actor: Actor, case: Case, instance: Instance, asked: Mapping[str, Any]) -> None:
    """From the step of reporting to where the paper case stands. Nobody is told of what happened on paper long ago but
    the one who has it now; and none of it can be taken back (撤回) by whoever entered it."""
    notices: list[Notice] = []
    for step in _steps(asked, tier_of(session, asked)):
        telling.withdraw(session, [row.id for row in notices])
        with clock.frozen(clock.at(step.on, OPENS)):
            notices = _take(session, actor, case, instance, step)
    for row in notices:
        row.created_at = row.sent_at = clock.now()
    session.execute(delete(Withdrawal).where(Withdrawal.instance_id == instance.id))


def _steps(asked: Mapping[str, Any], tier: str) -> Iterator[Step]:
    yield Step("report", date.fromisoformat(asked["reported_on"]), {"decision": "report"})
    for name in ARRIVALS[1 : RUNGS[tier]]:
        yield Step("tier_review", date.fromisoformat(asked[name]), {"decision": "escalate", "basis": BASIS})
    if asked["reached"] == "with_unit":
        form = {
            "decision": "refer", "basis": BASIS, "unit_id": str(asked["unit_id"]),
            "document_number": asked.get("document_number", ""),
        }  # fmt: skip
        yield Step("tier_review", date.fromisoformat(asked["received_on"]), form)


def _take(session: Session, actor: Actor, case: Case, instance: Instance, step: Step) -> list[Notice]:
    """Complete the open task of that role as it was done on paper; the notices that tell of it."""
    task = session.scalars(select(Task).where(Task.instance_id == instance.id, Task.role == step.role)).one()
    act = Act(
        session, case, instance.id, actor=actor, organisation_id=case.studio_id, form={"reason": BASIS, **step.form},
        role=task.role, process_id=task.process_id, element_id=task.element_id, element_name=task.name,
    )  # fmt: skip
    instances.complete(session, instance, task, act)
    session.flush()
    return act.notices
