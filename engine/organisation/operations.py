"""People, posts and organisations come and go; nobody is deleted. Who may do it is asked in engine.setup."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.access import ADMINISTRATORS
from engine.errors import Conflict, Invalid, NotFound
from engine.organisation.labels import DUTIES, DUTIES_OF_KIND, KINDS
from engine.organisation.models import Delegate, Organisation, Person, Place, Post

LOGIN = re.compile(r"[\w.@-]{2,60}")
LENGTHS = {"name": 40, "phone": 30, "email": 120}


@dataclass(frozen=True)
class PersonForm:
    """What is entered about a person."""

    login: str
    name: str
    phone: str = ""
    email: str = ""


def normal_login(login: str) -> str:
    """Logins are compared without regard to case and surrounding blanks."""
    return login.strip().casefold()


def person_errors(form: PersonForm) -> dict[str, str]:
    """Field → what is wrong with it and what to do; empty when the form can be saved (uniqueness aside)."""
    errors: dict[str, str] = {}
    if not form.name.strip():
        errors["name"] = "请填写姓名。"
    if not LOGIN.fullmatch(normal_login(form.login)):
        errors["login"] = "登录名为2至60个字符，只能用文字、数字和 . _ @ -。"
    if not form.name.isprintable():
        errors["name"] = "姓名含有不可显示的字符，请重新输入。"
    for field, most in LENGTHS.items():
        if len(getattr(form, field)) > most:
            errors[field] = f"最多{most}个字符，请缩短。"
    if form.phone and not re.fullmatch(r"[0-9+() -]{5,30}", form.phone):
        errors["phone"] = "电话号码只能包含数字和 + - ( ) 空格。"
    if form.email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", form.email):
        errors["email"] = "邮箱格式不正确，例如 name@example.cn。"
    return errors


def add_person(session: Session, form: PersonForm) -> Person:
    """A new active person without password; raises Invalid (with the fields) for bad data or a login in use."""
    _check(session, form, None)
    person = Person(**_fields(form), password_hash=None)
    session.add(person)
    session.flush()
    return person


def change_person(session: Session, person_id: int, form: PersonForm) -> Person:
    """Correct what is entered about a person; raises Invalid, NotFound."""
    person = get_person(session, person_id)
    _check(session, form, person_id)
    for field, value in _fields(form).items():
        setattr(person, field, value)
    session.flush()
    return person


def _fields(form: PersonForm) -> dict[str, str]:
    return {
        "login": normal_login(form.login),
        "name": form.name.strip(),
        "phone": form.phone.strip(),
        "email": form.email.strip(),
    }


def _check(session: Session, form: PersonForm, person_id: int | None) -> None:
    errors = person_errors(form)
    taken = session.scalar(select(Person.id).where(Person.login == normal_login(form.login)))
    if taken is not None and taken != person_id:
        errors["login"] = "这个登录名已有人使用，请换一个。"
    if errors:
        raise Invalid("有内容需要改正：" + "".join(errors.values()), errors)


def disable_person(session: Session, person_id: int) -> Person:
    """A leaver can no longer sign in, all sessions end, posts stay on record; the last system administrator stays."""
    person = get_person(session, person_id)
    if person.active and system_administrators(session) == [person_id]:
        raise Conflict("这是最后一名系统管理员，请先指定另一名系统管理员，再停用。")
    person.active = False
    person.session_stamp += 1
    session.flush()
    return person


def enable_person(session: Session, person_id: int) -> Person:
    """Let a disabled person sign in again."""
    person = get_person(session, person_id)
    person.active, person.failed_logins, person.locked_until = True, 0, None
    session.flush()
    return person


def get_person(session: Session, person_id: int) -> Person:
    """The person row; raises NotFound."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound
    return person


def system_administrators(session: Session) -> list[int]:
    """Ids of the active people who hold the post of system administrator, whatever its dates."""
    query = select(Person.id).join(Post, Post.person_id == Person.id)
    query = query.where(Post.duty == "system_administrator", Post.ends_on.is_(None), Person.active)
    return list(session.scalars(query.distinct()))


# -------------------------------------------------------------------------------------------------------- posts
def appoint(session: Session, person_id: int, organisation_id: int, duty: str, starts_on: date) -> Post:
    """Give a person a duty from a day on; a liaison relieves the one before (R11).

    Raises Invalid for a duty the organisation does not have, and Conflict where administration and case work would
    meet in one person: the three administrators are three people and none of them handles cases (三员分立).
    """
    person, organisation = get_person(session, person_id), get_organisation(session, organisation_id)
    if duty not in DUTIES_OF_KIND[organisation.kind]:
        raise Invalid(f"“{organisation.name}”没有“{DUTIES.get(duty, duty)}”这一职责，请重新选择。")
    if not (person.active and organisation.active):
        raise Invalid("人员或机构已停用，请先恢复。")
    _separate(session, person_id, duty)
    if duty == "liaison":
        _relieve_liaison(session, organisation, starts_on)
    same = (Post.person_id == person_id, Post.organisation_id == organisation_id, Post.duty == duty)
    current = session.scalars(select(Post).where(*same, Post.ends_on.is_(None))).first()
    if current is not None:
        return current
    post = Post(person_id=person_id, organisation_id=organisation_id, duty=duty, starts_on=starts_on)
    session.add(post)
    session.flush()
    return post


def appoint_liaison(session: Session, studio_id: int, person_id: int, starts_on: date) -> Post:
    """Article 7 「指定一名联络员」: the new term begins, the one before ends the day before."""
    return appoint(session, person_id, studio_id, "liaison", starts_on)


