"""网上来信: sent from home without an account, registered or declined by the studio, asked for with the receipt."""

import re
from io import BytesIO

import pytest

from engine import db, submitting
from engine.attachments.models import Attachment
from engine.cases.models import Case, Draft, TrackingAttempt
from engine.notices.models import Notice
from engine.submissions.models import Submission, SubmissionFile

HERE, NO_STUDIO = "440308003006", "440308004003"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"
LETTER = {
    "name": "何某", "phone": "13900005678", "email": "he@example.cn", "address": "沙头角社区金融路8号",
    "content": "充电棚满员，晚上有人把电池拿上楼充电。\n希望再加一个。", "consent": submitting.VERSION,
}  # fmt: skip


@pytest.fixture
def write(stranger):
    def sent(code: str = HERE, files=(), **changes):
        once = re.search(r'name="once" value="(\w{32})"', stranger.get(f"/intake/{code}").text)[1]
        return stranger.post(f"/intake/{code}", {"once": once} | LETTER | changes | ({"files": files} if files else {}))

    return sent


def receipt(stranger) -> str:
    return re.search(r'class="receipt-code">(\d{4}-\d{4}-\d{4})<', stranger.get("/intake/receipt").text)[1]


def test_a_community_is_found_by_name_or_by_district(stranger):
    page = stranger.get("/intake?text=沙头角").text
    assert f"/intake/{HERE}" in page
    assert "碧眼社区" not in page
    assert f"/intake/{NO_STUDIO}" in stranger.get("/intake?district=440308").text
    assert "没有找到" in stranger.get("/intake?text=不存在").text
    assert stranger.get("/intake/440308").status_code == 404, "a district is no community"
    assert "<script" not in page


def test_a_letter_goes_to_the_liaison_and_never_becomes_a_case_by_itself(write, stranger, visit, database):
    assert write(files=[(BytesIO(PNG), "充电棚.png")]).location == "/intake/receipt"
    code = receipt(stranger)
    with db.reading(database) as session:
        row = session.query(Submission).one()
        assert (row.code, row.state, row.consent) == (code.replace("-", ""), "open", submitting.VERSION)
        assert session.query(Case).count() == 0
        mail = session.query(Notice).filter_by(channel="mail").one()
        assert (mail.address, code in mail.body) == ("he@example.cn", True)
    liaison = visit("liaison")
    assert "有新的网上来信" in liaison.get("/messages").text
    assert "充电棚满员" in liaison.get("/submissions").text
    file = re.search(r"/submissions/files/\d+", liaison.get("/submissions/1").text)[0]
    answer = liaison.get(file)
    assert (answer.data, answer.headers["X-Content-Type-Options"]) == (PNG, "nosniff")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    other = visit("next_liaison")
    assert "充电棚满员" not in other.get("/submissions").text
    assert {other.get("/submissions/1").status_code, other.get(file).status_code} <= {403, 404}
    assert visit("street_clerk").get("/submissions").status_code == 403
    assert "等待联络员处理" in stranger.post("/intake/status", {"code": code.replace("-", " ")}).text


def test_registering_takes_text_and_files_along_and_the_sender_learns_the_number(
    write, stranger, visit, cast, database
):
    write(files=[(BytesIO(PNG), "充电棚.png")])
    code, liaison = receipt(stranger), visit("liaison")
    form = liaison.post("/submissions/1/take").location
    page = liaison.get(form).text
    for words in ("充电棚满员", "何某", "13900005678", "网上来信原文.txt", "充电棚.png"):
        assert words in page
    assert "正在登记" in stranger.post("/intake/status", {"code": code}).text
    assert liaison.post("/submissions/1/take").location == form, "the same draft again"
    with db.reading(database) as session:
        draft = session.query(Draft).one()
        key, data = draft.key, dict(draft.data)
    filled = data | {
        "draft_key": key, "delegate_id": str(cast.delegates["delegate"].id), "matter": "security",
        "summary": "反映充电棚满员，要求增设。",
    }  # fmt: skip
    answer = liaison.post(f"/registration/{cast.studio.id}", filled)
    assert answer.status_code == 302, re.findall(r'class="field-wrong"[^>]*>([^<]+)', answer.text)
    with db.reading(database) as session:
        case, row = session.query(Case).one(), session.query(Submission).one()
        assert (case.channel, row.state, row.case_id) == ("network", "registered", case.id)
        assert case.content == LETTER["content"]
        files = {file.filename for file in session.query(Attachment).filter_by(case_id=case.id)}
        assert files == {"网上来信原文.txt", "充电棚.png"}
        number = case.number
        assert number in session.query(Notice).filter_by(channel="mail", case_id=case.id).one().body
    assert number in stranger.post("/intake/status", {"code": code}).text
    assert liaison.post("/submissions/1/decline", {"reason": "已经处理过了"}).status_code == 409


