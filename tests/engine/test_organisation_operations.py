"""Appointments, placements, passwords and one-time links."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select

from engine import clock, db
from engine.errors import Conflict, Invalid, NotFound
from engine.organisation import delegates, operations, passwords, queries, tokens
from engine.organisation.models import AccessToken, Person, Place, Placement, Post
from engine.organisation.operations import PersonForm
from tests import people

TODAY = date(2026, 3, 5)


@pytest.fixture(autouse=True)
def _on_that_day(at) -> None:
    at("2026-03-05 09:00")


# ------------------------------------------------------------------------------------------------------- people
@pytest.mark.parametrize(
    ("form", "field"),
    [
        (PersonForm("a b", "甲"), "login"),
        (PersonForm("", "甲"), "login"),
        (PersonForm("jia", " "), "name"),
        (PersonForm("jia", "甲\x07"), "name"),
        (PersonForm("jia", "甲" * 41), "name"),
        (PersonForm("jia", "甲", phone="电话"), "phone"),
        (PersonForm("jia", "甲", email="jia"), "email"),
        (PersonForm("LIAISON ", "甲"), "login"),  # in use, whatever the case
    ],
)
def test_a_bad_form_is_refused_field_by_field(cast: people.Cast, session, form: PersonForm, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        operations.add_person(session, form)
    assert list(refusal.value.errors) == [field]


def test_a_person_is_added_and_changed(cast: people.Cast, session) -> None:
    person = operations.add_person(session, PersonForm(" Zhang.San ", " 张三 ", "0755-2555 0000", "z@sz.cn"))
    assert (person.login, person.name, person.password_hash) == ("zhang.san", "张三", None)
    operations.change_person(session, person.id, PersonForm("zhang.san", "张三丰"))
    assert (person.name, person.phone) == ("张三丰", "")
    with pytest.raises(NotFound):
        operations.change_person(session, 999_999, PersonForm("x1", "甲"))


def test_hostile_names_are_data(cast: people.Cast, session) -> None:
    name = "=cmd|'/c calc'!A1 <script>"
    assert operations.add_person(session, PersonForm("jia", name)).name == name


def test_the_last_system_administrator_stays(cast: people.Cast, session) -> None:
    administrator = cast.id("system_administrator")
    with pytest.raises(Conflict):
        operations.disable_person(session, administrator)
    post = session.scalars(select(Post).where(Post.person_id == administrator)).one()
    with pytest.raises(Conflict):
        operations.end_post(session, post.id, TODAY)
    operations.appoint(session, cast.id("outsider"), post.organisation_id, "system_administrator", TODAY)
    assert not operations.disable_person(session, administrator).active


# -------------------------------------------------------------------------------------------------------- posts
def test_a_new_liaison_relieves_the_one_before(cast: people.Cast, session, at) -> None:
    """R11, article 7: B from 10 March, so A's last day is 9 March; never two, never none."""
    operations.appoint_liaison(session, cast.studio.id, cast.id("outsider"), date(2026, 3, 10))
    terms = session.scalars(select(Post).where(Post.duty == "liaison", Post.organisation_id == cast.studio.id)).all()
    assert [(t.person_id, t.ends_on) for t in terms] == [
        (cast.id("liaison"), date(2026, 3, 9)), (cast.id("outsider"), None)]  # fmt: skip
    at("2026-03-09 23:59")
    assert queries.members(session, cast.studio.id, "liaison") == [cast.people["liaison"]]
    at("2026-03-10")
    assert queries.members(session, cast.studio.id, "liaison") == [cast.people["outsider"]]
    with pytest.raises(Invalid, match="2026-03-10"):
        operations.appoint_liaison(session, cast.studio.id, cast.id("liaison"), date(2026, 3, 10))
    with pytest.raises(Conflict, match="联络员"):
        operations.end_post(session, terms[1].id, date(2026, 3, 20))


def test_a_liaison_needs_an_established_studio(cast: people.Cast, session) -> None:
    studio = cast.organisations["studio-440308004003"]
    with pytest.raises(Invalid, match="兼任"):
        operations.appoint_liaison(session, studio.id, cast.id("outsider"), TODAY)
    operations.change_organisation(session, studio.id, studio.name, established=True)
    operations.appoint_liaison(session, studio.id, cast.id("outsider"), TODAY - timedelta(days=3))
    assert queries.liaison_of(session, studio.id) is cast.people["outsider"]
    operations.change_organisation(session, studio.id, studio.name, established=False)
    assert queries.liaison_of(session, studio.id) is cast.people["second_street_secretary"]


