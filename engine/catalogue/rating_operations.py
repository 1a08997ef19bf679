"""Operations of the joint rating (article 12, R79–R84, R110–R116)."""

import hashlib
import json
from typing import Any

from sqlalchemy import func, select

from engine import clock
from engine.cases import signing
from engine.catalogue import rating_page, review_operations
from engine.catalogue.act import Act
from engine.catalogue.leading import leader
from engine.errors import Conflict, Forbidden, Invalid
from engine.feedback import operations as copies
from engine.ratings import operations as ratings
from engine.ratings.models import ContactTry, Opinion, Rating

GRADES = ("very_satisfied", "satisfied", "fairly_satisfied", "dissatisfied")
GRADE_NAMES = {
    "very_satisfied": "非常满意",
    "satisfied": "满意",
    "fairly_satisfied": "基本满意",
    "dissatisfied": "不满意",
    "unreachable": "无法联系",
}
PARTIES = {"rating_reporter": "reporter", "rating_delegate": "delegate", "rating_department": "department"}
WORDS = {"reporter": "反映人", "delegate": "市党代表"}
TRIES = 3  # on as many days, before a reporter counts as unreachable
LOCKED = "评定等级已经登记在册并锁定，不能修改。确有错误的，请由街道组织部门负责人更正，更正前后都会保留。"


def record(act: Act) -> dict[str, Any]:
    """One party's grade; which party follows from the step's role. The reporter may answer on the tracking page. The
    department's head comes last: the rating is agreed with the other two (R114)."""
    party = PARTIES.get(act.role)
    if party is None:
        raise Invalid("此步骤没有标明由哪一方评议，请管理员检查流程图。")
    if party == "delegate" and act.require_actor().person_id != act.case.delegate_person_id:
        raise Forbidden("评议")
    if ratings.of_handling(act.session, act.current_handling().id) is not None:
        raise Conflict(LOCKED)
    grade = _grade(act, party)
    if party == "department":
        _last(act)
    elif party == "reporter" and grade != "unreachable" and act.case.undelivered:
        copies.answered_back(act.session, act.case.id, act.now, "反映人已就此答复作出评价")
        act.case.undelivered = copies.undelivered(act.session, act.case.id)
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
            name=_name(act, party),
            recorded_by_id=act.actor.person_id if act.actor else None,
            at=act.now,
        )
    )
    _sign(act, party, grade, remark)
    act.session.flush()
    own = {} if act.actor else {"actor_name": "反映人"}  # on the tracking page
    act.history = act.record("rated", result=GRADE_NAMES[grade], opinion=remark, **own)
    return {"agreed": _settled(act)} if party == "department" else {}


def _name(act: Act, party: str) -> str:
    return (act.case.reporter_name or "不署名") if party == "reporter" else act.require_actor().name


def _grade(act: Act, party: str) -> str:
    """Exactly one of the four (R80); 无法联系 only of the reporter, and only after three tries on three days (R81)."""
    grade = act.form.get("grade", "")
    if grade == "unreachable" and party == "reporter" and act.actor is not None:
        tried = tries(act)
        if tried < TRIES:
            raise Invalid(
                f"还不能记录无法联系：已在 {tried} 个不同的日期联系过反映人，须满 {TRIES} 个。",
                errors={"grade": f"请先在“评议”页登记联系经过，{TRIES} 个不同日期都联系不上的，才可以选无法联系。"},
            )
        return "unreachable"
    if not isinstance(grade, str) or grade not in GRADES:
        raise Invalid("请选择一个评定等级。", errors={"grade": "请在非常满意、满意、基本满意、不满意中选择一项。"})
    return grade


def tries(act: Act) -> int:
    """On how many days somebody tried to reach the reporter for this rating."""
    query = select(func.count(ContactTry.tried_on.distinct()))
    return act.session.scalar(query.where(ContactTry.handling_id == act.current_handling().id)) or 0


