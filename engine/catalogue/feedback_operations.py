"""Operations of the written feedback and its copies (article 11, R65–R68)."""

from typing import Any

from sqlalchemy import bindparam, select

from engine.catalogue import handling_operations, merging, telling
from engine.catalogue.act import Act
from engine.documents.operations import next_number
from engine.errors import Forbidden, Invalid, Misconfigured
from engine.feedback import operations as copies
from engine.feedback.models import Copy, Feedback
from engine.handlings import operations as handlings
from engine.handlings.models import Handling
from engine.supervision import operations as slips

METHODS = {"in_person": "当面送达", "post": "邮寄", "phone": "电话告知", "other": "其他方式"}


def submit_answer(act: Act) -> dict[str, Any]:
    """The unit writes its answer, or declines as not competent (谁主管、谁反馈)."""
    if act.form.get("decision") == "decline":
        handling_operations.check_decline(act)
        suggested = act.form.get("suggested_unit", "")
        act.history = act.record(
            "declined", opinion=act.form.get("reason", ""), result=f"建议：{suggested}"[:80] if suggested else ""
        )
        return {"decision": "decline"}
    handling = act.current_handling()
    if act.organisation_id != handling.unit_id:  # 谁主管、谁反馈: nobody writes in the unit's name (R65)
        raise Forbidden("书面反馈")
    feedback = Feedback(
        case_id=act.case.id,
        handling_id=handling.id,
        text=act.form["text"],
        result=act.form["result"],
        contact=act.form.get("contact", ""),
        number=_number(act, handling),
        author_id=act.require_actor().person_id,
        delivered_at=act.now,
        state="written",
    )
    act.session.add(feedback)
    act.keep("feedback", feedback)
    act.undoable("feedback.withdraw", feedback_id=feedback)
    act.history = act.record("answered", opinion=feedback.text)
    return {"decision": "answer"}


def _number(act: Act, handling: Handling) -> str:
    """The 发文字号 of the 答复函; an answer taken back or returned keeps its own (R67)."""
    unit = act.organisation(handling.unit_id)
    if unit is None:
        raise Misconfigured("承办单位已不存在，请管理员检查机构。")
    return next_number(act.session, unit, "reply", act.now)


_LATEST = (
    select(Feedback)
    .where(Feedback.handling_id == bindparam("handling_id"), Feedback.state != "withdrawn")
    .order_by(Feedback.id.desc())
    .limit(1)
)


def current(act: Act) -> Feedback:
    """The answer being delivered, checked or copied: the latest one not withdrawn."""
    feedback: Feedback | None = act.once(
        "feedback", lambda: act.session.scalars(_LATEST, {"handling_id": act.current_handling().id}).first()
    )
    if feedback is None:
        raise Invalid("还没有书面反馈。")
    return feedback


def deliver(act: Act) -> dict[str, Any]:
    """书面反馈 reaches the organisation department of the unit's tier: this stops the clock (A5)."""
    feedback = current(act)
    feedback.state, feedback.delivered_at = "delivered", act.now
    supervised = act.once("supervised", lambda: True)
    closed = handlings.close_supervision(act.session, act.case.id, act.now, act.item) if supervised else []
    act.undoable("supervision.reopen", ids=closed)
    slipped = act.once("slipped", lambda: True)
    if slipped and (done := slips.close(act.session, act.case.id, act.now, act.item)):
        act.undoable("slips.reopen", ids=done)
    telling.organisation(act, "feedback_delivered", act.current_handling().department_id)
    return {"outcome": "delivered"}


def check(act: Act) -> dict[str, Any]:
    """The organisation department accepts the answer, or returns it as no answer (R68)."""
    feedback, decision = current(act), str(act.form.get("decision", ""))
    feedback.check_opinion = str(act.form.get("opinion") or act.form.get("reason") or "")
    feedback.checked_by_id, feedback.checked_at = act.require_actor().person_id, act.now
    feedback.state = "accepted" if decision == "accept" else "returned"
    act.undoable("feedback.uncheck", feedback_id=feedback.id)
    if decision == "accept":
        handling = act.current_handling()
        handling.answered_at = feedback.delivered_at
        act.undoable("handling.unanswer", handling_id=handling.id)
        _main_delivery(act, feedback, handling)
        merging.tell_members(act, "lead_answered", f"主件 {act.case.number} 的书面反馈已审核通过")
    act.history = act.record(
        "feedback_accepted" if decision == "accept" else "feedback_returned", opinion=feedback.check_opinion
    )
    return {"decision": decision}


