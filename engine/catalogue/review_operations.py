"""Operations of the tiers: review, referral, 分项, 下转 (article 10; R49–R53, R57, R58)."""

from typing import Any

from sqlalchemy import func, select

from engine import clock
from engine.catalogue import merging, pools, telling
from engine.catalogue.act import Act
from engine.catalogue.around import Acting
from engine.catalogue.tiers import below, tier
from engine.documents import operations as documents
from engine.errors import Invalid
from engine.handlings import operations as handlings
from engine.handlings.models import Handling, Review
from engine.organisation.models import Organisation

TOO_MANY_TRANSFERS = 3  # from the third transfer on the upper tier is told (R57)
ACTS = {"refer": "referred", "escalate": "escalated", "send_down": "sent_down", "split": "split",
        "return_to_studio": "returned_to_studio"}  # fmt: skip
STORED = {"return_to_studio": "returned"}  # as short as the column


def decide_review(act: Act) -> dict[str, Any]:
    """转交承办 or 上报 with the basis; the unit must be of the department's own tier and place (article 10, R50).
    Beside the form there are 分项 and 下转 (engine.tasks.routing) and 并案 (engine.catalogue.merging)."""
    decision = str(act.form.get("decision", "refer"))
    department = pools.tier_department(act)
    if decision == "escalate" and act.case.instruction:
        raise Invalid("市委已有批示，请按批示转交承办，不能再次上报（第十条）。")
    if decision == "split":
        return _split(act, department)
    if decision == "merge":
        return merging.join(act)
    unit = _own_unit(act, act.form.get("unit_id"), department) if decision == "refer" else None
    review = _review(act, department, decision, unit, item=act.current_handling().item if act.item else None)
    review.requirement = str(act.form.get("requirement", ""))
    act.keep("review", review)
    act.history = act.record(ACTS[decision], result=unit.name if unit else "", opinion=review.basis)
    return {"decision": decision}


def _review(
    act: Act, department: Acting, decision: str, unit: Acting | Organisation | None, item: int | None = None
) -> Review:
    review = Review(
        case_id=act.case.id,
        tier=act.case.tier,
        department_id=department.id,
        decision=STORED.get(decision, decision),
        item=item,
        unit_id=unit.id if unit else None,
        basis=str(act.form.get("basis", "")),
        decided_by_id=act.require_actor().person_id,
        decided_at=act.now,
    )
    act.session.add(review)
    act.undoable("review.withdraw", review_id=review)
    return review


def _split(act: Act, department: Acting) -> dict[str, Any]:
    """分项: each matter of the form to a unit of its own, under the same number with -1, -2 (R58, A16)."""
    reviews = []
    for number, item in enumerate(act.form["items"], start=1):
        unit = _own_unit(act, item["unit_id"], department, field=f"unit_{number}")
        reviews.append(_review(act, department, "refer", unit, item=number))
    act.keep("reviews", reviews)
    act.history = act.record(
        "split", result=f"分{len(reviews)}项", opinion=str(act.form.get("basis", "")), data={"items": len(reviews)}
    )
    return {"decision": "split"}


def city_unit(act: Act, unit_id: Any) -> Acting | Organisation:
    """The city unit a 批示 names (R53)."""
    return _own_unit(act, unit_id, pools.department(act, "city"))


def _own_unit(act: Act, unit_id: Any, department: Acting, field: str = "unit_id") -> Acting | Organisation:
    unit = act.organisation(int(unit_id)) if str(unit_id or "").isdecimal() else None
    if unit is None or unit.kind != "unit" or not unit.active:
        raise Invalid("请选择承办单位。", errors={field: "请从列表中选择本级的承办单位。"})
    if (unit.tier, unit.place_id) != (department.tier, department.place_id):
        raise Invalid(
            "非本级单位。", errors={field: f"“{unit.name}”不是{department.name}的同级单位，不能转交（第十条）。"}
        )
    return unit


