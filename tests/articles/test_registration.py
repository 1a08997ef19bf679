"""第九条, 填表须知 1, 2, 3, 5, 6: the registration form, its number, its two settlements (R28–R36, R39–R42, R89)."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import casefile, clock, config, filing, forms, intake, printing, tasks
from engine.attachments import queries as attachments
from engine.attachments.store import Store
from engine.cases import content, numbering, versions
from engine.cases.models import Case, NumberCounter, Signature
from engine.cases.queries import likely_duplicates
from engine.errors import Conflict, Invalid, LianxinError
from engine.handlings.models import Handling
from engine.ledger.models import LedgerEntry
from engine.notices.models import Notice
from engine.organisation.models import Delegate
from engine.printing.subject import subject
from engine.work.models import Deadline, History, Task, Withdrawal
from tests import drawings, factories
from tests.people import Cast

SPOT = {"settlement": "on_the_spot", "spot_answer": "路灯当天已由物业修复。", "spot_grade": "satisfied"}
NETWORK = {"channel": "network", "channel_note": "市民论坛", "reporter_signature": "remark",
           "reporter_signature_note": "市民论坛帖文，已电话核实"}  # fmt: skip


def refused(session: Session, cast: Cast, **changes: str) -> dict[str, str]:
    """The sentences a registration is refused with, by field; no number is used."""
    with pytest.raises(Invalid) as refusal, session.begin_nested():
        factories.registered(session, cast, **changes)
    assert session.scalars(select(NumberCounter.last)).first() in (None, 0)
    return refusal.value.errors


def roles(session: Session, case: Case) -> set[str]:
    """The open steps of a case, by role."""
    return set(session.scalars(select(Task.role).where(Task.case_id == case.id)))


def told(session: Session, case: Case, act: str) -> History:
    """The one history row of that act."""
    return session.scalars(select(History).where(History.case_id == case.id, History.act == act)).one()


# ------------------------------------------------------------------------------------------------ 第九条


def test_r28_nothing_leaves_the_studio_before_the_delegate_signed(session: Session, cast: Cast) -> None:
    """「应填写《市党代表社情民意登记表》，并由市党代表签名」"""
    case = factories.registered(session, cast)
    assert roles(session, case) == {"signature"}
    signing = factories.open_task(session, case, "signature")
    assert signing.person_id == cast.id("delegate")
    with pytest.raises(LianxinError), session.begin_nested():
        tasks.complete(session, cast.actor("liaison"), signing.id, {"decision": "sign"})
    factories.step(session, cast, case, "signed")
    session.execute(update(Signature).values(content_hash="0" * 64))  # somebody lost what was signed
    with pytest.raises(Invalid, match="签名已失效"), session.begin_nested():
        factories.step(session, cast, case, "reported")
    assert (case.tier, case.sent_street_at) == ("community", None)


# ------------------------------------------------------------------------------------------------ 须知1


def test_r29_the_number_is_street_community_year_and_three_digits(
    session: Session, at: Callable[[str], object]
) -> None:
    """「沙头角社区党代表工作室2010年1号表，编号为：沙头角街道沙头角社区2010001」"""
    at("2010-12-01 10:00")
    cast = factories.install(session)
    on = {"reflected_on": "2010-12-01"}
    assert factories.registered(session, cast, **on).number == "沙头角街道沙头角社区2010001"
    assert factories.registered(session, cast, **on).number == "沙头角街道沙头角社区2010002"
    form = factories.FORM | {"delegate_id": str(cast.delegates["delegate"].id)} | on
    other = intake.register(
        session, cast.actor("next_liaison"), cast.organisations["studio-440308003004"].id, form
    )  # fmt: skip
    assert other.number == "沙头角街道中英街社区2010001"


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server's own clock is in UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("utc")
def test_r30_the_year_turns_in_shenzhen_also_on_a_server_in_utc(
    session: Session, at: Callable[[str], object]
) -> None:  # fmt: skip
    at("2010-12-31 23:59:59")
    cast = factories.install(session)
    numbering.set_next(session, cast.studio.id, 2010, 57)
    on = {"reflected_on": "2010-12-30"}
    assert factories.registered(session, cast, **on).number == "沙头角街道沙头角社区2010057"
    at("2011-01-01 00:00")
    assert factories.registered(session, cast, **on).number == "沙头角街道沙头角社区2011001"


def test_r32_a_void_form_keeps_number_reason_person_and_ledger_line(session: Session, cast: Cast) -> None:
    cases = [factories.registered(session, cast) for _ in range(3)]
    third = cases[-1]
    factories.act(session, cast, third, "delegate", "signature", decision="return", reason="重复登记")
    factories.act(session, cast, third, "liaison", "amendment", decision="void", reason="与2026001重复")
    assert (third.number, third.state, third.outcome_reason) == ("沙头角街道沙头角社区2026003", "void", "与2026001重复")
    assert told(session, third, "amended").actor_name == "李联络"
    assert factories.registered(session, cast).number == "沙头角街道沙头角社区2026004"
    book = printing.book(session, cast.actor("liaison"), cast.studio.id, 2026)
    assert [(page.case.sequence, page.case.state == "void") for page in book.pages] == [
        (1, False), (2, False), (3, True), (4, False),
    ]  # fmt: skip
    assert len(session.scalars(select(LedgerEntry)).all()) == 4


def test_r33_after_999_a_fourth_digit_and_the_order_stays_that_of_numbers(session: Session, cast: Cast) -> None:
    numbering.set_next(session, cast.studio.id, 2026, 999)
    numbers = [factories.registered(session, cast).number for _ in range(3)]
    assert [number[-8:] for number in numbers] == ["区2026999", "20261000", "20261001"]
    book = printing.book(session, cast.actor("liaison"), cast.studio.id, 2026)
    assert [page.case.number for page in book.pages] == numbers


def test_r34_a_renamed_community_keeps_its_old_numbers_and_goes_on_counting(session: Session, cast: Cast) -> None:
    numbering.set_next(session, cast.studio.id, 2026, 10)
    old = factories.registered(session, cast)
    cast.places["沙头角社区"].name = "沙头角新社区"
    session.flush()
    assert factories.registered(session, cast).number == "沙头角街道沙头角新社区2026011"
    session.refresh(old)
    assert (old.number, old.studio_name) == ("沙头角街道沙头角社区2026010", "沙头角社区党代表工作室")


# ------------------------------------------------------------------------------------------------ 须知2, 3, 5


def test_r35_the_reporter_can_be_reached(session: Session, cast: Cast) -> None:
    """「需正确填写反映人的有效资料，包括住址、单位、联系方式等，以便有关单位向反映人反馈」"""
    assert "填表须知2" in refused(session, cast, reporter_phone="", reporter_address="")["reporter_phone"]
    for unusual in ({"reporter_phone": "1380000"}, {"reporter_address_phone": "12"}):  # a warning: he may keep it
        (sentence,) = refused(session, cast, **unusual).values()
        assert "手机号码为11位" in sentence and "勾选后照此登记" in sentence
        assert list(refused(session, cast, **unusual, phone_checked="perhaps")) == ["phone_checked"]
    assert "reporter_name" in refused(session, cast, reporter_name="")
    assert factories.registered(session, cast, reporter_phone="").reporter_address
    without = factories.registered(session, cast, reporter_address="", reporter_employer="")
    assert (without.reporter_phone, without.reporter_employer) == ("13800001234", "")
    kept = factories.registered(session, cast, reporter_phone="1380000", phone_checked="yes")
    assert kept.reporter_phone == "1380000"
    assert told(session, kept, "registered").data["phone_checked"] is True


UNREACHABLE = {"reporter_phone": "", "reporter_address": ""}
PHONED = {"channel": "phone", "reporter_signature": "remark", "reporter_signature_note": "电话反映，已复述确认"}
MISSING: list[tuple[dict[str, str], str]] = [
    (UNREACHABLE, "reporter_phone"),
    ({"reporter_signature": ""}, "reporter_signature"),
    ({"channel": "home_visit", "reporter_signature": "remark", "reporter_signature_note": "x"}, "reporter_signature"),
    ({"reporter_signature": "refused"}, "reporter_witness"),
    (PHONED | {"reporter_signature": "handwritten"}, "reporter_signature"),
    (
        PHONED | {"channel": "network", "channel_note": "论坛", "reporter_signature": "handwritten"},
        "reporter_signature",
    ),
    (PHONED | {"reporter_signature_note": " "}, "reporter_signature_note"),
    (SPOT | {"spot_answer": ""}, "spot_answer"),
    (SPOT | {"spot_grade": ""}, "spot_grade"),
]


@pytest.mark.parametrize("name", ["registration", "amend"])
def test_r35_r37_r38_r41_the_form_and_its_correction_ask_the_same_by_themselves(name: str) -> None:
    """Each of the two says at once what is missing, whatever is looked at behind it."""
    form = forms.load((config.ROOT / f"processes/opinion/forms/{name}.json").read_bytes())
    whole = factories.FORM | ({"decision": "resubmit", "reason": "更正"} if name == "amend" else {"delegate_id": "1"})
    for good in ({}, PHONED, SPOT, {"reporter_phone": ""}, {"reporter_address": ""}):
        assert forms.validate(form, forms.clean(form, whole | good)) == {}, good
    for changes, field in MISSING:
        assert list(forms.validate(form, forms.clean(form, whole | changes))) == [field], changes


def test_r35_r41_a_form_redrawn_without_these_rules_registers_and_corrects_nothing_wrong(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Administrators may redraw the forms: what a unit needs to answer, and what closes a case, is asked all the same."""
    case = factories.registered(session, cast)
    factories.act(session, cast, case, "delegate", "signature", decision="return", reason="请核对")
    monkeypatch.setattr(forms, "validate", lambda *_: {})
    for changes, field in [row for row in MISSING if row[1] in ("reporter_phone", "spot_answer", "spot_grade")]:
        with pytest.raises(Invalid) as refusal, session.begin_nested():
            factories.registered(session, cast, **changes)
        assert list(refusal.value.errors) == [field], changes
        corrected = factories.FORM | {"decision": "resubmit", "reason": "更正"} | changes
        with pytest.raises(Invalid) as refusal, session.begin_nested():
            factories.act(session, cast, case, "liaison", "amendment", **corrected)
        assert list(refusal.value.errors) == [field], changes
    assert factories.registered(session, cast).sequence == 2