def _last(act: Act) -> None:
    """The department signs when the others have: their opinions are what it agrees on, and its date is no earlier."""
    asked = set(WORDS) if act.case.reporter_name else {"delegate"}
    query = select(Opinion.party, Opinion.at).where(Opinion.handling_id == act.current_handling().id)
    given = {row.party: row.at for row in act.session.execute(query)}
    if missing := "、".join(WORDS[party] for party in WORDS if party in asked - given.keys()):
        raise Invalid(f"{missing}还没有评价。请先商{missing}评议，街道组织部门负责人最后评定、签名。")
    today = clock.local(act.now).date()
    if any(clock.local(at).date() > today for at in given.values()):
        raise Invalid("负责人签名的日期不能早于反映人和市党代表签名的日期，请核对系统时间。")


def _sign(act: Act, party: str, grade: str, remark: str) -> None:
    """The party's hand, or what stands for it, with its date (R112–R114), under exactly this grade."""
    method, image, witness = _hand(act, party, grade)
    signing.record(
        act.session, act.case, "rating", party, name=_name(act, party), at=act.now, method=method, image=image,
        person_id=act.actor.person_id if act.actor and party != "reporter" else None, witness=witness,
        note=remark[:300], content_hash=_signed_hash(act, party, grade),
    )  # fmt: skip


def _hand(act: Act, party: str, grade: str) -> tuple[str, bytes | None, str]:
    """(method, drawing, witness)."""
    drawn, form = str(act.form.get("signature") or ""), act.form
    if party != "reporter":
        method, image = signing.of_form(drawn, str(form.get("signature_name") or ""), act.require_actor().name)
        return method, image, ""
    if grade == "unreachable":
        return "unreachable", None, ""
    if act.actor is None:
        return "online", None, ""
    if form.get("method") != "in_person":
        return {"phone": "phone", "online": "online"}.get(str(form.get("method")), "paper"), None, ""
    signed = str(form.get("signing") or "")
    if signed == "refused":
        witness = str(form.get("witness") or "")
        if not witness:
            raise Invalid("请填写见证人。", errors={"witness": "反映人拒绝签名的，请填写见证人姓名。"})
        return "refused", None, witness
    if signed == "drawn":
        return "drawn", signing.drawing(drawn, "signature"), ""
    return "paper", None, ""


def _signed_hash(act: Act, party: str, grade: str) -> str:
    signed = [act.case.number, act.current_handling().id, party, grade]
    return hashlib.sha256(json.dumps(signed, ensure_ascii=False).encode()).hexdigest()


def _opinions(act: Act) -> dict[str, str]:
    query = select(Opinion.party, Opinion.grade).where(Opinion.handling_id == act.current_handling().id)
    return {row.party: row.grade for row in act.session.execute(query)}


def agreed(act: Act) -> bool:
    """True when everybody who could be reached gave the same grade."""
    grades = {grade for grade in _opinions(act).values() if grade != "unreachable"}
    return len(grades) == 1


def _settled(act: Act) -> bool:
    """Agreed, and not for the second time on 不满意: that goes to consultation before it is final (R83, A9)."""
    return agreed(act) and not (_opinions(act)["department"] == "dissatisfied" and _rounds(act))


def _rounds(act: Act) -> int:
    """How many ratings of this case are registered already."""
    query = select(func.count()).select_from(Rating).where(Rating.case_id == act.case.id)
    return act.session.scalar(query) or 0


def agree(act: Act) -> dict[str, Any]:
    """After consultation: the agreed grade under fresh hands of all three; or none — then the reporter's stands with
    the others' views, under the hands they gave (A10, R82)."""
    grade = str(act.form.get("grade", ""))
    if grade not in (*GRADES, "none"):
        raise Invalid("请写明协商结果。", errors={"grade": "请选择协商一致的等级，或“未达成一致”。"})
    remark = str(act.form.get("remark") or act.form.get("opinion") or "")
    if grade in GRADES:
        _sign_agreed(act, grade, remark)
    act.history = act.record("rating_agreed", result=GRADE_NAMES.get(grade, "未达成一致"), opinion=remark)
    _register(act, grade if grade in GRADES else "", remark, consulted=True)
    return {}