def send_down(act: Act) -> dict[str, Any]:
    """下转: the upper tier gives the case to the next lower one, as an exception with its reason (R57, A14). The case
    stays within this review: when the lower tier escalates, it is back here."""
    lower = below(act.case.tier)
    if lower is None or lower == "community":
        raise Invalid("街道是最低一级受理层级，不能再下转；登记表需要补正的，请退回党代表工作室。")
    act.case.tier = lower
    act.case.arrived_on = clock.local(act.now).date()
    telling.department(act, "sent_down")
    return {"outcome": "sent_down"}


def return_to_studio(act: Act) -> dict[str, Any]:
    """退回补正 of the street: the studio has the form again, with the reason (R57, A15)."""
    act.case.tier = "community"
    act.case.arrived_on = clock.local(act.now).date()
    telling.organisation(act, "returned_to_studio", act.case.studio_id, "liaison")
    return {"outcome": "returned_to_studio"}


def transit_late(act: Act) -> None:
    """A tier kept the case longer than the transit target: a yellow hint, never a breach (R49, A12). What the studio
    keeps is told the street's department as well."""
    act.record("transit_late")
    telling.department(act, "transit_late")
    if act.case.tier == "community":
        telling.organisation(act, "transit_late", pools.department(act, "street").id)


def open_handling(act: Act) -> dict[str, Any]:
    """The unit receives: day 0 of the limit is today, whether or not somebody signs for it (R59, R60, A3)."""
    review = act.once("review", lambda: handlings.latest_review(act.session, act.case.id))
    if review is None or review.unit_id is None:
        raise Invalid("还没有选定承办单位，不能转交。")
    earlier = act.handling
    handling = _receive(act, review, earlier.item_text if earlier is not None and review.item else "")
    if earlier is not None and earlier.state == "declined":
        _count_transfers(act, handling)
    return {"item" if review.item else "handling_id": handling.id, "outcome": ""}


def open_items(act: Act) -> dict[str, Any]:
    """The units of all sub-items receive at once, each with a limit of its own (R58)."""
    reviews: list[Review] = act.once("reviews", list)
    found = [_receive(act, review, str(item["text"])) for review, item in zip(reviews, act.form["items"], strict=True)]
    return {"items": [handling.id for handling in found], "outcome": ""}


def _receive(act: Act, review: Review, text: str) -> Handling:
    department = act.organisation(review.department_id)
    handling = Handling(
        case_id=act.case.id,
        tier=review.tier,
        department_id=review.department_id,
        unit_id=review.unit_id,
        item=review.item,
        item_text=text,
        received_at=act.now,
        received_on=clock.local(act.now).date(),
    )
    act.keep("handling", handling)
    handling.first_due_on = act.calendar.working_days(handling.received_on, act.parameter("answer_limit"))
    on_paper = act.form.get("document_number")  # 补录: the paper that went out has its number, or had none
    if on_paper is not None:
        handling.document_number = on_paper
    elif department is not None:
        handling.document_number = documents.next_number(act.session, department, "referral", act.now)
    act.session.add(handling)
    act.batch.insert_new(handling)
    act.batch.send()  # its id is routing data
    act.keep(f"handling {handling.id}", handling)
    act.undoable("handling.withdraw", handling_id=handling.id)
    act.record(
        "received",
        organisation_id=handling.unit_id,
        actor_id=None,
        actor_name="",
        organisation_name=act.organisation_name(handling.unit_id),
        received_at=act.now,
        working_days=None,
        result=f"第{handling.item}项" if handling.item else "",
    )
    telling.organisation(act, "referral", handling.unit_id)
    return handling


def _count_transfers(act: Act, handling: Handling) -> None:
    """Units that send a case on to each other do it under the eyes of the upper tier (R57, A13)."""
    declined = select(func.count()).where(
        Handling.case_id == act.case.id, Handling.state == "declined", Handling.item.is_not_distinct_from(handling.item)
    )
    count = (act.session.scalar(declined) or 0) + 1
    above = tier(handling.tier).escalates_to
    if count < TOO_MANY_TRANSFERS or not above:
        return
    upper = pools.department(act, above)
    act.record("transfer_alert", result=f"第{count}次转交，已告知{upper.name}"[:80])
    telling.organisation(act, "transferred_again", upper.id)
