"""Use cases of the administrators' pages: every one asks engine.access first, then does one thing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, Verb, require
from engine.errors import Conflict
from engine.organisation import operations, passwords, queries, tokens
from engine.organisation.models import Delegate, Organisation, Person, Post
from engine.organisation.operations import PersonForm
from engine.setup.organisations import ensure_administration

PER_PAGE = 50


@dataclass(frozen=True)
class PersonView:
    """A person as the administrator sees it; `posts` newest first, with their organisations."""

    person: Person
    posts: Sequence[tuple[Post, Organisation]]
    delegate: Delegate | None


# ------------------------------------------------------------------------------------------- first administrator
def first_administrator_link(session: Session) -> str:
    """A one-time secret for /first-administrator/<secret>; raises Conflict once there is a system administrator."""
    _nobody_yet(session)
    ensure_administration(session)
    return tokens.issue(session, tokens.FIRST_ADMINISTRATOR)


def create_first_administrator(session: Session, secret: str, form: PersonForm, password: str) -> Person:
    """Use the link up: a person with a password and the post of system administrator; raises Invalid, Conflict."""
    _nobody_yet(session)
    tokens.redeem(session, tokens.FIRST_ADMINISTRATOR, secret)
    person = operations.add_person(session, form)
    administration = ensure_administration(session)
    operations.appoint(session, person.id, administration.id, "system_administrator", clock.today())
    return passwords.set_password(session, person.id, password)


def _nobody_yet(session: Session) -> None:
    if operations.system_administrators(session):
        raise Conflict("已有系统管理员，首位管理员链接不再有效。请直接登录；忘记密码请由其他系统管理员重置。")


def set_password_by_link(session: Session, secret: str, password: str) -> Person:
    """A new or forgotten password through a one-time link; raises Invalid (the link stays good then)."""
    token = tokens.redeem(session, tokens.PASSWORD, secret)
    if token.person_id is None:
        raise Conflict(tokens.SPENT)
    return passwords.set_password(session, token.person_id, password)


# -------------------------------------------------------------------------------------------------------- people
def people(session: Session, actor: Actor, text: str = "", page: int = 1) -> tuple[Sequence[Person], int]:
    """One page of people whose name, login or phone contains `text`, and how many there are."""
    require(actor, Verb.PEOPLE_MANAGE)
    query = select(Person)
    if text.strip():
        found = text.strip()
        query = query.where(
            or_(
                Person.name.contains(found, autoescape=True),
                Person.login.contains(found.casefold(), autoescape=True),
                Person.phone.contains(found, autoescape=True),
            )
        )
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    first = (max(page, 1) - 1) * PER_PAGE
    return session.scalars(query.order_by(Person.login).offset(first).limit(PER_PAGE)).all(), total


def person(session: Session, actor: Actor, person_id: int) -> PersonView:
    """One person with all posts ever held; raises NotFound."""
    require(actor, Verb.PEOPLE_MANAGE)
    found = operations.get_person(session, person_id)
    rows = session.execute(
        select(Post, Organisation)
        .join(Organisation, Organisation.id == Post.organisation_id)
        .where(Post.person_id == person_id)
        .order_by(Post.starts_on.desc(), Post.id.desc())
    )
    delegate = session.scalars(select(Delegate).where(Delegate.person_id == person_id)).first()
    return PersonView(found, [(row.Post, row.Organisation) for row in rows], delegate)


def add_person(session: Session, actor: Actor, form: PersonForm) -> tuple[Person, str]:
    """A new person and the one-time secret for /password/<secret>; raises Invalid."""
    require(actor, Verb.PEOPLE_MANAGE)
    added = operations.add_person(session, form)
    return added, tokens.issue(session, tokens.PASSWORD, added.id)


def change_person(session: Session, actor: Actor, person_id: int, form: PersonForm) -> Person:
    """Correct name, login, phone, e-mail; raises Invalid, NotFound."""
    require(actor, Verb.PEOPLE_MANAGE)
    return operations.change_person(session, person_id, form)


def disable_person(session: Session, actor: Actor, person_id: int) -> Person:
    """End every session and every future sign-in; raises Conflict for the last system administrator."""
    require(actor, Verb.PEOPLE_MANAGE)
    return operations.disable_person(session, person_id)


def enable_person(session: Session, actor: Actor, person_id: int) -> Person:
    """Take a disabled person back, unlocked."""
    require(actor, Verb.PEOPLE_MANAGE)
    return operations.enable_person(session, person_id)


def reset_password(session: Session, actor: Actor, person_id: int) -> str:
    """A one-time secret for /password/<secret>; the old password works until it is used. Raises NotFound."""
    require(actor, Verb.PEOPLE_MANAGE)
    return tokens.issue(session, tokens.PASSWORD, operations.get_person(session, person_id).id)


def appoint(session: Session, actor: Actor, person_id: int, organisation_id: int, duty: str, starts_on: date) -> Post:
    """Give a duty (liaisons too); raises Invalid, Conflict, NotFound."""
    require(actor, Verb.PEOPLE_MANAGE)
    return operations.appoint(session, person_id, organisation_id, duty, starts_on)


def end_post(session: Session, actor: Actor, post_id: int, last_day: date) -> Post:
    """End a duty on its last day; raises Invalid, Conflict, NotFound."""
    require(actor, Verb.PEOPLE_MANAGE)
    return operations.end_post(session, post_id, last_day)


def appoint_liaison(session: Session, actor: Actor, studio_id: int, person_id: int, starts_on: date) -> Post:
    """Article 7: the system administrator, or an organisation department for a studio of its area (R11)."""
    require(actor, Verb.LIAISON_APPOINT, queries.organisation_scope(session, studio_id))
    return operations.appoint_liaison(session, studio_id, person_id, starts_on)


# ------------------------------------------------------------------------------------------------- organisations
def organisations(
    session: Session, actor: Actor, text: str = "", kind: str = "", page: int = 1
) -> tuple[Sequence[Organisation], int]:
    """One page of organisations whose name contains `text`, of one kind if given, and how many there are."""
    require(actor, Verb.ORGANISATION_MANAGE)
    query = select(Organisation)
    if text.strip():
        query = query.where(Organisation.name.contains(text.strip(), autoescape=True))
    if kind:
        query = query.where(Organisation.kind == kind)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    first = (max(page, 1) - 1) * PER_PAGE
    return session.scalars(query.order_by(Organisation.code).offset(first).limit(PER_PAGE)).all(), total


def organisation(session: Session, actor: Actor, organisation_id: int) -> Organisation:
    """One organisation; raises NotFound."""
    require(actor, Verb.ORGANISATION_MANAGE)
    return operations.get_organisation(session, organisation_id)


def holders(session: Session, actor: Actor, organisation_id: int) -> Sequence[tuple[Post, Person]]:
    """Everybody who holds or held a post there, newest first (the liaison terms of a studio)."""
    require(actor, Verb.ORGANISATION_MANAGE)
    rows = session.execute(
        select(Post, Person)
        .join(Person, Person.id == Post.person_id)
        .where(Post.organisation_id == organisation_id)
        .order_by(Post.starts_on.desc(), Post.id.desc())
    )
    return [(row.Post, row.Person) for row in rows]


def add_unit(session: Session, actor: Actor, place_id: int, name: str, matters: str) -> Organisation:
    """A new handling unit; raises Invalid."""
    require(actor, Verb.ORGANISATION_MANAGE)
    return operations.add_unit(session, place_id, name, matters)


def change_organisation(
    session: Session,
    actor: Actor,
    organisation_id: int,
    name: str,
    matters: str | None = None,
    established: bool | None = None,
) -> Organisation:
    """Rename, say which matters it handles, or whether the studio is established; raises Invalid, NotFound."""
    require(actor, Verb.ORGANISATION_MANAGE)
    return operations.change_organisation(session, organisation_id, name, matters, established)


def disable_organisation(session: Session, actor: Actor, organisation_id: int) -> Organisation:
    """A unit receives nothing new; raises Conflict for the organisations every case passes through."""
    require(actor, Verb.ORGANISATION_MANAGE)
    return operations.disable_organisation(session, organisation_id)


def enable_organisation(session: Session, actor: Actor, organisation_id: int) -> Organisation:
    """Take it into use again."""
    require(actor, Verb.ORGANISATION_MANAGE)
    return operations.enable_organisation(session, organisation_id)
