"""Who holds which post today, and which organisation stands where. Reading only; "today" is the clock's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, cast

from sqlalchemy import BindParameter, ColumnElement, Date, and_, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from engine import batch, clock
from engine.access import Absentee, Actor, OrganisationScope, PostRef
from engine.errors import NotFound
from engine.organisation.models import Absence, Adjacency, Delegate, Organisation, Person, Place, Placement, Post


@dataclass(frozen=True)
class Pool:
    """Who may take a task. `fallback`: nobody holds the duty asked for and somebody else stands in (an incident);
    `people` empty: nobody at all, an incident and a flagged organisation (R12)."""

    people: tuple[Person, ...]
    fallback: bool


@dataclass(frozen=True)
class Path:
    """A place and everything above it; the rungs below it are None."""

    community: Place | None
    street: Place | None
    district: Place | None
    city: Place

    @property
    def ids(self) -> tuple[int, ...]:
        """From the place itself up to the city."""
        return tuple(place.id for place in (self.community, self.street, self.district, self.city) if place)


def in_force(day: date | BindParameter[date]) -> ColumnElement[bool]:
    """Posts whose dates contain `day` (both ends inclusive)."""
    return and_(Post.starts_on <= day, or_(Post.ends_on.is_(None), Post.ends_on >= day))


# ------------------------------------------------------------------------------------------------------- people
_TODAY: BindParameter[date] = bindparam("today", type_=Date)
_Away = aliased(Person)
_ACTOR = (
    select(
        Person.id,
        Person.login,
        Person.name,
        Person.session_stamp,
        Person.active,
        Delegate.id,
        Post.person_id,
        Post.duty,
        Organisation.id,
        Organisation.kind,
        Organisation.tier,
        Organisation.place_id,
        _Away.id,
        _Away.name,
    )
    .outerjoin(
        Delegate, and_(Delegate.person_id == Person.id, or_(Delegate.ends_on.is_(None), Delegate.ends_on >= _TODAY))
    )
    .outerjoin(
        Absence,
        and_(
            Absence.deputy_id == Person.id,
            Absence.starts_on <= _TODAY,
            Absence.ends_on >= _TODAY,
            Absence.ended_at.is_(None),
        ),
    )
    .outerjoin(_Away, _Away.id == Absence.person_id)
    .outerjoin(Post, and_(Post.person_id.in_((Person.id, Absence.person_id)), in_force(_TODAY)))
    .outerjoin(Organisation, and_(Organisation.id == Post.organisation_id, Organisation.active))
    .where(Person.id == bindparam("person_id"))
    .order_by(Post.id)
)


@dataclass(frozen=True)
class Account:
    """Who signed in, as far as a request asks."""

    id: int
    login: str
    name: str
    session_stamp: int


class _Row(NamedTuple):
    """One post of the person or of a colleague he stands in for, as `_ACTOR` selects it."""

    person_id: int
    login: str
    name: str
    session_stamp: int
    active: bool
    delegate_id: int | None
    holder_id: int | None
    duty: str
    organisation_id: int | None
    kind: str
    tier: str
    place_id: int
    absent_id: int | None
    absent: str


def actor(session: Session, person_id: int) -> Actor:
    """The person with today's posts in active organisations; raises NotFound for a disabled or unknown person."""
    return account_and_actor(session, person_id)[1]


def account_and_actor(session: Session, person_id: int) -> tuple[Account, Actor]:
    """The same with the person's account, in one statement: every request of somebody signed in asks it."""
    found = [_Row(*row) for row in batch.rows(session, _ACTOR, {"person_id": person_id, "today": clock.today()})]
    if not found or not found[0].active:
        raise NotFound
    person = found[0]
    rows = [row for row in found if row.organisation_id is not None]
    posts = _posts(session, [row for row in rows if row.holder_id == person_id])
    lent = _posts(session, [row for row in rows if row.holder_id != person_id], _working_places(posts))
    own = {(post.organisation_id, post.duty) for post in posts}
    posts += [post for post in lent if (post.organisation_id, post.duty) not in own]
    lending = {post.deputy_for for post in lent}
    absent = dict.fromkeys(
        Absentee(row.absent_id, row.absent) for row in found if row.absent_id is not None and row.absent_id in lending
    )
    return (
        Account(person.person_id, person.login, person.name, person.session_stamp),
        Actor(person_id, person.name, tuple(dict.fromkeys(posts)), person.delegate_id, tuple(absent)),
    )


