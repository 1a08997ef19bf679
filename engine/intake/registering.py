"""登记: the checked form becomes a numbered case and its procedure starts, in one transaction (article 9)."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine import clock, forms, instances
from engine.access import Actor, TaskScope, Verb, acts_for, require
from engine.attachments import queries as attachments
from engine.cases import content, copies, numbering, signing, versions
from engine.cases.models import Case, CaseLink, Draft
from engine.catalogue import letters, telling
from engine.catalogue.act import Act
from engine.errors import Invalid
from engine.intake.drafts import draft_of, forget
from engine.organisation import queries as organisation
from engine.organisation.models import Delegate, Organisation, Person
from engine.packages import queries as packages
from engine.work.operations import record

PROCESS = "opinion"
SAME = ("reporter_name", "summary", "content")  # what tells one form from another


@dataclass(frozen=True)
class Paper:
    """What a paper form says of itself: its number as written there, and when it was registered."""

    number: str
    year: int
    sequence: int
    registered_at: datetime


def registration_form(session: Session) -> forms.Form:
    """The form of 《市党代表社情民意登记表》 in the version new cases start with."""
    package = packages.in_force(session, PROCESS, clock.today())
    return forms.load(packages.file(session, package.id, "forms/registration.json"))


def delegates_for(session: Session, studio_id: int) -> list[tuple[str, str]]:
    """The delegates in contact with the studio's community, as (id, label) choices."""
    studio = session.get_one(Organisation, studio_id)
    found = organisation.delegates_of(session, studio.place_id)
    return [(str(delegate.id), f"{person.name}（{_known(delegate)}）") for delegate, person in found]


def _known(delegate: Delegate) -> str:
    """What the form takes over from the register: post and contact (须知5)."""
    return "，".join(filter(None, (delegate.title, delegate.contact)))


