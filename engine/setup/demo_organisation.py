"""The people and units of the living demo, on the whole gazetteer; every name shows that it is made up.

Logins are systematic, all with DEMO_PASSWORD: `l-<community code>` liaison, `s-<community code>` secretary,
`d-001` delegate, `<organisation code>-h` head, `<organisation code>-1` staff, `admin-1` to `admin-4`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from engine.errors import Conflict
from engine.organisation.models import Adjacency, Delegate, Organisation, Person, Place, Placement, Post
from engine.organisation.passwords import hash_password
from engine.setup.demo_units import UNITS

DEMO_PASSWORD = "lianxin-demo"  # noqa: S105 - printed on the demo's first page; production refuses demo mode
SINCE = date(2010, 11, 24)  # the day the measures were issued
DELEGATES = 320
NO_STUDIO = "440308004003"  # 鹏湾社区: shows secretary and deputy acting as liaison (R12)


# one person of every role on the way of a case from 沙头角社区, for the page that switches person
FEATURED = (
    ("l-440308003006", "联络员", "沙头角社区党代表工作室"),
    ("d-001", "市党代表", "沙头角社区、桥东社区"),
    ("d-002", "市党代表", "沙头角社区、中英街社区"),
    ("department-440308003-1", "街道组织部门经办人", "沙头角街道党工委组织部门"),
    ("department-440308003-h", "街道组织部门负责人", "沙头角街道党工委组织部门"),
    ("unit-440308003-001-1", "街道承办单位经办人", "沙头角街道城管科"),
    ("unit-440308003-001-h", "街道承办单位负责人", "沙头角街道城管科"),
    ("department-440308-1", "区委组织部经办人", "盐田区委组织部"),
    ("unit-440308-001-1", "区承办单位经办人", "盐田区城管局"),
    ("department-440300-1", "市委组织部经办人", "深圳市委组织部"),
    ("department-440300-h", "市委组织部负责人", "深圳市委组织部"),
    ("unit-440300-001-1", "市承办单位经办人", "深圳市城管局"),
    ("committee-440300-1", "市委经办人", "深圳市委"),
    ("s-440308004003", "书记（兼任联络员）", "鹏湾社区党代表工作室"),
    ("department-440308004-1", "另一街道组织部门经办人", "海山街道党工委组织部门"),
    ("admin-1", "系统管理员", "系统管理"),
    ("admin-2", "流程管理员", "系统管理"),
    ("admin-3", "审计员", "系统管理"),
    ("admin-4", "流程管理员（第二人）", "系统管理"),
)


@dataclass(frozen=True)
class DemoReport:
    """How many rows the run added; all 0 the second time."""

    units: int
    people: int
    delegates: int


@dataclass(frozen=True)
class _Seat:
    """A person to be, with the post that comes with it."""

    login: str
    name: str
    organisation: str  # code
    duty: str


def set_up_demo_organisation(session: Session) -> DemoReport:
    """Units for every street, district and the city, a head and a clerk everywhere, a liaison for every community and
    320 delegates placed as article 2 asks. Adds what is missing; raises Conflict before `lianxin import-places`."""
    places = {place.code: place for place in session.scalars(select(Place).where(Place.zone.is_(False)))}
    if not any(place.tier == "community" for place in places.values()):
        raise Conflict("还没有区划。请先运行 lianxin import-places 导入区划文件。")
    units = _add_units(session, places)
    studios = _studios(session)
    people = _add_people(session, studios)
    delegates = _add_delegates(session, places)
    return DemoReport(units, people, delegates)


# ------------------------------------------------------------------------------------------------ organisations
def _add_units(session: Session, places: dict[str, Place]) -> int:
    known = set(session.scalars(select(Organisation.code).where(Organisation.kind == "unit")))
    rows = [row for row in _units(places) if row["code"] not in known]
    _bulk(session, Organisation, rows)
    return len(rows)


def _units(places: dict[str, Place]) -> Iterator[dict[str, Any]]:
    for place in places.values():
        for number, (name, matters) in enumerate(UNITS.get(place.tier, ()), start=1):
            yield {
                "code": f"unit-{place.code}-{number:03}",
                "kind": "unit",
                "tier": place.tier,
                "place_id": place.id,
                "name": unit_name(place.name, name),
                "matters": matters,
                "established": True,
                "active": True,
            }


def unit_name(place: str, name: str) -> str:
    """盐田区城管局, 沙头角街道教育科; an office of the city committee is written 深圳市委党校."""
    return f"{place.removesuffix('市')}{name}" if name.startswith("市委") else f"{place}{name}"


def _studios(session: Session) -> list[Organisation]:
    """Every studio in order of code; the demo leaves 鹏湾社区 and every 25th community without an established one."""
    studios = list(
        session.scalars(select(Organisation).where(Organisation.kind == "studio").order_by(Organisation.code))
    )
    held = set(session.scalars(select(Post.organisation_id).where(Post.duty.in_(("liaison", "secretary", "deputy")))))
    for number, studio in enumerate(studios, start=1):
        if studio.id not in held and (number % 25 == 0 or studio.code.endswith(NO_STUDIO)):
            studio.established = False
    session.flush()
    return studios


# ------------------------------------------------------------------------------------------------------- people
def _add_people(session: Session, studios: list[Organisation]) -> int:
    organisations = {row.code: row.id for row in session.scalars(select(Organisation))}
    kinds = {row.code: row.kind for row in session.scalars(select(Organisation))}
    seats = [*_studio_seats(studios), *_office_seats(kinds), *_administrators(kinds)]
    added = _insert_people(session, [(seat.login, seat.name) for seat in seats])
    people = _ids(session)
    _bulk(
        session,
        Post,
        [
            {
                "person_id": people[seat.login],
                "organisation_id": organisations[seat.organisation],
                "duty": seat.duty,
                "starts_on": SINCE,
            }
            for seat in seats
            if seat.login in added
        ],
    )
    return len(added)


def _studio_seats(studios: list[Organisation]) -> Iterator[_Seat]:
    for studio in studios:
        code = studio.code.removeprefix("studio-")
        community = studio.name.removesuffix("党代表工作室")
        if studio.established:
            yield _Seat(f"l-{code}", f"演示联络员·{community}", studio.code, "liaison")
        else:
            yield _Seat(f"s-{code}", f"演示书记·{community}", studio.code, "secretary")
            yield _Seat(f"v-{code}", f"演示副书记·{community}", studio.code, "deputy")


def _office_seats(kinds: dict[str, str]) -> Iterator[_Seat]:
    number = 0
    for code, kind in sorted(kinds.items()):
        if kind not in ("department", "unit", "committee"):
            continue
        number += 1
        yield _Seat(f"{code}-h", f"演示负责人{number:04}", code, "head")
        yield _Seat(f"{code}-1", f"演示经办人{number:04}", code, "staff")
        if kind == "department":
            yield _Seat(f"{code}-2", f"演示经办人{number:04}乙", code, "staff")


def _administrators(kinds: dict[str, str]) -> Iterator[_Seat]:
    duties = {"系统管理员": "system_administrator", "流程管理员": "procedure_administrator", "审计员": "auditor"}
    code = next(code for code, kind in kinds.items() if kind == "administration")
    for number, (name, duty) in enumerate(duties.items(), start=1):
        yield _Seat(f"admin-{number}", f"演示{name}", code, duty)
    # what needs a second person: exceptions to the articles, the release of a calendar notice
    yield _Seat("admin-4", "演示流程管理员乙", code, "procedure_administrator")


def _insert_people(session: Session, wanted: list[tuple[str, str]]) -> set[str]:
    """Add those whose login is not there yet; returns their logins."""
    known = _ids(session)
    missing = [(login, name) for login, name in wanted if login not in known]
    if not missing:
        return set()
    hashed = hash_password(DEMO_PASSWORD)  # once: argon2 is slow on purpose
    rows = [
        {"login": login, "name": name, "password_hash": hashed, "phone": "", "email": "", "active": True}
        for login, name in missing
    ]
    _bulk(session, Person, rows)
    return {login for login, _ in missing}


def _ids(session: Session) -> dict[str, int]:
    return {row.login: row.id for row in session.execute(select(Person.login, Person.id))}


# ---------------------------------------------------------------------------------------------------- delegates
def _add_delegates(session: Session, places: dict[str, Place]) -> int:
    names = {f"d-{number:03}": f"演示代表{number:03}" for number in range(1, DELEGATES + 1)}
    added = _insert_people(session, list(names.items()))
    people = _ids(session)
    titles = (
        "演示社区工作者",
        "演示医生",
        "演示教师",
        "演示工程师",
        "演示企业职工",
        "演示律师",
        "演示公务员",
        "演示民警",
    )
    numbers = [number for number in range(1, DELEGATES + 1) if f"d-{number:03}" in added]
    _bulk(
        session,
        Delegate,
        [
            {
                "person_id": people[f"d-{number:03}"],
                "code": f"D{number:03}",
                "title": titles[number % len(titles)],
                "contact": f"（演示）{number:03}",
                "category": "district",
            }
            for number in numbers
        ],
    )
    delegates = {row.code: row.id for row in session.execute(select(Delegate.code, Delegate.id))}
    choices = _choices(session, places)
    _bulk(
        session,
        Placement,
        [
            {"delegate_id": delegates[f"D{number:03}"], "community_id": community, "starts_on": SINCE}
            for number in numbers
            for community in choices[number - 1]
        ],
    )
    return len(added)


def _choices(session: Session, places: dict[str, Place]) -> list[tuple[int, ...]]:
    """Whom each delegate is in contact with: the adjacent pairs first, then one community each, spread evenly.

    Every community of 盐田区 has one (the walk of the demo goes there), the rest are taken at equal steps.
    """
    pairs: list[tuple[int, ...]] = [
        (row.first_id, row.second_id) for row in session.scalars(select(Adjacency).order_by(Adjacency.first_id))
    ]
    communities = [place for code, place in sorted(places.items()) if place.tier == "community"]
    near = [place.id for place in communities if place.code.startswith("440308")]
    others = [place.id for place in communities if place.id not in set(near)] or near
    free = max(DELEGATES - len(pairs) - len(near), 0)
    spread = [others[index * len(others) // free] for index in range(free)]
    return [*pairs, *((place,) for place in near), *((place,) for place in spread)][:DELEGATES]


def _bulk(session: Session, model: type[Any], rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(model), rows)
