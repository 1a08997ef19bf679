"""第十二条 「由街道组织部门商市党代表和基层党员群众共同对承办单位的办理情况评定等级并登记在册。」 and the last block of annex 2."""

import base64
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from engine import clock, consulting, db, deadlines, printing, rating, tasks, tracking
from engine.cases.models import Case, Signature
from engine.catalogue import rating_operations
from engine.catalogue.act import Act
from engine.consultations.models import Consultation, Measure, Participant
from engine.errors import Conflict, Forbidden, Invalid, LianxinError, NotFound
from engine.feedback.models import Copy
from engine.handlings.models import Handling
from engine.notices.models import Notice
from engine.organisation.models import Placement
from engine.ratings.models import InvitedResident, LedgerPage, Opinion, Rating
from engine.work.models import Instance, Task
from tests import drawings, factories
from tests.people import Cast
from web.words import word

Clock = Callable[[str], object]
both = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
SAID = {"method": "phone", "remark": "2026-03-05 10:00 电话回访，反映人口头确认。"}


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Engine:
    """SQLite; both where a test writes rows of its own kind (`@both`)."""
    found: Engine = request.getfixturevalue(getattr(request, "param", "sqlite"))
    return found


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


def test_r80_no_other_value_and_never_two(session: Session, cast: Cast) -> None:
    case = accepted(session, cast)
    for grade in ("excellent", "", "unreachable", "satisfied,dissatisfied", ["satisfied", "dissatisfied"]):
        with pytest.raises(Invalid), session.begin_nested():
            factories.act(session, cast, case, "delegate", "rating_delegate", grade=grade)
    assert session.scalars(select(Opinion)).all() == []


def test_r80_four_grades_one_is_registered(session: Session, cast: Cast) -> None:
    case = accepted(session, cast)
    rate(session, cast, case, "fairly_satisfied", "fairly_satisfied", "fairly_satisfied")
    assert (case.state, case.grade) == ("closed", "fairly_satisfied")
    assert session.scalars(select(Rating.grade)).all() == ["fairly_satisfied"]


@both
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


@both
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
    with pytest.raises(Invalid, match="还在途中"), session.begin_nested():  # nobody knows that he has his copy (R66)
        factories.act(session, cast, case, "street_head", "rating_department", grade="satisfied")
    copy = session.scalars(select(Copy).where(Copy.case_id == case.id, Copy.addressee == "reporter")).one()
    posted = {"outcome": "delivered", "method": "post", "delivered_on": "2026-02-26", "proof": "EMS 1"}
    tasks.record_delivery(session, liaison, copy.id, posted)
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


AGREED = {"reporter_signing": "phone", "delegate_signing": "drawn", "delegate_signature": drawings.signature()}


@pytest.mark.parametrize(("agreed", "grade"), [("fairly_satisfied", "fairly_satisfied"), ("none", "dissatisfied")])
def test_r82_disagreement_leads_to_one_consultation(session: Session, cast: Cast, agreed: str, grade: str) -> None:
    """And an agreed grade is signed by all three anew; where there is none, what each signed before stands."""
    case, clerk = accepted(session, cast), cast.actor("street_clerk")
    rate(session, cast, case, "dissatisfied", "satisfied", "satisfied")
    assert (case.state, open_roles(session, case)) == ("rating_disagreed", {"rating_consultation"})
    with pytest.raises(Invalid), session.begin_nested():
        factories.act(session, cast, case, "street_head", "rating_consultation", remark="没有写等级")
    outcome = {"grade": agreed, "remark": "三方面谈。"}
    if agreed != "none":
        for wrong in ({}, {"reporter_signing": "drawn"}, {"delegate_signing": ""}, {"reporter_signing": "refused"},
                      {"reporter_signing": "unreachable"}, {"delegate_signing": "click"}):  # fmt: skip
            form = outcome | (AGREED if wrong else {}) | wrong
            with pytest.raises(Invalid), session.begin_nested():
                factories.act(session, cast, case, "street_head", "rating_consultation", **form)
        outcome |= AGREED
    factories.act(session, cast, case, "street_head", "rating_consultation", **outcome)
    registered = session.scalars(select(Rating)).one()
    assert (registered.grade, registered.agreed, registered.consulted) == (grade, agreed != "none", True)
    views = {row.party: row.grade for row in session.scalars(select(Opinion))}
    assert views == {"reporter": "dissatisfied", "delegate": "satisfied", "department": "satisfied"}
    assert open_roles(session, case) == (set() if agreed != "none" else {"rating_redo"})
    session.flush()
    hands = [(row.party, row.name, row.method) for row in rating.standing(session, clerk, case.id).rounds[0].agreed]
    assert hands == ([("reporter", "陈某某", "phone"), ("delegate", "戴代表", "drawn"), ("department", "赵部长", "click")]
                     if agreed != "none" else [])  # fmt: skip
    page = printing.annex2(session, clerk, case.id)
    assert page.delegate is not None and (page.delegate.image is not None) is (agreed != "none")


