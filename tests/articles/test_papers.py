"""The papers: both annexes as A4 PDF true to their grids, and every paper composed from practice (R94–R104, R115).

What is printed is read back from the PDF with another library than the one that made it.
"""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pypdf
import pypdfium2
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import config, consulting, printing, supervising, tasks
from engine.cases import content
from engine.cases.models import Case
from engine.errors import Invalid, LianxinError, NotFound
from engine.feedback.models import Feedback
from engine.handlings.models import Extension, Handling
from engine.organisation.models import Place
from engine.press import machine as press
from engine.printing import binding, fonts, papers
from engine.printing.rules import RULES
from engine.supervision.models import Slip
from engine.work.models import History
from tests import factories
from tests.articles.test_rating import drawn
from tests.articles.test_signing import amend
from tests.people import Cast

NAME = "㙍䶮𠮷𤭢"  # R96: Extension A, the end of the basic block, Extension B
HOSTILE = '<script>alert(1)</script><img src="http://evil.example/x.png"><b>粗</b>{{7*7}} =1+1'
FORM = (
    "市党代表社情民意登记表", "编号", "登记日期", "姓名", "性别", "年龄", "联系电话", "单位", "地址", "住址",
    "电话", "反映途径", "来访", "入户走访", "网络", "电话", "其他", "反映人签字", "姓名", "职务", "联系", "方式",
    "当场答复", "转街道组织部门", "答复内容", "反映人满意度", "非常满意", "满意", "基本满意", "不满意",
    "党代表签名", "本表格一式三份，由反映人、社区党代表工作室、街道组织部门各留存一份",
)  # fmt: skip
LEDGER = (
    "深圳市党代表反映党员群众意见建议", "办理情况跟踪明细帐", "编号", "姓名", "性别", "年龄", "电话", "单位",
    "单位地址", "住址", "住址电话", "内容摘要", "日期", "党代表姓名", "职务", "联系方式", "送街道组织部门",
    "送区委组织部门", "送市委组织部", "党代表签名", "日期", "承办单位", "反馈时间", "办理结果",
    "街道组织部门会商市党代表和反映人共同评议,对承办单位办理情况评价如下:", "非常满意", "满意", "基本满意",
    "不满意", "反映人签名", "市党代表签名", "负责人签名",
)  # fmt: skip


@pytest.fixture
def database(sqlite: object) -> object:
    """A paper is the same on both databases; what it reads is tried on both in test_ledger.py."""
    return sqlite


class Print:
    """A PDF as a person with a ruler and a text search sees it."""

    def __init__(self, paper: printing.Paper, folder: Path | None = None) -> None:
        self.file = pypdfium2.PdfDocument(press.press(binding.page(paper.title, paper.sheets, folder), folder))
        self.pages = ["".join(page.get_textpage().get_text_range().split()) for page in self.file]

    def in_order(self, labels: Sequence[str], page: int = 0) -> None:
        at = 0
        for label in labels:
            assert label in self.pages[page][at:], label
            at = self.pages[page].index(label, at) + len(label)

    def a4(self) -> bool:
        return all(abs(w - 595.28) < 0.5 and abs(h - 841.89) < 0.5 for w, h in (p.get_size() for p in self.file))


def paper(session: Session, cast: Cast, who: str, kind: str, row_id: int) -> Print:
    return Print(papers.paper(session, cast.actor(who), kind, row_id))


def answered(session: Session, cast: Cast, text: str, **changes: str) -> Case:
    case = factories.handled(session, cast, **changes)
    who, role, form = factories.STEPS["answered"]
    factories.act(session, cast, case, who, role, **(form | {"text": text}))
    factories.step(session, cast, case, "accepted")
    return case


def test_r94_annex_2_is_one_page_and_a_long_result_goes_on(session: Session, cast: Cast) -> None:
    """A4, every label of the grid in order; 600 characters of result on 续页, and no character lost."""
    case = factories.handled(session, cast, summary="雨" * 300)
    short = paper(session, cast, "liaison", "annex2", case.id)
    assert len(short.pages) == 1 and short.a4()
    short.in_order(LEDGER)
    assert "续页" not in short.pages[0]
    text = "".join(chr(0x4E00 + n) for n in range(600))
    long = paper(session, cast, "liaison", "annex2", answered(session, cast, text).id)
    assert len(long.pages) == 2 and long.a4()
    long.in_order(LEDGER)
    assert "（转续页）" in long.pages[0] and "办理结果（续）" in long.pages[1]
    begin = long.pages[0].split("已解决。")[1].split("（转续页）")[0]
    assert begin + long.pages[1].split("办理结果（续）")[1] == text


