"""Operations on the case itself: signature, report, escalation, endings (articles 9, 10; R28–R53, R78, R117)."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from engine import clock, forms
from engine.cases import content, signing, versions
from engine.catalogue import merging, pools, review_operations, telling
from engine.catalogue.act import Act
from engine.catalogue.tiers import tier
from engine.errors import Invalid
from engine.handlings import operations as handlings
from engine.handlings.models import Review
from engine.ledger import operations as ledger
from engine.packages import queries as packages
from engine.supervision import operations as slips
from engine.work.models import History, Instance

TERMINATIONS = {
    "withdrawn": "反映人撤回",
    "court": "属法院受理范围",
    "petition": "属信访受理范围",
    "other_body": "属其他机关职责",
    "unworkable": "无法办理",
}
SENT = {"street": "sent_street_at", "district": "sent_district_at", "city": "sent_city_at"}


def record_in_ledger(act: Act) -> None:
    """记入明细帐 (article 12, R78): every registered form has its line, void and on-the-spot ones too."""
    case = act.case
    ledger.record(act.session, studio_id=case.studio_id, year=case.year, sequence=case.sequence, case_id=case.id)
    act.record("recorded")


def sign(act: Act) -> dict[str, Any]:
    """The delegate signs the content as it is, or returns it with a reason (article 9, 须知7, R28, R43)."""
    actor, case = act.require_actor(), act.case
    if act.form.get("decision") == "return":
        act.history = act.record("returned_to_studio", opinion=act.form.get("reason", ""))
        return {"decision": "return"}
    shown = act.form.get("content_hash")
    if shown and shown != case.content_hash:
        raise Invalid("登记表内容在您打开之后有改动。请刷新页面，重新核对后再签名。")
    method, image = signing.of_form(act.form.get("signature", ""), act.form.get("signature_name", ""), actor.name)
    settled = _resettled(act)
    signing.record(
        act.session, case, "registration", "delegate", person_id=actor.person_id, name=actor.name, at=act.now,
        method=method, image=image,
    )  # fmt: skip
    said = act.form.get("reason", "") or act.form.get("conversion_reason", "")
    case.arrived_on = clock.local(act.now).date()  # the studio has it to report now: its transit target (R49)
    act.history = act.record("signed", opinion=said, data={"content_hash": case.content_hash, "method": method})
    return {"decision": "sign"} | settled


def _resettled(act: Act) -> dict[str, Any]:
    """当场答复 that left the reporter dissatisfied: the delegate turns it over to the street, under the same number, or
    lets it stand; either with a reason (须知6, R42, A9)."""
    case, choice = act.case, act.form.get("conversion")
    if (case.settlement, case.spot_grade) != ("on_the_spot", "dissatisfied"):
        return {}
    if choice not in ("convert", "keep"):
        if _asks(act, "conversion"):
            raise Invalid(
                "反映人对当场答复不满意，请决定是否转街道组织部门。",
                errors={"conversion": "反映人不满意，请选择转街道组织部门，或仍按当场答复办结（填表须知6）。"},
            )
        return {}  # a version drawn before this was asked
    reason = act.form.get("conversion_reason", "")
    if not reason:
        raise Invalid("请写明理由。", errors={"conversion_reason": "请写明这样决定的理由。"})
    if choice == "keep":
        return {}
    before, case.settlement = case.content_hash, "street"
    case.content_hash = content.digest(case)
    actor = act.require_actor()
    versions.keep(act.session, case, by_id=actor.person_id, by_name=actor.name, reason=reason)
    act.record("converted", opinion=reason, data={"hash_before": before, "hash_after": case.content_hash})
    return {"settlement": case.settlement}


def _asks(act: Act, name: str) -> bool:
    """Does the form of the version this case runs on have a field of that name?"""
    instance = act.session.get_one(Instance, act.instance_id)
    form = forms.load(packages.file(act.session, instance.package_id, "forms/sign.json"))
    return any(item.name == name for item in form.fields)


def amend(act: Act) -> dict[str, Any]:
    """The studio corrects the form, so that older signatures become invalid (R43), or gives it up (R32)."""
    case = act.case
    if act.form.get("decision") == "void":
        case.outcome_reason = act.form.get("reason", "")
        act.history = act.record("amended", result="作废", opinion=case.outcome_reason)
        return {"decision": "void"}
    changed = content.apply(case, content.BLANK | dict(act.form))  # the form shows every field: absent means emptied
    case.confidential = act.form.get("confidentiality") == "kept" and bool(case.reporter_name)
    if content.problems(case):
        raise Invalid("登记表还不完整。", errors=content.problems(case))
    before, case.content_hash = case.content_hash, content.digest(case)
    _reporter_again(act, before)
    actor = act.require_actor()
    versions.keep(act.session, case, by_id=actor.person_id, by_name=actor.name, reason=act.form.get("reason", ""))
    act.history = act.record(
        "amended",
        result="重新送签",
        opinion=act.form.get("reason", ""),
        data={"changed": changed, "hash_before": before, "hash_after": case.content_hash},
    )
    return {"decision": "resubmit", "settlement": case.settlement}


def _reporter_again(act: Act, before: str) -> None:
    """The reporter confirms the corrected content: what was drawn under the old one no longer counts (R37, R43)."""
    case, given = act.case, act.form.get("reporter_signature_image", "")
    if case.content_hash == before and not given:
        return
    if case.reporter_signature == "drawn" and not given:
        raise Invalid(
            "反映人需要重新签名。",
            errors={
                "reporter_signature_image": "登记表内容有改动，反映人原签名已失效，请重新签名，或改选其他确认方式。"
            },
        )
    image = signing.drawing(given, "reporter_signature_image") if case.reporter_signature == "drawn" else None
    signing.by_reporter(act.session, case, image, act.now)


def decide_report(act: Act) -> dict[str, Any]:
    """The liaison reports to the street or takes the form back for correction; unsigned content never leaves (R28)."""
    if act.form.get("decision") == "amend":
        act.history = act.record("task_done", result="修改登记表", opinion=act.form.get("reason", ""))
        return {"decision": "amend"}
    if not content.signed(act.session, act.case):
        raise Invalid("登记表内容与党代表签名时不一致，签名已失效，请先送党代表重新签名。")
    act.history = act.record("reported", opinion=act.form.get("reason", ""))
    return {"decision": "report"}


def report(act: Act) -> None:
    """报街道组织部门 (article 10, R48). A form that was given back for correction (退回补正) goes on where it was: the
    working days the street had it before count on (R57)."""
    returned = act.case.reported
    _arrive(act, "street")
    if returned:
        act.record("reported", result="补正后再报")
        act.case.arrived_on = _as_if_never_returned(act)
    telling.department(act, "reported")


def _as_if_never_returned(act: Act) -> date:
    """The day from which the street's working days count so that those before the return are among them."""
    today, since, used = clock.local(act.now).date(), None, 0
    query = select(History.act, History.tier, History.at).where(
        History.case_id == act.case.id, History.act.in_(("reported", "returned_to_studio"))
    )
    for row in act.session.execute(query.order_by(History.id)):
        day = clock.local(row.at).date()
        if row.act == "reported":
            since = day
        elif row.tier == "street" and since is not None:
            used, since = used + act.calendar.between(since, day), None
    first = today
    while act.calendar.between(first, today) < used:
        first -= timedelta(days=1)
    return first


