"""Past cases as walks: the acts people did, in their order and at their times, from the history. What a case is about
is left behind; only its matter, its way and its dates go into the sandbox."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import bpmn, clock
from engine.cases.models import Case
from engine.catalogue.telling import DECISIONS
from engine.dryrun.acts import Act
from engine.dryrun.world import DELEGATE_NAME
from engine.errors import Conflict
from engine.work.acts import LABELS
from engine.work.models import History, Instance

# What people did outside the procedure's own way: such a case cannot be gone through again.
INTERVENED = ("moved", "skipped", "sent_back", "migrated", "migration_undone", "suspended", "resumed", "messaged")
# What depends on a second case, or on what was written for each sub-item: neither goes into the sandbox.
BESIDE = ("split", "merged", "adopted", "separated")
PLACEHOLDER = "（按历史重走）"
WAYS = {"sent_down": "send_down", "recalled": "recall", "withdrawn": "withdraw"}
GRADES = {
    "非常满意": "very_satisfied", "满意": "satisfied", "基本满意": "fairly_satisfied", "不满意": "dissatisfied",
    "无法联系": "unreachable",
}  # fmt: skip
UNITS = {"street": "@street-unit", "district": "@district-unit", "city": "@city-unit", "committee": "@city-unit"}
# what a delegate decided whose answer on the spot satisfied nobody; other cases do not ask
KEPT = {
    "settlement": "on_the_spot",
    "spot_grade": "dissatisfied",
    "conversion": "keep",
    "conversion_reason": PLACEHOLDER,
}
BODY = {"text": PLACEHOLDER, "result": "solved", "contact": PLACEHOLDER}
Form = Mapping[str, str]


def _instruction(row: History) -> Form:
    decision = next((code for code, words in DECISIONS.items() if words == row.result), "department")
    form = {"decision": decision, "instruction": PLACEHOLDER, "leader": PLACEHOLDER, "instructed_on": "@today"}
    return form | ({"unit_id": "@city-unit"} if decision == "unit" else {})


FORMS: Mapping[str, Callable[[History], Form]] = {
    "signed": lambda _row: {"decision": "sign", "signature_name": DELEGATE_NAME} | KEPT,
    "returned_to_studio": lambda _row: {"decision": "return", "reason": PLACEHOLDER},
    "reported": lambda _row: {"decision": "report"},
    "referred": lambda row: {"decision": "refer", "unit_id": UNITS.get(row.tier, ""), "basis": PLACEHOLDER},
    "escalated": lambda _row: {"decision": "escalate", "basis": PLACEHOLDER},
    "answered": lambda _row: {"decision": "answer"} | BODY,
    "declined": lambda _row: {"decision": "decline", "reason": PLACEHOLDER, "suggested_unit": PLACEHOLDER},
    "extension_consented": lambda _row: {"decision": "consent", "opinion": PLACEHOLDER},
    "extension_consented_late": lambda _row: {"decision": "consent", "opinion": PLACEHOLDER},
    "extension_refused": lambda _row: {"decision": "refuse", "opinion": PLACEHOLDER},
    "supervision_noted": lambda _row: {"instruction": PLACEHOLDER},
    "feedback_accepted": lambda _row: {"decision": "accept", "opinion": PLACEHOLDER},
    "feedback_returned": lambda _row: {"decision": "return", "opinion": PLACEHOLDER},
    "letter_sent": lambda _row: {"method": "in_person", "delivered_on": "@today", "proof": PLACEHOLDER},
    "rated": lambda row: {"grade": GRADES.get(row.result, ""), "method": "phone", "remark": PLACEHOLDER},
    "rating_agreed": lambda row: {"grade": GRADES.get(row.result, "none"), "remark": PLACEHOLDER},
    "redo_decided": lambda row: {"decision": "redo" if row.result == "重办" else "final", "reason": PLACEHOLDER},
    "instructed": _instruction,
}


def recent(session: Session, key_packages: Sequence[int], limit: int) -> list[int]:
    """The instances of the cases last started on these versions, newest first."""
    query = select(Instance.id).where(Instance.package_id.in_(key_packages), Instance.case_id.is_not(None))
    return list(session.scalars(query.order_by(Instance.id.desc()).limit(limit)))


def walk_of(session: Session, instance: Instance, case: Case, package: bpmn.Package) -> list[Act]:
    """What people did on this case, up to its end or to now; Conflict when it cannot be gone through again."""
    rows = session.scalars(select(History).where(History.case_id == case.id).order_by(History.id)).all()
    walk: list[Act] = [{"do": "start", "form": _registration(case), "at": case.registered_at.isoformat()}]
    roles = {
        item.id: str(item.extensions.get("role", "")) for name in package.processes for item in package.elements(name)
    }
    for row in rows:
        if row.act in INTERVENED:
            raise Conflict(f"办理中有人工干预（{LABELS[row.act]}），不能按历史重走。")
        if row.act in BESIDE:
            raise Conflict(f"办理中有{LABELS[row.act]}，不能按历史重走；请用情景推演。")
        act = _act(row, roles)
        if act is not None:
            walk.append(act | {"at": row.at.isoformat()})
    over = instance.ended_at or clock.now()
    return [*walk, {"do": "wait", "moment": max(over, rows[-1].at if rows else over).isoformat()}]


def _registration(case: Case) -> dict[str, str]:
    """The few answers the way may depend on."""
    form = {"matter": case.matter, "settlement": case.settlement, "reflected_on": case.reflected_on.isoformat()}
    digits = "".join(char for char in case.reporter_phone if char.isdigit())
    if not (len(digits) == 11 and digits.startswith("1")):
        form["reporter_phone"] = ""
    if not case.reporter_name:
        form |= {"reporter_naming": "anonymous", "reporter_name": "", "reporter_address": "", "reporter_phone": ""}
    if case.settlement == "on_the_spot":
        form |= {"spot_answer": PLACEHOLDER, "spot_grade": case.spot_grade}
    return form


def _act(row: History, roles: Mapping[str, str]) -> dict[str, object] | None:
    place = {"element": row.element_id, "name": row.element_name, "role": roles.get(row.element_id, "")}
    place = {name: value for name, value in place.items() if value}
    if row.act in FORMS and not (row.act == "reported" and row.result):  # after a return it is reported by itself
        returned = row.act == "returned_to_studio" and row.tier == "street"
        return ({"do": "return"} if returned else {"do": "complete", **place}) | {"form": dict(FORMS[row.act](row))}
    if row.act == "claimed":
        return {"do": "claim", **place}
    if row.act in ("extension_requested", "late_extension_request"):
        return {"do": "extend", "form": {"reason": PLACEHOLDER, "work_done": PLACEHOLDER}}
    if row.act == "terminated" and row.actor_id is not None:
        return {"do": "terminate", "form": {"kind": "unworkable", "reason": PLACEHOLDER}}
    if row.act in WAYS:
        return {"do": WAYS[row.act], "form": {"reason": PLACEHOLDER}}
    if row.act == "amended":
        decision = "void" if row.result == "作废" else "resubmit"
        return {"do": "complete", **place, "prefill": "yes", "form": {"decision": decision, "reason": PLACEHOLDER}}
    if row.act == "task_done" and roles.get(row.element_id) == "report":
        return {"do": "complete", **place, "form": {"decision": "amend", "reason": PLACEHOLDER}}
    return None
