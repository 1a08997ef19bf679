"""Which community an opinion is about: by its name, or district by district."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from engine.errors import NotFound
from engine.organisation.models import Place

MOST = 30


@dataclass(frozen=True)
class Found:
    """A community with what stands above it."""

    code: str
    name: str
    street: str
    district: str


@dataclass(frozen=True)
class District:
    """A district to choose."""

    code: str
    name: str


def search(session: Session, text: str) -> list[Found]:
    """Communities whose name, or whose street's name, has this in it; at most MOST."""
    text = "".join(text.split())[:30]
    if not text:
        return []
    community, street, district = aliased(Place), aliased(Place), aliased(Place)
    pattern = f"%{text.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
    query = _joined(community, street, district).where(
        community.name.like(pattern, escape="!") | street.name.like(pattern, escape="!")
    )
    return [Found(*row) for row in session.execute(query.order_by(community.code).limit(MOST))]


def districts(session: Session) -> list[District]:
    """All districts, in the order of their codes."""
    query = select(Place.code, Place.name).where(Place.tier == "district").order_by(Place.code)
    return [District(*row) for row in session.execute(query)]


def streets(session: Session, district_code: str) -> dict[str, list[Found]]:
    """The communities of a district, by street."""
    community, street, district = aliased(Place), aliased(Place), aliased(Place)
    query = _joined(community, street, district).where(district.code == district_code).order_by(community.code)
    found: dict[str, list[Found]] = {}
    for row in session.execute(query):
        found.setdefault(row[2], []).append(Found(*row))
    return found


def community(session: Session, code: str) -> tuple[Place, Found]:
    """One community by its code; NotFound for everything else, zones without residents included."""
    community, street, district = aliased(Place), aliased(Place), aliased(Place)
    row = session.execute(_joined(community, street, district).where(community.code == code)).first()
    if row is None:
        raise NotFound
    return session.scalars(select(Place).where(Place.code == code)).one(), Found(*row)


def _joined(community: type[Place], street: type[Place], district: type[Place]):  # type: ignore[no-untyped-def]
    return (
        select(community.code, community.name, street.name, district.name)
        .join(street, street.id == community.parent_id)
        .join(district, district.id == street.parent_id)
        .where(community.tier == "community", community.zone.is_(False))
    )
