"""第十二条 「由街道组织部门商市党代表和基层党员群众共同对承办单位的办理情况评定等级并登记在册。」 and the last block of annex 2."""

import base64
import struct
import zlib
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import rating, tasks
from engine.cases.models import Case, Signature
from engine.errors import Conflict, Forbidden, Invalid, LianxinError, NotFound
from engine.handlings.models import Handling
from engine.ratings.models import InvitedResident, LedgerPage, Opinion, Rating
from engine.work.models import Task
from tests import factories
from tests.people import Cast

Clock = Callable[[str], object]
SAID = {"method": "phone", "remark": "2026-03-05 10:00 电话回访，反映人口头确认。"}


def accepted(session: Session, cast: Cast, **changes: str) -> Case:
    """A case whose answer was accepted and copied: the rating begins."""
    case = factories.handled(session, cast, **changes)
    factories.step(session, cast, case, "answered")
    factories.step(session, cast, case, "accepted")
    return case


def rate(session: Session, cast: Cast, case: Case, reporter: str, delegate: str, department: str) -> None:
    factories.act(session, cast, case, "liaison", "rating_reporter", grade=reporter, **SAID)
    factories.act(session, cast, case, "delegate", "rating_delegate", grade=delegate)
    factories.act(session, cast, case, "street_head", "rating_department", grade=department)


def open_roles(session: Session, case: Case) -> set[str]:
    return set(session.scalars(select(Task.role).where(Task.case_id == case.id)))


