"""Who speaks for the delegates of a form: co-signers, and who takes the place of one out of office (R64, article 5)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import clock, instances
from engine.access import Actor, Verb, require
from engine.cases import content
from engine.cases.models import Case, CaseDelegate
from engine.catalogue import scopes, telling
from engine.catalogue.act import Act
from engine.errors import Conflict, Invalid, NotFound
from engine.organisation import queries as organisation
from engine.organisation.models import Delegate, Person
from engine.tasks.doing import checked
from engine.tasks.reading import beside
from engine.work.models import Instance, Task

BEFORE_REPORT = ("awaiting_signature", "awaiting_report")


def cosigner_choices(session: Session, actor: Actor, case_id: int) -> tuple[Case, int, Sequence[tuple[str, str]]]:
    """The case, its instance, and who may still be added; NotFound or Forbidden as `add_cosigner`."""
    case = _case(session, case_id)
    require(actor, Verb.COSIGNER_ADD, scopes.case_scope(session, case))
    return case, _instance(session, case_id).id, _choices(session, case)


def add_cosigner(session: Session, actor: Actor, case_id: int, form: Mapping[str, Any]) -> str:
    """联名: one more delegate of this community on the form, before it leaves the studio (R64). Who signs leads:
    he decides on extensions; co-signers are asked and may object."""
    case, instance_id, choices = cosigner_choices(session, actor, case_id)
    if case.state not in BEFORE_REPORT:
        raise Conflict("登记表已报街道组织部门，不能再添加联名代表。")
    data = checked(beside(session, instance_id, "cosigner"), form)
    delegate, person = _chosen(session, choices, str(data["delegate_id"]))
    instances.locked(session, instance_id)
    _beside(session, case, delegate, person, "cosigner", actor, "")
    act = _act(session, actor, case, instance_id, "添加联名代表")
    act.organisation_id = case.studio_id
    act.record("cosigner_added", result=person.name)
    return f"已添加联名代表{person.name}。"


def replacement_choices(session: Session, actor: Actor, case_id: int) -> tuple[Case, int, Sequence[tuple[str, str]]]:
    """As `cosigner_choices`, for `replace_delegate`."""
    case = _case(session, case_id)
    require(actor, Verb.DELEGATE_REPLACE, scopes.case_scope(session, case))
    return case, _instance(session, case_id).id, _choices(session, case)


def replaceable(session: Session, case: Case) -> bool:
    """Is the leading delegate out of office: term ended, or no longer allowed to sign in (suspended)?"""
    delegate, person = session.get_one(Delegate, case.delegate_id), session.get_one(Person, case.delegate_person_id)
    ended = delegate.ends_on is not None and delegate.ends_on < clock.today()
    return case.closed_at is None and (ended or not person.active)


def replace_delegate(session: Session, actor: Actor, case_id: int, form: Mapping[str, Any]) -> str:
    """The district's or city's department appoints who takes the place of a delegate out of office (R64): open tasks
    pass on. What he signed stays as signed; a form he had not signed names the new one."""
    case, instance_id, choices = replacement_choices(session, actor, case_id)
    if not replaceable(session, case):
        raise Conflict("签名的市党代表仍在任，不需要指定接替代表。")
    data = checked(beside(session, instance_id, "delegate_replacement"), form)
    delegate, person = _chosen(session, choices, str(data["delegate_id"]))
    instance = instances.locked(session, instance_id)
    before = session.get_one(Delegate, case.delegate_id), session.get_one(Person, case.delegate_person_id)
    _beside(session, case, *before, "former", actor, str(data["reason"]))
    session.execute(
        update(Task).where(Task.case_id == case.id, Task.person_id == before[1].id).values(person_id=person.id)
    )
    case.delegate_id, case.delegate_person_id = delegate.id, person.id
    if case.state == "awaiting_signature":
        case.delegate_name, case.delegate_title, case.delegate_contact = person.name, delegate.title, delegate.contact
        case.content_hash = content.digest(case)
    act = _act(session, actor, case, instance.id, "指定接替代表")
    act.organisation_id = next(
        post.organisation_id for post in actor.posts if post.kind == "department" and post.tier != "street"
    )
    act.record("delegate_replaced", result=f"{before[1].name} → {person.name}", opinion=str(data["reason"]))
    telling.delegate(act, "delegate_replaced")
    return f"已指定{person.name}接替{before[1].name}，待办事项已转交。"


def _beside(
    session: Session, case: Case, delegate: Delegate, person: Person, role: str, actor: Actor, reason: str
) -> None:
    case.several_delegates = True
    session.add(
        CaseDelegate(
            case_id=case.id, delegate_id=delegate.id, person_id=person.id, name=person.name, title=delegate.title,
            role=role, reason=reason, by_id=actor.person_id, at=clock.now(),
        )
    )  # fmt: skip
    session.flush()


def _choices(session: Session, case: Case) -> list[tuple[str, str]]:
    """The delegates in contact with the community who are not on the form yet."""
    known = set(session.scalars(select(CaseDelegate.person_id).where(CaseDelegate.case_id == case.id)))
    known.add(case.delegate_person_id)
    near = organisation.delegates_of(session, case.community_id)
    found = [(row, person) for row, person in near if person.id not in known]
    return [(str(row.id), f"{person.name}（{row.title}）") for row, person in found]


def _chosen(session: Session, choices: Sequence[tuple[str, str]], wanted: str) -> tuple[Delegate, Person]:
    if wanted not in {value for value, _label in choices}:
        raise Invalid("请选择市党代表。", errors={"delegate_id": "请从列表中选择联系本社区的在任市党代表。"})
    delegate = session.get_one(Delegate, int(wanted))
    return delegate, session.get_one(Person, delegate.person_id)


def _case(session: Session, case_id: int) -> Case:
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    return case


def _instance(session: Session, case_id: int) -> Instance:
    query = select(Instance).where(Instance.case_id == case_id).order_by(Instance.id.desc()).limit(1)
    return session.scalars(query).one()


def _act(session: Session, actor: Actor, case: Case, instance_id: int, name: str) -> Act:
    return Act(session, case, instance_id, actor=actor, element_name=name)