def test_r36_another_channel_is_noted_and_network_material_is_attached(
    session: Session, cast: Cast, tmp_path: Path
) -> None:  # fmt: skip
    """「如为网络或通过其他途径进行反映，请注明，并附上网络下载的相关材料」"""
    assert "channel_note" in refused(session, cast, channel="other", channel_note="")
    assert "channel_note" in refused(session, cast, **NETWORK | {"channel_note": ""})
    assert "填表须知3" in refused(session, cast, **NETWORK)["files"]
    liaison, form = cast.actor("liaison"), factories.FORM | NETWORK
    form["delegate_id"] = str(cast.delegates["delegate"].id)
    draft = intake.save_draft(session, liaison, cast.studio.id, form, "key-of-page")
    kept = filing.keep(
        session, liaison, Store(tmp_path, 1000), None, "registration", "帖文.txt", "求助帖".encode(), draft_id=draft.id
    )
    case = intake.register(session, liaison, cast.studio.id, form, "key-of-page")
    assert [(row.id, row.filename, row.case_id) for row in attachments.of_case(session, case.id)] == [
        (kept.id, "帖文.txt", case.id)
    ]
    assert intake.drafts_of(session, liaison) == []
    noted = {"reporter_signature": "remark", "reporter_signature_note": "14:10 来电，已复述确认"}
    assert factories.registered(session, cast, channel="phone", **noted).channel == "phone"


