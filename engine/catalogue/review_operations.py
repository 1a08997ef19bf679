"""Operations of the tiers: review, referral, 分项, 下转 (article 10; R49–R53, R57, R58)."""

from typing import Any

from engine import clock
from engine.catalogue import pools, telling
from engine.catalogue.act import Act
from engine.catalogue.around import Acting
from engine.errors import Invalid
from engine.handlings import operations as handlings
from engine.handlings.models import Handling, Review
from engine.organisation.models import Organisation


def decide_review(act: Act) -> dict[str, Any]:
    """转交承办 or 上报 with the basis; the unit must be of the department's own tier and place (article 10, R50)."""
    actor, case, form = act.require_actor(), act.case, act.form
    department = pools.tier_department(act)
    decision = str(form.get("decision", ""))
    if decision == "escalate" and case.instruction:
        raise Invalid("市委已有批示，请按批示转交承办，不能再次上报（第十条）。")
    unit = _own_unit(act, form.get("unit_id"), department) if decision == "refer" else None
    review = Review(
        case_id=case.id,
        tier=case.tier,
        department_id=department.id,
        decision=decision,
        unit_id=unit.id if unit else None,
        basis=str(form.get("basis", "")),
        requirement=str(form.get("requirement", "")),
        decided_by_id=actor.person_id,
        decided_at=act.now,
    )
    act.session.add(review)
    act.keep("review", review)
    act.undoable("review.withdraw", review_id=review)
    act.history = act.record(
        "referred" if unit else "escalated", result=unit.name if unit else "", opinion=review.basis
    )
    return {"decision": decision}


def city_unit(act: Act, unit_id: Any) -> Acting | Organisation:
    """The city unit a 批示 names (R53)."""
    return _own_unit(act, unit_id, pools.department(act, "city"))


def _own_unit(act: Act, unit_id: Any, department: Acting) -> Acting | Organisation:
    unit = act.organisation(int(unit_id)) if str(unit_id or "").isdecimal() else None
    if unit is None or unit.kind != "unit" or not unit.active:
        raise Invalid("请选择承办单位。", errors={"unit_id": "请从列表中选择本级的承办单位。"})
    if (unit.tier, unit.place_id) != (department.tier, department.place_id):
        raise Invalid(
            "非本级单位。", errors={"unit_id": f"“{unit.name}”不是{department.name}的同级单位，不能转交（第十条）。"}
        )
    return unit


def transit_late(act: Act) -> None:
    """A tier kept the case longer than the transit target: a yellow hint, never a breach (R49, A12)."""
    act.record("transit_late")
    telling.department(act, "transit_late")


def open_handling(act: Act) -> dict[str, Any]:
    """The unit receives: day 0 of the limit is today, whether or not somebody signs for it (R59, R60, A3)."""
    case = act.case
    review = act.once("review", lambda: handlings.latest_review(act.session, case.id))
    if review is None or review.unit_id is None:
        raise Invalid("还没有选定承办单位，不能转交。")
    handling = Handling(
        case_id=case.id,
        tier=review.tier,
        department_id=review.department_id,
        unit_id=review.unit_id,
        received_at=act.now,
        received_on=clock.local(act.now).date(),
    )
    act.keep("handling", handling)
    handling.first_due_on = act.calendar.working_days(handling.received_on, act.parameter("answer_limit"))
    act.session.add(handling)
    act.batch.insert_new(handling)
    act.batch.send()  # its id is routing data
    act.undoable("handling.withdraw", handling_id=handling.id)
    act.record(
        "received",
        organisation_id=handling.unit_id,
        actor_id=None,
        actor_name="",
        organisation_name=act.organisation_name(handling.unit_id),
        received_at=act.now,
        working_days=None,
    )
    telling.organisation(act, "referral", handling.unit_id)
    return {"handling_id": handling.id, "outcome": ""}
