"""A resident follows an opinion without an account: number + last four of the phone, or the code on copy 1 (R92, D4).

Nothing tells whether a number exists: unknown, wrong and locked get the same sentence after the same statements.
"""

import hmac
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock, forms
from engine.cases import attempts
from engine.cases.models import Case
from engine.catalogue import tiers
from engine.catalogue.rating_operations import GRADE_NAMES, GRADES
from engine.errors import NotFound
from engine.feedback.models import Feedback
from engine.handlings import operations as handlings
from engine.handlings.models import Handling
from engine.organisation.models import Organisation, Place
from engine.packages import queries as packages
from engine.ratings.models import Opinion, Rating
from engine.work.models import Instance, Task
from engine.workdays import lamps

CODE_DIGITS = 6
UNPROVED = (
    "查询码不对，评价没有提交。查询码是登记表第一联下方的6位数字，登记后的短信里也有；没有查询码的，请到登记的党代表工作室"
    "评价。连续5次不符的，15分钟内不能评价。"
)
REFUSED = (
    "没有查到相符的意见建议。请核对编号，以及电话后四位（或登记表第一联上的查询码）。连续5次不符的，15分钟内不能查询。"
)
# What each state means for the person who asked for something.
PLAIN = {
    "awaiting_signature": "已经登记，正在等待市党代表核对并签名。",
    "awaiting_report": "市党代表已签名，党代表工作室正在报送街道组织部门。",
    "awaiting_referral": "组织部门正在研究，将转交有关单位办理或向上一级报送。",
    "merged": "与反映同一事项的另一件合并办理，承办单位答复后会一并答复您，并请您评价。",
    "awaiting_receipt": "已转交承办单位，正在等待签收。办理时限已经开始计算。",
    "handling": "承办单位正在办理。",
    "extended": "承办单位正在办理。因情况特殊，经市党代表同意延长了办理时限。",
    "awaiting_check": "承办单位已经作出答复，组织部门正在审核。",
    "delivering": "已经答复，正在把书面答复送给您。",
    "answered": "已经答复，正在把书面答复送给您。",
    "awaiting_rating": "已经答复，请您对办理情况作出评价。",
    "rating_disagreed": "各方评价不一致，街道组织部门正在与您和市党代表协商。",
    "closed": "已经办结。感谢您的意见建议。",
    "filed": "市委已阅存，不再转交办理。感谢您的意见建议。",
    "void": "此登记表已经作废，编号不再使用。如有疑问，请联系党代表工作室。",
    "terminated": "此件已经终止办理，原因如下。",
}


# The same while it is handled once more (重办, R83): what was heard before is not the answer any more.
_ONCE_MORE = "上次评定为“不满意”，"
AGAIN = {
    "awaiting_receipt": _ONCE_MORE + "已退回承办单位重新办理，正在等待签收。办理时限重新计算。",
    "handling": _ONCE_MORE + "承办单位正在重新办理。",
    "extended": _ONCE_MORE + "承办单位正在重新办理。因情况特殊，经市党代表同意延长了办理时限。",
    "awaiting_check": _ONCE_MORE + "承办单位重新办理后已经作出答复，组织部门正在审核。",
    "delivering": "重新办理后已经答复，正在把书面答复送给您。",
    "answered": "重新办理后已经答复，正在把书面答复送给您。",
}


@dataclass(frozen=True)
class Answer:
    """One accepted written answer."""

    unit: str
    on: date
    text: str
    result: str
    item: int | None = None


@dataclass(frozen=True)
class Part:
    """One matter of a split form (R58): what it is, who has it, until when; `state` is the handling's."""

    number: int
    text: str
    unit: str
    state: str
    due_on: date | None
    overdue: bool
    provisional: bool


@dataclass(frozen=True)
class Rung:
    """One tier of the way, as far as it is known: the day it got the case, whether it has it now."""

    name: str
    since: date | None
    here: bool


@dataclass(frozen=True)
class Tracked:
    """What a resident reads about the case; no name, phone or address in it."""

    number: str
    studio: str
    summary: str
    registered_on: date
    state: str
    sentence: str
    reason: str
    holder: str
    due_on: date | None
    overdue: bool
    provisional: bool
    parts: Sequence[Part]  # of a split form; empty otherwise
    rungs: Sequence[Rung]
    answers: Sequence[Answer]
    spot_answer: str
    grade: str
    grades: Sequence[tuple[str, str]]  # what can be chosen now; empty when no rating is waiting


