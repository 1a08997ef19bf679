"""The cast: one person of every role around 沙头角社区, a second street, and one outsider who is always refused.

    cast = people.settle(session)
    tasks.claim(session, cast.actor("street_clerk"), task_id)

Everybody signs in with the name of the role (`street_clerk`) and PASSWORD.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.access import Actor
from engine.organisation import queries
from engine.organisation.models import Adjacency, Delegate, Organisation, Person, Place, Placement, Post
from engine.organisation.passwords import hash_password
from engine.setup.organisations import set_up_organisations
from tests import world

PASSWORD = "hearts-joined-2026"
SINCE = date(2010, 1, 1)  # everybody is in office from before the measures

# code, tier, name, code above
PLACES = (
    ("440300", "city", "深圳市", None),
    ("440308", "district", "盐田区", "440300"),
    ("440308003", "street", "沙头角街道", "440308"),
    ("440308003006", "community", "沙头角社区", "440308003"),
    ("440308003004", "community", "中英街社区", "440308003"),
    ("440308003003", "community", "桥东社区", "440308003"),
    ("440308004", "street", "海山街道", "440308"),
    ("440308004003", "community", "鹏湾社区", "440308004"),
    ("440311", "district", "光明区", "440300"),
    ("440311001", "street", "光明街道", "440311"),
    ("440311001001", "community", "碧眼社区", "440311001"),
)
ADJACENT = (("440308003006", "440308003004"), ("440308003006", "440308003003"))

# code, name, place, matters
UNITS = (
    ("street_unit", "沙头角街道城管科", "440308003", "environment construction"),
    ("street_school_unit", "沙头角街道教育科", "440308003", "education"),
    ("second_street_unit", "海山街道城管科", "440308004", "environment construction"),
    ("district_unit", "盐田区城管局", "440308", "environment construction"),
    ("city_unit", "深圳市城管局", "440300", "environment construction"),
)

# role (also the login), name, duty, organisation
POSTS = (
    ("liaison", "李联络", "liaison", "studio-440308003006"),
    ("secretary", "石书记", "secretary", "studio-440308003006"),
    ("next_liaison", "宋联络", "liaison", "studio-440308003004"),
    ("second_street_secretary", "彭书记", "secretary", "studio-440308004003"),  # no studio there: acts as liaison
    ("second_street_deputy", "彭副书记", "deputy", "studio-440308004003"),
    ("street_clerk", "王经办", "staff", "department-440308003"),
    ("street_colleague", "汪经办", "staff", "department-440308003"),
    ("street_head", "赵部长", "head", "department-440308003"),
    ("unit_clerk", "陈城管", "staff", "street_unit"),
    ("unit_head", "程科长", "head", "street_unit"),
    ("school_clerk", "焦教育", "staff", "street_school_unit"),
    ("school_head", "焦科长", "head", "street_school_unit"),
    ("second_street_clerk", "海经办", "staff", "department-440308004"),
    ("second_street_head", "海部长", "head", "department-440308004"),
    ("second_street_unit_clerk", "海城管", "staff", "second_street_unit"),
    ("district_clerk", "盐经办", "staff", "department-440308"),
    ("district_head", "盐部长", "head", "department-440308"),
    ("district_unit_clerk", "严城管", "staff", "district_unit"),
    ("district_unit_head", "严局长", "head", "district_unit"),
    ("city_clerk", "深经办", "staff", "department-440300"),
    ("city_head", "申部长", "head", "department-440300"),
    ("city_unit_clerk", "沈城管", "staff", "city_unit"),
    ("city_unit_head", "沈局长", "head", "city_unit"),
    ("committee_clerk", "魏秘书", "staff", "committee-440300"),
    ("committee_head", "魏书记", "head", "committee-440300"),
    ("system_administrator", "管系统", "system_administrator", "administration-440300"),
    ("procedure_administrator", "管流程", "procedure_administrator", "administration-440300"),
    ("second_procedure_administrator", "程流程", "procedure_administrator", "administration-440300"),
    ("auditor", "沈审计", "auditor", "administration-440300"),
    ("far_clerk", "光经办", "staff", "department-440311001"),  # holds a post, but in another district
)

# role, name, code, title, communities
DELEGATES = (
    ("delegate", "戴代表", "D1", "沙头角小学校长", ("440308003006", "440308003004")),
    ("other_delegate", "邓代表", "D2", "深圳市副市长", ("440308003003",)),
    ("second_street_delegate", "丁代表", "D3", "海山医院院长", ("440308004003",)),
)
OUTSIDER = ("outsider", "魏外人")  # can sign in, holds no post, must always be refused


@dataclass(frozen=True)
class Cast:
    """The people, organisations, places and delegates of one test database, by role, code or name."""

    session: Session
    people: dict[str, Person]
    organisations: dict[str, Organisation]  # by code; a unit by its role
    places: dict[str, Place]  # by name
    delegates: dict[str, Delegate]  # by role of the person

    def actor(self, role: str) -> Actor:
        """Who the person is today (asks the database, so appointments of the test count)."""
        return queries.actor(self.session, self.people[role].id)

    def id(self, role: str) -> int:
        """The person's id."""
        return self.people[role].id

    @property
    def studio(self) -> Organisation:
        """沙头角社区党代表工作室."""
        return self.organisations["studio-440308003006"]

    def department(self, tier: str) -> Organisation:
        """The organisation department of the case's street, district or city."""
        return self.organisations[{"street": "department-440308003", "district": "department-440308"}.get(
            tier, "department-440300"
        )]  # fmt: skip

    def unit(self, tier: str) -> Organisation:
        """The 城管 unit of the case's street, district or city."""
        return self.organisations[f"{tier}_unit"]


