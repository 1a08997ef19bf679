"""Signatures, copies, scans, reports in batch and verification on the pages."""

import io
import re

import pytest
import segno
from PIL import Image

from engine import db
from engine.attachments.models import Attachment
from engine.cases import verifying
from engine.cases.models import Case, FormCopy, Signature
from tests import drawings, factories


@pytest.fixture
def number(database):
    def found(case_id: int) -> str:
        with db.reading(database) as session:
            return session.get_one(Case, case_id).number

    return found


def test_a_drawing_is_kept_when_another_field_is_wrong_and_shown_on_the_case(visit, cast, database):
    liaison = visit("liaison")
    form = factories.FORM | {
        "delegate_id": str(cast.delegates["delegate"].id), "reflected_on": "2026-03-02", "reporter_signature": "drawn",
        "reporter_signature_image": drawings.signature(),
    }  # fmt: skip
    address = f"/registration/{cast.studio.id}"
    refused = liaison.post(address, form | {"reporter_phone": "138"})
    assert (refused.status_code, drawings.signature() in refused.text) == (422, True)
    case = liaison.post(address, form).location.rpartition("/")[2]
    page = liaison.get(f"/cases/{case}").text
    (picture,) = re.findall(r'src="(/signatures/\d+\.png)"', page)
    image = liaison.get(picture)
    assert (image.mimetype, image.data[:4], "sandbox" in image.headers["Content-Security-Policy"]) == (
        "image/png", b"\x89PNG", True,
    )  # fmt: skip
    assert visit("second_street_clerk").get(picture).status_code == 404


def test_the_delegate_signs_on_the_page_and_a_correction_voids_it(visit, make, task_of, database):
    case_id = make()
    delegate, task = visit("delegate"), task_of(case_id, "signature")
    page = delegate.get(f"/tasks/{task}").text
    assert "data-signature" in page
    assert "请在框内手写签名" in delegate.post(f"/tasks/{task}", {"decision": "sign"}).text
    assert delegate.post(f"/tasks/{task}", {"decision": "sign", "signature": drawings.signature()}).status_code == 302
    assert "签名已失效，须重签" not in delegate.get(f"/cases/{case_id}").text
    with db.transaction(database) as session:
        session.get_one(Case, case_id).content_hash = "0" * 64
    assert delegate.get(f"/cases/{case_id}").text.count("签名已失效，须重签") == 2


def test_the_delegate_reads_every_field_of_the_form_that_is_signed(visit, make, task_of):
    """须知7 「党代表需签字确认表格内容」: the signature binds all of it, so all of it is on the page."""
    extra = {"reporter_address_phone": "0755-25550000", "reporter_signature": "refused", "reporter_witness": "邻居张某"}
    case_id = make(**extra)
    page = visit("delegate").get(f"/tasks/{task_of(case_id, 'signature')}").text
    shown = page[page.index('class="card work-case"') :]
    for name in (
        "reporter_name", "reporter_phone", "reporter_employer", "reporter_employer_address", "reporter_address",
        "content", "summary",
    ):  # fmt: skip
        assert factories.FORM[name] in shown, name
    for words in (
        "（男，46岁）",
        "0755-25550000",
        "拒绝签字",
        "邻居张某",
        "来访",
        "环境卫生与市容",
        "转街道组织部门",
        "2026年3月2日",
    ):
        assert words in shown, words
    assert "（男，46岁）" in visit("liaison").get(f"/cases/{case_id}").text


def test_a_void_form_is_called_void_wherever_its_end_is_named(visit, make, task_of):
    case_id = make()
    visit("delegate").post(f"/tasks/{task_of(case_id, 'signature')}", {"decision": "return", "reason": "重复"})
    liaison, task = visit("liaison"), f"/tasks/{task_of(case_id, 'amendment')}"
    liaison.post(f"{task}/claim")
    shown = liaison.get(liaison.post(task, {"decision": "void", "reason": "与上一件重复"}).location).text
    for words in ("本件已作废，编号保留。", "2026年3月2日作废", "作废理由"):
        assert words in shown, words
    assert "办结" not in re.sub(r"<[^>]+>", "", shown[shown.index('class="strip"') : shown.index('id="path"')])