def find(session: Session, number: str, code: str, address: str) -> int | None:
    """The case of that number and code, or None; wrong attempts are counted (the caller commits in both cases).

    The code is the last four digits of the telephone or what is printed on copy 1. Five wrong ones, for a number or
    from an address, lock that number or address for 15 minutes.
    """
    number, code = _plain(number), _plain(code)
    counters = attempts.counters(session, (attempts.digest("number", number), attempts.digest("address", address)))
    case = session.scalars(select(Case).where(Case.number == number)).first()
    keys = (_last_four(case), case.query_code) if case else ("—" * 4, "—" * 6)
    right = sum(hmac.compare_digest(key.encode(), code.encode()) for key in keys) > 0  # both, whatever the first is
    if any(map(attempts.locked, counters)):
        return None
    if case is None or not right or not code:
        for row in counters:
            attempts.count(row)
        return None
    if _is_code(case, code):  # what four digits opened, masked lists show too: they forgive no wrong guess at the code
        counters[0].wrong = 0
    return case.id


def shows_code(session: Session, case_id: int, code: str) -> bool:
    """Was what opened the page the code of copy 1 (and not the telephone's last four digits)?"""
    return _is_code(case_of(session, case_id), _plain(code))


def prove(session: Session, case_id: int, code: str, address: str) -> bool:
    """Does he who wants to rate hold copy 1? Wrong codes are counted and lock as in `find` (R99, decision 0025)."""
    case = case_of(session, case_id)
    counters = attempts.counters(session, (attempts.digest("code", case.number), attempts.digest("address", address)))
    right = _is_code(case, _plain(code))
    if any(map(attempts.locked, counters)):
        return False
    if not right:
        for row in counters:
            attempts.count(row)
    return right


def _is_code(case: Case, code: str) -> bool:
    """Older cases have no code of their own but the last four digits: these prove nothing."""
    return len(case.query_code) == CODE_DIGITS and hmac.compare_digest(case.query_code.encode(), code.encode())


def _last_four(case: Case) -> str:
    digits = "".join(char for char in case.reporter_phone if char.isdigit())
    return digits[-4:] if len(digits) >= 4 else ""


def _plain(text: str) -> str:
    """Full-width digits and letters count as the usual ones; blanks do not count."""
    return "".join(unicodedata.normalize("NFKC", text[:120]).split())


# ------------------------------------------------------------------------------------------------ what is shown


def case_of(session: Session, case_id: int) -> Case:
    """The case itself, for its reporter's grade; NotFound when it is gone."""
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    return case


def view(session: Session, case_id: int) -> Tracked:
    """The case as its reporter reads it; only after `find` said which case it is."""
    case = case_of(session, case_id)
    # a joined case waits for the unit and the limit of the one that leads
    source = session.get_one(Case, case.merged_into_id) if case.state == "merged" and case.merged_into_id else case
    parts = _parts(session, source)
    due = _limit(session, source.id)
    due_at = due.due_at if due else None
    grades = _grades(session, case_id)
    again = AGAIN.get(case.state, "") if _rated_before(session, case) else ""
    asked = case.state != "awaiting_rating" or bool(grades)
    return Tracked(
        number=case.number,
        studio=case.studio_name,
        summary=case.summary,
        registered_on=clock.local(case.registered_at).date(),
        state=case.state,
        sentence=again or (PLAIN.get(case.state, "正在办理。") if asked else _rated(session, case_id)),
        reason=case.outcome_reason if case.state in ("void", "terminated") else "",
        holder=_units(parts) or _holder(session, source),
        due_on=lamps.last_day(due_at) if due_at else None,
        overdue=due_at is not None and due_at <= clock.now(),
        provisional=due.provisional if due else False,
        parts=parts,
        rungs=_rungs(session, case),
        answers=_answers(session, case_id),
        spot_answer=case.spot_answer if case.settlement == "on_the_spot" else "",
        grade=case.grade,
        grades=grades,
    )


def _rated_before(session: Session, case: Case) -> bool:
    """Is it handled after a grade was given, so for the second time?"""
    if case.state not in AGAIN:
        return False
    return session.scalars(select(Rating.id).where(Rating.case_id == case.id).limit(1)).first() is not None


def _limit(session: Session, case_id: int) -> Task | None:
    """The unit's limit; the soft targets of the tiers in between are not promised to residents."""
    query = select(Task).where(Task.case_id == case_id, Task.role == "answer", Task.due_at.is_not(None))
    return session.scalars(query.order_by(Task.due_at.desc()).limit(1)).first()