def redone(session: Session, cast: Cast, at: Clock) -> Case:
    """不满意 of all three, and the unit has it again since 2026-03-06."""
    case = accepted(session, cast)
    rate(session, cast, case, "dissatisfied", "dissatisfied", "dissatisfied")
    assert open_roles(session, case) == {"rating_redo"}
    at("2026-03-06 10:00")
    factories.act(session, cast, case, "street_head", "rating_redo", decision="redo", reason="反映人要求重办")
    return case


@both
def test_r83_dissatisfied_is_handled_again_once_with_a_fresh_limit(session: Session, cast: Cast, at: Clock) -> None:
    case = redone(session, cast, at)
    first, second = session.scalars(select(Handling).order_by(Handling.id)).all()
    assert (second.unit_id, second.received_on) == (first.unit_id, date(2026, 3, 6))
    assert factories.open_task(session, case, "answer").due_on == date(2026, 3, 20)  # ten days from the new receipt
    assert "重新办理" in tracking.view(session, case.id).sentence  # who asked for it reads that it happens
    factories.step(session, cast, case, "answered")
    assert "重新办理后已经作出答复" in tracking.view(session, case.id).sentence
    factories.step(session, cast, case, "accepted")
    assert tracking.view(session, case.id).grades  # and is asked once more
    rate(session, cast, case, "satisfied", "satisfied", "satisfied")
    assert (case.state, case.grade) == ("closed", "satisfied")
    page = session.scalars(select(LedgerPage).order_by(LedgerPage.id.desc())).all()[0]
    assert [(row["round"], row["grade"]) for row in page.content["grades"]] == [(1, "dissatisfied"), (2, "satisfied")]
    book = printing.book(session, cast.actor("liaison"), cast.studio.id, 2026)
    assert "评价1：不满意；评价2：满意" in printing.csv(book, word).decode("utf-8-sig")


def test_r83_the_second_time_it_is_consulted_and_final(session: Session, cast: Cast, at: Clock) -> None:
    case = redone(session, cast, at)
    factories.step(session, cast, case, "answered")
    factories.step(session, cast, case, "accepted")
    rate(session, cast, case, "dissatisfied", "dissatisfied", "dissatisfied")
    assert open_roles(session, case) == {"rating_consultation"}
    factories.act(session, cast, case, "street_head", "rating_consultation", grade="dissatisfied", remark="仍不满意。",
                  **AGREED)  # fmt: skip
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


@both
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


def test_r110_r111_the_page_quotes_annex_2_and_fills_one_of_four_boxes(session: Session, cast: Cast) -> None:
    case = accepted(session, cast)
    rate(session, cast, case, "fairly_satisfied", "fairly_satisfied", "fairly_satisfied")
    page = str(printing.paper(session, cast.actor("liaison"), "annex2", case.id).sheets)
    assert "街道组织部门会商市党代表和反映人共同评议, 对承办单位办理情况评价如下:" in page
    boxes = re.findall(r"([☑☐])(非常满意|满意|基本满意|不满意)<", page)
    assert boxes == [("☐", "非常满意"), ("☐", "满意"), ("☑", "基本满意"), ("☐", "不满意")]


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