def _separate(session: Session, person_id: int, duty: str) -> None:
    held = set(session.scalars(select(Post.duty).where(Post.person_id == person_id, Post.ends_on.is_(None))))
    if duty in ADMINISTRATORS and (held - {duty} or is_delegate(session, person_id)):
        raise Conflict(
            "系统管理员、流程管理员、审计员须由不同的人担任，且不能兼任办理意见建议的职务。请先结束其现有职务。"
        )
    if duty not in ADMINISTRATORS and held & ADMINISTRATORS:
        raise Conflict("此人是管理员，不能兼任办理意见建议的职务。请先结束其管理员职务。")


def is_delegate(session: Session, person_id: int) -> bool:
    """Is (or was) the person a delegate?"""
    return session.scalar(select(Delegate.id).where(Delegate.person_id == person_id)) is not None


def _relieve_liaison(session: Session, studio: Organisation, starts_on: date) -> None:
    if not studio.established:
        raise Invalid(f"“{studio.name}”尚未建立，由社区党组织书记或副书记兼任联络员。请先将工作室设为已建立。")
    # two appointments at once: the second waits for the first
    session.scalars(select(Organisation.id).where(Organisation.id == studio.id).with_for_update()).one()
    terms = select(Post).where(Post.organisation_id == studio.id, Post.duty == "liaison")
    for post in session.scalars(terms.where((Post.ends_on.is_(None)) | (Post.ends_on >= starts_on))):
        if post.starts_on >= starts_on:
            raise Invalid(f"现任联络员自{post.starts_on}起任职，新任期须从其后一天或更晚开始。")
        post.ends_on = starts_on - timedelta(days=1)
    session.flush()


def _end_liaison_terms(session: Session, studio_id: int) -> None:
    last_day = clock.today() - timedelta(days=1)
    terms = select(Post).where(Post.organisation_id == studio_id, Post.duty == "liaison", Post.ends_on.is_(None))
    for post in session.scalars(terms):
        post.ends_on = max(last_day, post.starts_on)


def end_post(session: Session, post_id: int, last_day: date) -> Post:
    """End a duty; a liaison of an open studio is relieved by the next one only (R11)."""
    post = session.get(Post, post_id)
    if post is None:
        raise NotFound
    organisation = get_organisation(session, post.organisation_id)
    if post.duty == "liaison" and organisation.established and organisation.active:
        raise Conflict("工作室不能没有联络员。请直接指定新的联络员，原任期会自动结束。")
    if post.duty == "system_administrator" and system_administrators(session) == [post.person_id]:
        raise Conflict("这是最后一名系统管理员，请先指定另一名系统管理员。")
    if last_day < post.starts_on:
        raise Invalid(f"结束日期不能早于任职日期（{post.starts_on}）。")
    post.ends_on = last_day
    session.flush()
    return post


# ------------------------------------------------------------------------------------------------ organisations
def get_organisation(session: Session, organisation_id: int) -> Organisation:
    """The organisation row; raises NotFound."""
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound
    return organisation


def add_unit(session: Session, place_id: int, name: str, matters: str = "", code: str = "") -> Organisation:
    """A new handling unit (R14) of a street, district or the city; raises Invalid."""
    place = session.get(Place, place_id)
    if place is None or place.tier == "community":
        raise Invalid("承办单位只能设在街道、区或市一级，请重新选择所在地。")
    _check_name(session, name, place_id, None)
    unit = Organisation(
        code=code or _next_code(session, place), kind="unit", tier=place.tier, place_id=place_id,
        name=name.strip(), matters=matters,
    )  # fmt: skip
    session.add(unit)
    session.flush()
    return unit


def _next_code(session: Session, place: Place) -> str:
    prefix = f"unit-{place.code}-"
    used = session.scalars(select(Organisation.code).where(Organisation.code.startswith(prefix, autoescape=True)))
    numbers = [int(code.removeprefix(prefix)) for code in used if code.removeprefix(prefix).isdigit()]
    return f"{prefix}{max(numbers, default=0) + 1:03d}"


def change_organisation(
    session: Session, organisation_id: int, name: str, matters: str | None = None, established: bool | None = None
) -> Organisation:
    """Rename an organisation, say which matters it handles, or whether a studio is established; raises Invalid.

    Where a studio is not established, secretary or deputy act as liaison (R12).
    """
    organisation = get_organisation(session, organisation_id)
    _check_name(session, name, organisation.place_id, organisation_id)
    organisation.name = name.strip()
    if matters is not None:
        organisation.matters = matters
    if established is not None and organisation.kind == "studio":
        organisation.established = established
        if not established:
            _end_liaison_terms(session, organisation_id)
    session.flush()
    return organisation


def disable_organisation(session: Session, organisation_id: int) -> Organisation:
    """A unit that no longer exists receives nothing new; organisations every case passes through cannot go."""
    organisation = get_organisation(session, organisation_id)
    if organisation.kind != "unit":
        raise Conflict(f"{KINDS[organisation.kind]}是办理程序的必经机构，不能停用。")
    organisation.active = False
    session.flush()
    return organisation


def enable_organisation(session: Session, organisation_id: int) -> Organisation:
    """Take a disabled organisation into use again."""
    organisation = get_organisation(session, organisation_id)
    organisation.active = True
    session.flush()
    return organisation


def _check_name(session: Session, name: str, place_id: int, organisation_id: int | None) -> None:
    name = name.strip()
    if not 1 <= len(name) <= 80:
        raise Invalid("机构名称为1至80个字，请改正。", {"name": "机构名称为1至80个字。"})
    same = session.scalar(select(Organisation.id).where(Organisation.name == name, Organisation.place_id == place_id))
    if same is not None and same != organisation_id:
        raise Invalid(f"“{name}”已经存在，请换一个名称。", {"name": "这个名称已经存在。"})
