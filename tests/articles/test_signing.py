"""第九条 「由市党代表签名」, 填表须知 4, 7 and 8: who signs what and how, and what a signature is worth afterwards."""

import io
import re
import zlib
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pypdf
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import casefile, custody, filing, printing, tasks
from engine.attachments import scanning
from engine.attachments.store import Store
from engine.cases import content, signing, verifying
from engine.cases.models import Case, CaseVersion, FormCopy, Signature
from engine.errors import Conflict, Invalid, LianxinError, NotFound
from engine.notices.models import Notice
from engine.work.models import History, Instance, Task
from tests import drawings, factories
from tests.people import Cast

PHONED = {"channel": "phone", "reporter_signature": "remark"}


def roles(session: Session, case: Case) -> set[str]:
    """The open steps of a case, by role."""
    return set(session.scalars(select(Task.role).where(Task.case_id == case.id)))


def signatures(session: Session, case: Case, party: str) -> list[Signature]:
    """The signatures of a party, oldest first."""
    query = select(Signature).where(Signature.case_id == case.id, Signature.party == party).order_by(Signature.id)
    return list(session.scalars(query))


def sign(session: Session, cast: Cast, case: Case, **form: str) -> None:
    """The delegate signs."""
    factories.act(session, cast, case, "delegate", "signature", **({"decision": "sign"} | form))


def refused(session: Session, cast: Cast, **changes: str) -> dict[str, str]:
    """The sentences a registration is refused with, by field."""
    with pytest.raises(Invalid) as refusal, session.begin_nested():
        factories.registered(session, cast, **changes)
    return refusal.value.errors


def amend(session: Session, cast: Cast, case: Case, **changes: str) -> None:
    """The delegate gives the form back and the studio corrects it."""
    if "signature" in roles(session, case):
        sign(session, cast, case, decision="return", reason="请核对")
    task = factories.open_task(session, case, "amendment")
    if task.assignee_id is None:
        tasks.claim(session, cast.actor("liaison"), task.id)
    shown = {name: str(value) for name, value in tasks.load(session, cast.actor("liaison"), task.id).values.items()}
    tasks.complete(session, cast.actor("liaison"), task.id, shown | {"decision": "resubmit"} | changes)


# ------------------------------------------------------------------------------------------------ 第九条, R28


