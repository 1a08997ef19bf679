"""三方协商 (article 12, R77): calling the three parties together, recording who came and what they agreed on.

The meeting itself is the small procedure processes/opinion/consultation.bpmn, beside the case's own: the limit of the
handling runs on, and what was agreed becomes tasks with their dates.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import access, clock, instances
from engine.access import Actor, Verb, require
from engine.access.subjects import administrates
from engine.cases import signing
from engine.cases.models import Case, Signature
from engine.catalogue import contacts, scopes
from engine.catalogue.act import Act
from engine.catalogue.leading import leader
from engine.consultations.models import Consultation, Measure, Participant
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.handlings.models import Handling
from engine.organisation.models import Organisation
from engine.packages import queries as packages
from engine.work.models import Instance, Task

KEY = "opinion"
MEETING = "consultation"
SIGNING = {"drawn": "在屏幕上签名", "paper": "在纸质记录上签名", "refused": "拒绝签名"}
LONGEST = {"topic": 300, "venue": 120, "present_as": 40, "absence_reason": 300, "view": 2000, "text": 600}


@dataclass(frozen=True)
class Meeting:
    """A consultation for its page. `tasks`: the open tasks of its procedure, by role."""

    row: Consultation
    case: Case
    participants: Sequence[Participant]
    measures: Sequence[tuple[Measure, Participant]]
    signatures: Mapping[int, Signature]
    task: Task | None
    may_record: bool
    reporter_hidden: bool  # from this reader, who is of the unit (A28)


def convenes(session: Session, actor: Actor, case: Case) -> Organisation | None:
    """The organisation in whose name the actor may call the parties of this case together: the organisation department
    at the handling tier, or the studio that registered it; None for everybody else, and once the case is closed."""
    if case.closed_at is not None or not access.may(actor, Verb.CONSULTATION_CALL, scopes.case_scope(session, case)):
        return None
    handling = Act(session, case, 0).handling
    if handling is None:
        return None
    held = {post.organisation_id for post in actor.posts}
    found = next((key for key in (handling.department_id, case.studio_id) if key in held), None)
    return session.get(Organisation, found) if found is not None else None


def call(session: Session, actor: Actor, case_id: int, form: Mapping[str, str]) -> Consultation:
    """召集三方协商, at any time during the handling; the three parties and the convener are invited."""
    case = _readable(session, actor, case_id, Verb.CONSULTATION_CALL)
    if case.closed_at is not None:
        raise Conflict("此件已经结束，不能再召集三方协商。")
    act = Act(session, case, 0, actor=actor)
    if act.handling is None:
        raise Conflict("此件还没有转交承办单位，转交之后才能召集三方协商。")
    convener = convenes(session, actor, case)
    if convener is None:
        raise Forbidden(verb=Verb.CONSULTATION_CALL.label)
    topic, venue, meets_at = _asked(form)
    row = Consultation(
        case_id=case.id, handling_id=act.handling.id, topic=topic, meets_at=meets_at, venue=venue,
        convener_id=convener.id, convener_name=convener.name, called_by_id=actor.person_id,
        called_by_name=actor.name, called_at=act.now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add_all(_parties(session, case, row, convener))
    session.flush()
    local = clock.local(meets_at)
    act.organisation_id = convener.id
    act.form = {
        "meeting": f"{local.year}年{local.month}月{local.day}日{local:%H:%M}", "venue": venue, "topic": topic,
    }  # fmt: skip
    act.keep("consultation", row)
    instances.start(session, _package(session, case), MEETING, act, {}, beside=True)
    row.instance_id = act.instance_id
    session.flush()
    return row


def _readable(session: Session, actor: Actor, case_id: int, verb: Verb) -> Case:
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    require(actor, verb, scopes.case_scope(session, case))
    return case


def _package(session: Session, case: Case) -> int:
    """The version the case runs on, or the one in force where that has no consultation yet."""
    query = select(Instance.package_id).where(Instance.case_id == case.id).order_by(Instance.id.desc())
    own = session.scalars(query.limit(1)).first()
    if own is not None and MEETING in packages.compiled(session, own).processes:
        return own
    newest = packages.in_force(session, KEY, clock.today()).id
    if MEETING not in packages.compiled(session, newest).processes:
        raise Conflict("现行流程里没有三方协商，请管理员在流程图中补上。")
    return newest


def _asked(form: Mapping[str, str]) -> tuple[str, str, datetime]:
    errors = {name: _wanted(form, name, words) for name, words in (("topic", "议题"), ("venue", "地点"))}
    errors = {name: sentence for name, sentence in errors.items() if sentence}
    if not form.get("time"):
        errors["time"] = "请填写协商的时间。"
    try:
        day = datetime.fromisoformat(f"{form.get('day', '')}T{form.get('time', '')}")
        meets_at = clock.at(day.date(), day.hour, day.minute)
        if meets_at < clock.now():
            errors["day"] = "协商时间已经过去，请填写今后的时间。"
    except ValueError:
        if form.get("time"):
            errors["day"] = "请填写协商的日期和时间。"
        elif not form.get("day"):
            errors["day"] = "请填写协商的日期。"
    if errors:
        raise Invalid(f"有 {len(errors)} 处需要修改，请看标红的栏目。", errors=errors)
    return form["topic"].strip(), form["venue"].strip(), meets_at


def _wanted(form: Mapping[str, str], name: str, words: str) -> str:
    text = form.get(name, "").strip()
    return f"请填写{words}，不超过 {LONGEST[name]} 字。" if not text or len(text) > LONGEST[name] else ""


def _parties(session: Session, case: Case, row: Consultation, convener: Organisation) -> list[Participant]:
    """反映人 (unless unnamed), 市党代表, every unit that handles it now, and the convener."""
    open_ones = select(Handling.unit_id).where(Handling.case_id == case.id, Handling.state == "open")
    units = list(dict.fromkeys(session.scalars(open_ones.order_by(Handling.id))))
    units = units or [session.get_one(Handling, row.handling_id).unit_id]
    found = [Participant(party="reporter", name=case.reporter_name)] if case.reporter_name else []
    found.append(Participant(party="delegate", person_id=case.delegate_person_id, name=leader(session, case)))
    for unit_id in units:
        name = session.get_one(Organisation, unit_id).name
        found.append(Participant(party="unit", organisation_id=unit_id, name=name))
    found.append(Participant(party="convener", organisation_id=convener.id, name=convener.name))
    for party in found:
        party.consultation_id = row.id
    return found


# ------------------------------------------------------------------------------------------------ looking


def of_case(session: Session, case_id: int) -> list[Consultation]:
    """The consultations of a case the caller may read, newest first."""
    query = select(Consultation).where(Consultation.case_id == case_id).order_by(Consultation.id.desc())
    return list(session.scalars(query))


def meeting(session: Session, actor: Actor, consultation_id: int) -> Meeting:
    """One consultation for its page; NotFound for those who may not read its case."""
    row, case = _row(session, actor, consultation_id)
    parties = _participants(session, row)
    by_id = {party.id: party for party in parties}
    agreed = session.scalars(select(Measure).where(Measure.consultation_id == row.id).order_by(Measure.id)).all()
    signed = [party.signature_id for party in parties if party.signature_id is not None]
    hands = {one.id: one for one in session.scalars(select(Signature).where(Signature.id.in_(signed)))}
    task = session.scalars(select(Task).where(Task.instance_id == row.instance_id, Task.role == MEETING)).first()
    return Meeting(
        row, case, parties, [(item, by_id[item.participant_id]) for item in agreed],
        {party.id: hands[party.signature_id] for party in parties if party.signature_id in hands}, task,
        may_record=row.state == "called" and _convener_of(actor, row),
        reporter_hidden=contacts.hides_reporter(actor, case),
    )  # fmt: skip


def beside(session: Session, task: Task, case: Case) -> tuple[Consultation, Measure | None] | None:
    """The consultation a task belongs to, and the measure where it is about one; None for other tasks."""
    if task.role == MEETING:
        query = select(Consultation).where(Consultation.instance_id == task.instance_id)
        found = session.scalars(query).first()
        return (found, None) if found is not None else None
    if task.role != "consultation_measure":
        return None
    measure = session.get(Measure, instances.data_of(session, task, case).get("measure"))
    return (session.get_one(Consultation, measure.consultation_id), measure) if measure is not None else None


def _row(session: Session, actor: Actor, consultation_id: int) -> tuple[Consultation, Case]:
    row = session.get(Consultation, consultation_id)
    if row is None:
        raise NotFound
    return row, _readable(session, actor, row.case_id, Verb.CASE_READ)


def _participants(session: Session, row: Consultation) -> list[Participant]:
    query = select(Participant).where(Participant.consultation_id == row.id).order_by(Participant.id)
    return list(session.scalars(query))


def _convener_of(actor: Actor, row: Consultation) -> bool:
    return any(post.organisation_id == row.convener_id for post in actor.posts) and not administrates(actor)


def _open(session: Session, actor: Actor, consultation_id: int) -> tuple[Consultation, Case]:
    """The consultation to write in: for whoever called it, until it is closed."""
    row, case = _row(session, actor, consultation_id)
    if not _convener_of(actor, row):
        raise Forbidden(verb="记录三方协商")
    if row.state != "called":
        raise Conflict("这次协商已经结束，记录不能再修改。")
    return row, case


# ------------------------------------------------------------------------------------------------ recording


def note_party(
    session: Session, actor: Actor, consultation_id: int, participant_id: int, form: Mapping[str, str]
) -> Participant:
    """到场情况 of one party: came (who, what it said, its hand), or absent with the reason. Until the end it may be
    written again; what stands then counts."""
    row, case = _open(session, actor, consultation_id)
    party = session.get(Participant, participant_id)
    if party is None or party.consultation_id != row.id:
        raise NotFound
    values = {name: form.get(name, "").strip() for name in ("presence", "present_as", "absence_reason", "view")}
    errors = {name: f"不超过 {LONGEST[name]} 字。" for name in list(values)[1:] if len(values[name]) > LONGEST[name]}
    if values["presence"] not in ("attended", "absent"):
        errors["presence"] = "请选择到场或缺席。"
    elif values["presence"] == "absent" and not values["absence_reason"]:
        errors["absence_reason"] = "缺席的须写明理由。"
    elif values["presence"] == "attended" and party.organisation_id is not None and not values["present_as"]:
        errors["present_as"] = "请填写到场人员的姓名。"
    if errors:
        raise Invalid(f"{party.name}的到场情况没有记录，请看标红的栏目。", errors=errors)
    for name, value in values.items():
        setattr(party, name, value)
    party.signature_id = None
    if party.presence == "attended" and form.get("signing"):
        party.signature_id = _sign(session, case, row, party, form).id
    return party


def _sign(session: Session, case: Case, row: Consultation, party: Participant, form: Mapping[str, str]) -> Signature:
    method, witness, image = form["signing"], form.get("witness", "").strip(), None
    if method not in SIGNING:
        raise Invalid("请选择签名方式。", errors={"signing": "请选择签名方式。"})
    if method == "refused" and not witness:
        raise Invalid("请填写见证人。", errors={"witness": "拒绝签名的，请填写见证人姓名。"})
    if method == "drawn":
        image = signing.drawing(form.get("signature", ""), "signature")
    signed = json.dumps([case.number, row.id, party.party, party.view], ensure_ascii=False)
    hand = signing.record(
        session, case, MEETING, party.party, name=party.present_as or party.name, at=clock.now(), method=method,
        person_id=party.person_id, image=image, witness=witness[:40],
        content_hash=hashlib.sha256(signed.encode()).hexdigest(),
    )  # fmt: skip
    session.flush()
    return hand


def agree(session: Session, actor: Actor, consultation_id: int, form: Mapping[str, str]) -> Measure:
    """商定事项: what, by whom (any party but the reporter), until when."""
    row, case = _open(session, actor, consultation_id)
    errors = {"text": sentence} if (sentence := _wanted(form, "text", "商定事项")) else {}
    able = {str(party.id): party for party in _participants(session, row) if party.party != "reporter"}
    if form.get("participant_id") not in able:
        errors["participant_id"] = "请选择责任方。"
    try:
        due_on = date.fromisoformat(form.get("due_on", ""))
        if due_on < clock.today():
            errors["due_on"] = "期限不能早于今天。"
    except ValueError:
        errors["due_on"] = "请填写期限。"
    if errors:
        raise Invalid("商定事项没有记录，请看标红的栏目。", errors=errors)
    item = Measure(
        consultation_id=row.id, case_id=case.id, text=form["text"].strip(),
        participant_id=able[form["participant_id"]].id, due_on=due_on,
    )  # fmt: skip
    session.add(item)
    session.flush()
    return item


def unsay(session: Session, actor: Actor, consultation_id: int, measure_id: int) -> None:
    """Take a measure back while the meeting is open."""
    row, _case = _open(session, actor, consultation_id)
    item = session.get(Measure, measure_id)
    if item is None or item.consultation_id != row.id:
        raise NotFound
    session.delete(item)