def test_r39_the_delegate_stands_on_the_form_as_he_was(session: Session, cast: Cast) -> None:
    """「党代表需正确填写个人资料，包括其姓名、职务、联系方式」: from the register, and a snapshot."""
    ((value, label),) = intake.delegates_for(session, cast.studio.id)
    assert label == "戴代表（沙头角小学校长，13900000031）"
    assert intake.usual_delegate(session, cast.studio.id, [value]) == value
    case = factories.registered(session, cast)
    before = (case.delegate_name, case.delegate_title, case.delegate_contact, content.digest(case))
    row = session.get_one(Delegate, cast.delegates["delegate"].id)
    row.title, row.contact = "另一职务", "13900000000"
    session.flush()
    session.refresh(case)
    assert (case.delegate_name, case.delegate_title, case.delegate_contact, content.digest(case)) == before
    assert before[:3] == ("戴代表", "沙头角小学校长", "13900000031")


# ------------------------------------------------------------------------------------------------ 须知6


def test_r40_exactly_one_of_two_settlements(session: Session, cast: Cast) -> None:
    """「办理情况分为当场答复和转街道组织部门两种」: both or neither is an error"""
    assert "请选择办理情况" in refused(session, cast, settlement="")["settlement"]
    for both in ("both", "on_the_spot street"):
        assert "选择一项" in refused(session, cast, settlement=both)["settlement"]
    case = factories.registered(session, cast, **SPOT | {"settlement": "street"})
    assert (case.settlement, case.spot_answer, case.spot_grade) == ("street", "", "")