def check_form(session: Session, studio_id: int, submitted: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The typed values of a registration form and a sentence per wrong field; writes nothing."""
    form = registration_form(session)
    data = forms.clean(form, submitted)
    errors = forms.validate(form, data)
    reflected = _date(data.get("reflected_on"))
    if reflected is not None:
        if reflected > clock.today():
            errors.setdefault("reflected_on", "反映日期不能晚于今天。")
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


def register(
    session: Session, actor: Actor, studio_id: int, submitted: Mapping[str, Any], draft_key: str | None = None
) -> Case:
    """登记: the checked form becomes a numbered case and its procedure starts (R28–R34, A21).

    `submitted`: strings by field name, as the form of `registration_form` names them, and `same_as`: ids of cases about
    the same matter; `draft_key`: the draft this was, whose files go with the case. Raises Invalid with a sentence per
    wrong field; then no number is used. The same key sent twice is one form: the second answer is the first's case.
    """
    require(actor, Verb.CASE_REGISTER, organisation.organisation_scope(session, studio_id))
    draft = draft_of(session, actor, draft_key or "")
    data, errors = check_form(session, studio_id, submitted)
    errors |= _missing_material(session, data, draft) if registered_from(session, actor, draft_key) is None else {}
    if errors:
        raise Invalid(f"有 {len(errors)} 处需要修改，请看标红的栏目。", errors=errors)
    case, fresh = once(session, actor, draft_key, data, lambda: draw_up(session, actor, studio_id, data))
    if fresh:
        _start(session, actor, case, data)
        versions.first(session, case, by_id=actor.person_id, by_name=actor.name)
        link(session, actor, case, chosen(submitted))
        if draft is not None:
            letters.registered(session, draft.key, case, actor.person_id, actor.name)
    hand_in(session, draft_of(session, actor, draft_key or ""), case)
    return case


def registered_from(session: Session, actor: Actor, key: str | None) -> Case | None:
    """The case the actor has registered on the page of that draft."""
    if not key:
        return None
    return session.scalars(select(Case).where(Case.registered_by_id == actor.person_id, Case.draft_key == key)).first()


def once(
    session: Session, actor: Actor, key: str | None, data: Mapping[str, Any], make: Callable[[], Case]
) -> tuple[Case, bool]:
    """The case `make` draws up, True; or, when the page of that draft was sent before (a second click, a second
    window), what it became then, False. Invalid when something else stands on the page now: that is another form."""
    found = registered_from(session, actor, key)
    if found is None:
        try:
            with session.begin_nested():
                case = make()
                case.draft_key = key or None
                session.flush()
                return case, True
        except IntegrityError:  # the other post was between our look and our number
            found = registered_from(session, actor, key)
            if found is None:
                raise
    if any((getattr(found, name) or "") != data.get(name, "") for name in SAME):
        raise Invalid(f"这一页刚才已经登记为{found.number}。现在填写的是另一份意见建议的，请核对后再按一次登记。")
    return found, False


def hand_in(session: Session, draft: Draft | None, case: Case) -> None:
    """The draft has become this case: its files go with it."""
    if draft is not None:
        attachments.move_to_case(session, draft.id, case.id)
        forget(session, draft)


def _missing_material(session: Session, data: Mapping[str, Any], draft: Draft | None) -> dict[str, str]:
    """填表须知3 「并附上网络下载的相关材料」: an opinion from the network has a file (R36)."""
    if data.get("channel") != "network":
        return {}
    if draft is not None and attachments.count(session, case_id=None, draft_id=draft.id):
        return {}
    return {"files": "网络反映的须附上网络下载的相关材料（填表须知3）。"}


def chosen(submitted: Mapping[str, Any]) -> list[int]:
    """The cases somebody ticked as 同一事项: ids separated by blanks."""
    return [int(part) for part in str(submitted.get("same_as", "")).split() if part.isdecimal() and len(part) < 12]


def link(session: Session, actor: Actor, case: Case, others: Sequence[int]) -> None:
    """Remember which cases are about the same matter, for the street to join them; only of the same community."""
    if not others:
        return
    known = select(Case.id).where(Case.id.in_(others), Case.community_id == case.community_id, Case.id != case.id)
    for other_id in session.scalars(known).all():
        session.add(CaseLink(case_id=case.id, other_id=other_id, by_id=actor.person_id, at=clock.now()))


def draw_up(
    session: Session, actor: Actor, studio_id: int, data: Mapping[str, Any], paper: Paper | None = None
) -> Case:
    """A numbered case of these typed answers, whose procedure has not begun; `paper`: the number it has had since it
    was registered on paper (补录). Invalid when the answers do not fit together."""
    chosen = _delegate(session, studio_id, data["delegate_id"])
    if chosen is None:
        raise Invalid("请选择联系本社区的市党代表。")
    case = _case(session, actor, studio_id, data, *chosen, paper)
    problems = content.problems(case)
    if problems:
        raise Invalid(f"有 {len(problems)} 处需要修改，请看标红的栏目。", errors=problems)
    drawn = data.get("reporter_signature_image", "") if case.reporter_signature == "drawn" else ""
    image = signing.drawing(drawn, "reporter_signature_image") if drawn else None
    _number(session, case, paper)
    session.add(case)
    session.flush()
    if case.reporter_signature:
        signing.by_reporter(session, case, image, case.registered_at)
    copies.issue(session, case)
    return case


def _case(
    session: Session, actor: Actor, studio_id: int, data: Mapping[str, Any], delegate: Delegate, person: Person,
    paper: Paper | None,
) -> Case:  # fmt: skip
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
        year=paper.year if paper else clock.local(now).year,
    )
    content.apply(case, content.BLANK | dict(data))
    case.confidential = data.get("confidentiality") == "kept" and bool(case.reporter_name)
    # The number is not known yet: keep the counter row locked as briefly as possible.
    case.number = f"{place.street.name}{place.community.name}"
    return case


def _number(session: Session, case: Case, paper: Paper | None) -> None:
    """The counter row stays locked until the commit, so the number comes last before the insert (R31)."""
    if paper is None:
        case.year, case.sequence = numbering.issue(session, case.studio_id, clock.local(case.registered_at).date())
        case.number = numbering.text(case.number, "", case.year, case.sequence)
    else:
        case.number, case.year, case.sequence = paper.number, paper.year, paper.sequence
        case.registered_at, case.backfilled = paper.registered_at, True
    case.query_code = f"{secrets.randbelow(10**6):06d}"
    case.content_hash = content.digest(case)


def _start(session: Session, actor: Actor, case: Case, data: Mapping[str, Any]) -> None:
    package = packages.in_force(session, PROCESS, clock.today())
    absent = acts_for(actor, TaskScope(case.studio_id, "liaison"))
    act = Act(
        session, case, 0, actor=actor, organisation_id=case.studio_id, form=data, role="registration",
        element_name="登记", on_behalf_of=absent.name if absent else "",
    )  # fmt: skip
    act.history = record(
        session, "registered", case_id=case.id, element_name="登记", actor_id=actor.person_id, actor_name=actor.name,
        organisation_id=case.studio_id, organisation_name=case.studio_name, tier="community",
        on_behalf_of=act.on_behalf_of,
        data={
            "content_hash": case.content_hash, "signature": data.get("reporter_signature", ""),
            **({"phone_checked": True} if data.get("phone_checked") else {}),
            **({"birth_year": data["reporter_age"]} if data.get("reporter_age", 0) > content.OLDEST else {}),
        },
    )  # fmt: skip
    session.flush()
    instances.start(session, package.id, PROCESS, act, {"settlement": case.settlement})
    act.history.instance_id = act.instance_id
    telling.reporter(act, "registered")
