"""登记 in the browser: drafts, sentences beside fields, the number, the three copies, and nobody else's studio."""

import re
from datetime import date
from io import BytesIO

import pytest

from engine import db
from engine.cases.models import Case, Draft
from engine.organisation.models import Organisation
from tests import factories


@pytest.fixture
def form(cast):
    return factories.FORM | {
        "delegate_id": str(cast.delegates["delegate"].id), "reflected_on": "2026-03-02",
    }  # fmt: skip


@pytest.fixture
def address(cast):
    return f"/registration/{cast.studio.id}"


def test_the_form_has_the_blocks_of_the_paper(visit):
    page = visit("liaison").get("/registration").text
    for words in ("市党代表社情民意登记表", "反映人情况", "反映情况", "党代表情况", "办理情况", 'value="2026-03-02"'):
        assert words in page


def test_registering_shows_the_number_and_what_comes_next(visit, form, address):
    liaison = visit("liaison")
    answer = liaison.post(address, form)
    assert answer.status_code == 302
    page = liaison.get(answer.location).text
    assert "沙头角街道沙头角社区2026001" in page
    assert "核对签名" in page
    assert "沙头角街道沙头角社区2026002" in liaison.get(liaison.post(address, form).location).text


def test_a_page_sent_twice_answers_with_its_first_number(visit, form, address):
    liaison, sent = visit("liaison"), form | {"draft_key": "the-page"}
    first, second = liaison.post(address, sent), liaison.post(address, sent)
    assert second.location == first.location
    other = liaison.post(address, sent | {"content": "另一位居民反映的另一件事情"})  # typed after going back
    assert other.status_code == 422
    assert "这一页刚才已经登记为沙头角街道沙头角社区2026001" in other.text
    key = re.search(r'name="draft_key" value="([^"]+)"', other.text)[1]
    again = liaison.post(address, sent | {"content": "另一位居民反映的另一件事情", "draft_key": key})
    assert "沙头角街道沙头角社区2026002" in liaison.get(again.location).text


def test_a_wrong_form_uses_no_number_and_keeps_what_was_typed(visit, form, address, database):
    liaison = visit("liaison")
    refused = liaison.post(address, form | {"reporter_phone": "138", "settlement": ""})
    assert refused.status_code == 422
    for words in ("手机号码为11位数字", "请选择办理情况。", form["content"], "陈某某"):
        assert words in refused.text
    with db.reading(database) as session:
        assert session.query(Case).count() == 0
    assert "2026001" in liaison.get(liaison.post(address, form).location).text


def test_a_draft_waits_and_goes_with_the_registration(visit, form, address, database):
    liaison = visit("liaison")
    assert "已暂存" in liaison.post(f"{address}/draft", {"content": "只写了一半"}, fragment=True).text
    assert "只写了一半" in visit("liaison").get("/registration").text
    liaison.post(address, form)
    with db.reading(database) as session:
        assert session.query(Draft).count() == 0
    assert "只写了一半" not in liaison.get("/registration").text


def test_several_drafts_each_continued_and_thrown_away(visit, form, address, database):
    liaison = visit("liaison")
    for key, text in (("page-one", "第一份只写了一半"), ("page-two", "第二份也没有写完")):
        liaison.post(f"{address}/draft", {"draft_key": key, "content": text, "same_as": "1"}, fragment=True)
    elsewhere = visit("liaison")  # another computer
    assert all(words in elsewhere.get("/registration").text for words in ("第一份", "第二份", "未完成的草稿"))
    first = elsewhere.get("/registration?draft=page-one").text
    assert 'name="draft_key" value="page-one"' in first
    assert "第一份只写了一半</textarea>" in first
    assert 'href="/registration?draft=page-two"' in elsewhere.get("/inbox/drafts").text
    assert "第一份" not in visit("next_liaison").get("/registration?draft=page-one").text
    elsewhere.post(address, form | {"draft_key": "page-one"})
    elsewhere.post(f"{address}/discard", {"draft_key": "page-two"})
    with db.reading(database) as session:
        assert (session.query(Draft).count(), session.query(Case).count()) == (0, 1)


def test_opinions_that_resemble_are_offered_while_typing(visit, make, address, database):
    case_id = make()
    liaison = visit("liaison")
    typed = {"content": "路口的垃圾转运点夜里十一点后还在作业，噪音和气味影响居民休息", "summary": ""}
    offered = liaison.post(f"{address}/similar", typed, fragment=True).text
    for words in ("2026001", "很相似", "2026-03-02", "同一事项", f'href="/cases/{case_id}"'):
        assert words in offered
    assert "checked" in liaison.post(f"{address}/similar", typed | {"same_as": str(case_id)}, fragment=True).text
    assert (
        liaison.post(f"{address}/similar", {"content": "公交站没有雨棚，老人候车不便"}, fragment=True).text.strip()
        == ""
    )
    assert visit("next_liaison").post(f"{address}/similar", typed, fragment=True).status_code == 404


