"""The little world every dry run happens in: one ladder of organisations, one person of each role, and the calendar and
the parameters as the live house has them this moment."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from engine import clock
from engine.db import Base
from engine.dryrun import memory
from engine.organisation.models import Delegate, Organisation, Person, Place, Placement, Post
from engine.parameters.models import Parameter
from engine.setup.organisations import set_up_organisations
from engine.workdays.models import WorkdayRow

KEPT = 4
COPIED = {model.__tablename__: Base.metadata.tables[model.__tablename__] for model in (WorkdayRow, Parameter)}

# code, tier, name, code above
PLACES = (
    ("440300", "city", "深圳市", None),
    ("440308", "district", "盐田区", "440300"),
    ("440308003", "street", "沙头角街道", "440308"),
    ("440308003006", "community", "沙头角社区", "440308003"),
)
CITY_MATTERS = "environment traffic housing security construction other"
PEOPLES_MATTERS = "education health employment culture business party"
# code, name, place, matters
UNITS = (
    ("street-unit", "沙头角街道城市建设办公室", "440308003", CITY_MATTERS),
    ("street-unit-2", "沙头角街道公共服务办公室", "440308003", PEOPLES_MATTERS),
    ("district-unit", "盐田区住房和建设局", "440308", CITY_MATTERS),
    ("district-unit-2", "盐田区教育局", "440308", PEOPLES_MATTERS),
    ("city-unit", "深圳市住房和建设局", "440300", CITY_MATTERS),
    ("city-unit-2", "深圳市教育局", "440300", PEOPLES_MATTERS),
)
STUDIO, ADMINISTRATION = "studio-440308003006", "administration-440300"
DEPARTMENTS = {"street": "department-440308003", "district": "department-440308", "city": "department-440300",
               "committee": "committee-440300"}  # fmt: skip
DELEGATE, DELEGATE_NAME = "delegate", "党代表"
COSIGNER = "D2"  # code of a second delegate of the community, for what co-signers do
WATCHER = "city-staff"  # reads every case of the city


def posts() -> list[tuple[str, str, str, str]]:
    """(login, name, duty, code of the organisation) of everybody but the delegate."""
    found = [("liaison", "联络员", "liaison", STUDIO), ("secretary", "社区书记", "secretary", STUDIO)]
    for tier, code in DEPARTMENTS.items():
        found += [(f"{tier}-staff", "经办员", "staff", code), (f"{tier}-head", "负责人", "head", code)]
    for code, _name, _place, _matters in UNITS:
        found += [(f"{code}-staff", "承办员", "staff", code), (f"{code}-head", "承办负责人", "head", code)]
    return found


@dataclass(frozen=True)
class World:
    """A world's snapshot; two with the same `key` are the same."""

    key: str
    content: bytes


def of(live: Session) -> World:
    """The world with the calendar and parameters of the live database; nothing is written there."""
    rows = {name: [dict(row) for row in live.execute(select(table)).mappings()] for name, table in COPIED.items()}
    key = hashlib.sha256(repr(rows).encode()).hexdigest()
    if key not in _built:
        if len(_built) >= KEPT:
            _built.clear()
        _built[key] = World(key, _build(rows))
    return _built[key]


_built: dict[str, World] = {}  # by key: a calendar that changed makes another world


def _build(copied: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
    with memory.empty() as engine:
        with memory.act(engine) as session:
            for name, table in COPIED.items():
                if rows := [_alone(table, row) for row in copied[name]]:
                    session.execute(insert(table), rows)
            _settle(session)
        return memory.snapshot(engine)


def _alone(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without the people of the live house."""
    return {
        name: None if table.columns[name].foreign_keys and table.columns[name].nullable else value
        for name, value in row.items()
    }


def _settle(session: Session) -> None:
    places: dict[str, int] = {}
    for code, tier, name, above in PLACES:
        place = Place(code=code, tier=tier, name=name, published_name=name, parent_id=places[above] if above else None)
        session.add(place)
        session.flush()
        places[code] = place.id
    set_up_organisations(session)
    tiers = {code: tier for code, tier, _name, _above in PLACES}
    for code, name, at, matters in UNITS:
        session.add(
            Organisation(code=code, kind="unit", tier=tiers[at], place_id=places[at], name=name, matters=matters)
        )
    session.flush()
    codes = {row.code: row.id for row in session.scalars(select(Organisation))}
    for login, name, duty, organisation in posts():
        person = Person(login=login, name=name)
        session.add(person)
        session.flush()
        since = clock.MEASURES_IN_FORCE
        session.add(Post(person_id=person.id, organisation_id=codes[organisation], duty=duty, starts_on=since))
    _delegate(session, places[PLACES[-1][0]], DELEGATE, DELEGATE_NAME, "D1")
    _delegate(session, places[PLACES[-1][0]], "cosigner", "联名代表", COSIGNER)


def _delegate(session: Session, community_id: int, login: str, name: str, code: str) -> None:
    person = Person(login=login, name=name)
    session.add(person)
    session.flush()
    delegate = Delegate(person_id=person.id, code=code, title="推演用党代表", contact="13900000000")
    session.add(delegate)
    session.flush()
    placed = Placement(delegate_id=delegate.id, community_id=community_id, starts_on=clock.MEASURES_IN_FORCE)
    session.add(placed)
    session.flush()