def drawn() -> str:
    """A stroke, as the signature field of a page sends it."""
    rows = b"".join(b"\x00" + (b"\x00\x00\x00\xff" if line == 3 else b"\x00" * 4) * 8 for line in range(8))
    parts = ((b"IHDR", struct.pack(">II5B", 8, 8, 8, 6, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    return "data:image/png;base64," + base64.b64encode(png).decode()


def test_r79_the_street_leads_whoever_handled(session: Session, cast: Cast) -> None:
    """A district unit answered; the rating is the street's, and it asks the reporter and the delegate."""
    case = factories.registered(session, cast)
    for name in ("signed", "reported"):
        factories.step(session, cast, case, name)
    factories.act(session, cast, case, "street_clerk", "tier_review", decision="escalate", basis="属区级权限")
    factories.refer(session, cast, case, "district_unit", "district_clerk")
    factories.act(session, cast, case, "district_unit_clerk", "answer", **factories.STEPS["answered"][2])
    factories.act(session, cast, case, "district_clerk", "feedback_check", decision="accept")
    lead = factories.open_task(session, case, "rating_department")
    assert (lead.organisation_id, lead.duty) == (cast.department("street").id, "head")
    assert factories.open_task(session, case, "rating_reporter").organisation_id == cast.studio.id
    assert factories.open_task(session, case, "rating_delegate").person_id == cast.id("delegate")


def test_r79_other_residents_are_heard_without_a_vote(session: Session, cast: Cast) -> None:
    case = accepted(session, cast)
    rating.hear_resident(session, cast.actor("street_clerk"), case.id, "周某某", "路灯确实亮了。")
    with pytest.raises(LianxinError):
        rating.hear_resident(session, cast.actor("second_street_clerk"), case.id, "周某某", "与我无关。")
    rate(session, cast, case, "satisfied", "satisfied", "satisfied")
    assert session.scalars(select(InvitedResident.name)).all() == ["周某某"]
    assert {row.party for row in session.scalars(select(Opinion))} == {"reporter", "delegate", "department"}


@pytest.mark.parametrize(
    "grade", ["excellent", "", "unreachable", "satisfied,dissatisfied", ["satisfied", "dissatisfied"]]
)
def test_r80_no_other_value_and_never_two(session: Session, cast: Cast, grade: object) -> None:
    case = accepted(session, cast)
    with pytest.raises(Invalid), session.begin_nested():
        factories.act(session, cast, case, "delegate", "rating_delegate", grade=grade)
    assert session.scalars(select(Opinion)).all() == []


def test_r80_four_grades_one_is_registered(session: Session, cast: Cast) -> None:
    case = accepted(session, cast)
    rate(session, cast, case, "fairly_satisfied", "fairly_satisfied", "fairly_satisfied")
    assert (case.state, case.grade) == ("closed", "fairly_satisfied")
    assert session.scalars(select(Rating.grade)).all() == ["fairly_satisfied"]


def test_r81_three_dated_signatures_and_missing_one_nothing_is_final(session: Session, cast: Cast, at: Clock) -> None:
    """R112–R114: reporter, delegate, and the head last, each with the date; the department cannot go first."""
    case = accepted(session, cast)
    at("2026-02-24 10:00")
    factories.act(session, cast, case, "liaison", "rating_reporter", grade="satisfied", method="in_person",
                  signing="drawn", signature=drawn())  # fmt: skip
    with pytest.raises(Invalid, match="市党代表还没有评价"), session.begin_nested():
        factories.act(session, cast, case, "street_head", "rating_department", grade="satisfied")
    assert (case.grade, session.scalars(select(Rating)).all()) == ("", [])
    at("2026-02-25 10:00")
    factories.act(session, cast, case, "delegate", "rating_delegate", grade="satisfied")
    at("2026-02-26 10:00")
    factories.act(session, cast, case, "street_head", "rating_department", grade="satisfied")
    hands = session.scalars(select(Signature).where(Signature.purpose == "rating").order_by(Signature.id)).all()
    assert [(row.party, row.name, row.method, f"{row.signed_at:%m-%d}") for row in hands] == [
        ("reporter", "陈某某", "drawn", "02-24"), ("delegate", "戴代表", "click", "02-25"),
        ("department", "赵部长", "click", "02-26"),
    ]  # fmt: skip
    assert hands[0].image is not None


def test_r81_unreachable_only_after_three_tries_on_three_days(session: Session, cast: Cast, at: Clock) -> None:
    case, liaison = accepted(session, cast), cast.actor("liaison")
    for day, tries in (("2026-02-24", 2), ("2026-02-25", 1), ("2026-02-26", 0)):
        at(f"{day} 10:00")
        with pytest.raises(Invalid, match="还不能记录无法联系"), session.begin_nested():
            factories.act(session, cast, case, "liaison", "rating_reporter", grade="unreachable", remark="联系不上")
        for _ in range(tries + 1):  # several on one day are one day
            rating.note_try(session, liaison, case.id, "phone", "无人接听")
    factories.act(session, cast, case, "liaison", "rating_reporter", grade="unreachable", remark="三天均无人接听")
    factories.act(session, cast, case, "delegate", "rating_delegate", grade="satisfied")
    factories.act(session, cast, case, "street_head", "rating_department", grade="satisfied")
    assert (case.state, case.grade) == ("closed", "satisfied")
    hand = session.scalars(select(Signature).where(Signature.purpose == "rating", Signature.party == "reporter")).one()
    assert (hand.method, hand.note) == ("unreachable", "三天均无人接听")  # marked, and no grade is invented for him
    with pytest.raises(Conflict):
        rating.note_try(session, liaison, case.id, "phone", "太晚")


def test_r81_an_unnamed_reporter_is_not_asked(session: Session, cast: Cast) -> None:
    """A27: rated by two."""
    case = accepted(
        session, cast, reporter_naming="anonymous", reporter_name="", reporter_phone="", reporter_address=""
    )
    assert open_roles(session, case) == {"rating_delegate", "rating_department"}
    factories.act(session, cast, case, "delegate", "rating_delegate", grade="satisfied")
    factories.act(session, cast, case, "street_head", "rating_department", grade="satisfied")
    assert (case.state, case.grade) == ("closed", "satisfied")


@pytest.mark.parametrize(("agreed", "grade"), [("fairly_satisfied", "fairly_satisfied"), ("none", "dissatisfied")])
def test_r82_disagreement_leads_to_one_consultation(session: Session, cast: Cast, agreed: str, grade: str) -> None:
    case = accepted(session, cast)
    rate(session, cast, case, "dissatisfied", "satisfied", "satisfied")
    assert (case.state, open_roles(session, case)) == ("rating_disagreed", {"rating_consultation"})
    with pytest.raises(Invalid), session.begin_nested():
        factories.act(session, cast, case, "street_head", "rating_consultation", remark="没有写等级")
    factories.act(session, cast, case, "street_head", "rating_consultation", grade=agreed, remark="三方面谈。")
    registered = session.scalars(select(Rating)).one()
    assert (registered.grade, registered.agreed, registered.consulted) == (grade, agreed != "none", True)
    views = {row.party: row.grade for row in session.scalars(select(Opinion))}
    assert views == {"reporter": "dissatisfied", "delegate": "satisfied", "department": "satisfied"}
    assert open_roles(session, case) == (set() if agreed != "none" else {"rating_redo"})


def redone(session: Session, cast: Cast, at: Clock) -> Case:
    """不满意 of all three, and the unit has it again since 2026-03-06."""
    case = accepted(session, cast)
    rate(session, cast, case, "dissatisfied", "dissatisfied", "dissatisfied")
    assert open_roles(session, case) == {"rating_redo"}
    at("2026-03-06 10:00")
    factories.act(session, cast, case, "street_head", "rating_redo", decision="redo", reason="反映人要求重办")
    return case


def test_r83_dissatisfied_is_handled_again_once_with_a_fresh_limit(session: Session, cast: Cast, at: Clock) -> None:
    case = redone(session, cast, at)
    first, second = session.scalars(select(Handling).order_by(Handling.id)).all()
    assert (second.unit_id, second.received_on) == (first.unit_id, date(2026, 3, 6))
    assert factories.open_task(session, case, "answer").due_on == date(2026, 3, 20)  # ten days from the new receipt
    factories.step(session, cast, case, "answered")
    factories.step(session, cast, case, "accepted")
    rate(session, cast, case, "satisfied", "satisfied", "satisfied")
    assert (case.state, case.grade) == ("closed", "satisfied")
    page = session.scalars(select(LedgerPage).order_by(LedgerPage.id.desc())).first()
    assert [(row["round"], row["grade"]) for row in page.content["grades"]] == [(1, "dissatisfied"), (2, "satisfied")]


def test_r83_the_second_time_it_is_consulted_and_final(session: Session, cast: Cast, at: Clock) -> None:
    case = redone(session, cast, at)
    factories.step(session, cast, case, "answered")
    factories.step(session, cast, case, "accepted")
    rate(session, cast, case, "dissatisfied", "dissatisfied", "dissatisfied")
    assert open_roles(session, case) == {"rating_consultation"}
    factories.act(session, cast, case, "street_head", "rating_consultation", grade="dissatisfied", remark="仍不满意。")
    assert (case.state, case.grade, open_roles(session, case)) == ("closed", "dissatisfied", set())


def test_r83_it_need_not_be_handled_again(session: Session, cast: Cast) -> None:
    case = accepted(session, cast)
    rate(session, cast, case, "dissatisfied", "dissatisfied", "dissatisfied")
    factories.act(session, cast, case, "street_head", "rating_redo", decision="final", reason="反映人不要求")
    assert (case.state, case.grade) == ("closed", "dissatisfied")


def test_r83_a_unit_that_declines_the_second_time_leaves_the_choice_open(
    session: Session, cast: Cast, at: Clock
) -> None:
    case = redone(session, cast, at)
    factories.act(session, cast, case, "unit_clerk", "answer", decision="decline", reason="不属本单位职责",
                  suggested_unit="区城管局")  # fmt: skip
    assert open_roles(session, case) == {"rating_redo"}


def test_r84_the_lead_unit_is_rated(session: Session, cast: Cast, at: Clock) -> None:
    case = redone(session, cast, at)
    factories.step(session, cast, case, "answered")
    factories.step(session, cast, case, "accepted")
    rate(session, cast, case, "satisfied", "satisfied", "satisfied")
    (row,) = rating.by_lead_unit(session, cast.actor("street_clerk"), 2026)
    assert (row.unit, row.redone) == (cast.unit("street").name, 1)
    assert (row.grades["dissatisfied"], row.grades["satisfied"]) == (1, 1)
    assert rating.by_lead_unit(session, cast.actor("far_clerk"), 2026) == []
    assert rating.by_lead_unit(session, cast.actor("street_clerk"), 2025) == []


def test_r112_no_signature_only_with_its_reason(session: Session, cast: Cast) -> None:
    """On the phone with a note, refused before a witness; without them the rating is not taken."""
    case = accepted(session, cast)
    for missing in ({"method": "phone"}, {"method": "in_person"},
                    {"method": "in_person", "signing": "refused", "remark": "不愿签名"},
                    {"method": "in_person", "signing": "drawn"}):  # fmt: skip
        with pytest.raises(Invalid), session.begin_nested():
            factories.act(session, cast, case, "liaison", "rating_reporter", grade="satisfied", **missing)
    factories.act(session, cast, case, "liaison", "rating_reporter", grade="satisfied", method="in_person",
                  signing="refused", witness="石书记", remark="不愿签名")  # fmt: skip
    hand = session.scalars(select(Signature).where(Signature.purpose == "rating")).one()
    assert (hand.method, hand.witness, hand.note) == ("refused", "石书记", "不愿签名")


@pytest.mark.parametrize("who", ["liaison", "other_delegate", "street_head"])
def test_r113_the_forms_delegate_and_nobody_else(session: Session, cast: Cast, who: str) -> None:
    case = accepted(session, cast)
    task = factories.open_task(session, case, "rating_delegate")
    with pytest.raises(LianxinError):
        tasks.complete(session, cast.actor(who), task.id, {"grade": "satisfied"})
    assert session.scalars(select(Opinion)).all() == []


@pytest.mark.parametrize("who", ["second_street_head", "district_head", "street_clerk", "unit_head"])
def test_r114_the_head_of_the_streets_own_department(session: Session, cast: Cast, who: str) -> None:
    """Another street's head does not even see it (404, §0); a clerk of the own street may not (403)."""
    case = accepted(session, cast)
    factories.step(session, cast, case, "rated_by_reporter")
    factories.step(session, cast, case, "rated_by_delegate")
    task = factories.open_task(session, case, "rating_department")
    with pytest.raises((Forbidden, NotFound)):
        tasks.claim(session, cast.actor(who), task.id)
    assert "rating_department" in open_roles(session, case)


def test_r116_locked_once_signed_and_corrected_as_a_version(session: Session, cast: Cast) -> None:
    case = accepted(session, cast)
    rate(session, cast, case, "satisfied", "satisfied", "satisfied")
    head = cast.actor("street_head")
    locked = session.scalars(select(LedgerPage)).one()
    assert (locked.version, locked.content["number"], locked.content["hands"]["department"]["name"]) == (
        1, case.number, "赵部长",
    )  # fmt: skip
    for who in ("second_street_head", "street_clerk", "liaison", "system_administrator"):
        with pytest.raises((Forbidden, NotFound)):
            rating.correct(session, cast.actor(who), case.id, "fairly_satisfied", "笔误")
    for grade, reason in (("satisfied", "没有改"), ("excellent", "错"), ("fairly_satisfied", " ")):
        with pytest.raises(Invalid):
            rating.correct(session, head, case.id, grade, reason)
    rating.correct(session, head, case.id, "fairly_satisfied", "誊录时选错一档。")
    pages = session.scalars(select(LedgerPage).order_by(LedgerPage.version)).all()
    assert [(page.version, page.content["grades"][0]["grade"]) for page in pages] == [
        (1, "satisfied"), (2, "fairly_satisfied"),
    ]  # fmt: skip
    assert pages[1].content["grades"][0]["reason"] == "誊录时选错一档。"
    assert (session.scalars(select(Rating.grade)).one(), case.grade) == ("satisfied", "fairly_satisfied")
    shown = rating.standing(session, cast.actor("liaison"), case.id)
    assert shown.intact and shown.page is not None and shown.page.version == 2
    session.execute(update(Opinion).where(Opinion.party == "reporter").values(grade="very_satisfied"))
    session.expire_all()
    assert not rating.standing(session, cast.actor("liaison"), case.id).intact