def test_r94_values_that_fill_their_columns_stay_on_one_page(session: Session, cast: Cast) -> None:
    """The longest name, addresses and employer the form takes: the rest of an address on 续页, the grid on one page."""
    cast.delegates["delegate"].title = "职" * 60
    case = factories.handled(
        session, cast, reporter_name="名" * 30, reporter_employer="企" * 100, reporter_employer_address="址" * 200,
        reporter_address="宅" * 200, summary="雨" * 300,
    )  # fmt: skip
    found = paper(session, cast, "liaison", "annex2", case.id)
    assert len(found.pages) == 2
    found.in_order(LEDGER)
    form = paper(session, cast, "liaison", "registration", case.id)
    form.in_order(FORM)
    assert len(form.pages) == 11  # each copy with its instructions and 续页, and begun on a new sheet
    for whole in ("".join(found.pages), "".join(form.pages[:3])):
        for character, count in (("名", 30), ("企", 100), ("址", 200), ("宅", 200)):
            assert whole.count(character) >= count, character


def test_r94_the_registration_form_has_three_copies_with_the_instructions_behind(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast, reporter_name=NAME)
    found = paper(session, cast, "liaison", "registration", case.id)
    assert len(found.pages) == 6 and found.a4()
    marks = ("第一联反映人留存", "第二联社区党代表工作室留存", "第三联街道组织部门留存")
    for number, mark in enumerate(marks):
        found.in_order(FORM, number * 2)
        assert mark in found.pages[number * 2]
        found.in_order(["".join(rule.split()) for rule in RULES], number * 2 + 1)
    assert "表格版式依据填表须知重拟，非附件原版" in found.pages[0]
    measures = (config.ROOT / "docs" / "measures.txt").read_text(encoding="utf-8")
    assert [line for line in measures.split("填表须知\n")[1].splitlines() if line] == list(RULES)  # verbatim
    assert NAME in found.pages[0] and case.content in found.pages[0]
    long = paper(session, cast, "liaison", "registration", factories.registered(session, cast, content="某" * 1500).id)
    assert "反映内容（续）" in long.pages[2] and sum(page.count("某") for page in long.pages[:3]) >= 1500


def test_r95_r96_r97_r98_the_reporter_as_written(session: Session, cast: Cast) -> None:
    """Street, studio and number as snapshots; the name char for char; gender and age."""
    case = factories.handled(session, cast, reporter_name=NAME, reporter_gender="female", reporter_age="45")
    session.get_one(Place, case.street_id).name = "改名街道"
    session.flush()
    found = paper(session, cast, "liaison", "annex2", case.id)
    for value in ("沙头角街道沙头角社区党代表工作室", f"编号：{case.number}", f"姓名{NAME}性别女年龄45"):
        assert value in found.pages[0], value
    assert "改名街道" not in found.pages[0]
    book = printing.book(session, cast.actor("liaison"), cast.studio.id, 2026)
    codes = printing.COLUMNS["性别代码"][0]
    assert codes(book.pages[0], lambda code, table: str(code)) == 2
    case.reporter_gender = "unsaid"
    assert codes(printing.book(session, cast.actor("liaison"), cast.studio.id, 2026).pages[0], str) == 9  # type: ignore[arg-type]


def test_r98_a_year_of_birth_becomes_the_age_at_registration_and_stays(
    session: Session, at: Callable[[str], object]
) -> None:
    """「birth year 1965, registered 2010 → 45, fixed afterwards」: on the form, both annexes, the tables, a correction."""
    at("2010-12-31 23:59")
    cast = factories.install(session)
    on = {"reflected_on": "2010-12-31"}
    for wrong in ("2011", "1889", "1849", "121", "-1"):
        with pytest.raises(Invalid) as refusal, session.begin_nested():
            factories.registered(session, cast, reporter_age=wrong, **on)
        assert list(refusal.value.errors) == ["reporter_age"], wrong
    ages = [
        factories.registered(session, cast, reporter_age=year, **on).reporter_age for year in ("2010", "1890", "120")
    ]
    assert ages == [0, 120, 120]
    case = factories.registered(session, cast, reporter_age="1965", **on)
    row = session.scalars(select(History).where(History.case_id == case.id, History.act == "registered")).one()
    assert (case.reporter_age, row.data["birth_year"]) == (45, 1965)

    at("2026-03-04 10:00")
    for kind in ("registration", "annex2"):
        assert "年龄45" in paper(session, cast, "liaison", kind, case.id).pages[0]
    book = printing.book(session, cast.actor("liaison"), cast.studio.id, 2010)
    lines = csv.DictReader(io.StringIO(printing.csv(book, lambda code, table: str(code)).decode("utf-8-sig")))
    assert [line["年龄"] for line in lines] == ["0", "120", "120", "45"]
    shown = tasks.load(session, cast.actor("delegate"), factories.open_task(session, case, "signature").id)
    assert shown.case.reporter_age == 45
    amend(session, cast, case, reporter_age="1966")
    assert (case.reporter_age, content.digest(case)) == (44, case.content_hash)
    for wrong in ("2011", "1889"):
        with pytest.raises(Invalid) as refusal, session.begin_nested():
            amend(session, cast, case, reporter_age=wrong)
        assert list(refusal.value.errors) == ["reporter_age"], wrong


