"""代理: who stands in for whom, from–to (I14). Dates alone decide: nothing is handed over and nothing comes back."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from engine import clock
from engine.errors import Conflict, Invalid, NotFound
from engine.organisation.models import Absence, Delegate, Organisation, Person, Post
from engine.organisation.queries import in_force

LONGEST = 366  # days; a longer absence is a change of office


@dataclass(frozen=True)
class AbsenceForm:
    """What is entered about an absence; both days are inclusive."""

    person_id: int
    deputy_id: int
    starts_on: date
    ends_on: date
    reason: str = ""


@dataclass(frozen=True)
class Listed:
    """One absence with the names; `state`: planned | running | over | cut_short (ended before its last day)."""

    absence: Absence
    person: str
    deputy: str
    state: str


def colleagues(session: Session, person_id: int) -> list[tuple[Person, str]]:
    """Who shares an organisation with the person today, with its name; administrators' duties have no deputy."""
    mine = select(Post.organisation_id).where(Post.person_id == person_id, in_force(clock.today()))
    query = (
        select(Person, Organisation.name)
        .join(Post, Post.person_id == Person.id)
        .join(Organisation, Organisation.id == Post.organisation_id)
        .where(Post.organisation_id.in_(mine), in_force(clock.today()), Person.active, Person.id != person_id)
        .where(Organisation.active, Organisation.kind != "administration")
        .order_by(Organisation.id, Post.id)
    )
    found: dict[int, tuple[Person, str]] = {}
    for person, name in session.execute(query):
        found.setdefault(person.id, (person, name))
    return list(found.values())


def is_delegate(session: Session, person_id: int) -> bool:
    """Is the person a delegate in office? What a delegate does in person has no deputy (R63)."""
    query = select(Delegate.id).where(
        Delegate.person_id == person_id, or_(Delegate.ends_on.is_(None), Delegate.ends_on >= clock.today())
    )
    return session.scalars(query).first() is not None


PERSONAL = "市党代表的签名、同意延期、督办意见和评议须由本人办理，不能代理。"


def set_deputy(session: Session, form: AbsenceForm, set_by_id: int) -> Absence:
    """A deputy from–to; raises Invalid with the fields, Conflict when it overlaps with another absence."""
    person = session.get(Person, form.person_id)
    if person is None:
        raise NotFound
    _check(session, person, form)
    _free(session, person, form)
    absence = Absence(
        person_id=form.person_id, deputy_id=form.deputy_id, starts_on=form.starts_on, ends_on=form.ends_on,
        reason=form.reason.strip(), set_by_id=set_by_id, set_at=clock.now(),
    )  # fmt: skip
    session.add(absence)
    session.flush()
    return absence


def _check(session: Session, person: Person, form: AbsenceForm) -> None:
    errors: dict[str, str] = {}
    near = {row.id for row, _organisation in colleagues(session, person.id)}
    if not near:
        raise Invalid(PERSONAL if is_delegate(session, person.id) else f"{person.name}没有同单位的同事，不能设置代理。")
    if form.deputy_id not in near:
        errors["deputy_id"] = f"请选择与{person.name}同单位的代理人。"
    if form.ends_on < form.starts_on:
        errors["ends_on"] = "结束日期不能早于开始日期。"
    elif form.ends_on < clock.today():
        errors["ends_on"] = "结束日期已过，请填写今天或以后的日期。"
    elif (form.ends_on - form.starts_on).days >= LONGEST:
        errors["ends_on"] = "代理最长一年；时间更长的，请在人员管理中办理离任和任职。"
    if len(form.reason) > 200:
        errors["reason"] = "最多200个字，请缩短。"
    if errors:
        raise Invalid(f"有 {len(errors)} 处需要修改，请看标红的栏目。", errors)


def _free(session: Session, person: Person, form: AbsenceForm) -> None:
    """No second absence in these days, and no chain: a deputy is there, and whoever leaves deputises nobody."""
    then = and_(
        Absence.ended_at.is_(None), Absence.starts_on <= form.ends_on, Absence.ends_on >= form.starts_on
    )  # fmt: skip
    for said, row in (
        (f"{person.name}在{{days}}已设置代理，请先结束原来的代理。", Absence.person_id == person.id),
        (f"{person.name}在{{days}}正代理他人，请先改由其他同事代理。", Absence.deputy_id == person.id),
        ("所选代理人在{days}也不在岗，请选择其他同事。", Absence.person_id == form.deputy_id),
    ):
        known = session.scalars(select(Absence).where(then, row).order_by(Absence.starts_on).limit(1)).first()
        if known is not None:
            raise Conflict(said.format(days=f"{known.starts_on:%Y-%m-%d} 至 {known.ends_on:%Y-%m-%d}"))


def end(session: Session, absence_id: int) -> Absence:
    """The person is back, or the absence is taken back: from now on nobody stands in. Conflict when it is over."""
    absence = get(session, absence_id)
    if absence.ended_at is not None or absence.ends_on < clock.today():
        raise Conflict("这项代理已经结束。")
    absence.ended_at = clock.now()
    return absence


def get(session: Session, absence_id: int) -> Absence:
    """The absence; NotFound when there is none."""
    absence = session.get(Absence, absence_id)
    if absence is None:
        raise NotFound
    return absence


def listed(session: Session, about: ColumnElement[bool], most: int = 50) -> list[Listed]:
    """Absences with names, the latest first."""
    deputy = aliased(Person)
    query = (
        select(Absence, Person.name, deputy.name)
        .join(Person, Person.id == Absence.person_id)
        .join(deputy, deputy.id == Absence.deputy_id)
        .where(about)
        .order_by(Absence.starts_on.desc(), Absence.id.desc())
        .limit(most)
    )
    return [Listed(row, name, other, _state(row)) for row, name, other in session.execute(query)]


def _state(absence: Absence) -> str:
    today = clock.today()
    if absence.ended_at is not None:
        return "cut_short"
    if absence.starts_on > today:
        return "planned"
    return "running" if absence.ends_on >= today else "over"