ROLES = tuple(row[0] for row in POSTS) + tuple(row[0] for row in DELEGATES) + (OUTSIDER[0],)


@cache
def password_hash() -> str:
    """One hash for everybody: argon2 is slow on purpose."""
    return hash_password(PASSWORD)


def settle(session: Session) -> Cast:
    """Write the whole cast into empty tables (the caller's transaction)."""
    world.repeat(session, write)
    return find(session)


def find(session: Session) -> Cast:
    """The cast that was settled before."""
    people = {row.login: row for row in session.scalars(select(Person).where(Person.login.in_(ROLES)))}
    logins = {row.id: row.login for row in people.values()}
    return Cast(
        session,
        people,
        {row.code: row for row in session.scalars(select(Organisation))},
        {row.name: row for row in session.scalars(select(Place))},
        {logins[row.person_id]: row for row in session.scalars(select(Delegate))},
    )


def write(session: Session) -> None:
    """The rows of the cast."""
    places = _settle_places(session)
    set_up_organisations(session)
    organisations = {row.code: row for row in session.query(Organisation)}
    organisations["studio-440308004003"].established = False
    for code, name, place, matters in UNITS:
        tier = places[place].tier
        unit = Organisation(
            code=code, kind="unit", tier=tier, place_id=places[place].id, name=name, matters=matters
        )  # fmt: skip
        session.add(unit)
        organisations[code] = unit
    names = {role: name for role, name, *_ in (*POSTS, *DELEGATES)} | {OUTSIDER[0]: OUTSIDER[1]}
    people = {
        role: Person(login=role, name=name, phone=f"139{index:08}", password_hash=password_hash())
        for index, (role, name) in enumerate(names.items(), start=1)
    }
    session.add_all(people.values())
    session.flush()
    for role, _name, duty, organisation in POSTS:
        session.add(
            Post(person_id=people[role].id, organisation_id=organisations[organisation].id, duty=duty, starts_on=SINCE)
        )
    _settle_delegates(session, people, places)


def _settle_places(session: Session) -> dict[str, Place]:
    places: dict[str, Place] = {}
    for code, tier, name, above in PLACES:
        parent = places[above].id if above else None
        places[code] = Place(code=code, tier=tier, name=name, published_name=name, parent_id=parent)
        session.add(places[code])
        session.flush()
    for pair in ADJACENT:
        first, second = sorted(places[code].id for code in pair)
        session.add(Adjacency(first_id=first, second_id=second))
    return places


def _settle_delegates(session: Session, people: dict[str, Person], places: dict[str, Place]) -> None:
    for role, _name, code, title, communities in DELEGATES:
        delegate = Delegate(person_id=people[role].id, code=code, title=title, contact=people[role].phone)
        session.add(delegate)
        session.flush()
        for community in communities:
            session.add(Placement(delegate_id=delegate.id, community_id=places[community].id, starts_on=SINCE))
    session.flush()