def test_r99_the_telephone_in_full_by_right_only(session: Session, cast: Cast) -> None:
    case = factories.handled(session, cast, reporter_phone="13800001234")
    handling = session.scalars(select(Handling)).one()
    assert "13800001234" in paper(session, cast, "liaison", "annex2", case.id).pages[0]
    assert "13800001234" in paper(session, cast, "unit_clerk", "referral", handling.id).pages[0]
    masked = paper(session, cast, "district_clerk", "annex2", case.id).pages[0]
    assert "138****1234" in masked and "13800001234" not in masked
    secret = factories.handled(session, cast, reporter_name="秦某某")
    secret.confidential = True
    session.flush()
    hidden = papers.paper(session, cast.actor("unit_clerk"), "registration", secret.id).sheets
    assert "秦某某" not in hidden and "13800001234" not in hidden and "不公开" in hidden


@pytest.mark.parametrize(
    ("changes", "printed"),
    [
        ({"reporter_employer": "", "reporter_employer_address": ""}, "单位单位地址住址"),
        ({"reporter_employer": "无", "reporter_employer_address": ""}, "单位无单位地址住址"),
    ],
    ids=["both blank", "one blank"],
)
def test_r100_the_employer_may_be_blank(session: Session, cast: Cast, changes: dict[str, str], printed: str) -> None:
    case = factories.registered(session, cast, **changes)
    assert printed in paper(session, cast, "liaison", "annex2", case.id).pages[0]


