"""For whom somebody may arrange a deputy or a hand-over: for herself, a head for the people there, the system
administrator for everybody."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, Verb, require
from engine.errors import Forbidden, NotFound
from engine.organisation.models import Organisation, Person, Post
from engine.organisation.queries import in_force


def administers(actor: Actor) -> bool:
    """Is this a system administrator?"""
    return any(post.duty == "system_administrator" for post in actor.posts)


def headed(actor: Actor) -> frozenset[int]:
    """The organisations whose head the actor is, or stands in for."""
    return frozenset(post.organisation_id for post in actor.posts if post.duty == "head")


def staff(session: Session, actor: Actor) -> list[tuple[Person, str]]:
    """The people of the organisations the actor heads, with the organisation's name."""
    query = (
        select(Person, Organisation.name)
        .join(Post, Post.person_id == Person.id)
        .join(Organisation, Organisation.id == Post.organisation_id)
        .where(Post.organisation_id.in_(headed(actor)), in_force(clock.today()), Person.active)
        .order_by(Organisation.id, Post.id)
    )
    found: dict[int, tuple[Person, str]] = {}
    for person, name in session.execute(query):
        if person.id != actor.person_id:
            found.setdefault(person.id, (person, name))
    return list(found.values())


def reached(session: Session, actor: Actor, verb: Verb, person_id: int) -> Person:
    """The person, if the actor may arrange this for him; else NotFound or Forbidden."""
    require(actor, verb)
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound
    if administers(actor) or (verb is Verb.DEPUTY_SET and person_id == actor.person_id):
        return person
    there = select(Post.id).where(Post.person_id == person_id, Post.organisation_id.in_(headed(actor)))
    if session.scalars(there.limit(1)).first() is None:
        raise Forbidden(verb=verb.label)
    return person
