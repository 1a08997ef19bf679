"""Proposing a notice or a parameter's value, and taking a proposal back. Nothing is in force before the release."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, Verb, require
from engine.amending import examining
from engine.amending.checking import Draft, Remark, remarks
from engine.amendments.models import Amendment
from engine.errors import Conflict, Invalid, NotFound
from engine.parameters import operations as parameters
from engine.parameters import queries as values
from engine.parameters.rules import RULES
from engine.workdays import queries as workdays

REASON_MOST = 300
VERBS = {"notice": Verb.CALENDAR_PROPOSE, "parameter": Verb.PARAMETERS_CHANGE}


def propose_notice(session: Session, actor: Actor, draft: Draft, reason: str = "") -> Amendment:
    """A notice as somebody typed or imported it; Invalid with the first sentence that stops it."""
    require(actor, Verb.CALENDAR_PROPOSE)
    found = check_notice(session, actor, draft)
    wrong = [remark.sentence for remark in found if remark.level == "error"]
    if wrong:
        raise Invalid(wrong[0])
    if len(draft.number) > 100:
        raise Invalid("文号过长，请控制在100个字以内。", {"number": "文号过长。"})
    title = draft.number or f"{draft.issued}印发的{draft.year}年放假通知"
    days = {day.isoformat(): kind for day, kind in sorted(draft.days.items())}
    content: dict[str, Any] = {
        "number": draft.number,
        "issued": draft.issued.isoformat(),
        "scope": draft.scope,
        "days": days,
    }
    return _keep(session, actor, "notice", title, content, reason)


def check_notice(session: Session, actor: Actor, draft: Draft) -> list[Remark]:
    """What is to be said about a notice, errors first."""
    require(actor, Verb.CALENDAR_READ)
    return remarks(draft, workdays.calendar(session), clock.today())


def propose_parameter(
    session: Session, actor: Actor, name: str, value: int, effective_from: date, reason: str
) -> Amendment:
    """Another value of a parameter from a day on (R88). Invalid, with the article, when it cannot be."""
    require(actor, Verb.PARAMETERS_CHANGE)
    parameters.check(session, name, value, effective_from)
    if not reason.strip():
        raise Invalid("请写明理由。", {"reason": "请写明为什么修改，发布时由另一人核对。"})
    now = values.value(session, name, effective_from)
    if now == value:
        raise Invalid("与当日的现行数值相同，不需要修改。", {"value": f"{effective_from}的数值已经是{value}。"})
    title = f"{RULES[name].label}：{now} → {value}（{effective_from}起）"
    content = {"name": name, "value": value, "effective_from": effective_from.isoformat(), "old": now}
    return _keep(session, actor, "parameter", title, content, reason)


def _keep(session: Session, actor: Actor, kind: str, title: str, content: dict[str, Any], reason: str) -> Amendment:
    if len(reason.strip()) > REASON_MOST:
        raise Invalid(f"说明请控制在{REASON_MOST}字以内。", {"reason": "内容过长。"})
    amendment = Amendment(
        kind=kind, title=title, content=content, reason=reason.strip(), effects=[], proposed_by_id=actor.person_id,
        proposed_by_name=actor.name, proposed_at=clock.now(),
    )  # fmt: skip
    session.add(amendment)
    session.flush()
    examining.begin(session, amendment)
    return amendment


def withdraw(session: Session, actor: Actor, amendment_id: int) -> Amendment:
    """A proposal is given up, by whoever may propose; what was released stays (a later notice corrects it)."""
    amendment = locked(session, amendment_id)
    require(actor, VERBS[amendment.kind])
    if amendment.state != "proposed":
        raise Conflict("这份草案已经发布或撤回，请刷新页面查看。")
    amendment.state, amendment.withdrawn_by_name, amendment.withdrawn_at = "withdrawn", actor.name, clock.now()
    session.flush()
    return amendment


def locked(session: Session, amendment_id: int) -> Amendment:
    """The amendment, locked until the transaction ends; NotFound when there is none."""
    amendment = session.get(Amendment, amendment_id, with_for_update=True, populate_existing=True)
    if amendment is None:
        raise NotFound
    return amendment