def _posts(session: Session, rows: Sequence[_Row], places: frozenset[int] | None = None) -> list[PostRef]:
    """The duties of these rows, acting liaisons included; with `places` those of absent colleagues, in these
    organisations only: somebody of another organisation cannot stand in."""
    kept = [row for row in rows if places is None or row.organisation_id in places]
    found = [(row, row.duty) for row in kept]
    found += [
        (row, "liaison") for row in kept if row.duty in ("secretary", "deputy") and _acts_as_liaison(session, row)
    ]
    return [
        PostRef(
            cast(int, row.organisation_id), duty, row.kind, row.tier, row.place_id,
            None if places is None else row.holder_id,
        )
        for row, duty in found
    ]  # fmt: skip


def _working_places(posts: Sequence[PostRef]) -> frozenset[int]:
    """The duties of the three administrators are nobody else's (三员分立)."""
    return frozenset(post.organisation_id for post in posts if post.kind != "administration")


def _acts_as_liaison(session: Session, row: _Row) -> bool:
    acting = liaison_of(session, cast(int, row.organisation_id)) if row.kind == "studio" else None
    return acting is not None and acting.id == row.holder_id


def members(session: Session, organisation_id: int, duty: str = "") -> list[Person]:
    """Active people holding that duty (any duty if empty) in the organisation today, in order of appointment."""
    query = (
        select(Person)
        .join(Post, Post.person_id == Person.id)
        .where(Post.organisation_id == organisation_id, in_force(clock.today()), Person.active)
        .order_by(Post.starts_on, Post.id)
    )
    if duty:
        query = query.where(Post.duty == duty)
    return list(dict.fromkeys(session.scalars(query)))


def head_of(session: Session, organisation_id: int) -> Person | None:
    """The head in office, if there is one."""
    return next(iter(members(session, organisation_id, "head")), None)


def liaison_of(session: Session, studio_id: int) -> Person | None:
    """Article 7: the studio's liaison; where there is none 「由社区党组织书记或副书记兼任」, secretary, else deputy.

    R12. None = the community is flagged: nobody can receive anybody there.
    """
    for duty in ("liaison", "secretary", "deputy"):
        found = members(session, studio_id, duty)
        if found:
            return found[0]
    return None


def pool_members(session: Session, organisation_id: int, duty: str = "") -> Pool:
    """Who may take a task of that organisation and duty; staff work is open to the head, and so is an empty pool.

    A liaison's pool falls to secretary or deputy; that is the regular order only where no studio is established.
    """
    if duty == "liaison":
        person = liaison_of(session, organisation_id)
        studio = session.get_one(Organisation, organisation_id)
        regular = not studio.established or bool(members(session, organisation_id, "liaison"))
        return Pool((person,) if person else (), fallback=not (person and regular))
    holders = members(session, organisation_id, duty)
    heads = members(session, organisation_id, "head")
    if duty == "staff":
        return Pool(tuple(dict.fromkeys([*holders, *heads])), fallback=not holders)
    return Pool(tuple(holders or heads), fallback=not holders)


def flagged_studios(session: Session) -> list[Organisation]:
    """Active studios where nobody can act as liaison today (R12, both posts empty)."""
    holding = (
        select(Post.organisation_id)
        .join(Person, Person.id == Post.person_id)
        .where(Post.duty.in_(("liaison", "secretary", "deputy")), in_force(clock.today()), Person.active)
    )
    return list(
        session.scalars(
            select(Organisation)
            .where(Organisation.kind == "studio", Organisation.active, Organisation.id.not_in(holding))
            .order_by(Organisation.code)
        )
    )


# ------------------------------------------------------------------------------------------------ organisations
def department_of(session: Session, place_id: int) -> Organisation:
    """The organisation department of a street, district or city; raises NotFound."""
    return _one(session, "department", place_id)