def test_duties_belong_to_kinds(cast: people.Cast, session) -> None:
    with pytest.raises(Invalid, match="没有“联络员”"):
        operations.appoint(session, cast.id("outsider"), cast.unit("street").id, "liaison", TODAY)
    first = operations.appoint(session, cast.id("outsider"), cast.unit("street").id, "staff", TODAY)
    again = operations.appoint(session, cast.id("outsider"), cast.unit("street").id, "staff", TODAY)
    assert first is again


@pytest.mark.parametrize("role", ["street_clerk", "delegate", "auditor"])
def test_administration_and_case_work_never_meet_in_one_person(cast: people.Cast, session, role: str) -> None:
    administration = queries.administration(session).id
    with pytest.raises(Conflict, match="不同的人"):
        operations.appoint(session, cast.id(role), administration, "system_administrator", TODAY)
    with pytest.raises(Conflict, match="管理员"):
        operations.appoint(session, cast.id("auditor"), cast.unit("street").id, "staff", TODAY)
    with pytest.raises(Conflict):
        delegates.add_delegate(session, cast.id("auditor"), "D9", "", "")


def test_a_term_cannot_end_before_it_begins(cast: people.Cast, session) -> None:
    post = operations.appoint(session, cast.id("outsider"), cast.unit("street").id, "staff", TODAY)
    with pytest.raises(Invalid, match="早于"):
        operations.end_post(session, post.id, TODAY - timedelta(days=1))
    assert operations.end_post(session, post.id, TODAY).ends_on == TODAY
    with pytest.raises(NotFound):
        operations.end_post(session, 999_999, TODAY)


# ------------------------------------------------------------------------------------------------ organisations
def test_units_come_and_go(cast: people.Cast, session) -> None:
    street = cast.places["沙头角街道"].id
    unit = operations.add_unit(session, street, " 沙头角街道文化站 ", "culture")
    assert (unit.name, unit.tier, unit.code) == ("沙头角街道文化站", "street", "unit-440308003-001")
    assert operations.add_unit(session, street, "沙头角街道水务站").code == "unit-440308003-002"
    with pytest.raises(Invalid, match="已经存在"):
        operations.add_unit(session, street, "沙头角街道文化站")
    with pytest.raises(Invalid, match="一级"):
        operations.add_unit(session, cast.places["沙头角社区"].id, "某站")
    operations.change_organisation(session, unit.id, "沙头角街道文化中心", "culture education")
    assert queries.units_of(session, "street", street, "education")[-1] is unit
    assert not operations.disable_organisation(session, unit.id).active
    assert operations.enable_organisation(session, unit.id).active
    with pytest.raises(Conflict, match="必经"):
        operations.disable_organisation(session, cast.department("street").id)


# ---------------------------------------------------------------------------------------------------- delegates
@pytest.mark.parametrize(
    ("names", "says"),
    [
        ([], "1个或2个"),
        (["沙头角社区", "中英街社区", "桥东社区"], "1个或2个"),
        (["沙头角社区", "沙头角社区"], "1个或2个"),
        (["中英街社区", "桥东社区"], "不相邻"),
        (["沙头角社区", "碧眼社区"], "同一个区"),
        (["沙头角街道"], "只能选择社区"),
    ],
)
def test_article_2_refuses(cast: people.Cast, session, names: list[str], says: str) -> None:
    """R4: one community or two that touch."""
    places = [cast.places[name].id for name in names]
    with pytest.raises(Invalid, match=says):
        delegates.place_delegate(session, cast.delegates["delegate"].id, places, TODAY)


def test_a_placement_is_dated(cast: people.Cast, session, at) -> None:
    delegate = cast.delegates["delegate"].id
    both = [cast.places["沙头角社区"].id, cast.places["桥东社区"].id]
    delegates.place_delegate(session, delegate, both, date(2026, 4, 1))
    at("2026-03-31 23:59")
    assert [p.name for p in queries.communities_of(session, delegate)] == ["沙头角社区", "中英街社区"]
    at("2026-04-01")
    assert [p.name for p in queries.communities_of(session, delegate)] == ["沙头角社区", "桥东社区"]
    rows = session.scalars(select(Placement).where(Placement.delegate_id == delegate)).all()
    assert len(rows) == 3


def test_a_leader_has_one_community(cast: people.Cast, session) -> None:
    """R5."""
    cast.delegates["other_delegate"].category = "leader"
    places = [cast.places[name].id for name in ("沙头角社区", "桥东社区")]
    with pytest.raises(Invalid, match="只能选择1个"):
        delegates.place_delegate(session, cast.delegates["other_delegate"].id, places, TODAY)