def _sign_agreed(act: Act, grade: str, remark: str) -> None:
    """The three hands under the agreed grade, given where they met; an unnamed reporter has none (A27)."""
    form, case, head = act.form, act.case, act.require_actor()
    hands: list[tuple[str, str, int | None, str, bytes | None, str]] = []
    if case.reporter_name:
        hands.append(("reporter", case.reporter_name, None, *_agreed_reporter(act)))
    method = str(form.get("delegate_signing") or "")
    if method not in ("drawn", "paper"):
        said = {"delegate_signing": "请市党代表对协商等级签名；不能达成一致的，协商等级选“未达成一致”。"}
        raise Invalid("市党代表还没有对协商等级签名。", errors=said)
    image = (
        signing.drawing(str(form.get("delegate_signature") or ""), "delegate_signature") if method == "drawn" else None
    )
    hands.append(("delegate", leader(act.session, case), case.delegate_person_id, method, image, ""))
    own = signing.of_form(str(form.get("signature") or ""), "", head.name)
    hands.append(("department", head.name, head.person_id, *own, ""))
    for party, name, person_id, method, image, witness in hands:
        signing.record(
            act.session, case, "rating", party, name=name, at=act.now, method=method, image=image, person_id=person_id,
            witness=witness, note=remark[:300] if party == "reporter" else "",
            content_hash=_signed_hash(act, party, grade),
        )  # fmt: skip


def _agreed_reporter(act: Act) -> tuple[str, bytes | None, str]:
    """(method, drawing, witness) of the reporter under the agreed grade, or what stands for his hand (R112)."""
    form, field = act.form, "reporter_signing"
    method = str(form.get(field) or "")
    if method not in ("drawn", "paper", "phone", "refused", "unreachable"):
        raise Invalid("反映人还没有对协商等级签名。", errors={field: "请选择反映人怎样对协商等级签名。"})
    if method == "unreachable" and _opinions(act).get("reporter") != "unreachable":
        said = {field: "反映人已作过评价，协商等级须经其确认；联系不上的，协商等级选“未达成一致”，以其评价为准。"}
        raise Invalid("反映人还没有对协商等级签名。", errors=said)
    witness = str(form.get("reporter_witness") or "") if method == "refused" else ""
    if method == "refused" and not witness:
        raise Invalid("请填写见证人。", errors={"reporter_witness": "反映人拒绝签名的，请填写见证人姓名。"})
    image = (
        signing.drawing(str(form.get("reporter_signature") or ""), "reporter_signature") if method == "drawn" else None
    )
    return method, image, witness


def conclude(act: Act) -> dict[str, Any]:
    """登记评定等级: one of four, locked with the ledger page; 不满意 may be handled again once (R80, R83, R116)."""
    rating = ratings.of_handling(act.session, act.current_handling().id) or _register(act, "", "")
    act.case.grade = rating.grade
    act.session.flush()
    rating_page.freeze(act.session, act.case, rating, 1, act.now)
    act.record("rating_concluded", result=GRADE_NAMES[rating.grade])
    return {"redo": rating.grade == "dissatisfied" and rating.round == 1}


def _register(act: Act, grade: str, remark: str, consulted: bool = False) -> Rating:
    opinions = _opinions(act)
    shared = {value for value in opinions.values() if value != "unreachable"}
    if not consulted and len(shared) == 1:
        grade = next(iter(shared))
    stands = opinions.get("reporter", "")
    rating = Rating(
        case_id=act.case.id,
        handling_id=act.current_handling().id,
        grade=grade or (stands if stands in GRADES else opinions.get("delegate", "")),
        agreed=bool(grade),
        consulted=consulted,
        round=_rounds(act) + 1,
        remark=remark,
        at=act.now,
    )
    if rating.grade not in GRADES:
        raise Invalid("三方评议还不完整，不能评定等级。")
    act.session.add(rating)
    act.session.flush()
    return rating


def decide_redo(act: Act) -> dict[str, Any]:
    """重办 is offered once; the street's department decides with the reporter's wish (R83, A9)."""
    decision = "redo" if act.form.get("decision") == "redo" else "final"
    act.history = act.record(
        "redo_decided", result="重办" if decision == "redo" else "不重办", opinion=str(act.form.get("reason", ""))
    )
    return {"decision": decision}


def redo(act: Act) -> dict[str, Any]:
    """重办: the same unit receives again, with a fresh limit from today; the first grade stays registered (R83)."""
    return review_operations.open_handling(act)