def test_copies_are_handed_over_on_their_page(visit, make, database):
    case_id = make()
    liaison = visit("liaison")
    address = f"/registration/cases/{case_id}/copies"
    assert liaison.get(address).text.count("尚未交付") == 3
    wrong = liaison.post(f"{address}/1", {"method": "post", "proof": ""})
    assert (wrong.status_code, "邮寄的请写明邮件号" in wrong.text) == (422, True)
    assert liaison.post(f"{address}/1", {"method": "post", "proof": "EMS <b>1</b>"}).status_code == 302
    assert "EMS &lt;b&gt;1&lt;/b&gt;" in liaison.get(address).text
    with db.reading(database) as session:
        assert [row.method for row in session.query(FormCopy).order_by(FormCopy.mark)] == ["post", "", ""]
    assert visit("next_liaison").get(address).status_code == 404
    assert visit("street_clerk").get(address).status_code == 403


def test_scans_each_to_their_case_and_a_wrong_one_holds_up_no_other(visit, make, number, database):
    case_id = make()
    liaison = visit("liaison")
    blank = drawings.png(b"x\x9cc\x00\x00\x00\x01\x00\x01", 1, 1)
    sent = {"number": number(case_id), "files": [(io.BytesIO(blank), "扫描.png"), (io.BytesIO(b"MZ.."), "病毒.exe")]}
    page = liaison.post("/registration/scans", sent)
    assert page.status_code == 200
    for words in ("扫描.png", "按输入的编号", "病毒.exe", "程序文件不能上传"):
        assert words in page.text
    assert liaison.post("/registration/scans", {"number": ""}).status_code == 422
    with db.reading(database) as session:
        assert [row.method for row in session.query(Signature).order_by(Signature.id)] == ["paper", "scan"]


def scanned(*tokens: str) -> bytes:
    """A scan in one PDF: a page per token with its QR code, "" for a page without."""
    pages = [Image.new("L", (420, 594), 255) for _ in tokens]
    for page, token in zip(pages, tokens, strict=True):
        if token:
            code = io.BytesIO()
            segno.make(f"https://lianxin.example/verify/{token}", error="m").save(code, kind="png", scale=4)
            page.paste(Image.open(code).convert("L"), (100, 200))
    file = io.BytesIO()
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:], resolution=72)
    return file.getvalue()


def test_forms_scanned_into_one_file_go_each_to_their_case_and_pages_without_code_wait(visit, make, number, database):
    first, second = make(), make()
    liaison = visit("liaison")
    with db.reading(database) as session:
        one, two = (verifying.token(session.get_one(Case, case_id)) for case_id in (first, second))
    foreign = verifying.token(Case(number="桃源街道桃源社区2026009", content_hash="a" * 64))
    pile = scanned(one, "", two, one, foreign)
    answer = liaison.post("/registration/scans", {"files": [(io.BytesIO(pile), "一叠.pdf")]})
    for words in ("一叠 第1、4页.pdf", "一叠 第3页.pdf", "没有编号为“桃源街道桃源社区2026009”", "没有认出二维码"):
        assert words in answer.text
    with db.reading(database) as session:
        kept = {row.filename: (row.case_id, row.id) for row in session.query(Attachment)}
        assert {name: case_id for name, (case_id, _) in kept.items()} == {
            "一叠 第1、4页.pdf": first, "一叠 第3页.pdf": second, "一叠 第2页.pdf": None,
        }  # fmt: skip
    loose = kept["一叠 第2页.pdf"][1]
    assert f'value="{number(first)}"' in liaison.get("/registration/scans").text, "the number of the page before it"
    other = visit("next_liaison")
    assert {other.get(f"/attachments/{loose}").status_code, other.post(f"/registration/scans/{loose}", {
        "number": number(first)}).status_code} == {404}  # fmt: skip
    wrong = liaison.post(f"/registration/scans/{loose}", {"number": "不存在2026001"})
    assert (wrong.status_code, "不存在2026001" in wrong.text) == (422, True)
    liaison.post(f"/registration/scans/{loose}", {"number": number(second)})
    assert liaison.post(f"/registration/scans/{loose}", {"number": number(first)}).status_code == 404
    with db.reading(database) as session:
        assert session.get_one(Attachment, loose).case_id == second
    whole = liaison.post("/registration/scans", {"files": [(io.BytesIO(scanned(one, "")), "两面.pdf")]})
    assert "已归档，二维码识别" in whole.text
    many = liaison.post("/registration/scans", {"files": [(io.BytesIO(scanned(*[""] * 31)), "太多.pdf")]})
    assert (many.status_code, "一次最多识别 30 页" in many.text) == (422, True)
    liaison.post("/registration/scans", {"files": [(io.BytesIO(scanned("")), "背面.pdf")]})
    assert liaison.post(f"/registration/scans/{loose}/remove").status_code == 409, "a filed one stays"
    page = liaison.get("/registration/scans").text
    liaison.post(re.search(r"/registration/scans/\d+/remove", page)[0])
    assert ("背面.pdf" in page, "背面.pdf" in liaison.get("/registration/scans").text) == (True, False)


