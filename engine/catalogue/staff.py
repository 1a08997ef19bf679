"""Which pools somebody stands in at all in this installation: for lint, before a case waits for nobody."""

from collections.abc import Callable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine import clock
from engine.catalogue.tiers import ladder
from engine.organisation.models import Delegate, Organisation, Person, Post

Holder = tuple[str, str, str]  # kind and tier of an organisation, duty of somebody there


def _at(kind: str, tier: str = "", duty: str = "") -> Callable[[Holder], bool]:
    """Whether a post is of that kind; "" = any."""
    return lambda post: all(asked in ("", held) for asked, held in zip((kind, tier, duty), post, strict=True))


def _supervisor(step: int) -> Callable[[Holder], bool]:
    rungs = [rung.supervision[step] for rung in ladder().values() if step < len(rung.supervision)]
    posts = [_at(ladder()[rung].kind, rung, duty) for rung, duty in rungs]
    return lambda post: any(fits(post) for fits in posts)


# pool → the posts that are in it for some case; the pool `delegate` is no post
HOLDERS: dict[str, Callable[[Holder], bool]] = {
    "studio": _at("studio"),
    "tier_department": _at("department"),
    "street_department": _at("department", "street"),
    "street_department_head": _at("department", "street", "head"),
    "handling_department": _at("department"),
    "handling_unit": _at("unit"),
    "supervisor_0": _supervisor(0),
    "supervisor_1": _supervisor(1),
    "supervisor_2": _supervisor(2),
    "committee": _at("committee"),
    "consultation_convener": lambda post: post[0] in ("studio", "department"),
    "measure_party": lambda post: post[0] in ("studio", "department", "unit"),
}
DELEGATE = "delegate"


def staffed(session: Session) -> frozenset[str]:
    """The pools with at least one active person today."""
    today = clock.today()
    query = select(Organisation.kind, Organisation.tier, Post.duty).distinct()
    query = query.join(Post, Post.organisation_id == Organisation.id).join(Person, Person.id == Post.person_id)
    query = query.where(Person.active, Organisation.active, Post.starts_on <= today)
    rows = session.execute(query.where(or_(Post.ends_on.is_(None), Post.ends_on >= today)))
    posts: list[Holder] = [(row.kind, row.tier, row.duty) for row in rows]
    found = {name for name, fits in HOLDERS.items() if any(fits(post) for post in posts)}
    delegates = select(Delegate.id).join(Person, Person.id == Delegate.person_id).where(Person.active)
    return frozenset(found | ({DELEGATE} if session.scalars(delegates.limit(1)).first() is not None else set()))