def test_r28_every_registered_opinion_waits_for_the_delegates_signature(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    assert roles(session, case) == {"signature"}
    assert factories.open_task(session, case, "signature").person_id == cast.id("delegate")
    assert (case.state, case.tier) == ("awaiting_signature", "community")
    assert len(session.scalars(select(Instance).where(Instance.case_id == case.id)).all()) == 1


def test_r28_nobody_signs_for_the_delegate(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    task = factories.open_task(session, case, "signature")
    for who in ("liaison", "other_delegate", "street_clerk", "unit_clerk", "system_administrator"):
        with pytest.raises(LianxinError):
            tasks.complete(session, cast.actor(who), task.id, {"decision": "sign", "signature_name": "戴代表"})
    assert roles(session, case) == {"signature"}


# ------------------------------------------------------------------------------------------------ 须知4, R37 and R38


def test_r37_who_comes_in_person_signs_or_the_form_is_blocked(session: Session, cast: Cast) -> None:
    """「由反映人签字确认」: by hand on screen, on paper, or refused before a witness; missing → blocked."""
    for channel in ("visit", "home_visit"):
        assert "reporter_signature" in refused(session, cast, channel=channel, reporter_signature="")
        assert "填表须知4" in refused(session, cast, channel=channel, reporter_signature="remark",
                                  reporter_signature_note="未到场")["reporter_signature"]  # fmt: skip
    assert "reporter_signature_image" in refused(session, cast, reporter_signature="drawn")
    assert "reporter_witness" in refused(session, cast, reporter_signature="refused")
    found = {}
    for given in ({"reporter_signature": "drawn", "reporter_signature_image": drawings.signature()},
                  {"reporter_signature": "handwritten"},
                  {"reporter_signature": "refused", "reporter_witness": "邻居张某"}):  # fmt: skip
        case = factories.registered(session, cast, **given)
        (row,) = signatures(session, case, "reporter")
        assert (row.name, row.content_hash, row.signed_at) == ("陈某某", case.content_hash, case.registered_at)
        found[row.method] = (row.image is not None, row.witness)
    assert found == {"drawn": (True, ""), "paper": (False, ""), "refused": (False, "邻居张某")}
    assert case.sequence == 3, "a refused form used a number"


BROKEN = {
    "blank": drawings.signature(0),
    "no picture": "data:image/png;base64,aGVsbG8=",
    "not base64": "data:image/png;base64,???",
    "another kind": "data:image/svg+xml;base64,PHN2Zz4=",
    "an address": "https://example.org/signature.png",
    "something behind it": drawings.url(drawings.png(zlib.compress(b"\0" + b"\1" * 8), 2, 1, after=b"<script>")),
    "too many pixels": drawings.url(drawings.png(zlib.compress(b"\0" * 9), 60_000, 60_000)),
    "fewer pixels than it says": drawings.url(drawings.png(zlib.compress(b"\0\1\1\1\1"), 100, 100)),
    "packed without end": drawings.url(drawings.png(zlib.compress(b"\1" * 5_000_000), 2, 1)),
}


def test_r37_a_signature_is_a_picture_of_strokes_or_refused() -> None:
    for what, sent in BROKEN.items():
        with pytest.raises(Invalid) as refusal:
            signing.drawing(sent, "signature")
        assert "签名" in refusal.value.errors["signature"], what
    assert signing.drawing(drawings.signature(), "signature").startswith(b"\x89PNG")


def test_r37_nothing_but_the_strokes_is_kept(session: Session, cast: Cast) -> None:
    case = factories.registered(
        session, cast, reporter_signature="drawn", reporter_signature_image=drawings.signature()
    )
    (row,) = signatures(session, case, "reporter")
    assert row.image is not None and row.image.startswith(b"\x89PNG") and b"script" not in row.image
    assert casefile.signature(session, cast.actor("liaison"), row.id) == row.image
    for stranger in ("outsider", "second_street_clerk", "next_liaison"):
        with pytest.raises(LianxinError):
            casefile.signature(session, cast.actor(stranger), row.id)
    with pytest.raises(NotFound):
        casefile.signature(session, cast.actor("liaison"), row.id + 99)


def test_r38_by_telephone_the_delegates_remark_replaces_the_signature(session: Session, cast: Cast) -> None:
    """「通过网络或电话途径来访，党代表应给予注明」"""
    remark = "2010-12-01 14:10 电话反映，已复述确认"
    assert "reporter_signature_note" in refused(session, cast, **PHONED)
    assert "reporter_signature_note" in refused(session, cast, **PHONED, reporter_signature_note="   ")
    assert "填表须知4" in refused(session, cast, channel="phone")["reporter_signature"]
    case = factories.registered(session, cast, **PHONED, reporter_signature_note=remark)
    (row,) = signatures(session, case, "reporter")
    assert (row.method, row.note, row.image) == ("remark", remark, None)


# ------------------------------------------------------------------------------------------------ 须知7, R43 and R106


def test_r43_the_delegate_signs_by_hand_or_with_the_own_name(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    for given, field in (({}, "signature_name"), ({"signature_name": "李联络"}, "signature_name"),
                         ({"signature": drawings.signature(0)}, "signature")):  # fmt: skip
        with pytest.raises(Invalid) as refusal, session.begin_nested():
            sign(session, cast, case, **given)
        assert list(refusal.value.errors) == [field]
    sign(session, cast, case, signature=drawings.signature(), content_hash=case.content_hash)
    (row,) = signatures(session, case, "delegate")
    assert (row.method, row.person_id, row.content_hash) == ("drawn", cast.id("delegate"), case.content_hash)
    assert row.image is not None
    other = factories.registered(session, cast)
    sign(session, cast, other, signature_name="戴代表")
    assert [row.method for row in signatures(session, other, "delegate")] == ["click"]


def test_r43_the_signature_is_bound_to_the_content_it_was_shown(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    with pytest.raises(Invalid, match="重新核对"), session.begin_nested():
        sign(session, cast, case, signature_name="戴代表", content_hash="0" * 64)
    assert signatures(session, case, "delegate") == []


def test_r43_any_field_changed_afterwards_voids_the_signature(session: Session, cast: Cast) -> None:
    """「党代表需签字确认表格内容」"""
    case = factories.registered(session, cast)
    factories.step(session, cast, case, "signed")
    assert content.signed(session, case)
    for name in ("content", "reporter_phone", "summary", "delegate_title", "reporter_witness"):
        before = getattr(case, name)
        setattr(case, name, f"{before}1")
        assert not content.signed(session, case), name
        setattr(case, name, before)
    assert content.signed(session, case)
    case.content += "（后来添加的一句）"
    with pytest.raises(Invalid, match="签名已失效"), session.begin_nested():
        factories.step(session, cast, case, "reported")
    assert case.tier == "community"


def test_r43_corrected_content_is_signed_again_and_history_has_both_hashes(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    factories.step(session, cast, case, "signed")
    first = case.content_hash
    factories.act(session, cast, case, "liaison", "report", decision="amend", reason="补充楼栋")
    amend(session, cast, case, summary="更正后的摘要")
    assert case.content_hash != first
    assert not content.signed(session, case)
    assert roles(session, case) == {"signature"}
    (row,) = session.scalars(select(History).where(History.case_id == case.id, History.act == "amended"))
    assert row.data is not None
    assert (row.data["hash_before"], row.data["hash_after"]) == (first, case.content_hash)
    sign(session, cast, case, signature_name="戴代表")
    assert [row.content_hash for row in signatures(session, case, "delegate")] == [first, case.content_hash]
    kept = select(CaseVersion.content_hash).where(CaseVersion.case_id == case.id).order_by(CaseVersion.version)
    assert list(session.scalars(kept)) == [first, case.content_hash]
    factories.step(session, cast, case, "reported")


def test_r43_the_reporters_drawing_does_not_outlive_a_correction(session: Session, cast: Cast) -> None:
    drawn = {"reporter_signature": "drawn", "reporter_signature_image": drawings.signature()}
    case = factories.registered(session, cast, **drawn)
    with pytest.raises(Invalid) as refusal, session.begin_nested():
        amend(session, cast, case, content="另一件事")
    assert "原签名已失效" in refusal.value.errors["reporter_signature_image"]
    session.refresh(case)
    amend(session, cast, case, content="另一件事", reporter_signature_image=drawings.signature(50))
    rows = signatures(session, case, "reporter")
    assert [row.content_hash == case.content_hash for row in rows] == [False, True]


def test_r106_the_date_of_a_signature_is_the_day_it_was_signed(
    session: Session, cast: Cast, at: Callable[[str], datetime]
) -> None:
    """Not the day the form was registered, shown or printed."""
    case = factories.registered(session, cast)
    signed_at = at("2026-02-24 16:30")
    factories.step(session, cast, case, "signed")
    at("2026-03-02 09:00")
    file = casefile.load(session, cast.actor("liaison"), case.id)
    assert [row.signed_at for row in file.signatures if row.party == "delegate"] == [signed_at]
    assert printing.annex2(session, cast.actor("liaison"), case.id).signed_on == date(2026, 2, 24)
    text = "".join("".join(paper(session, cast, case).sheets).split())
    assert "2026年2月24日" in text and "2026年3月2日" not in text


# ------------------------------------------------------------------------------------------------ 须知8, R44


PRINTED: dict[str, bytes] = {}  # by what was printed: making a PDF takes seconds


def paper(session: Session, cast: Cast, case: Case) -> printing.Paper:
    """The registration form as the studio prints it."""
    return printing.paper(session, cast.actor("liaison"), "registration", case.id, "https://lianxin.example/")


def printed(session: Session, cast: Cast, case: Case, folder: Path) -> bytes:
    """The same as PDF."""
    if case.content_hash not in PRINTED:
        PRINTED[case.content_hash] = printing.pdf(paper(session, cast, case), folder)
    return PRINTED[case.content_hash]


@pytest.mark.parametrize("settlement", ["street", "on_the_spot"])
def test_r44_three_copies_of_one_text(session: Session, cast: Cast, tmp_path: Path, settlement: str) -> None:
    """「本表格一式三份，由反映人、社区党代表工作室、街道组织部门各留存一份」: three records from registration on, three
    times the same text but for the mark; what is answered on the spot as well."""
    spot = {"spot_answer": "已当场答复。", "spot_grade": "satisfied"} if settlement == "on_the_spot" else {}
    case = factories.registered(session, cast, settlement=settlement, **spot)
    rows = session.scalars(select(FormCopy).where(FormCopy.case_id == case.id).order_by(FormCopy.mark)).all()
    assert [(row.mark, row.keeper, row.at) for row in rows] == [
        (1, "reporter", None), (2, "studio", None), (3, "street", None),
    ]  # fmt: skip
    if settlement == "street":
        file = pypdf.PdfReader(io.BytesIO(printed(session, cast, case, tmp_path)))
        texts = [page.extract_text() for page in file.pages]
    else:
        factories.step(session, cast, case, "signed")
        texts = re.split(r"<article", re.sub(r"<svg.*?</svg>", "", paper(session, cast, case).sheets, flags=re.S))
        texts = [re.sub(r"^[^>]*>|<[^>]+>", "", text) for text in texts]
    fronts = [text for text in texts if "党代表签名：" in text]
    assert [re.findall(r"第[一二三]联", text)[:1] for text in fronts] == [["第一联"], ["第二联"], ["第三联"]]
    marks = r"第[一二三]联|反映人留存|社区党代表工作室留存|街道组织部门留存|查询办理进度：[^。]*。"
    same = {re.sub(marks, "", re.sub(r"\s", "", text)) for text in fronts}
    assert len(same) == 1, "the copies differ in more than their mark"
    (text,) = same
    for shown in (case.number, factories.FORM["content"][:20], "戴代表", case.content_hash[:16]):
        assert shown in text


def test_r44_the_qr_code_is_number_and_hash_and_one_byte_changed_shows(
    session: Session, cast: Cast, tmp_path: Path
) -> None:
    case = factories.registered(session, cast)
    pages = scanning.codes_on(printed(session, cast, case, tmp_path), "application/pdf")
    ((code,),) = {tuple(page) for page in pages if page}
    assert [len(page) for page in pages] == [1, 0] * 3, "the front of each copy"
    assert code.startswith("https://lianxin.example/verify/")
    number, digest = verifying.parse(code) or ("", "")
    assert (number, case.content_hash.startswith(digest), len(digest)) == (case.number, True, 32)
    assert verifying.verify(session, number, digest) == "same"
    assert verifying.verify(session, f" {case.number} ", case.content_hash[:16].upper()) == "same"
    for name, changed in (
        ("content", case.content[:-1] + "！"),
        ("reporter_phone", "13800001235"),
        ("reporter_age", 47),
    ):
        before = getattr(case, name)
        setattr(case, name, changed)
        session.flush()
        assert verifying.verify(session, number, digest) == "different", name
        setattr(case, name, before)
    assert verifying.verify(session, number, digest) == "same"
    for wrong in ((number, "0" * 32), (number, digest[:15]), (number[:-1] + "9", digest), ("", ""), (number, "")):
        assert verifying.verify(session, *wrong) == "different"
    for garbage in ("", "https://example.org/", "x.y", "%%%." + digest, "." + digest):
        assert verifying.parse(garbage) is None or verifying.verify(session, *verifying.parse(garbage)) == "different"
    amend(session, cast, case, summary="更正后的摘要")
    assert verifying.verify(session, number, digest) == "corrected"


def test_r44_each_copy_is_logged_with_who_when_how_and_proof(
    session: Session, cast: Cast, at: Callable[[str], datetime]
) -> None:
    case, liaison = factories.registered(session, cast), cast.actor("liaison")
    with pytest.raises(Invalid) as refusal:
        custody.hand_over(session, liaison, case.id, 1, "post", " ")
    assert list(refusal.value.errors) == ["proof"]
    for stranger in ("street_clerk", "next_liaison", "delegate"):
        with pytest.raises(LianxinError):
            custody.hand_over(session, cast.actor(stranger), case.id, 1, "in_person", "")
    given = at("2026-02-13 11:00")
    custody.hand_over(session, liaison, case.id, 1, "post", "EMS 1234567890")
    first, second, third = custody.copies_of(session, liaison, case.id)
    assert (first.method, first.proof, first.at, first.by, first.old) == (
        "post",
        "EMS 1234567890",
        given,
        "李联络",
        False,
    )
    assert (second.method, third.method) == ("", "")
    (row,) = session.scalars(select(History).where(History.case_id == case.id, History.act == "copy_given"))
    assert (row.actor_name, row.at, row.result, row.opinion) == (
        "李联络",
        given,
        "第一联 反映人留存",
        "邮寄：EMS 1234567890",
    )
    amend(session, cast, case, summary="更正后的摘要")
    assert custody.copies_of(session, liaison, case.id)[0].old, (
        "the reporter holds a paper that is no longer the record"
    )
    custody.hand_over(session, liaison, case.id, 1, "in_person", "本人签收")
    assert not custody.copies_of(session, liaison, case.id)[0].old
    for name in ("signed", "reported"):
        factories.step(session, cast, case, name)
    assert custody.copies_of(session, cast.actor("street_clerk"), case.id)[2].method == "with_case"


def test_r37_the_signed_paper_comes_back_to_its_case_by_its_code(session: Session, cast: Cast, tmp_path: Path) -> None:
    """A scan of the printed form, told by its QR code, else by the number typed; also when the case is over."""
    case, other = factories.registered(session, cast), factories.registered(session, cast)
    scan = printed(session, cast, case, tmp_path)
    factories.act(session, cast, case, "delegate", "signature", decision="return", reason="重复登记")
    factories.act(session, cast, case, "liaison", "amendment", decision="void", reason="重复登记")
    assert case.closed_at is not None
    assert custody.scan_missing(session, [case, other]) == {case.id, other.id}
    liaison, store = cast.actor("liaison"), Store(tmp_path / "files", 15_000_000)
    (part,) = custody.parts("扫描0001.pdf", scan, "application/pdf")
    found = custody.find(session, liaison, part, other.number)
    assert (found.case.id, found.by_code) == (case.id, True), "what is printed wins over what is typed"
    filing.keep(session, liaison, store, case.id, "signed_form", "扫描0001.pdf", scan)
    custody.filed(session, liaison, found, "扫描0001.pdf")
    assert [row.method for row in signatures(session, case, "reporter")] == ["paper", "scan"]
    assert custody.scan_missing(session, [case, other]) == {other.id}
    assert custody.copies_of(session, liaison, case.id)[1].method == "archived"
    blank = drawings.png(zlib.compress(b"\0" * 9), 2, 1)
    (photo,) = custody.parts("照片.png", blank, "image/png")
    with pytest.raises(Invalid, match="没有编号为"):
        custody.find(session, liaison, photo, "")
    typed = custody.find(session, liaison, photo, f" {other.number}")
    assert (typed.case.id, typed.by_code) == (other.id, False)
    with pytest.raises(Invalid, match="没有编号为"):
        custody.find(session, cast.actor("next_liaison"), photo, other.number)
    with pytest.raises(LianxinError):
        filing.keep(session, cast.actor("street_clerk"), store, case.id, "signed_form", "扫描0001.pdf", scan)


# ------------------------------------------------------------------------------------------------ 第十条, R48


def test_r48_five_forms_in_one_act_and_one_that_fails_holds_up_no_other(session: Session, cast: Cast) -> None:
    """「整理汇总后，报街道党工委组织部门」: a cover list of the numbers, five processes that move, one that stays."""
    cases = [factories.registered(session, cast) for _ in range(6)]
    for case in cases[:5]:
        factories.step(session, cast, case, "signed")
    cases[2].content += "（签名之后改动）"
    session.flush()
    liaison, studio = cast.actor("liaison"), cast.studio.id
    assert [row.case.number for row in tasks.waiting_reports(session, liaison, studio)] == [
        case.number for case in cases[:5]
    ]
    assert [row.void for row in tasks.waiting_reports(session, liaison, studio)] == [False, False, True, False, False]
    batch = tasks.report_batch(session, liaison, studio, [case.id for case in reversed(cases)])
    assert (batch.number, batch.receiver_name) == ("沙头角社区报〔2026〕1号", "沙头角街道党工委组织部门")
    _batch, rows = tasks.batch_of(session, liaison, batch.id)
    carried = [row for row in rows if row.item.position]
    assert [(row.item.position, row.case.number) for row in carried] == [
        (1, cases[0].number), (2, cases[1].number), (3, cases[3].number), (4, cases[4].number),
    ]  # fmt: skip
    assert {row.case.number: row.item.refusal[:6] for row in rows if not row.item.position} == {
        cases[2].number: "登记表内容与", cases[5].number: "此件现在不在",
    }  # fmt: skip
    for case in cases:
        moved = case not in (cases[2], cases[5])
        assert (roles(session, case) == {"tier_review"}, case.tier == "street") == (moved, moved), case.number
    assert roles(session, cases[2]) == {"report"}, "the one that failed stays where it was, unclaimed"
    assert factories.open_task(session, cases[2], "report").assignee_id is None
    assert len(set(session.scalars(select(Instance.id).where(Instance.case_id.in_([case.id for case in cases]))))) == 6
    tasks.withdraw(session, liaison, cases[0].id)
    assert [row.withdrawn for row in tasks.batch_of(session, liaison, batch.id)[1]][:2] == [True, False]


def test_r48_nothing_to_report_makes_no_batch(session: Session, cast: Cast) -> None:
    case, liaison, studio = factories.registered(session, cast), cast.actor("liaison"), cast.studio.id
    for picked, problem in (([], Invalid), ([case.id], Conflict), ([case.id + 99], NotFound)):
        with pytest.raises(problem), session.begin_nested():
            tasks.report_batch(session, liaison, studio, picked)
    with pytest.raises(LianxinError):
        tasks.report_batch(session, cast.actor("next_liaison"), studio, [case.id])
    assert tasks.batches(session, liaison, studio) == []
    factories.step(session, cast, case, "signed")
    tasks.report_batch(session, liaison, studio, [case.id])
    again = factories.registered(session, cast)
    factories.step(session, cast, again, "signed")
    tasks.report_batch(session, liaison, studio, [again.id])
    assert [(row.sequence, count) for row, count in tasks.batches(session, liaison, studio)] == [(2, 1), (1, 1)]


# ------------------------------------------------------------------------------------------------ 退回补正, R57


def test_r57_the_street_gives_the_form_back_and_gets_it_again_signed(
    session: Session, cast: Cast, at: Callable[[str], datetime]
) -> None:
    """退回补正 with its reason; no second report; the working days the street had it count on."""
    at("2026-03-02 09:00")
    case = factories.registered(session, cast)
    for name in ("signed", "reported"):
        factories.step(session, cast, case, name)
    first_sent = case.sent_street_at
    at("2026-03-04 10:00")  # two working days at the street
    task = factories.open_task(session, case, "tier_review")
    tasks.claim(session, cast.actor("street_clerk"), task.id)
    for wrong in ("", "  ", "字" * 301):
        with pytest.raises(Invalid, match="理由"):
            tasks.return_to_studio(session, cast.actor("street_clerk"), task.id, {"reason": wrong})
    with pytest.raises(LianxinError):
        tasks.return_to_studio(session, cast.actor("street_colleague"), task.id, {"reason": "住址不清"})
    done = tasks.return_to_studio(session, cast.actor("street_clerk"), task.id, {"reason": "住址不清，请补正"})
    assert done.next == ("已送沙头角社区党代表工作室：修改登记表",)
    assert (roles(session, case), case.tier, case.state) == ({"amendment"}, "community", "awaiting_signature")
    (told,) = session.scalars(select(Notice).where(Notice.case_id == case.id, Notice.kind == "returned_to_studio"))
    assert "住址不清，请补正" in told.body
    at("2026-03-09 10:00")
    amend(session, cast, case, reporter_address="沙头角社区3栋503")
    sign(session, cast, case, signature_name="戴代表")
    assert (roles(session, case), case.tier) == ({"tier_review"}, "street"), "not back at the street's review"
    assert case.sent_street_at == first_sent
    assert factories.open_task(session, case, "tier_review").due_on == date(2026, 3, 10), "of three days two were used"
    path = casefile.load(session, cast.actor("liaison"), case.id).path
    assert [(hop.tier, hop.days) for hop in path.hops] == [
        ("community", 0),
        ("street", 2),
        ("community", 3),
        ("street", 0),
    ]
    acts = list(session.scalars(select(History.act).where(History.case_id == case.id).order_by(History.id)))
    assert [act for act in acts if act in ("reported", "returned_to_studio", "amended", "signed")] == [
        "signed", "reported", "returned_to_studio", "amended", "signed", "reported",
    ]  # fmt: skip
    factories.step(session, cast, case, "referred")
    assert roles(session, case) == {"answer"}


def test_r57_a_return_is_the_streets_own_and_can_be_taken_back(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    for name in ("signed", "reported"):
        factories.step(session, cast, case, name)
    task = factories.open_task(session, case, "tier_review")
    clerk = cast.actor("street_clerk")
    tasks.claim(session, clerk, task.id)
    arrived, token = case.arrived_on, task.token
    tasks.return_to_studio(session, clerk, task.id, {"reason": "请补正"})
    tasks.withdraw(session, clerk, case.id)
    assert (roles(session, case), case.tier, case.arrived_on) == ({"tier_review"}, "street", arrived)
    assert factories.open_task(session, case, "tier_review").token == token
    factories.act(session, cast, case, "street_clerk", "tier_review", decision="escalate", basis="超出本级权限")
    above = factories.open_task(session, case, "tier_review")
    tasks.claim(session, cast.actor("district_clerk"), above.id)
    with pytest.raises(Conflict, match="只有街道"):
        tasks.return_to_studio(session, cast.actor("district_clerk"), above.id, {"reason": "请补正"})
