"""Operations of a unit's receipt and plan: 登记收文, 办理方案, and who is told when they are missing (R59, R75)."""

from datetime import date

from engine import clock
from engine.catalogue import telling
from engine.catalogue.act import Act
from engine.documents.operations import next_number
from engine.errors import Invalid, Misconfigured
from engine.handlings.models import Handling
from engine.organisation import queries as organisation


def register_receipt(act: Act) -> None:
    """The unit enters the paper in its own register: number, date, and who handles it. The limit has been running
    since the referral; nothing waits for this (A3)."""
    handling = act.current_handling()
    on = date.fromisoformat(str(act.form["received_on"]))
    if not handling.received_on <= on <= clock.local(act.now).date():
        raise Invalid(
            "收文日期不对。",
            errors={"received_on": f"收文日期应在转交之日（{handling.received_on:%Y-%m-%d}）至今天之间。"},
        )
    handling.receipt_number = str(act.form.get("number") or "").strip() or _number(act, handling)
    handling.receipt_on = on
    name = name_handler(act)
    act.history = act.record("receipt_registered", result=handling.receipt_number, opinion=f"办理人员：{name}")


def _number(act: Act, handling: Handling) -> str:
    unit = act.organisation(handling.unit_id)
    if unit is None:
        raise Misconfigured("承办单位已不存在，请管理员检查机构。")
    return next_number(act.session, unit, "receipt", act.now)


def file_plan(act: Act) -> None:
    """办理方案 and 办理人员, asked within three working days (A17). A new plan replaces the old one, both stay in the
    history."""
    handling = act.current_handling()
    handling.plan, handling.planned_at = str(act.form["plan"]), act.now
    name = name_handler(act)
    act.history = act.record("plan_filed", result=name, opinion=handling.plan)


def name_handler(act: Act) -> str:
    """The person of the unit named in the form as 办理人员; returns the name."""
    handling, chosen = act.current_handling(), str(act.form.get("handler_id") or "")
    people = {str(person.id): person for person in organisation.pool_members(act.session, handling.unit_id, "").people}
    if chosen not in people:
        raise Invalid("请选择办理人员。", errors={"handler_id": "请从本单位人员中选择。"})
    if handling.handler_id != int(chosen) or handling.handler_named_at is None:
        handling.handler_id, handling.handler_named_at = int(chosen), act.now
    return people[chosen].name


def sign_late(act: Act) -> None:
    """Nobody of the unit signed for the paper in time: a yellow hint to its head, once; the limit runs anyway (A3)."""
    handling = act.current_handling()
    if handling.signed_at is not None or handling.receipt_on is not None or handling.sign_late_at is not None:
        return
    handling.sign_late_at = act.now
    act.record("sign_late")
    telling.organisation(act, "sign_late", handling.unit_id, "head")


def plan_late(act: Act) -> None:
    """Plan or person are missing after the target: a yellow hint to unit and department, once (R75, A17)."""
    handling = act.current_handling()
    missing = [name for name, there in (("办理方案", handling.plan), ("办理人员", handling.handler_id)) if not there]
    if not missing or handling.plan_late_at is not None:
        return
    handling.plan_late_at = act.now
    act.record("plan_late", result="、".join(missing))
    telling.organisation(act, "plan_late", handling.unit_id)
    telling.organisation(act, "plan_late", handling.department_id)