def studio_of(session: Session, community_id: int) -> Organisation:
    """The studio row of a community, established or not; raises NotFound (a zone has none)."""
    return _one(session, "studio", community_id)


def committee(session: Session) -> Organisation:
    """The city committee (市委)."""
    return _one(session, "committee", None)


def administration(session: Session) -> Organisation:
    """The organisation of the three administrators."""
    return _one(session, "administration", None)


def _one(session: Session, kind: str, place_id: int | None) -> Organisation:
    query = select(Organisation).where(Organisation.kind == kind, Organisation.active)
    if place_id is not None:
        query = query.where(Organisation.place_id == place_id)
    found = session.scalars(query.order_by(Organisation.id).limit(1)).first()
    if found is None:
        raise NotFound
    return found


def units_of(session: Session, tier: str, place_id: int, matter: str = "") -> list[Organisation]:
    """The active handling units of one rung of one place (R14, R51); those for `matter` only, if given."""
    units = session.scalars(
        select(Organisation)
        .where(
            Organisation.tier == tier,
            Organisation.kind == "unit",
            Organisation.place_id == place_id,
            Organisation.active,
        )
        .order_by(Organisation.code)
    )
    return [unit for unit in units if not matter or matter in unit.matters.split()]


def organisation_scope(session: Session, organisation_id: int) -> OrganisationScope:
    """The organisation as engine.access looks at it; raises NotFound."""
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound
    return OrganisationScope(organisation.tier, path(session, organisation.place_id).ids, organisation.id)


# ------------------------------------------------------------------------------------------------------- places
def path(session: Session, place_id: int) -> Path:
    """community → street → district → city of a place; raises NotFound."""
    rungs: dict[str, Place] = {}
    place = session.get(Place, place_id)
    while place is not None:
        rungs[place.tier] = place
        place = session.get(Place, place.parent_id) if place.parent_id is not None else None
    if "city" not in rungs:
        raise NotFound
    return Path(rungs.get("community"), rungs.get("street"), rungs.get("district"), rungs["city"])


def city(session: Session) -> Place:
    """The root of the gazetteer; raises NotFound before the first import."""
    found = session.scalars(select(Place).where(Place.tier == "city").limit(1)).first()
    if found is None:
        raise NotFound
    return found


def children(session: Session, place_id: int) -> list[Place]:
    """The places directly below, in order of code."""
    return list(session.scalars(select(Place).where(Place.parent_id == place_id).order_by(Place.code)))


def adjacent(session: Session, community_id: int, other_id: int) -> bool:
    """Do the two communities touch? (symmetric; what nobody entered counts as not adjacent)"""
    first, second = sorted((community_id, other_id))
    return session.get(Adjacency, (first, second)) is not None


# ---------------------------------------------------------------------------------------------------- delegates
def delegates_of(session: Session, community_id: int) -> Sequence[tuple[Delegate, Person]]:
    """The delegates in office who are in contact with the community today (article 2), by code."""
    today = clock.today()
    rows = session.execute(
        select(Delegate, Person)
        .join(Person, Person.id == Delegate.person_id)
        .join(Placement, Placement.delegate_id == Delegate.id)
        .where(
            Placement.community_id == community_id,
            Placement.starts_on <= today,
            or_(Placement.ends_on.is_(None), Placement.ends_on >= today),
            or_(Delegate.ends_on.is_(None), Delegate.ends_on >= today),
            Person.active,
        )
        .order_by(Delegate.code)
    )
    return [(row.Delegate, row.Person) for row in rows]


def communities_of(session: Session, delegate_id: int) -> list[Place]:
    """The one or two communities the delegate is in contact with today."""
    today = clock.today()
    return list(
        session.scalars(
            select(Place)
            .join(Placement, Placement.community_id == Place.id)
            .where(
                Placement.delegate_id == delegate_id,
                Placement.starts_on <= today,
                or_(Placement.ends_on.is_(None), Placement.ends_on >= today),
            )
            .order_by(Placement.id)
        )
    )