def test_r113_the_forms_delegate_and_nobody_else(session: Session, cast: Cast) -> None:
    case = accepted(session, cast)
    task = factories.open_task(session, case, "rating_delegate")
    for who in ("liaison", "other_delegate", "street_head"):
        with pytest.raises(LianxinError), session.begin_nested():
            tasks.complete(session, cast.actor(who), task.id, {"grade": "satisfied"})
    assert session.scalars(select(Opinion)).all() == []


def test_r113_or_the_replacement_that_was_appointed(session: Session, cast: Cast) -> None:
    """The delegate left office while the rating waited for him: who was appointed rates and signs in his place."""
    case = accepted(session, cast)
    cast.delegates["delegate"].ends_on = date(2026, 2, 12)
    session.flush()
    other = cast.delegates["other_delegate"]
    session.add(Placement(delegate_id=other.id, community_id=cast.places["沙头角社区"].id, starts_on=date(2026, 2, 1)))
    session.flush()
    form = {"delegate_id": str(other.id), "reason": "任期届满"}
    tasks.replace_delegate(session, cast.actor("district_clerk"), case.id, form)
    with pytest.raises(LianxinError):
        factories.act(session, cast, case, "delegate", "rating_delegate", grade="satisfied")
    factories.act(session, cast, case, "other_delegate", "rating_delegate", grade="satisfied")
    hand = session.scalars(select(Signature).where(Signature.purpose == "rating")).one()
    assert (hand.party, hand.name, hand.person_id) == ("delegate", "邓代表", cast.id("other_delegate"))
    factories.act(session, cast, case, "liaison", "rating_reporter", grade="dissatisfied", **SAID)
    factories.act(session, cast, case, "street_head", "rating_department", grade="satisfied")
    place = {"topic": "评价不一致", "venue": "社区会议室", "day": clock.today().isoformat(), "time": "23:00"}
    meeting = consulting.call(session, cast.actor("street_clerk"), case.id, place)
    parties = consulting.meeting(session, cast.actor("street_clerk"), meeting.id).participants
    assert {row.party: row.name for row in parties}["delegate"] == "邓代表"  # he is asked to come
    factories.act(session, cast, case, "street_head", "rating_consultation", grade="satisfied", remark="面谈一致。",
                  **AGREED)  # fmt: skip
    last = session.scalars(select(Signature).where(Signature.party == "delegate").order_by(Signature.id.desc())).first()
    assert last is not None and (last.name, last.method) == ("邓代表", "drawn")


def test_r114_the_head_of_the_streets_own_department(session: Session, cast: Cast) -> None:
    """Another street's head does not even see it (404, §0); a clerk of the own street may not (403)."""
    case = accepted(session, cast)
    factories.step(session, cast, case, "rated_by_reporter")
    factories.step(session, cast, case, "rated_by_delegate")
    task = factories.open_task(session, case, "rating_department")
    for who in ("second_street_head", "district_head", "street_clerk", "unit_head"):
        with pytest.raises((Forbidden, NotFound)), session.begin_nested():
            tasks.claim(session, cast.actor(who), task.id)
    assert "rating_department" in open_roles(session, case)


@both
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
    printed = printing.annex2(session, head, case.id)
    assert (printed.grade, printed.corrected) == ("fairly_satisfied", "誊录时选错一档。")
    assert (session.scalars(select(Rating.grade)).one(), case.grade) == ("satisfied", "fairly_satisfied")
    shown = rating.standing(session, cast.actor("liaison"), case.id)
    assert shown.intact and shown.page is not None and shown.page.version == 2
    session.execute(update(Opinion).where(Opinion.party == "reporter").values(grade="very_satisfied"))
    session.expire_all()
    assert not rating.standing(session, cast.actor("liaison"), case.id).intact


@pytest.mark.parametrize("grade", ["satisfied", "dissatisfied"])
def test_r116_nothing_is_added_to_a_rating_that_is_locked(session: Session, cast: Cast, grade: str) -> None:
    """Also while the step that offers 重办 is open: only a correction changes what is registered."""
    case = accepted(session, cast)
    rate(session, cast, case, grade, grade, grade)
    assert open_roles(session, case) == ({"rating_redo"} if grade == "dissatisfied" else set())
    liaison = cast.actor("liaison")
    with pytest.raises(Conflict, match="已经登记在册并锁定"):
        rating.note_try(session, liaison, case.id, "phone", "无人接听")
    with pytest.raises(Conflict, match="已经登记在册并锁定"):
        rating.hear_resident(session, liaison, case.id, "邻居张某", "同意")
    act = Act(session, case, 0, actor=liaison, role="rating_reporter", form={"grade": "satisfied", **SAID})
    with pytest.raises(Conflict, match="已经登记在册并锁定"):
        rating_operations.record(act)
    assert rating.standing(session, liaison, case.id).intact


