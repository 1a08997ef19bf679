"""Registration: the form, its number, its case and the start of its procedure, in one transaction (article 9)."""

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine import clock, forms, instances
from engine.access import Actor, Verb, require
from engine.cases import content, numbering
from engine.cases.models import Case, Draft
from engine.catalogue import telling
from engine.catalogue.act import Act
from engine.errors import Invalid
from engine.organisation import queries as organisation
from engine.organisation.models import Delegate, Organisation, Person
from engine.packages import queries as packages
from engine.work.operations import record

PROCESS = "opinion"


def registration_form(session: Session) -> forms.Form:
    """The form of 《市党代表社情民意登记表》 in the version new cases start with."""
    package = packages.in_force(session, PROCESS, clock.today())
    return forms.load(packages.file(session, package.id, "forms/registration.json"))


def delegates_for(session: Session, studio_id: int) -> list[tuple[str, str]]:
    """The delegates in contact with the studio's community, as (id, label) choices."""
    studio = session.get_one(Organisation, studio_id)
    found = organisation.delegates_of(session, studio.place_id)
    return [(str(delegate.id), f"{person.name}（{delegate.title}）") for delegate, person in found]


def check_form(session: Session, studio_id: int, submitted: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The typed values of a registration form and a sentence per wrong field; writes nothing."""
    form = registration_form(session)
    data = forms.clean(form, submitted)
    errors = forms.validate(form, data)
    reflected = _date(data.get("reflected_on"))
    if reflected is not None and "reflected_on" not in errors:
        if reflected > clock.today():
            errors["reflected_on"] = "反映日期不能晚于今天。"
        elif reflected < clock.MEASURES_IN_FORCE:
            errors["reflected_on"] = "本办法自2010年11月24日起施行，此前的意见请通过补录登记（第十四条）。"
    if "delegate_id" not in errors and _delegate(session, studio_id, data.get("delegate_id")) is None:
        errors["delegate_id"] = "请选择联系本社区的市党代表。"
    return data, errors


def _date(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def _delegate(session: Session, studio_id: int, delegate_id: Any) -> tuple[Delegate, Person] | None:
    studio = session.get_one(Organisation, studio_id)
    for delegate, person in organisation.delegates_of(session, studio.place_id):
        if str(delegate.id) == str(delegate_id):
            return delegate, person
    return None


def register(session: Session, actor: Actor, studio_id: int, submitted: Mapping[str, Any]) -> Case:
    """登记: the checked form becomes a numbered case and its procedure starts (R28–R34, A21).

    `submitted`: strings by field name, as the form of `registration_form` names them. Raises Invalid with a sentence
    per wrong field; then no number is used.
    """
    require(actor, Verb.CASE_REGISTER, organisation.organisation_scope(session, studio_id))
    data, errors = check_form(session, studio_id, submitted)
    if errors:
        raise Invalid(f"有 {len(errors)} 处需要修改，请看标红的栏目。", errors=errors)
    case = draw_up(session, actor, studio_id, data)
    _start(session, actor, case, data)
    session.execute(
        delete(Draft).where(Draft.person_id == actor.person_id, Draft.task_id.is_(None), Draft.form == "registration")
    )
    return case


def draw_up(session: Session, actor: Actor, studio_id: int, data: Mapping[str, Any]) -> Case:
    """A numbered case of these typed answers, whose procedure has not begun. Invalid when they do not fit together."""
    chosen = _delegate(session, studio_id, data["delegate_id"])
    if chosen is None:
        raise Invalid("请选择联系本社区的市党代表。")
    case = _case(session, actor, studio_id, data, *chosen)
    problems = content.problems(case)
    if problems:
        raise Invalid(f"有 {len(problems)} 处需要修改，请看标红的栏目。", errors=problems)
    _number(session, case)
    session.add(case)
    session.flush()
    return case


def _case(
    session: Session, actor: Actor, studio_id: int, data: Mapping[str, Any], delegate: Delegate, person: Person
) -> Case:
    studio = session.get_one(Organisation, studio_id)
    place = organisation.path(session, studio.place_id)
    if place.community is None or place.street is None or place.district is None:
        raise Invalid("只有社区的党代表工作室可以登记。")
    now = clock.now()
    case = Case(
        studio_id=studio.id,
        community_id=place.community.id,
        street_id=place.street.id,
        district_id=place.district.id,
        studio_name=studio.name,
        delegate_id=delegate.id,
        delegate_person_id=person.id,
        delegate_name=person.name,
        delegate_title=delegate.title,
        delegate_contact=delegate.contact,
        registered_by_id=actor.person_id,
        registered_at=now,
        state="awaiting_signature",
        year=clock.local(now).year,
    )
    content.apply(case, content.BLANK | dict(data))
    # The number is not known yet: keep the counter row locked as briefly as possible.
    case.number = f"{place.street.name}{place.community.name}"
    return case


def _number(session: Session, case: Case) -> None:
    """The counter row stays locked until the commit, so the number comes last before the insert (R31)."""
    case.year, case.sequence = numbering.issue(session, case.studio_id, clock.local(case.registered_at).date())
    case.number = numbering.text(case.number, "", case.year, case.sequence)
    digits = [char for char in case.reporter_phone if char.isdigit()]
    case.query_code = "".join(digits[-4:]) if len(digits) >= 4 else f"{secrets.randbelow(10**6):06d}"
    case.content_hash = content.digest(case)


def _start(session: Session, actor: Actor, case: Case, data: Mapping[str, Any]) -> None:
    package = packages.in_force(session, PROCESS, clock.today())
    act = Act(
        session, case, 0, actor=actor, organisation_id=case.studio_id, form=data, role="registration",
        element_name="登记",
    )  # fmt: skip
    act.history = record(
        session, "registered", case_id=case.id, element_name="登记", actor_id=actor.person_id, actor_name=actor.name,
        organisation_id=case.studio_id, organisation_name=case.studio_name, tier="community",
        data={"content_hash": case.content_hash, "signature": data.get("reporter_signature", "")},
    )  # fmt: skip
    session.flush()
    instances.start(session, package.id, PROCESS, act, {"settlement": case.settlement})
    act.history.instance_id = act.instance_id
    telling.reporter(act, "registered")


def save_draft(session: Session, actor: Actor, studio_id: int, submitted: Mapping[str, Any]) -> None:
    """暂存 a registration that is not finished; it has no number yet (A21)."""
    require(actor, Verb.CASE_REGISTER, organisation.organisation_scope(session, studio_id))
    data = {name: value for name, value in submitted.items() if isinstance(value, str) and len(value) <= 20_000}
    draft = draft_of(session, actor)
    if draft is None:
        draft = Draft(person_id=actor.person_id, task_id=None, form="registration", data={}, saved_at=clock.now())
        session.add(draft)
    draft.data, draft.saved_at = data | {"studio_id": str(studio_id)}, clock.now()


def draft_of(session: Session, actor: Actor) -> Draft | None:
    """The person's unfinished registration."""
    query = select(Draft).where(
        Draft.person_id == actor.person_id, Draft.task_id.is_(None), Draft.form == "registration"
    )
    return session.scalars(query).first()
