"""The organisations every case passes through, one set per place: studios, organisation departments, the committee."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.organisation.models import Organisation, Place

CITY_CODE, CITY_NAME = "440300", "深圳市"


@dataclass(frozen=True)
class OrganisationReport:
    """What changed: how many organisations were added, and sentences on those renamed with their place."""

    added: int
    renamed: tuple[str, ...]

    @property
    def changes(self) -> int:
        """Rows touched."""
        return self.added + len(self.renamed)


def set_up_organisations(session: Session, former_names: dict[int, str] | None = None) -> OrganisationReport:
    """Add what is missing for the places that exist; zones get nothing.

    `former_names` (place id → name before the import) renames those that still carry the name derived from it;
    a name given by an administrator stays.
    """
    stored = {organisation.code: organisation for organisation in session.scalars(select(Organisation))}
    renamed: list[str] = []
    added = 0
    for place in session.scalars(select(Place).where(Place.zone.is_(False)).order_by(Place.id)):
        for kind in _kinds(place.tier):
            code = f"{kind}-{place.code}"
            if code not in stored:
                session.add(_new(code, kind, place))
                added += 1
                continue
            former = derived_name(kind, place.tier, (former_names or {}).get(place.id, place.name))
            name = derived_name(kind, place.tier, place.name)
            if former != name and stored[code].name == former:
                renamed.append(f"{former} → {name}")
                stored[code].name = name
    session.flush()
    return OrganisationReport(added, tuple(renamed))


def ensure_administration(session: Session) -> Organisation:
    """The organisation of the administrators; on an empty database with the city as its place."""
    found = session.scalars(select(Organisation).where(Organisation.kind == "administration")).first()
    if found is not None:
        return found
    city = session.scalars(select(Place).where(Place.tier == "city")).first()
    if city is None:
        city = Place(code=CITY_CODE, tier="city", name=CITY_NAME, published_name=CITY_NAME)
        session.add(city)
        session.flush()
    administration = _new(f"administration-{city.code}", "administration", city)
    session.add(administration)
    session.flush()
    return administration


def _kinds(tier: str) -> tuple[str, ...]:
    if tier == "community":
        return ("studio",)
    return ("department", "committee", "administration") if tier == "city" else ("department",)


def _new(code: str, kind: str, place: Place) -> Organisation:
    return Organisation(
        code=code,
        kind=kind,
        tier="committee" if kind == "committee" else place.tier,
        place_id=place.id,
        name=derived_name(kind, place.tier, place.name),
    )


def derived_name(kind: str, tier: str, name: str) -> str:
    """沙头角社区党代表工作室, 沙头角街道党工委组织部门, 盐田区委组织部, 大鹏新区组织人事局 (a new district has no
    committee, A24), 深圳市委组织部, 深圳市委."""
    if kind == "administration":
        return "系统管理"
    if kind == "committee":
        return f"{name}委"
    if kind == "studio":
        return f"{name}党代表工作室"
    if tier == "street":
        return f"{name}党工委组织部门"
    return f"{name}组织人事局" if name.endswith("新区") else f"{name}委组织部"
