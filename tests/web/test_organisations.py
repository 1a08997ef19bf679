"""机构管理: units added, changed, disabled; liaison terms follow one another without a gap (R11, R14)."""

from datetime import date

import pytest

from engine import db
from engine.organisation.models import Organisation, Post


@pytest.fixture
def admin(visit):
    return visit("system_administrator")


def test_only_the_system_administrator(visit, cast):
    assert visit("street_head").get("/organisations").status_code == 403
    assert visit("unit_head").post(f"/organisations/{cast.studio.id}", {"name": "改"}).status_code == 403


def test_find_by_kind_and_name(admin):
    page = admin.get("/organisations?kind=unit&text=沙头角").text
    assert "沙头角街道城管科" in page
    assert "党代表工作室</a>" not in page


def test_add_a_unit_with_its_matters(admin, cast, database):
    place = cast.organisations["street_unit"].place_id
    refused = admin.post("/organisations", {"name": "", "place_id": place, "matters": ["traffic"]})
    assert refused.status_code == 422
    assert 'value="traffic" checked' in refused.text
    answer = admin.post(
        "/organisations", {"name": "沙头角街道交通科", "place_id": place, "matters": ["traffic", "other"]}
    )
    assert answer.status_code == 302
    with db.reading(database) as session:
        unit = session.query(Organisation).filter_by(name="沙头角街道交通科").one()
        assert (unit.kind, unit.tier, unit.matters) == ("unit", "street", "traffic other")
    again = admin.post("/organisations", {"name": "沙头角街道交通科", "place_id": place})
    assert "已经存在" in again.text


def test_change_and_disable_a_unit(admin, cast, database):
    unit = cast.organisations["street_unit"].id
    assert (
        admin.post(f"/organisations/{unit}", {"name": "沙头角街道城市管理科", "matters": ["environment"]}).status_code
        == 302
    )
    assert admin.post(f"/organisations/{unit}/disable").status_code == 302
    page = admin.get(f"/organisations/{unit}").text
    assert "沙头角街道城市管理科" in page
    assert "已停用" in page
    assert admin.post(f"/organisations/{unit}/enable").status_code == 302
    with db.reading(database) as session:
        assert session.get_one(Organisation, unit).active


def test_an_organisation_every_case_passes_through_stays(admin, cast):
    refused = admin.post(f"/organisations/{cast.studio.id}/disable")
    assert refused.status_code == 409
    assert "不能停用" in refused.text


def test_the_next_liaison_relieves_the_one_before(admin, cast, database):
    address = f"/organisations/{cast.studio.id}"
    assert "李联络" in admin.get(address).text
    assert "光经办" in admin.get(f"{address}?person=光经办").text
    form = {"person_id": cast.people["far_clerk"].id, "starts_on": "2026-03-09"}
    assert admin.post(f"{address}/liaison", form).status_code == 302
    with db.reading(database) as session:
        terms = session.query(Post).filter_by(organisation_id=cast.studio.id, duty="liaison").order_by(Post.starts_on)
        assert [(post.person_id, post.ends_on) for post in terms] == [
            (cast.people["liaison"].id, date(2026, 3, 8)),
            (cast.people["far_clerk"].id, None),
        ]
    refused = admin.post(f"{address}/liaison", form | {"starts_on": "2026-03-01"})
    assert refused.status_code == 422
    assert "其后一天或更晚" in refused.text
    assert admin.post(f"{address}/liaison", form | {"starts_on": ""}).status_code == 422


def test_a_name_that_is_refused_is_not_said_to_be_saved(admin, cast):
    """The last gate refuses after the act has said 已保存。; the page says only what is true."""
    unit = cast.organisations["street_unit"].id
    answer = admin.post(f"/organisations/{unit}", {"name": "城管\u202e科", "matters": ["environment"]})
    assert answer.status_code == 422
    assert "不能使用的字符" in answer.text
    assert "已保存" not in answer.text
    assert "已保存" not in admin.get(f"/organisations/{unit}").text