def _parts(session: Session, case: Case) -> list[Part]:
    """Every matter of a split form with its unit and its own limit."""
    query = select(Handling, Organisation.name).join(Organisation, Organisation.id == Handling.unit_id)
    rows = session.execute(query.where(Handling.case_id == case.id).order_by(Handling.id)).all()
    units = {handling.id: name for handling, name in rows}
    shown = [row for row in handlings.followed([row.Handling for row in rows]) if row.item is not None]
    if not shown:
        return []
    answers = select(Task).where(Task.case_id == case.id, Task.role == "answer", Task.due_at.is_not(None))
    limits = {task.handling_id: task for task in session.scalars(answers)}
    return [_part(row, units[row.id], limits.get(row.id)) for row in shown]


def _part(handling: Handling, unit: str, task: Task | None) -> Part:
    due_at = task.due_at if task else None
    return Part(
        number=handling.item or 0, text=handling.item_text, unit=unit, state=handling.state,
        due_on=lamps.last_day(due_at) if due_at else None, overdue=due_at is not None and due_at <= clock.now(),
        provisional=task.provisional if task else False,
    )  # fmt: skip


def _units(parts: Sequence[Part]) -> str:
    """Who still works on a split form; "" when none does."""
    return "、".join(dict.fromkeys(part.unit for part in parts if part.state == "open" and part.due_on is not None))


def _holder(session: Session, case: Case) -> str:
    """Who has the case now; "" when it is over."""
    if case.closed_at is not None:
        return ""
    query = (
        select(Organisation.name)
        .join(Handling, Handling.unit_id == Organisation.id)
        .where(Handling.case_id == case.id, Handling.state == "open")
        .order_by(Handling.id.desc())
    )
    if case.state in ("awaiting_receipt", "handling", "extended"):
        return session.scalars(query.limit(1)).first() or ""
    if case.tier == "community":
        return case.studio_name
    if case.state in ("answered", "delivering", "awaiting_rating", "rating_disagreed"):
        return _department(session, "street", case)
    return _department(session, case.tier, case)


def _department(session: Session, tier: str, case: Case) -> str:
    query = select(Organisation.name)
    if tier == "committee":
        query = query.where(Organisation.kind == "committee")
    else:
        query = query.where(Organisation.kind == "department", Organisation.tier == tier)
    place = {"street": case.street_id, "district": case.district_id}.get(tier)
    if place is not None:
        query = query.where(Organisation.place_id == place)
    return session.scalars(query.limit(1)).first() or ""


def _rungs(session: Session, case: Case) -> list[Rung]:
    """The tiers on the way up: every tier below the one that has it, with the day each got it."""
    sent = {
        "community": case.registered_at,
        "street": case.sent_street_at,
        "district": case.sent_district_at,
        "city": case.sent_city_at,
    }
    names = {
        "community": case.studio_name,
        "street": session.get_one(Place, case.street_id).name,
        "district": session.get_one(Place, case.district_id).name,
        "city": "市",
        "committee": "市委",
    }
    reached = [tier for tier in tiers.ladder() if sent.get(tier) is not None or tier == case.tier]
    days = {tier: clock.local(moment).date() for tier, moment in sent.items() if moment is not None}
    if case.tier == "committee" and case.arrived_on is not None:
        days["committee"] = case.arrived_on
    return [Rung(names[tier], days.get(tier), tier == case.tier and case.closed_at is None) for tier in reached]


def _answers(session: Session, case_id: int) -> list[Answer]:
    query = (
        select(Feedback, Organisation.name, Handling.item)
        .join(Handling, Handling.id == Feedback.handling_id)
        .join(Organisation, Organisation.id == Handling.unit_id)
        .where(Feedback.case_id == case_id, Feedback.state == "accepted")
        .order_by(Feedback.id)
    )
    return [
        Answer(name, clock.local(said.delivered_at).date(), said.text, said.result, item)
        for said, name, item in session.execute(query)
    ]


def _rated(session: Session, case_id: int) -> str:
    """What a reporter reads who is no longer asked while the others still are."""
    said = select(Opinion.grade).where(Opinion.case_id == case_id, Opinion.party == "reporter")
    grade = session.scalars(said.order_by(Opinion.id.desc()).limit(1)).first()
    own = f"您的评价“{GRADE_NAMES[grade]}”已经登记，" if grade in GRADES else ""
    return f"{own}街道组织部门正在会商评定等级。"


def _grades(session: Session, case_id: int) -> list[tuple[str, str]]:
    """The four grades of the form the case runs on, while its reporter is asked (R80)."""
    query = select(Task).where(Task.case_id == case_id, Task.role == "rating_reporter")
    task = session.scalars(query.limit(1)).first()
    if task is None:
        return []
    package_id = session.get_one(Instance, task.instance_id).package_id
    form = forms.load(packages.file(session, package_id, f"forms/{task.form}.json"))
    grade = next(item for item in form.fields if item.name == "grade")
    return [(option.value, option.label) for option in grade.options if option.value != "unreachable"]