def test_a_batch_from_the_list_to_the_cover(visit, make, number):
    first, second, unsigned = make("signed"), make("signed"), make()
    liaison = visit("liaison")
    page = liaison.get("/reports").text
    assert (number(first) in page, number(second) in page, number(unsigned) in page) == (True, True, False)
    address = re.search(r'action="(/reports/\d+)"', page)[1]
    assert "请先勾选" in liaison.post(address, {}).text
    done = liaison.post(address, {"case": [str(first), str(second), str(unsigned)]})
    cover = liaison.get(done.location).text
    for words in ("沙头角社区报〔2026〕1号", "汇总表（2份）", "没有报送的1份", "不在待报送环节", number(second)):
        assert words in cover
    assert "沙头角社区报〔2026〕1号" in liaison.get("/reports").text
    assert visit("next_liaison").get(done.location).status_code == 404
    assert visit("street_clerk").get("/reports").status_code == 403


def test_anybody_verifies_and_reads_nothing_of_the_content(stranger, make, number, database, at):
    """And five that differ lock for a quarter of an hour, for who types and who scans, without a word about the form."""
    case_id = make()
    with db.reading(database) as session:
        case = session.get_one(Case, case_id)
        token, code = verifying.token(case), case.content_hash[:16]
    right = stranger.get(f"/verify/{token}").text
    assert "一致" in right and "不一致" not in right
    typed = {"number": number(case_id), "code": code}
    assert "不一致" not in stranger.post("/verify", typed).text
    for wrong in (f"/verify/{token[:-1]}x", f"/verify/{token[:-16]}", "/verify/...", "/verify/%E4%BD%A0.<script>"):
        answer = stranger.get(wrong)
        script = "<script>" in answer.text.split("</head>")[1]
        assert (answer.status_code, "不一致" in answer.text, script) == (200, True, False), wrong
    for hidden in ("陈某某", "13800001234", "垃圾转运点", "戴代表"):
        assert hidden not in right
    for guess in range(5):
        assert "不一致" in stranger.post("/verify", typed | {"code": f"{guess:016}"}).text
    for locked in (stranger.post("/verify", typed), stranger.get(f"/verify/{token}")):
        assert (locked.status_code, "15分钟后再试" in locked.text, "verdict-" in locked.text) == (429, True, False)
    at("2026-03-02 09:16")
    assert "不一致" not in stranger.post("/verify", typed).text


def test_the_street_gives_a_form_back(visit, make, task_of):
    case_id = make("signed", "reported")
    clerk, task = visit("street_clerk"), task_of(case_id, "tier_review")
    clerk.post(f"/tasks/{task}/claim")
    assert f"/tasks/{task}/return" in clerk.get(f"/tasks/{task}").text
    refused = clerk.post(f"/tasks/{task}/return", {"reason": ""})
    assert (refused.status_code, "请写明" in refused.text) == (422, True)
    assert clerk.post(f"/tasks/{task}/return", {"reason": "住址不清"}).status_code == 302
    assert "住址不清" in visit("liaison").get("/messages").text