def test_r101_r102_r103_what_cannot_be_printed_is_not_registered(session: Session, cast: Cast) -> None:
    """Neither telephone nor address; a summary of 301 characters; a day in the future."""
    for changes, field in (
        ({"reporter_phone": "", "reporter_address": ""}, "reporter_phone"), ({"summary": "字" * 301}, "summary"),
        ({"reflected_on": "2026-02-14"}, "reflected_on"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused, session.begin_nested():
            factories.registered(session, cast, **changes)
        assert field in refused.value.errors
    case = factories.registered(session, cast, summary="摘要。", reflected_on="2026-02-12", content="原文。")
    page = paper(session, cast, "liaison", "annex2", case.id).pages[0]
    assert "内容摘要：摘要。" in page and "日期：2026年2月12日" in page and "原文。" not in page
    assert "原文。" in paper(session, cast, "liaison", "registration", case.id).pages[0]  # never overwritten


def test_r104_the_delegate_as_he_was(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    cast.delegates["delegate"].title, cast.people["delegate"].name = "新职务", "改名"
    session.flush()
    page = paper(session, cast, "liaison", "annex2", case.id).pages[0]
    assert f"党代表姓名戴代表职务沙头角小学校长联系方式{case.delegate_contact}" in page


def test_r96_hostile_text_is_printed_as_typed_and_loads_nothing(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    fetch = press.OnlyOurs.fetch

    def watched(self: press.OnlyOurs, url: str, headers: object = None) -> object:
        asked.append(url)
        return fetch(self, url, headers)

    monkeypatch.setattr(press.OnlyOurs, "fetch", watched)
    case = factories.handled(session, cast, reporter_name="<i>甲</i>", summary=HOSTILE, content=HOSTILE)
    handling = session.scalars(select(Handling)).one()
    for who, kind, row_id in (
        ("liaison", "annex2", case.id), ("liaison", "registration", case.id), ("unit_clerk", "referral", handling.id),
    ):  # fmt: skip
        found = paper(session, cast, who, kind, row_id)
        assert "".join(HOSTILE.split()) in "".join(found.pages), kind
    assert asked == []
    for url in ("http://127.0.0.1/x", "file:///etc/passwd", "paper-font:../secret", "data:text/html,x"):
        with pytest.raises(ValueError, match="nothing is fetched"):
            press.OnlyOurs(Path("/")).fetch(url)


def test_every_paper_of_a_case_is_listed_and_printed_by_who_may_read_it(session: Session, cast: Cast) -> None:
    """转交单, 延期申请单, 答复函, 抄送送达单: the rows' own values; the foot says that the layout is ours."""
    case = answered(session, cast, "第一段。\n第二段。", reporter_name=NAME)
    handling = session.scalars(select(Handling)).one()
    request = Extension(
        handling_id=handling.id, reason="现场勘查受台风影响。", work_done="已两次到现场。",
        requested_by_id=cast.id("unit_clerk"), requested_at=handling.received_at,
    )  # fmt: skip
    session.add(request)
    session.flush()
    number, listed = printing.of_case(session, cast.actor("liaison"), case.id)
    assert number == case.number
    assert {row.kind for row in listed} >= {"registration", "referral", "extension", "answer", "delivery", "annex2"}
    unit, department = cast.unit("street").name, cast.department("street").name
    expected = {
        "referral": [department, handling.document_number, unit, case.number, case.summary, "10个工作日", "2026年3月5日", "回执联"],
        "extension": [case.number, "2026年3月5日", "2026年4月2日", "现场勘查受台风影响。", "已两次到现场。", "☐同意☐不同意"],
        "answer": [f"关于{NAME}反映环境卫生与市容问题的答复", department, "第一段。", "第二段。", "已解决", "抄送", "征询意见"],
        "delivery": [case.number, "受送达人", "同级组织部门", "反映人", "市党代表", case.studio_name],
    }  # fmt: skip
    for row in listed:
        found = paper(session, cast, "liaison", row.kind, row.row_id)
        whole = "".join(found.pages)
        assert case.number in whole and found.a4(), row.kind
        assert ("本文书式样依据机关公文惯例拟制，非《办法》所附式样。" in whole) == (
            row.kind in expected or row.kind == "cover"
        )
        for value in expected.get(row.kind, ()):
            assert "".join(value.split()) in whole, (row.kind, value)
        for outsider in ("next_liaison", "second_street_clerk", "outsider", "auditor"):
            with pytest.raises(LianxinError):
                papers.paper(session, cast.actor(outsider), row.kind, row.row_id)
    for kind, row_id in (("referral", 999), ("secret", case.id), ("decline", handling.id)):
        with pytest.raises(NotFound):
            papers.paper(session, cast.actor("liaison"), kind, row_id)


def test_the_papers_of_pressing_and_meeting_say_what_the_acts_said(
    session: Session, cast: Cast, at: Callable[[str], object]
) -> None:
    """催办通知, 督办通知单 with the four items as they stood, 三方协商记录, 退件单, 汇总表: after real acts."""
    case = factories.handled(session, cast, reporter_name=NAME)
    at("2026-03-03 10:00")
    supervising.urge(session, cast.actor("liaison"), case.id, "反映人今天又来询问。")
    order = supervising.order(session, cast.actor("district_clerk"), case.id, {"instruction": "请说明进度。"})
    opinion = supervising.opine(session, cast.actor("delegate"), case.id, "请先控制夜间作业。")
    meeting = consulting.call(
        session, cast.actor("street_clerk"), case.id,
        {"topic": "夜间作业时间", "venue": "沙头角社区会议室", "day": "2026-03-04", "time": "15:00"},
    )  # fmt: skip
    at("2026-03-04 15:00")
    street = cast.actor("street_clerk")
    parties = {row.party: row for row in consulting.meeting(session, street, meeting.id).participants}
    consulting.note_party(
        session, street, meeting.id, parties["reporter"].id,
        {"presence": "attended", "view": "希望二十一时前结束。", "signing": "refused", "witness": "李联络"},
    )  # fmt: skip
    due = {"text": "调整作业时间。", "participant_id": str(parties["unit"].id), "due_on": "2026-03-20"}
    consulting.agree(session, street, meeting.id, due)
    returned = factories.handled(session, cast)
    factories.act(session, cast, returned, "unit_clerk", "answer", decision="decline", reason="不属本单位职责。",
                  suggested_unit="沙头角街道教育科")  # fmt: skip
    forms = [factories.registered(session, cast) for _ in range(2)]
    for form in forms:
        factories.step(session, cast, form, "signed")
    batch = tasks.report_batch(session, cast.actor("liaison"), cast.studio.id, [form.id for form in forms])
    kinds = {row.kind for row in printing.of_case(session, cast.actor("liaison"), case.id)[1]}
    assert kinds >= {"urge", "order", "consultation"}
    declined = session.scalars(select(Handling).where(Handling.state == "declined")).one()
    urged = session.scalars(select(Slip.id).where(Slip.kind == "urge")).one()
    unit = cast.unit("street").name
    expected = {
        ("urge", urged): [case.number, unit, "2026年3月5日", "剩余2个工作日", "第1次", "反映人今天又来询问。", "李联络"],
        ("order", order.id): [order.number, "蓝色督办", "请说明进度。", "1次：2026年3月3日", "未报", "未书面反馈", "盐经办"],
        ("order", opinion.id): ["市党代表督办意见", "请先控制夜间作业。", "戴代表"],
        ("consultation", meeting.id): [
            "2026年3月4日15:00", "沙头角社区会议室", NAME, "夜间作业时间", "希望二十一时前结束。",
            "承办单位：调整作业时间。（2026年3月20日前）", "拒绝签字；见证人：李联络",
        ],
        ("decline", declined.id): [returned.number, "不属本单位职责。", "沙头角街道教育科", "2026年3月4日", "组织部门意见"],
        ("cover", batch.id): [batch.number, *(form.number for form in forms), "2件"],
    }  # fmt: skip
    for (kind, row_id), values in expected.items():
        whole = "".join(paper(session, cast, "liaison", kind, row_id).pages)
        for value in values:
            assert "".join(value.split()) in whole, (kind, value)


def test_r106_r112_hands_as_they_were_drawn(session: Session, cast: Cast) -> None:
    """A signature drawn on a screen is printed as the picture it is, on both forms."""
    case = factories.registered(session, cast)
    factories.act(session, cast, case, "delegate", "signature", decision="sign", signature=drawn())
    for kind, hands in (("annex2", [1]), ("registration", [1, 0, 1, 0, 1, 0])):
        found = paper(session, cast, "liaison", kind, case.id)
        images = [list(page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])) for page in found.file]
        assert [len(row) for row in images] == hands


def test_an_uploaded_font_is_checked_and_then_used(
    session: Session, cast: Cast, tmp_path: Path, font: Callable[[str], bytes]
) -> None:
    """仿宋 of the administrators' own: no font, half a font and a font without our characters are refused."""
    admin, settings = cast.actor("system_administrator"), replace(config.load(), data_dir=tmp_path)
    good = font(fonts.NEEDED + "关于陈某反映环境卫生与市容问题的答复")
    for bad in (b"", b"MZ\x00\x00not a font", good[:400], font("abc"), good[:4] + b"\0" * 300):
        with pytest.raises(Invalid):
            fonts.upload(session, admin, settings, "fangsong", "x.ttf", bad)
    with pytest.raises(LianxinError):
        fonts.upload(session, cast.actor("liaison"), settings, "fangsong", "x.ttf", good)
    fonts.upload(session, admin, settings, "fangsong", "仿宋.ttf", good)
    answered(session, cast, "答复。")
    feedback = session.scalars(select(Feedback)).one()
    letter = papers.paper(session, cast.actor("liaison"), "answer", feedback.id)
    folder = tmp_path / "fonts"
    assert b"Lianxin-FangSong" in _names(press.press(binding.page(letter.title, letter.sheets, folder), folder))
    assert b"Lianxin-FangSong" not in _names(press.press(binding.page(letter.title, letter.sheets)))
    fonts.remove(session, admin, settings, "fangsong")
    assert not (folder / "fangsong").exists()


def _names(pdf: bytes) -> bytes:
    """The names of the fonts in a PDF."""
    found = set()
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    for page in reader.pages:
        for entry in (page["/Resources"].get("/Font") or {}).values():
            found.add(str(entry.get_object()["/BaseFont"]))
    return " ".join(sorted(found)).encode()


@pytest.fixture
def font() -> Callable[[str], bytes]:
    """`font("汉字")` is a small TrueType font with a box for each of these characters."""

    def made(characters: str) -> bytes:
        names = {ord(character): f"u{ord(character):05X}" for character in dict.fromkeys(characters)}
        pen = TTGlyphPen(None)
        pen.moveTo((0, 0)), pen.lineTo((0, 800)), pen.lineTo((800, 800)), pen.closePath()
        box = pen.glyph()
        builder = FontBuilder(1000, isTTF=True)
        builder.setupGlyphOrder([".notdef", *names.values()])
        builder.setupCharacterMap(names)
        builder.setupGlyf(dict.fromkeys([".notdef", *names.values()], box))
        builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *names.values()], (1000, 0)))
        builder.setupHorizontalHeader(ascent=880, descent=-120)
        builder.setupNameTable({"familyName": "PaperTest", "styleName": "Regular", "psName": "PaperTest"})
        builder.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=880, usWinDescent=120)
        builder.setupPost()
        out = io.BytesIO()
        builder.save(out)
        return out.getvalue()

    return made