def test_r41_an_answer_on_the_spot_has_its_text_and_its_satisfaction(session: Session, cast: Cast) -> None:
    """「党代表如当场答复，需清楚填写答复内容，及反映人满意度」"""
    assert set(refused(session, cast, **SPOT | {"spot_answer": ""})) == {"spot_answer"}
    assert set(refused(session, cast, **SPOT | {"spot_grade": ""})) == {"spot_grade"}
    case = factories.registered(session, cast, **SPOT)
    factories.step(session, cast, case, "signed")
    assert (case.state, case.outcome, case.grade) == ("closed", "on_the_spot", "satisfied")
    assert roles(session, case) == set()
    assert session.scalars(select(Deadline).where(Deadline.case_id == case.id)).all() == []
    assert session.scalars(select(LedgerEntry).where(LedgerEntry.case_id == case.id)).one().sequence == case.sequence


def test_r42_a_dissatisfied_reporter_makes_the_delegate_decide(session: Session, cast: Cast) -> None:
    """不满意 → prompt; convert → same number, enters the way of opinions; the reason is kept (A9)"""
    case = factories.registered(session, cast, **SPOT | {"spot_grade": "dissatisfied"})
    shown, number = case.content_hash, case.number
    with pytest.raises(Invalid) as asked, session.begin_nested():
        factories.step(session, cast, case, "signed")
    assert "请选择转街道组织部门" in asked.value.errors["conversion"]
    page = {"decision": "sign", "signature_name": "戴代表", "content_hash": shown, "settlement": "on_the_spot",
            "spot_grade": "dissatisfied"}  # fmt: skip
    with pytest.raises(Invalid) as unsaid, session.begin_nested():
        factories.act(session, cast, case, "delegate", "signature", **page, conversion="convert")
    assert "conversion_reason" in unsaid.value.errors
    factories.act(
        session, cast, case, "delegate", "signature", **page, conversion="convert", conversion_reason="需街道协调物业"
    )
    assert (case.number, case.settlement, case.closed_at) == (number, "street", None)
    assert roles(session, case) == {"report"}
    row = told(session, case, "converted")
    assert (row.opinion, row.actor_name, row.data["hash_before"]) == ("需街道协调物业", "戴代表", shown)
    factories.step(session, cast, case, "reported")  # the signature is under what stands there now
    assert case.tier == "street"


