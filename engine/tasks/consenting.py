"""The delegate's word on an extension when he is not at a screen, and those who signed beside him (article 11, R63,
R64)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from engine import instances
from engine.access import Actor, Verb, require
from engine.cases.models import Case, CaseDelegate
from engine.catalogue import extension_operations, scopes
from engine.catalogue.act import Act
from engine.catalogue.leading import leader
from engine.errors import Conflict, NotFound
from engine.handlings.models import Extension, ExtensionView, Handling
from engine.tasks.doing import act_on, checked
from engine.tasks.reading import beside
from engine.work.models import Instance, Task


@dataclass(frozen=True)
class Asked:
    """A request for extension as the person asked about it reads it."""

    case: Case
    extension: Extension
    instance_id: int


def record_consent(session: Session, actor: Actor, case_id: int, form: Mapping[str, Any]) -> str:
    """The studio's liaison writes down what the signing delegate answered on the telephone. It counts at once and is
    flagged until he confirms (R63); Conflict when nobody has asked him."""
    case = _case(session, case_id)
    require(actor, Verb.EXTENSION_RECORD, scopes.case_scope(session, case))
    task = session.scalars(select(Task).where(Task.case_id == case_id, Task.role == "extension_consent")).first()
    if task is None:
        raise Conflict("现在没有等待市党代表答复的延期申请。")
    data = checked(beside(session, task.instance_id, "consent_call"), form)
    instance = instances.locked(session, task.instance_id)
    said = data | {"call_note": f"{data['called_on']} {data['call_note']}"}
    act = act_on(session, actor, case, task, said)
    act.organisation_id = case.studio_id
    instances.complete(session, instance, task, act)
    return f"已记录。市党代表{leader(session, case)}会在“我的履职”确认；确认之前页面标明“电话答复，待代表确认”。"


def confirm_consent(session: Session, actor: Actor, case_id: int, form: Mapping[str, Any]) -> str:
    """The signing delegate confirms what was written down in his name, or denies it: then the extension is void and the
    limit is what it was (R63)."""
    case = _case(session, case_id)
    require(actor, Verb.EXTENSION_CONSENT, scopes.case_scope(session, case))
    extension = unconfirmed(session, case_id)
    if extension is None:
        raise Conflict("没有等待您确认的电话答复。")
    act, instance = _act(session, actor, case, form, "consent_confirm")
    if act.form["decision"] == "confirm":
        extension_operations.confirm(act, extension)
        return "已确认电话答复。"
    extension_operations.deny(act, extension)
    if act.recompute and instance is not None:
        session.flush()
        instances.recompute(session, instance, act, act.recompute)
    return "已否认电话答复，延期无效，已告知组织部门和承办单位。"


def cosigner_view(session: Session, actor: Actor, case_id: int, form: Mapping[str, Any]) -> str:
    """A co-signing delegate objects in writing, or has nothing against it; once per request (R64)."""
    case = _case(session, case_id)
    require(actor, Verb.EXTENSION_VIEW, scopes.case_scope(session, case))
    extension = open_request(session, case_id, actor.person_id)
    if extension is None:
        raise Conflict("没有等待您提出意见的延期申请。")
    act, _ = _act(session, actor, case, form, "cosigner_view")
    objects = act.form["decision"] == "object"
    extension_operations.view(act, extension, objects, str(act.form.get("reason", "")))
    return "已提出书面反对。协调之前不延期。" if objects and not extension.decision else "已记录您的意见。"


def asked(session: Session, actor: Actor, case_id: int, verb: Verb) -> Asked:
    """The request a person may say something about now, for the page of that act; NotFound when there is none."""
    case = _case(session, case_id)
    require(actor, verb, scopes.case_scope(session, case))
    extension = {
        Verb.EXTENSION_RECORD: lambda: _waiting(session, case_id),
        Verb.EXTENSION_CONSENT: lambda: unconfirmed(session, case_id),
        Verb.EXTENSION_VIEW: lambda: open_request(session, case_id, actor.person_id),
    }[verb]()
    if extension is None:
        raise NotFound
    return Asked(case, extension, _newest_instance(session, case_id).id)


@dataclass(frozen=True)
class Card:
    """One thing the delegate's page asks about an extension: `confirm` a word by telephone, else a co-signer's view."""

    case_id: int
    number: str
    reason: str
    confirm: bool


def extension_cards(session: Session, actor: Actor) -> list[Card]:
    """Words by telephone the delegate has not confirmed, and open requests he has not spoken about as a co-signer."""
    base = (
        select(Case.id, Case.number, Extension.reason)
        .join(Handling, Handling.case_id == Case.id)
        .join(Extension, Extension.handling_id == Handling.id)
        .order_by(Extension.id)
    )
    words = base.where(
        Case.delegate_person_id == actor.person_id, Extension.recorded_by_id.is_not(None),
        Extension.confirmed_at.is_(None),
    )  # fmt: skip
    said = select(ExtensionView.extension_id).where(ExtensionView.person_id == actor.person_id)
    beside_me = select(CaseDelegate.case_id).where(
        CaseDelegate.person_id == actor.person_id, CaseDelegate.role == "cosigner"
    )
    asked_me = base.where(
        Case.id.in_(beside_me), Handling.state == "open", Extension.decision.in_(("", "disputed")),
        Extension.id.not_in(said),
    )  # fmt: skip
    found = [Card(*row, True) for row in session.execute(words)]
    return found + [Card(*row, False) for row in session.execute(asked_me)]


def unconfirmed(session: Session, case_id: int) -> Extension | None:
    """The word by telephone that the delegate has neither confirmed nor denied."""
    query = _of_case(case_id).where(Extension.recorded_by_id.is_not(None), Extension.confirmed_at.is_(None))
    return session.scalars(query).first()


def open_request(session: Session, case_id: int, person_id: int) -> Extension | None:
    """The latest request of a handling still open, which this person has said nothing about."""
    said = select(ExtensionView.extension_id).where(ExtensionView.person_id == person_id)
    query = _of_case(case_id).where(Handling.state == "open", Extension.decision.in_(("", "consented", "disputed")))
    return session.scalars(query.where(Extension.id.not_in(said))).first()


def _waiting(session: Session, case_id: int) -> Extension | None:
    return session.scalars(_of_case(case_id).where(Extension.decision == "")).first()


def _of_case(case_id: int) -> Select[Extension]:
    query = select(Extension).join(Handling, Handling.id == Extension.handling_id).where(Handling.case_id == case_id)
    return query.order_by(Extension.id.desc()).limit(1)


def _case(session: Session, case_id: int) -> Case:
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    return case


def _newest_instance(session: Session, case_id: int) -> Instance:
    query = select(Instance).where(Instance.case_id == case_id).order_by(Instance.id.desc()).limit(1)
    found = session.scalars(query).first()
    if found is None:
        raise NotFound
    return found


def _act(session: Session, actor: Actor, case: Case, form: Mapping[str, Any], name: str) -> tuple[Act, Instance | None]:
    """An act of a delegate on the case, with its checked form; the instance (locked) while it runs."""
    newest = _newest_instance(session, case.id)
    data = checked(beside(session, newest.id, name), form)
    instance = instances.locked(session, newest.id) if newest.status == "open" else None
    return Act(session, case, newest.id, actor=actor, form=data, element_name=_NAMES[name]), instance


_NAMES = {"consent_confirm": "确认电话答复", "cosigner_view": "联名代表意见"}