# ------------------------------------------------------------------------------------------------ 三方协商

PLAN = {"topic": "夜间作业时间", "day": "2026-02-27", "time": "14:30", "venue": "沙头角社区党代表工作室"}


def called(session: Session, cast: Cast, who: str = "street_clerk") -> tuple[Case, Consultation]:
    case = factories.handled(session, cast)
    return case, consulting.call(session, cast.actor(who), case.id, PLAN)


def present(session: Session, cast: Cast, row: Consultation, absent: str = "") -> None:
    """Everybody came and signed, but for one who gave a reason."""
    for party in session.scalars(select(Participant).where(Participant.consultation_id == row.id)).all():
        form = {"presence": "attended", "present_as": "到场人", "view": "同意", "signing": "paper"}
        if party.party == absent:
            form = {"presence": "absent", "absence_reason": "出差"}
        consulting.note_party(session, cast.actor("street_clerk"), row.id, party.id, form)


HELD = {"decision": "held", "minutes": "三方面谈。", "conclusion": "月底前完成。"}


@both
def test_r77_three_parties_and_convener_are_invited_and_the_clock_runs_on(session: Session, cast: Cast) -> None:
    """「可根据需要召集反映人、市党代表和承办单位三方进行协商」"""
    case, row = called(session, cast)
    parties = session.scalars(select(Participant).order_by(Participant.id)).all()
    assert [party.party for party in parties] == ["reporter", "delegate", "unit", "convener"]
    sent = session.scalars(select(Notice).where(Notice.kind == "consultation_invitation").order_by(Notice.id)).all()
    assert [(note.address, note.person_id, note.organisation_id) for note in sent] == [
        ("13800001234", None, None), ("", cast.id("delegate"), None), ("", None, cast.unit("street").id),
        ("", None, cast.department("street").id),
    ]  # fmt: skip
    assert "2026年2月27日14:30" in sent[0].body and PLAN["venue"] in sent[0].body
    answer = factories.open_task(session, case, "answer")
    assert (answer.due_on, case.state) == (date(2026, 3, 5), "awaiting_receipt")
    assert row.instance_id != answer.instance_id
    assert session.scalars(select(Instance.id).where(Instance.case_id == case.id)).all() == [answer.instance_id]
    factories.step(session, cast, case, "answered")  # the meeting does not hold the answer up


def test_r77_called_by_the_department_at_the_handling_tier_or_the_studio(session: Session, cast: Cast) -> None:
    case = factories.handled(session, cast)
    for who in ("city_clerk", "district_clerk", "second_street_clerk", "unit_clerk", "delegate"):
        with pytest.raises((Forbidden, NotFound)), session.begin_nested():
            consulting.call(session, cast.actor(who), case.id, PLAN)
    assert session.scalars(select(Consultation)).all() == []
    for who in ("liaison", "street_clerk"):
        assert consulting.call(session, cast.actor(who), case.id, PLAN).called_by_name == cast.people[who].name