def test_declining_needs_a_reason_which_the_sender_reads(write, stranger, visit, database):
    write()
    code, liaison = receipt(stranger), visit("liaison")
    assert liaison.post("/submissions/1/decline", {"reason": " "}).status_code == 422
    liaison.post("/submissions/1/decline", {"reason": "此事属个人劳动争议，请向劳动仲裁部门申请。"})
    page = stranger.post("/intake/status", {"code": code}).text
    assert "不予登记" in page
    assert "请向劳动仲裁部门申请" in page
    with db.reading(database) as session:
        told = {row.channel for row in session.query(Notice) if "劳动仲裁" in row.body}
        assert told == {"sms", "mail"}
        assert session.query(Case).count() == 0


def test_where_there_is_no_studio_the_secretary_gets_it(write, visit):
    """R12: 社区党组织书记兼任联络员."""
    write(NO_STUDIO)
    assert "充电棚满员" in visit("second_street_secretary").get("/submissions").text


WRONG = (
    ({"consent": ""}, "请先阅读个人信息说明"),
    ({"consent": "older"}, "请先阅读个人信息说明"),
    ({"phone": "", "address": ""}, "电话和住址至少填写一项"),
    ({"phone": "12345"}, "请填写11位手机号码"),
    ({"email": "a@b"}, "请填写正确的电子邮箱"),
    ({"content": " "}, "请写明您要反映的情况"),
    ({"content": "长" * 3001}, "最多 3000 个字"),
    ({"content": "看不见\x00的"}, "看不见的控制字符"),
    ({"content": "\u202egnp.exe"}, "看不见的控制字符"),
    ({"website": "http://spam.example"}, "此栏请留空"),
    ({"files": [(BytesIO(b"MZ\x90"), "照片.jpg")]}, "照片.jpg”不能上传"),
    ({"files": [(BytesIO(PNG), f"{n}.png") for n in range(6)]}, "最多 5 个附件"),
)


def test_wrong_letters_are_refused_beside_what_was_typed(write, database):
    for changes, sentence in WRONG:
        answer = write(**changes)
        assert answer.status_code == 422, changes
        assert sentence in answer.text
        assert "何某" in answer.text, "nothing typed is lost"
    with db.reading(database) as session:
        assert session.query(Submission).count() == session.query(SubmissionFile).count() == 0


def test_a_second_click_is_the_same_letter_and_hostile_text_is_text(stranger, visit, database):
    once = re.search(r'name="once" value="(\w{32})"', stranger.get(f"/intake/{HERE}").text)[1]
    hostile = "<script>alert(1)</script>=1+1 {{7*7}} \u200d𠮷"
    for _ in range(2):
        stranger.post(f"/intake/{HERE}", LETTER | {"once": once, "content": hostile})
    with db.reading(database) as session:
        assert session.query(Submission).one().content == hostile
    page = visit("liaison").get("/submissions/1").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;=1+1 {{7*7}} \u200d𠮷" in page


def test_too_many_from_one_address_and_too_many_wrong_codes(write, stranger, database, at):
    for _ in range(10):
        assert write().status_code == 302
    assert write().status_code == 409
    for _ in range(10):
        assert stranger.post("/intake/status", {"code": "0000-0000-0000"}).status_code == 422
    code = receipt(stranger)
    assert stranger.post("/intake/status", {"code": code}).status_code == 422, "locked"
    at("2026-03-02 10:01")
    assert stranger.post("/intake/status", {"code": code}).status_code == 200
    assert write().status_code == 302
    with db.reading(database) as session:
        assert session.query(Submission).count() == 11
        assert all(len(row.subject) == 64 for row in session.query(TrackingAttempt))


def test_large_type_is_kept_without_script(stranger):
    assert 'class="larger"' not in stranger.get("/intake").text
    assert 'class="larger"' in stranger.get("/track?large=1").text
    assert 'class="larger"' in stranger.get("/intake").text
    stranger.get("/intake?large=0")
    assert 'class="larger"' not in stranger.get("/track").text