def test_r42_the_reporters_hand_stays_under_what_was_turned_over(session: Session, cast: Cast) -> None:
    """How it is settled is the delegate's: the reporter confirmed the content, and nobody asks to sign again (须知4)."""
    hand = {"reporter_signature": "drawn", "reporter_signature_image": drawings.signature()}
    case = factories.registered(session, cast, **SPOT | hand | {"spot_grade": "dissatisfied"})
    before = case.content_hash
    form = {"decision": "sign", "conversion": "convert", "conversion_reason": "需街道协调物业",
            "settlement": "on_the_spot", "spot_grade": "dissatisfied", "signature_name": "戴代表"}  # fmt: skip
    factories.act(session, cast, case, "delegate", "signature", **form)
    about = subject(session, cast.actor("liaison"), case.id)
    reporter, delegate = about.signature("registration", "reporter"), about.signature("registration", "delegate")
    assert reporter is not None and delegate is not None
    assert (reporter.content_hash, delegate.content_hash) == (before, case.content_hash)
    assert casefile.load(session, cast.actor("liaison"), case.id).confirmed == {before, case.content_hash}
    factories.act(session, cast, case, "liaison", "report", decision="amend", reason="内容有误")
    form = factories.FORM | {"decision": "resubmit", "reason": "更正", "content": "另一件事"}
    factories.act(session, cast, case, "liaison", "amendment", **form)
    assert casefile.load(session, cast.actor("liaison"), case.id).confirmed == {case.content_hash}
    reporter = about.signature("registration", "reporter")
    assert reporter is not None and (reporter.method, reporter.content_hash) == ("paper", case.content_hash)


def test_r42_or_lets_the_answer_stand_with_a_reason(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast, **SPOT | {"spot_grade": "dissatisfied"})
    factories.act(
        session, cast, case, "delegate", "signature", decision="sign", signature_name="戴代表", settlement="on_the_spot",
        spot_grade="dissatisfied", conversion="keep", conversion_reason="政策已说明清楚，反映人表示理解",
    )  # fmt: skip
    assert (case.outcome, case.grade) == ("on_the_spot", "dissatisfied")
    assert told(session, case, "signed").opinion == "政策已说明清楚，反映人表示理解"


# ------------------------------------------------------------------------------------------------ beside the sentences