def test_r77_not_before_a_unit_has_it_nor_in_the_past(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    with pytest.raises(Conflict):
        consulting.call(session, cast.actor("liaison"), case.id, PLAN)
    case = factories.handled(session, cast)
    for wrong in ({"day": "2026-02-12"}, {"day": ""}, {"topic": " "}, {"venue": ""}):
        with pytest.raises(Invalid):
            consulting.call(session, cast.actor("liaison"), case.id, PLAN | wrong)


@both
def test_r77_closing_needs_each_partys_attendance_or_its_reason(session: Session, cast: Cast) -> None:
    case, row = called(session, cast)
    with pytest.raises(Invalid, match="还没有记录到场情况"), session.begin_nested():
        factories.act(session, cast, case, "street_clerk", "consultation", **HELD)
    clerk, parties = cast.actor("street_clerk"), session.scalars(select(Participant).order_by(Participant.id)).all()
    for wrong in ({}, {"presence": "absent"}, {"presence": "attended", "signing": "drawn", "present_as": "某"}):
        with pytest.raises(Invalid), session.begin_nested():
            consulting.note_party(session, clerk, row.id, parties[2].id, wrong)
    present(session, cast, row, absent="reporter")
    consulting.note_party(session, clerk, row.id, parties[1].id, {"presence": "attended"})
    with pytest.raises(Invalid, match="还没有签名：戴代表"), session.begin_nested():
        factories.act(session, cast, case, "street_clerk", "consultation", **HELD)
    present(session, cast, row, absent="reporter")
    factories.act(session, cast, case, "street_clerk", "consultation", **HELD)
    assert (row.state, row.conclusion, row.closed_by_name) == ("held", "月底前完成。", "王经办")
    with pytest.raises(Conflict):
        present(session, cast, row)


@both
def test_r77_what_was_agreed_becomes_tasks_with_their_dates(database: Engine, at: Clock) -> None:
    at("2026-02-13 10:00")
    with db.transaction(database) as session:
        cast = factories.install(session)
        case, row = called(session, cast)
        clerk, parties = cast.actor("street_clerk"), session.scalars(select(Participant).order_by(Participant.id)).all()
        with pytest.raises(Invalid):
            consulting.agree(session, clerk, row.id, {"text": "自行改正", "participant_id": str(parties[0].id),
                                                      "due_on": "2026-02-27"})  # fmt: skip
        for number, day in ((2, "2026-02-27"), (1, "2026-03-13")):
            consulting.agree(session, clerk, row.id, {"text": f"第{number}项", "participant_id": str(parties[number].id),
                                                      "due_on": day})  # fmt: skip
        present(session, cast, row)
        factories.act(session, cast, case, "street_clerk", "consultation", **HELD)
        todo = session.scalars(select(Task).where(Task.role == "consultation_measure").order_by(Task.due_on)).all()
        assert [(task.organisation_id, task.person_id, task.due_on) for task in todo] == [
            (cast.unit("street").id, None, date(2026, 2, 27)), (None, cast.id("delegate"), date(2026, 3, 13)),
        ]  # fmt: skip
        assert case.state == "awaiting_receipt"
        first, second = [task.id for task in todo]
    at("2026-02-27 23:59")
    assert deadlines.sweep(lambda: db.transaction(database)).failed == 0
    with db.transaction(database) as session:
        cast = replace(cast, session=session)
        assert session.scalars(select(Notice).where(Notice.kind == "measure_late")).all() == []
        tasks.complete(session, cast.actor("delegate"), second, {"result": "已到现场看过。"})
    at("2026-02-28 00:00")
    assert deadlines.sweep(lambda: db.transaction(database)).failed == 0
    with db.transaction(database) as session:
        cast = replace(cast, session=session)
        late = session.scalars(select(Notice).where(Notice.kind == "measure_late").order_by(Notice.id)).all()
        assert [note.organisation_id for note in late] == [cast.unit("street").id, cast.department("street").id]
        assert "第2项" in late[0].body
        tasks.claim(session, cast.actor("unit_clerk"), first)
        tasks.complete(session, cast.actor("unit_clerk"), first, {"result": "已调整。"})
        done = session.scalars(select(Measure).order_by(Measure.id)).all()
        assert [(item.result, item.done_by_name) for item in done] == [
            ("已调整。", "陈城管"),
            ("已到现场看过。", "戴代表"),
        ]
        meeting = session.scalars(select(Consultation.instance_id)).one()
        assert session.get_one(Instance, meeting).status == "ended"


def test_r77_a_consultation_that_is_called_off_leaves_no_tasks(session: Session, cast: Cast) -> None:
    case, row = called(session, cast)
    factories.act(session, cast, case, "street_clerk", "consultation", decision="cancelled", reason="反映人撤回")
    assert (row.state, open_roles(session, case)) == ("cancelled", {"answer"})
