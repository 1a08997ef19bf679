"""登记 in the browser: drafts, sentences beside fields, the number, the three copies, and nobody else's studio."""

from datetime import date

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


def test_a_wrong_form_uses_no_number_and_keeps_what_was_typed(visit, form, address, database):
    liaison = visit("liaison")
    refused = liaison.post(address, form | {"reporter_phone": "138", "settlement": ""})
    assert refused.status_code == 422
    for words in ("请填写11位手机号码", "请选择办理情况。", form["content"], "陈某某"):
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
    page = liaison.get(f"{done}/print").text
    with db.reading(database) as session:
        code = session.query(Case).one().query_code
    assert [page.count(mark) for mark in ("第一联", "第二联", "第三联")] == [2, 2, 2]
    assert page.count(code) == 1
    assert page.index("第一联") < page.index(code) < page.index("第二联")


def test_copies_of_another_studio_cannot_be_printed(visit, form, address):
    done = visit("liaison").post(address, form).location
    assert visit("next_liaison").get(f"{done}/print").status_code == 404