def test_the_next_number_and_paper_cases(visit, cast, form, address, database):
    """年中启用: the administrator keeps numbers free, the liaison enters what is on paper."""
    paper = form | {"number": "沙头角街道沙头角社区2026012", "registered_on": "2026-01-15", "reached": "to_report",
                    "reflected_on": "2026-01-14"}  # fmt: skip
    liaison, administrator = visit("liaison"), visit("system_administrator")
    assert "补录纸质登记表" in liaison.get(f"{address}/backfill").text
    refused = liaison.post(f"{address}/backfill", paper)
    assert refused.status_code == 422
    assert "请先由系统管理员" in refused.text
    assert form["content"] in refused.text
    page = f"/organisations/{cast.studio.id}/numbering"
    assert administrator.post(page, {"following": "abc", "reason": ""}).status_code == 422
    assert administrator.post(page, {"following": "58", "reason": "纸质表已用到57号"}).status_code == 302
    assert "纸质表已用到57号" in administrator.get(page).text
    assert administrator.post(page, {"following": "90", "reason": "再来"}).status_code == 409
    assert administrator.get(f"/organisations/{cast.organisations['street_unit'].id}/numbering").status_code == 404
    liaison.post(f"{address}/draft", paper | {"draft_key": "paper-page", "reached": "with_unit"}, fragment=True)
    scan = (BytesIO(b"the letter as it was"), "来信.txt")
    liaison.post(f"{address}/files", paper | {"draft_key": "paper-page", "files": scan}, fragment=True)
    moved = liaison.get("/registration?draft=paper-page")
    draft = liaison.get(moved.location).text
    for words in ('name="draft_key" value="paper-page"', 'value="2026-01-15"', "来信.txt", "报街道组织部门日期"):
        assert words in draft
    sent = paper | {"draft_key": "paper-page"}
    entered = liaison.get(liaison.post(f"{address}/backfill", sent).location).text
    for words in ("补录", "2026012", "来信.txt"):
        assert words in entered
    assert liaison.get(liaison.post(f"{address}/backfill", sent).location).text.count("2026012") > 0
    assert "2026058" in liaison.get(liaison.post(address, form).location).text


def test_one_studio_cannot_register_for_another(visit, cast, form, database):
    with db.reading(database) as session:
        other = session.query(Organisation).filter_by(code="studio-440308003004").one().id
    assert visit("liaison").post(f"/registration/{other}", form).status_code == 404
    assert visit("street_clerk").get("/registration").status_code == 403


def test_a_secretary_acts_as_liaison_where_there_is_no_studio(visit):
    assert "鹏湾社区党代表工作室" in visit("second_street_secretary").get("/registration").text


def test_a_liaison_of_two_studios_chooses_one(visit, cast, database):
    with db.transaction(database) as session:
        other = session.query(Organisation).filter_by(code="studio-440308003003").one()
        session.add(
            factories.people.Post(
                person_id=cast.people["liaison"].id,
                organisation_id=other.id,
                duty="liaison",
                starts_on=date(2026, 1, 1),
            )
        )
        other_id = other.id
    liaison = visit("liaison")
    choose = liaison.get("/registration").text
    assert "沙头角社区党代表工作室" in choose
    assert "桥东社区党代表工作室" in choose
    assert f'action="/registration/{other_id}"' in liaison.get(f"/registration?studio={other_id}").text


def test_three_copies_and_only_the_first_tells_how_to_look(visit, form, address, database):
    liaison = visit("liaison")
    done = liaison.post(address, form | {"reporter_phone": ""}).location
    page = liaison.client.get(f"{done}/print", follow_redirects=True).text
    with db.reading(database) as session:
        code = session.query(Case).one().query_code
    assert page.index("第一联") < page.index("第二联") < page.index("第三联")
    assert page.count(code) == 1
    assert page.index("第一联") < page.index(code) < page.index("第二联")


def test_r35_an_unusual_telephone_is_a_warning_he_may_tick_away(visit, form, address):
    liaison, unusual = visit("liaison"), form | {"reporter_phone": "1380000"}
    assert 'name="phone_checked"' not in liaison.get("/registration").text
    warned = liaison.post(address, unusual)
    assert (warned.status_code, 'name="phone_checked" value="yes"' in warned.text, 'value="1380000"' in warned.text) == (
        422, True, True,
    )  # fmt: skip
    assert liaison.post(address, unusual | {"phone_checked": "yes"}).status_code == 302


def test_copies_of_another_studio_cannot_be_printed(visit, form, address):
    done = visit("liaison").post(address, form).location
    assert visit("next_liaison").get(f"{done}/print").status_code == 404


def test_what_comes_next_is_true_for_the_dissatisfied_and_the_unnamed(visit, make):
    liaison = visit("liaison")
    spot = {"settlement": "on_the_spot", "spot_answer": "已告知。"}
    page = liaison.get(f"/registration/cases/{make(**spot, spot_grade='dissatisfied')}").text
    assert "代表签名时决定是否改转街道组织部门" in page
    assert "代表签名时决定" not in liaison.get(f"/registration/cases/{make(**spot, spot_grade='satisfied')}").text
    unnamed = make(reporter_naming="anonymous", reporter_name="", reporter_phone="", reporter_address="")
    page = liaison.get(f"/registration/cases/{unnamed}").text
    assert "抄送市党代表和工作室（反映人没有署名，由市党代表转告）" in page and "抄送反映人" not in page
    assert "抄送反映人、市党代表和工作室" in liaison.get(f"/registration/cases/{make()}").text