def escalate(act: Act) -> dict[str, Any]:
    """上报 to the organisation department of the next tier, from the city to the city committee (R50–R53)."""
    above = tier(act.case.tier).escalates_to
    if not above:
        raise Invalid(f"{tier(act.case.tier).name}已是最高一级，不能再上报。")
    regained = getattr(act.case, SENT.get(above, ""), None) is not None  # it was there before it was sent down (下转)
    _arrive(act, above)
    telling.department(act, "escalated")
    return {"outcome": "regained" if regained else "escalated"}


def _arrive(act: Act, rung: str) -> None:
    case = act.case
    case.tier = rung
    case.arrived_on = clock.local(act.now).date()
    if rung in SENT and getattr(case, SENT[rung]) is None:
        setattr(case, SENT[rung], act.now)


def instruct(act: Act) -> dict[str, Any]:
    """批示 of the city committee: to a city unit, back to the city organisation department, or 阅存 (R53, A8)."""
    case, decision = act.case, act.form.get("decision", "")
    case.instruction = act.form.get("instruction", "")
    unit = review_operations.city_unit(act, act.form["unit_id"]) if decision == "unit" else None
    act.session.add(
        Review(
            case_id=case.id,
            tier=case.tier,
            department_id=pools.tier_department(act).id,
            decision=decision,
            unit_id=unit.id if unit else None,
            basis=case.instruction[:300],
            leader=str(act.form.get("leader", "")),
            instructed_on=date.fromisoformat(act.form["instructed_on"]) if act.form.get("instructed_on") else None,
            decided_by_id=act.require_actor().person_id,
            decided_at=act.now,
        )
    )
    act.history = act.record(
        "instructed",
        opinion=case.instruction,
        result=telling.DECISIONS.get(decision, ""),
        data={key: act.form[key] for key in ("leader", "instructed_on", "unit_id") if act.form.get(key)},
    )
    if decision != "file":
        _arrive(act, "city")
    return {"decision": decision}