def _main_delivery(act: Act, feedback: Feedback, handling: Handling) -> None:
    """The first of the four deliveries: the answer reached the department when it was submitted (R66, R108)."""
    act.session.add(
        Copy(
            feedback_id=feedback.id, case_id=act.case.id, addressee="department", channel="main", state="delivered",
            organisation_id=handling.department_id, proof=feedback.number, created_at=feedback.delivered_at,
            delivered_at=feedback.delivered_at,
        )
    )  # fmt: skip


def give_back(act: Act) -> dict[str, Any]:
    """退回重办: the clock was never stopped, the limit counts from the same receipt (A5)."""
    telling.organisation(act, "feedback_returned", act.current_handling().unit_id)
    return {"outcome": "returned"}


def copy(act: Act, to: str) -> dict[str, Any]:
    """抄送 to the reporter, the delegate or the studio, each with its own proof (谁提出、反馈谁)."""
    feedback, case = current(act), act.case
    row = Copy(feedback_id=feedback.id, case_id=case.id, addressee=to, channel="inbox", created_at=act.now)
    act.session.add(row)
    letter = False
    if to == "delegate":
        row.person_id, row.state, row.delivered_at = case.delegate_person_id, "delivered", act.now
        telling.delegate(act, "feedback_copy")
    elif to == "studio":
        row.organisation_id, row.state, row.delivered_at = case.studio_id, "delivered", act.now
        telling.organisation(act, "feedback_copy", case.studio_id)
    else:
        letter = _copy_reporter(act, row)
    act.record("copied", result=telling.ADDRESSEES[to])
    return {"letter_needed": letter} if to == "reporter" else {}


def _copy_reporter(act: Act, row: Copy) -> bool:
    """By text message or mail, else on paper (True). An unnamed reporter's answer stays with the delegate (A27); whose
    identity the unit shall not know gets it through the department (A28)."""
    if not act.case.reporter_name:
        row.channel, row.state, row.delivered_at = "letter", "delivered", act.now
        row.proof = "反映人不署名，答复由市党代表转达"
        return False
    if act.case.confidential:
        row.channel, row.organisation_id = "relay", act.current_handling().department_id
        act.case.undelivered += 1
        telling.organisation(act, "copy_relay", row.organisation_id)
        return False
    notice = telling.reporter(act, "feedback_copy_reporter")
    if notice is not None:
        act.batch.insert_new(notice)
        act.batch.send()
        row.channel, row.notice_id = notice.channel, notice.id
        act.case.undelivered += 1  # until it has left, and arrived as far as the gateway tells (R66)
        return False
    row.channel = "letter"
    return True


def confirm_letter(act: Act) -> dict[str, Any]:
    """The studio handed or posted the printed answer; what it wrote is the proof (D5)."""
    parts = (METHODS.get(str(act.form.get("method")), ""), act.form.get("delivered_on"), act.form.get("proof"))
    proof = "；".join(str(part) for part in parts if part)
    query = select(Copy).where(
        Copy.case_id == act.case.id, Copy.addressee == "reporter", Copy.channel == "letter", Copy.state == "pending"
    )
    for row in act.session.scalars(query):
        row.state, row.delivered_at, row.proof = "delivered", act.now, proof[:300]
        row.recorded_by_id = act.require_actor().person_id
    act.history = act.record("letter_sent", opinion=proof)
    return {"letter_needed": False}


def record_delivery(act: Act, row: Copy) -> None:
    """A person's word on one delivery: how it was made, or why not and what is done next (R66, 送达单)."""
    row.recorded_by_id = act.require_actor().person_id
    if act.form.get("outcome") == "delivered":
        parts = (METHODS.get(str(act.form.get("method")), ""), act.form.get("delivered_on"), act.form.get("proof"))
        row.state, row.delivered_at = "delivered", act.now
        row.proof = "；".join(str(part) for part in parts if part)[:300]
        act.history = act.record("copy_delivered", result=telling.ADDRESSEES[row.addressee], opinion=row.proof)
    else:
        row.state, row.failure = "failed", str(act.form["failure"])
        row.next_step = str(act.form["next_step"])
        said = f"{row.failure}；下一步：{row.next_step}"
        act.history = act.record("copy_failed", result=telling.ADDRESSEES[row.addressee], opinion=said)
    act.case.undelivered = copies.undelivered(act.session, act.case.id)