def test_a_zone_is_no_community(cast: people.Cast, session) -> None:
    zone = Place(code="440308403498", tier="community", name="综保区", published_name="综保区", zone=True,
                 parent_id=cast.places["沙头角街道"].id)  # fmt: skip
    session.add(zone)
    session.flush()
    with pytest.raises(Invalid, match="只能选择社区"):
        delegates.place_delegate(session, cast.delegates["delegate"].id, [zone.id], TODAY)


# ---------------------------------------------------------------------------------------------------- passwords
def test_sign_in(cast: people.Cast, session) -> None:
    assert passwords.sign_in(session, " Street_Clerk", people.PASSWORD).person is cast.people["street_clerk"]
    answers = {
        passwords.sign_in(session, login, password).message
        for login, password in (
            ("street_clerk", "wrong"), ("nobody", people.PASSWORD), ("street_clerk", ""), ("", "x" * 5000))
    }  # fmt: skip
    assert answers == {passwords.REFUSED}  # one sentence: it does not tell who has an account
    operations.disable_person(session, cast.id("street_clerk"))
    assert passwords.sign_in(session, "street_clerk", people.PASSWORD).message == passwords.REFUSED


def test_five_wrong_passwords_lock_for_fifteen_minutes(database: Engine, at) -> None:
    """Counted in the database: each attempt is a transaction of its own, as from another process."""
    with db.transaction(database) as session:
        people.settle(session)

    def attempt(password: str) -> bool:
        with db.transaction(database) as session:
            return passwords.sign_in(session, "liaison", password).person is not None

    assert [attempt("wrong") for _ in range(4)] == [False] * 4
    assert attempt(people.PASSWORD)  # the count starts again
    assert [attempt("wrong") for _ in range(5)] == [False] * 5
    assert not attempt(people.PASSWORD)
    at("2026-03-05 09:14")
    assert not attempt(people.PASSWORD)
    at("2026-03-05 09:15")
    assert attempt(people.PASSWORD)


def test_an_old_hash_is_renewed(cast: people.Cast, session) -> None:
    person = cast.people["liaison"]
    weak = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(people.PASSWORD)
    person.password_hash = weak
    assert passwords.sign_in(session, "liaison", people.PASSWORD).person is person
    assert person.password_hash != weak
    assert passwords.sign_in(session, "liaison", people.PASSWORD).person is person


def test_a_new_password_ends_all_sessions(cast: people.Cast, session) -> None:
    person = cast.people["liaison"]
    stamp = person.session_stamp
    for bad in ("short", "x" * 201, "aaaaaaaaaaaa", "liaison"):
        with pytest.raises(Invalid):
            passwords.set_password(session, person.id, bad)
    with pytest.raises(Invalid, match="原密码"):
        passwords.change_password(session, person.id, "wrong", "a-better-one-2026")
    passwords.change_password(session, person.id, people.PASSWORD, "a-better-one-2026")
    assert person.session_stamp == stamp + 1
    assert passwords.sign_in(session, "liaison", "a-better-one-2026").person is person
    assert passwords.sign_in(session, "liaison", people.PASSWORD).person is None


# ------------------------------------------------------------------------------------------------ one-time links
def test_a_link_works_once_and_in_time(cast: people.Cast, session, at) -> None:
    secret = tokens.issue(session, tokens.PASSWORD, cast.id("liaison"))
    assert secret not in str([row.digest for row in session.scalars(select(AccessToken))])
    assert tokens.peek(session, tokens.PASSWORD, secret).person_id == cast.id("liaison")
    with pytest.raises(Invalid):
        tokens.redeem(session, tokens.FIRST_ADMINISTRATOR, secret)  # another purpose
    assert tokens.redeem(session, tokens.PASSWORD, secret).used_at == clock.now()
    with pytest.raises(Invalid, match="已使用"):
        tokens.redeem(session, tokens.PASSWORD, secret)
    late = tokens.issue(session, tokens.PASSWORD, cast.id("liaison"))
    at("2026-03-08 09:00")
    with pytest.raises(Invalid):
        tokens.redeem(session, tokens.PASSWORD, late)


def test_a_newer_link_voids_the_older(cast: people.Cast, session) -> None:
    first = tokens.issue(session, tokens.PASSWORD, cast.id("liaison"))
    other = tokens.issue(session, tokens.PASSWORD, cast.id("secretary"))
    second = tokens.issue(session, tokens.PASSWORD, cast.id("liaison"))
    with pytest.raises(Invalid):
        tokens.peek(session, tokens.PASSWORD, first)
    assert tokens.peek(session, tokens.PASSWORD, second).person_id == cast.id("liaison")
    assert tokens.peek(session, tokens.PASSWORD, other).person_id == cast.id("secretary")


def test_an_unknown_person_cannot_be_disabled(session) -> None:
    with pytest.raises(NotFound):
        operations.disable_person(session, 1)
    assert session.get(Person, 1) is None
