"""Operations of the joint rating (article 12, R79–R82)."""

from typing import Any

from sqlalchemy import select

from engine.catalogue.act import Act
from engine.errors import Forbidden, Invalid
from engine.ratings.models import Opinion, Rating

GRADES = ("very_satisfied", "satisfied", "fairly_satisfied", "dissatisfied")
GRADE_NAMES = {
    "very_satisfied": "非常满意",
    "satisfied": "满意",
    "fairly_satisfied": "基本满意",
    "dissatisfied": "不满意",
    "unreachable": "无法联系",
}
PARTIES = {"rating_reporter": "reporter", "rating_delegate": "delegate", "rating_department": "department"}


def record(act: Act) -> dict[str, Any]:
    """One party's grade; which party follows from the step's role. The reporter may answer on the tracking page."""
    party = PARTIES.get(act.role)
    if party is None:
        raise Invalid("此步骤没有标明由哪一方评议，请管理员检查流程图。")
    if party == "delegate" and act.require_actor().person_id != act.case.delegate_person_id:
        raise Forbidden("评议")
    grade = str(act.form.get("grade", ""))
    if grade not in GRADES and not (grade == "unreachable" and party == "reporter" and act.actor is not None):
        raise Invalid("请选择一个评定等级。", errors={"grade": "请在非常满意、满意、基本满意、不满意中选择一项。"})
    remark = str(act.form.get("remark") or act.form.get("opinion") or "")
    act.session.add(
        Opinion(
            case_id=act.case.id,
            handling_id=act.current_handling().id,
            party=party,
            grade=grade,
            remark=remark,
            method=str(act.form.get("method", "")),
            person_id=act.actor.person_id if act.actor and party != "reporter" else None,
            name=act.case.reporter_name if party == "reporter" else act.require_actor().name,
            recorded_by_id=act.actor.person_id if act.actor else None,
            at=act.now,
        )
    )
    act.session.flush()
    act.history = act.record("rated", result=GRADE_NAMES[grade], opinion=remark)
    return {"agreed": agreed(act)} if party == "department" else {}


def _opinions(act: Act) -> dict[str, str]:
    query = select(Opinion.party, Opinion.grade).where(Opinion.handling_id == act.current_handling().id)
    return {row.party: row.grade for row in act.session.execute(query)}


def agreed(act: Act) -> bool:
    """True when everybody who could be reached gave the same grade."""
    grades = {grade for grade in _opinions(act).values() if grade != "unreachable"}
    return len(grades) == 1


def agree(act: Act) -> dict[str, Any]:
    """After consultation: the agreed grade, or none — then the reporter's stands with the others' views (A10, R82)."""
    grade = str(act.form.get("grade", ""))
    remark = str(act.form.get("remark") or act.form.get("opinion") or "")
    act.history = act.record("rating_agreed", result=GRADE_NAMES.get(grade, "未达成一致"), opinion=remark)
    _conclude(act, grade if grade in GRADES else "", remark)
    return {}


def conclude(act: Act) -> dict[str, Any]:
    """登记评定等级: exactly one of four grades, registered in the ledger by being the case's grade (R80)."""
    query = select(Rating).where(Rating.handling_id == act.current_handling().id)
    rating = act.session.scalars(query).first() or _conclude(act, "", "")
    act.case.grade = rating.grade
    act.record("rating_concluded", result=GRADE_NAMES[rating.grade])
    return {}


def _conclude(act: Act, grade: str, remark: str) -> Rating:
    opinions = _opinions(act)
    shared = {value for value in opinions.values() if value != "unreachable"}
    if not grade and len(shared) == 1:
        grade = next(iter(shared))
    stands = opinions.get("reporter", "")
    rating = Rating(
        case_id=act.case.id,
        handling_id=act.current_handling().id,
        grade=grade or (stands if stands in GRADES else opinions.get("delegate", "")),
        agreed=bool(grade),
        remark=remark,
        at=act.now,
    )
    if rating.grade not in GRADES:
        raise Invalid("三方评议还不完整，不能评定等级。")
    act.session.add(rating)
    act.session.flush()
    return rating
