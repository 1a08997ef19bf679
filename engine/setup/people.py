"""Use case: people, their posts and the delegates from a table; a dry run does everything and keeps nothing."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.errors import Invalid, LianxinError
from engine.organisation.delegates import add_delegate, place_delegate
from engine.organisation.labels import DUTIES, KINDS
from engine.organisation.models import Delegate, Organisation, Person, Place, Post
from engine.organisation.operations import PersonForm, add_person, appoint, normal_login
from engine.setup.textfile import Problem, Row, read_table

REQUIRED = ("姓名", "登录名", "职责")
FIELDS = {"name": "姓名", "login": "登录名", "phone": "手机", "email": "邮箱"}
T = TypeVar("T")
DELEGATE = "党代表"
DUTY_CODES = {label: duty for duty, label in DUTIES.items()}


@dataclass(frozen=True)
class PeopleReport:
    """`problems` non-empty or `dry_run`: nothing was kept. Otherwise people and posts (or delegates) that are new."""

    rows: int
    people: int
    posts: int
    problems: tuple[Problem, ...]
    dry_run: bool


class _Bad(Exception):
    def __init__(self, column: str, reason: str) -> None:
        self.problem = (column, reason)


class _Names:
    """Organisations and communities by the names people write; a name that several carry needs its street in front."""

    def __init__(self, session: Session) -> None:
        places = {place.id: place for place in session.scalars(select(Place))}
        self.organisations: dict[str, list[Organisation]] = {}
        self.communities: dict[str, list[Place]] = {}
        for organisation in session.scalars(select(Organisation).where(Organisation.active)):
            above = places.get(places[organisation.place_id].parent_id or 0)
            self._enter(self.organisations, organisation.name, above, organisation)
        for place in places.values():
            if place.tier == "community" and not place.zone:
                self._enter(self.communities, place.name, places.get(place.parent_id or 0), place)

    @staticmethod
    def _enter(index: dict[str, list[T]], name: str, above: Place | None, found: T) -> None:
        index.setdefault(name, []).append(found)
        if above is not None:
            index.setdefault(above.name + name, []).append(found)

    def organisation(self, name: str) -> Organisation:
        return self._only(self.organisations, name, "单位", "单位名称与机构列表一致")

    def community(self, name: str) -> Place:
        return self._only(self.communities, name, "社区", "社区名称与区划一致（如：沙头角社区）")

    @staticmethod
    def _only(index: dict[str, list[T]], name: str, column: str, hint: str) -> T:
        if not name:
            raise _Bad(column, "不能为空，请补上。")
        found = index.get(name, [])
        if not found:
            raise _Bad(column, f"没有找到“{name[:40]}”，请使{hint}。")
        if len(found) > 1:
            raise _Bad(column, f"有{len(found)}处名为“{name[:40]}”，请在前面加上街道名称。")
        return found[0]


def import_people(session: Session, file: Path, dry_run: bool = False) -> PeopleReport:
    """Add the people of a CSV or workbook with their posts; one bad row and nothing is kept.

    A login that exists already gets the post that is missing; running a file twice changes nothing. Raises Invalid
    for a file that cannot be read.
    """
    rows = read_table(file, REQUIRED)
    names = _Names(session)
    problems: list[Problem] = []
    people = posts = 0
    with session.begin_nested() as whole:
        for row in rows:
            try:
                with session.begin_nested():
                    new_person, new_post = _take(session, row, names)
            except _Bad as bad:
                problems.append(Problem(row.line, *bad.problem))
            except Invalid as error:
                problems += _problems(row, error)
            except LianxinError as error:
                problems.append(Problem(row.line, "职责", error.message))
            else:
                people += new_person
                posts += new_post
        if problems or dry_run:
            whole.rollback()
    return PeopleReport(len(rows), people, posts, tuple(problems), dry_run)


def _problems(row: Row, error: Invalid) -> list[Problem]:
    if not error.errors:
        return [Problem(row.line, "社区" if row["职责"] == DELEGATE else "职责", error.message)]
    return [Problem(row.line, FIELDS.get(field, field), reason) for field, reason in error.errors.items()]


def _take(session: Session, row: Row, names: _Names) -> tuple[bool, bool]:
    """One row; returns (is the person new, is the post new)."""
    starts_on = _date(row["任职日期"])
    person, new = _person(session, row)
    if row["职责"] == DELEGATE:
        return new, _delegate(session, row, person, names, starts_on)
    organisation = names.organisation(row["单位"])
    duty = _duty(row["职责"], organisation)
    known = session.scalar(
        select(Post.id).where(
            Post.person_id == person.id,
            Post.organisation_id == organisation.id,
            Post.duty == duty,
            Post.ends_on.is_(None),
        )
    )
    if known is None:
        appoint(session, person.id, organisation.id, duty, starts_on)
    return new, known is None


def _person(session: Session, row: Row) -> tuple[Person, bool]:
    found = session.scalars(select(Person).where(Person.login == normal_login(row["登录名"]))).first()
    if found is None:
        form = PersonForm(login=row["登录名"], name=row["姓名"], phone=row["手机"], email=row["邮箱"])
        return add_person(session, form), True
    if found.name != row["姓名"]:
        raise _Bad("登录名", f"登录名“{found.login}”已属于“{found.name}”，请换一个登录名或改正姓名。")
    return found, False


def _duty(label: str, organisation: Organisation) -> str:
    if label in DUTY_CODES:
        return DUTY_CODES[label]
    if label == "管理员" and organisation.kind == "administration":
        return "system_administrator"
    known = "、".join([*DUTY_CODES, DELEGATE])
    kind = KINDS[organisation.kind]
    raise _Bad("职责", f"“{label[:20]}”不是{kind}的职责，可填：{known}。" if label else f"不能为空，可填：{known}。")


def _delegate(session: Session, row: Row, person: Person, names: _Names, starts_on: date) -> bool:
    communities = [names.community(name.strip()).id for name in row["社区"].replace("，", "、").split("、")]
    if len(row["职务"]) > 60:
        raise _Bad("职务", "最多60个字，请缩短。")
    known = session.scalars(select(Delegate).where(Delegate.person_id == person.id)).first()
    code = row["代表编号"] or person.login
    if len(code) > 20:
        raise _Bad("代表编号", "代表编号（未填时用登录名）最多20个字符，请缩短。")
    if known is None and session.scalar(select(Delegate.id).where(Delegate.code == code)) is not None:
        raise _Bad("代表编号", f"代表编号“{code}”已经使用，请换一个。")
    delegate = known or add_delegate(session, person.id, code, row["职务"], row["手机"])
    place_delegate(session, delegate.id, communities, starts_on)
    return known is None


def _date(text: str) -> date:
    if not text:
        return clock.today()
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise _Bad("任职日期", "日期请写成2026-03-05的样子。") from error