def close_on_the_spot(act: Act) -> None:
    """当场答复 with the reporter's satisfaction: answered, no limit ever starts (须知6, R41)."""
    act.case.grade = act.case.spot_grade
    act.record("answered_on_the_spot", opinion=act.case.spot_answer)
    _end(act, "on_the_spot", "closed")


def close(act: Act) -> dict[str, Any]:
    """办结 after the joint rating; not while a copy is on its way, or failed and has no next step (R66)."""
    if act.case.undelivered:
        raise Invalid(
            "抄送反映人的书面反馈还在途中，或者没有送达也没有登记下一步措施。"
            "请先在意见建议页面登记送达情况（第十一条）。"
        )
    _end(act, "closed", "closed")
    return {"outcome": "closed"}


def file(act: Act) -> dict[str, Any]:
    """阅存 by the city committee: no answer will come; the reporter and the delegate are told."""
    _end(act, "filed", "filed")
    telling.parties(act, "filed")
    merging.tell_members(act, "unmerged", f"主件 {act.case.number} 已由市委阅存，自动拆开")
    return {"outcome": "filed"}


def void(act: Act) -> None:
    """作废: the number stays, with reason and person, and so does the ledger line (R32)."""
    _end(act, "void", "void", reason=act.case.outcome_reason)


def terminate(act: Act) -> dict[str, Any]:
    """终止 without an answer, by the organisation department, with reason and the body referred to (R117)."""
    kind = TERMINATIONS.get(str(act.form.get("kind")), "")
    reason, body = "：".join(filter(None, (kind, act.form.get("reason")))), act.form.get("referred_to", "")
    handlings.end_open(act.session, act.case.id, reason)
    slips.close(act.session, act.case.id, act.now)
    _end(act, "terminated", "terminated", reason=f"{reason}（转告：{body}）" if body else reason)
    telling.parties(act, "terminated")
    merging.tell_members(act, "unmerged", f"主件 {act.case.number} 已终止，自动拆开")
    return {"outcome": "terminated"}


def _end(act: Act, outcome: str, code: str, reason: str = "") -> None:
    case = act.case
    case.outcome, case.closed_at = outcome, act.now
    case.state = "closed" if outcome in ("closed", "on_the_spot") else outcome
    if reason:
        case.outcome_reason = reason
    row = act.record(code, opinion=reason)
    act.history = act.history or row