def test_r43_every_correction_is_a_version_with_its_hash(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    first = case.content_hash
    factories.act(session, cast, case, "delegate", "signature", decision="return", reason="电话有误")
    form = {name: value for name, value in factories.FORM.items() if value} | {"reporter_phone": "13800005678"}
    factories.act(session, cast, case, "liaison", "amendment", **form, decision="resubmit")
    latest, original = versions.told(session, case.id)
    assert (original.version.content_hash, original.changes) == (first, [])
    assert (latest.version.content_hash, latest.version.by_name) == (case.content_hash, "李联络")
    assert [(change.label, change.before, change.after) for change in latest.changes] == [
        ("电话", "13800001234", "13800005678")
    ]


def test_r28_opinions_that_resemble_are_offered_and_the_choice_is_kept_for_the_street(
    session: Session, cast: Cast
) -> None:  # fmt: skip
    """并案: same community, last 30 days; the street sees what the liaison called 同一事项."""
    first = factories.registered(session, cast)
    other = factories.registered(
        session, cast, summary="希望增设一处公交候车亭", content="雨天候车没有遮挡，老人很不方便。"
    )
    liaison = cast.actor("liaison")
    typed = "路口的垃圾转运点夜里十一点后还在作业，噪音和气味影响居民休息"
    found = intake.similar(session, liaison, cast.studio.id, typed)
    assert [(item.case.id, item.words) for item in found] == [(first.id, "很相似")]
    assert intake.similar(session, liaison, cast.studio.id, "垃圾") == []
    form = factories.FORM | {
        "delegate_id": str(cast.delegates["delegate"].id),
        "same_as": f"{first.id} {other.id} 99999",
    }
    case = intake.register(session, liaison, cast.studio.id, form | {"content": typed, "summary": typed})
    seen = likely_duplicates(session, case)
    assert [(item.case.id, item.chosen) for item in seen] == [(first.id, True), (other.id, True)]
    assert [item.case.id for item in likely_duplicates(session, first) if item.chosen] == [case.id]
    with pytest.raises(LianxinError):
        intake.similar(session, cast.actor("next_liaison"), cast.studio.id, typed)


def test_r89_before_the_measures_only_paper_cases(session: Session, cast: Cast) -> None:
    """「自发布之日起施行」"""
    assert "补录" in refused(session, cast, reflected_on="2010-11-23")["reflected_on"]
    assert clock.MEASURES_IN_FORCE.isoformat() == "2010-11-24"


# ------------------------------------------------------------------------------------------------ beginning mid-year (§0)

PAPER = {"number": "沙头角街道沙头角社区2026012", "registered_on": "2026-01-15", "reached": "to_report",
         "reflected_on": "2026-01-14"}  # fmt: skip
FINISHED = {"reached": "finished", "closed_on": "2026-02-10", "received_on": "2026-01-16", "answered_on": "2026-01-28",
            "result": "solved", "result_text": "转运点已调整作业时间。", "grade": "satisfied"}  # fmt: skip


def backfilled(session: Session, cast: Cast, **changes: str) -> Case:
    """A paper case entered by the liaison."""
    form = factories.FORM | {"delegate_id": str(cast.delegates["delegate"].id)} | PAPER | changes
    return intake.backfill(session, cast.actor("liaison"), cast.studio.id, form)


def wrong(session: Session, cast: Cast, **changes: str) -> dict[str, str]:
    """The sentences a paper case is refused with."""
    with pytest.raises(Invalid) as refusal, session.begin_nested():
        backfilled(session, cast, **changes)
    return refusal.value.errors


def test_r31_a_studio_that_begins_mid_year_gets_its_next_number_once(session: Session, cast: Cast) -> None:
    administrator = cast.actor("system_administrator")
    factories.registered(session, cast)
    for number in ("1", "0", "-3", "五十八", "100000", ""):
        with pytest.raises(Invalid) as refusal:
            intake.start_numbering(session, administrator, cast.studio.id, number, "纸质表已用到57号")
        assert "following" in refusal.value.errors, number
    with pytest.raises(Invalid, match="没有设置"):
        intake.start_numbering(session, administrator, cast.studio.id, "58", " ")
    row = intake.start_numbering(session, administrator, cast.studio.id, "58", "纸质表已用到57号")
    assert (row.following, row.by_name, row.at) == (58, "管系统", clock.now())
    assert factories.registered(session, cast).number == "沙头角街道沙头角社区2026058"
    with pytest.raises(Conflict, match="每年只能设置一次"):
        intake.start_numbering(session, administrator, cast.studio.id, "90", "再来一次")
    for role in ("liaison", "street_head", "procedure_administrator"):
        with pytest.raises(LianxinError):
            intake.start_numbering(session, cast.actor(role), cast.studio.id, "99", "不行")


def test_r89_a_paper_case_goes_on_at_the_step_it_had_reached(session: Session, cast: Cast) -> None:
    assert "起始编号" in wrong(session, cast)["number"]
    intake.start_numbering(session, cast.actor("system_administrator"), cast.studio.id, "58", "纸质表已用到57号")
    # the next number is set once a year: nobody is sent to set it again
    assert "到第57号为止" in wrong(session, cast, number="沙头角街道沙头角社区2026058")["number"]
    case = backfilled(session, cast, reflected_on="2010-11-23")
    assert (case.number, case.sequence, case.backfilled) == ("沙头角街道沙头角社区2026012", 12, True)
    assert clock.local(case.registered_at).date().isoformat() == "2026-01-15"
    assert (roles(session, case), case.state) == ({"report"}, "awaiting_report")
    assert told(session, case, "backfilled").actor_name == "李联络"
    assert session.scalars(select(LedgerEntry).where(LedgerEntry.case_id == case.id)).one().sequence == 12
    factories.step(session, cast, case, "reported")
    assert (case.tier, roles(session, case)) == ("street", {"tier_review"})
    assert "已经登记过" in wrong(session, cast)["number"]
    assert factories.registered(session, cast).sequence == 58


UNDER_WAY = {"registered_on": "2026-01-15", "reached": "with_unit", "reported_on": "2026-01-19"}


@pytest.mark.parametrize(
    ("unit", "dates", "due"),
    [
        (None, {"reached": "at_street"}, "2026-01-22"),
        (None, {"reached": "at_city", "district_on": "2026-01-21", "city_on": "2026-01-22"}, "2026-01-27"),
        ("street", {"received_on": "2026-01-26"}, "2026-02-09"),
        ("district", {"district_on": "2026-01-21", "received_on": "2026-01-26"}, "2026-02-09"),
    ],
)
def test_r89_a_paper_case_stands_where_it_is_with_its_true_limit(
    session: Session, cast: Cast, unit: str | None, dates: dict[str, str], due: str
) -> None:
    """Entered on 2026-02-02; the days count from those on the papers, and what then is overdue is overdue."""
    intake.start_numbering(session, cast.actor("system_administrator"), cast.studio.id, "58", "纸质表已用到57号")
    chosen = {"unit_id": str(cast.unit(unit).id), "document_number": "沙组转〔2026〕7号"} if unit else {}
    for name in dates.keys() - {"reached"}:
        assert name in wrong(session, cast, **UNDER_WAY | chosen | dates | {name: ""})
        assert "依次" in str(wrong(session, cast, **UNDER_WAY | chosen | dates | {name: "2026-01-16"}))
    case = backfilled(session, cast, **UNDER_WAY | chosen | dates)
    task = session.scalars(select(Task).where(Task.case_id == case.id)).one()
    assert (task.role, task.due_on.isoformat()) == ("answer" if unit else "tier_review", due)
    last = max(value for name, value in (UNDER_WAY | dates).items() if name.endswith("_on"))
    assert clock.local(task.created_at).date().isoformat() == last
    sent = [clock.local(at).date().isoformat() if at else None
            for at in (case.sent_street_at, case.sent_district_at, case.sent_city_at)]  # fmt: skip
    assert sent == [UNDER_WAY["reported_on"], dates.get("district_on"), dates.get("city_on")]
    told_of = select(Notice).where(Notice.case_id == case.id, Notice.state != "withdrawn")
    notice = session.scalars(told_of).one()  # only who has it now is told
    assert (notice.organisation_id, notice.created_at) == (task.organisation_id, clock.now())
    assert session.scalars(select(Withdrawal)).all() == []
    if unit:
        handling = session.scalars(select(Handling).where(Handling.case_id == case.id)).one()
        assert (handling.document_number, handling.first_due_on.isoformat()) == ("沙组转〔2026〕7号", due)
        clerk = {"street": "unit_clerk", "district": "district_unit_clerk"}[unit]
        factories.act(session, cast, case, clerk, "answer", **factories.STEPS["answered"][2])
        assert roles(session, case) >= {"feedback_check"}


def test_r89_a_finished_paper_case_is_closed_with_its_old_result(session: Session, cast: Cast) -> None:
    paper = {"number": "沙头角街道沙头角社区2010001", "registered_on": "2010-12-01", "reflected_on": "2010-11-20"}
    asked = wrong(session, cast, **paper, reached="finished", closed_on="2010-12-30")
    assert {"unit_id", "received_on", "answered_on", "result", "result_text", "grade"} <= set(asked)
    days = {"received_on": "2010-12-02", "answered_on": "2010-12-10", "closed_on": "2010-12-05"}
    unit = {"unit_id": str(cast.unit("district").id)}
    assert "closed_on" in wrong(session, cast, **paper | FINISHED | unit | days)
    case = backfilled(session, cast, **paper | FINISHED | unit | days | {"closed_on": "2010-12-30"})
    assert (case.state, case.outcome, case.grade, roles(session, case)) == ("closed", "closed", "satisfied", set())
    (page,) = printing.book(session, cast.actor("liaison"), cast.studio.id, 2010).pages
    assert (page.unit, page.result, page.grade, page.ticks) == (
        "盐田区城管局",
        "solved",
        "satisfied",
        (True, True, False),
    )
    assert page.answered_on is not None and page.answered_on.isoformat() == "2010-12-10"
    assert session.scalars(select(Deadline)).all() == []
    spot = backfilled(
        session, cast, **SPOT, number="沙头角街道沙头角社区2010002", registered_on="2010-12-02", reached="finished",
        closed_on="2010-12-02", reflected_on="2010-12-02", reporter_age="1965",
    )  # fmt: skip
    assert (spot.outcome, spot.grade) == ("on_the_spot", "satisfied")
    assert spot.reporter_age == 45  # counted to the year on the paper (R98)
