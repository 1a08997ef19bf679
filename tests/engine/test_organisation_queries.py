"""Who holds which post today, and where organisations stand."""

from datetime import date

import pytest

from engine.access import PostRef
from engine.errors import NotFound
from engine.organisation import operations, queries
from engine.organisation.models import Place, Post
from tests import people


def test_an_actor_holds_todays_posts(cast: people.Cast, at) -> None:
    at("2026-03-05 09:00")
    department = cast.department("street")
    place = cast.places["沙头角街道"].id
    assert cast.actor("street_clerk").posts == (PostRef(department.id, "staff", "department", "street", place),)
    assert cast.actor("street_clerk").delegate_id is None
    assert cast.actor("delegate").delegate_id == cast.delegates["delegate"].id
    assert cast.actor("outsider").posts == ()


@pytest.mark.parametrize(("day", "held"), [("2026-03-04", 0), ("2026-03-05", 1), ("2026-03-06", 1), ("2026-03-07", 0)])
def test_posts_count_from_first_to_last_day(cast: people.Cast, session, at, day: str, held: int) -> None:
    first, last = date(2026, 3, 5), date(2026, 3, 6)
    session.add(Post(person_id=cast.id("outsider"), organisation_id=cast.studio.id, duty="secretary",
                     starts_on=first, ends_on=last))  # fmt: skip
    session.flush()
    at(f"{day} 23:59")
    assert len(cast.actor("outsider").posts) == held


def test_a_disabled_person_is_nobody(cast: people.Cast, session) -> None:
    operations.disable_person(session, cast.id("street_clerk"))
    with pytest.raises(NotFound):
        cast.actor("street_clerk")
    assert cast.people["street_clerk"] not in queries.members(session, cast.department("street").id)
    with pytest.raises(NotFound):
        queries.actor(session, 999_999)


def test_a_disabled_unit_gives_no_post(cast: people.Cast, session) -> None:
    operations.disable_organisation(session, cast.unit("street").id)
    assert cast.actor("unit_clerk").posts == ()
    assert cast.unit("street") not in queries.units_of(session, "street", cast.places["沙头角街道"].id)


def test_a_delegate_out_of_office_is_none(cast: people.Cast, session, at) -> None:
    cast.delegates["delegate"].ends_on = date(2026, 3, 5)
    session.flush()
    at("2026-03-05 23:59")
    assert cast.actor("delegate").delegate_id is not None
    at("2026-03-06")
    assert cast.actor("delegate").delegate_id is None
    assert [d.code for d, _ in queries.delegates_of(session, cast.places["沙头角社区"].id)] == []


def test_members_and_head(cast: people.Cast, session) -> None:
    department = cast.department("street").id
    assert [p.login for p in queries.members(session, department, "staff")] == ["street_clerk", "street_colleague"]
    assert queries.head_of(session, department) is cast.people["street_head"]
    assert len(queries.members(session, department)) == 3


def test_without_studio_the_secretary_is_liaison_then_the_deputy_then_nobody(cast: people.Cast, session) -> None:
    """R12, article 7."""
    studio = queries.studio_of(session, cast.places["鹏湾社区"].id)
    assert queries.liaison_of(session, studio.id) is cast.people["second_street_secretary"]
    assert "liaison" in {post.duty for post in cast.actor("second_street_secretary").posts}
    assert "liaison" not in {post.duty for post in cast.actor("second_street_deputy").posts}
    assert not queries.pool_members(session, studio.id, "liaison").fallback
    operations.disable_person(session, cast.id("second_street_secretary"))
    assert queries.liaison_of(session, studio.id) is cast.people["second_street_deputy"]
    assert "liaison" in {post.duty for post in cast.actor("second_street_deputy").posts}
    operations.disable_person(session, cast.id("second_street_deputy"))
    assert queries.liaison_of(session, studio.id) is None
    assert queries.pool_members(session, studio.id, "liaison") == queries.Pool((), fallback=True)
    assert studio in queries.flagged_studios(session)


def test_an_established_studio_has_its_liaison(cast: people.Cast, session) -> None:
    assert queries.liaison_of(session, cast.studio.id) is cast.people["liaison"]
    assert "liaison" not in {post.duty for post in cast.actor("secretary").posts}
    operations.disable_person(session, cast.id("liaison"))
    pool = queries.pool_members(session, cast.studio.id, "liaison")
    assert pool == queries.Pool((cast.people["secretary"],), fallback=True)


def test_staff_work_is_open_to_the_head_and_an_empty_pool_goes_there(cast: people.Cast, session) -> None:
    unit = cast.unit("street").id
    clerk, head = cast.people["unit_clerk"], cast.people["unit_head"]
    assert queries.pool_members(session, unit, "staff") == queries.Pool((clerk, head), fallback=False)
    operations.disable_person(session, clerk.id)
    assert queries.pool_members(session, unit, "staff") == queries.Pool((head,), fallback=True)
    assert queries.pool_members(session, unit) == queries.Pool((head,), fallback=False)
    operations.disable_person(session, head.id)
    assert queries.pool_members(session, unit) == queries.Pool((), fallback=True)


def test_places_and_their_organisations(cast: people.Cast, session) -> None:
    path = queries.path(session, cast.places["沙头角社区"].id)
    assert [p.name for p in (path.community, path.street, path.district, path.city)] == [
        "沙头角社区", "沙头角街道", "盐田区", "深圳市"]  # fmt: skip
    assert path.ids == tuple(cast.places[n].id for n in ("沙头角社区", "沙头角街道", "盐田区", "深圳市"))
    assert queries.path(session, path.district.id).street is None
    names = [queries.department_of(session, p.id).name for p in (path.street, path.district, path.city)]
    assert names == ["沙头角街道党工委组织部门", "盐田区委组织部", "深圳市委组织部"]
    assert queries.committee(session).name == "深圳市委"
    assert queries.administration(session).kind == "administration"
    assert queries.studio_of(session, path.community.id).name == "沙头角社区党代表工作室"
    with pytest.raises(NotFound):
        queries.department_of(session, path.community.id)
    with pytest.raises(NotFound):
        queries.path(session, 999_999)


def test_units_of_one_rung_of_one_place(cast: people.Cast, session) -> None:
    """R14, R51: a district sees its own units only."""
    yantian, street = cast.places["盐田区"].id, cast.places["沙头角街道"].id
    assert [u.name for u in queries.units_of(session, "district", yantian)] == ["盐田区城管局"]
    assert [u.name for u in queries.units_of(session, "street", street, "education")] == ["沙头角街道教育科"]
    assert queries.units_of(session, "street", street, "education")[0].id != cast.unit("street").id
    assert queries.units_of(session, "district", cast.places["光明区"].id) == []


def test_delegates_of_a_community(cast: people.Cast, session) -> None:
    names = [(d.code, p.name) for d, p in queries.delegates_of(session, cast.places["中英街社区"].id)]
    assert names == [("D1", "戴代表")]
    found = queries.communities_of(session, cast.delegates["delegate"].id)
    assert [place.name for place in found] == ["沙头角社区", "中英街社区"]


def test_a_gazetteer_without_city_is_not_found(session) -> None:
    with pytest.raises(NotFound):
        queries.city(session)
    session.add(Place(code="440300", tier="city", name="深圳市", published_name="深圳市"))
    session.flush()
    assert queries.city(session).name == "深圳市"
