"""What people press for in supervision: 督办通知单, 催办, 督办意见, replies, 收回改派 (article 12; R69, R74)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from engine import clock
from engine.catalogue import handling_operations, telling
from engine.catalogue.act import Act
from engine.catalogue.around import Acting
from engine.documents import operations as documents
from engine.errors import Conflict, Invalid, Misconfigured
from engine.handlings import operations as handlings
from engine.handlings.models import Supervision
from engine.organisation.models import Organisation
from engine.supervision import operations as slips
from engine.supervision.models import Slip

RECALL = "recall_{tier}"  # the parameter of a tier: from how many working days overdue, 0 = never


def note(act: Act) -> dict[str, Any]:
    """The 督办 task of a rung: the supervising organisation issues its slip to the unit."""
    handling, slip = act.current_handling(), order(act)
    query = select(Supervision).where(
        Supervision.handling_id == handling.id, Supervision.organisation_id == act.organisation_id
    )
    for row in act.session.scalars(query):
        row.instruction = slip.text
    act.history = act.record("supervision_noted", result=slip.number, opinion=slip.text)
    telling.organisation(act, "supervision", handling.unit_id)
    return {}


def order(act: Act) -> Slip:
    """A 督办通知单 with its document number; the colour says how late it is (§0). Invalid for a day that is past."""
    issuer = _issuer(act)
    required_on = _required_on(act)
    slip = _slip(act, "order", str(act.form.get("instruction") or act.form.get("opinion") or ""))
    slip.colour, slip.organisation_id, slip.required_on = colour(act), issuer.id, required_on
    slip.number = documents.next_number(act.session, issuer, "supervision", act.now)
    return slip


def _issuer(act: Act) -> Acting | Organisation:
    found = act.organisation(act.organisation_id) if act.organisation_id else None
    if found is None:
        raise Misconfigured(f"“{act.element_name}”没有办理机构，不能下发督办通知单。")
    return found


def _required_on(act: Act) -> date | None:
    value = str(act.form.get("required_on") or "")
    if not value:
        return None
    day = date.fromisoformat(value)
    if day < clock.local(act.now).date():
        said = "限期不能早于今天。"
        raise Invalid("有 1 处需要修改，请看标红的栏目。", {"required_on": said})
    return day


def colour(act: Act) -> str:
    """Blue before the limit has passed, yellow afterwards, red from the second rung of the ladder on."""
    if act.now < handling_operations.limit_end(act):
        return "blue"
    return "yellow" if act.now < _overdue_since(act, act.parameter("second_supervision")) else "red"


def _overdue_since(act: Act, days: int) -> datetime:
    """The end of the working day that is `days` after the last one of the limit."""
    return clock.end_of(act.calendar.working_days(handling_operations.limit_day(act), days))


def _slip(act: Act, kind: str, text: str) -> Slip:
    handling, actor = act.current_handling(), act.require_actor()
    slip = Slip(
        case_id=act.case.id, handling_id=handling.id, kind=kind, department_id=handling.department_id,
        unit_id=handling.unit_id, author_id=actor.person_id, author_name=actor.name, text=text, issued_at=act.now,
    )  # fmt: skip
    act.session.add(slip)
    return slip


def ordered(act: Act) -> Slip:
    """A slip beside the ladder: also before the limit, also by a department above."""
    slip = order(act)
    act.history = act.record("ordered", result=slip.number, opinion=slip.text)
    telling.organisation(act, "supervision", slip.unit_id)
    return slip


def urge(act: Act) -> Slip:
    """催办 by a person: told, counted, once a day per organisation."""
    handling, today = act.current_handling(), clock.local(act.now).date()
    query = select(Slip).where(
        Slip.handling_id == handling.id, Slip.kind == "urge", Slip.organisation_id == act.organisation_id
    )
    last = act.session.scalars(query.order_by(Slip.id.desc()).limit(1)).first()
    if last is not None and clock.local(last.issued_at).date() == today:
        at = clock.local(last.issued_at)
        raise Conflict(f"本单位今天已由{last.author_name}于 {at:%H:%M} 催办，明天可以再次催办；要求更严的请督办。")
    count = slips.urged(act.session, handling.id) + 1
    slip = _slip(act, "urge", str(act.form.get("reason") or ""))
    slip.organisation_id = act.organisation_id
    act.history = act.record("urged", result=f"第 {count} 次", opinion=slip.text)
    telling.organisation(act, "urged", handling.unit_id)
    return slip


def opine(act: Act) -> Slip:
    """「市党代表要主动跟踪督办」: the delegate's words reach the unit and its organisation department (R74)."""
    handling = act.current_handling()
    slip = _slip(act, "opinion", str(act.form.get("reason") or ""))
    act.history = act.record("opined", opinion=slip.text)
    for organisation_id in (handling.unit_id, handling.department_id):
        telling.organisation(act, "opined", organisation_id)
    return slip


def reply(act: Act, slip: Slip) -> None:
    """The unit says what it did about a slip; whoever issued it is told."""
    actor = act.require_actor()
    slip.reply, slip.replied_at = str(act.form.get("reason") or ""), act.now
    slip.replied_by_id, slip.replied_name = actor.person_id, actor.name
    act.history = act.record("supervision_replied", result=slip.number, opinion=slip.reply)
    telling.organisation(act, "supervision_replied", slip.organisation_id or slip.department_id)
    if slip.kind == "opinion":
        telling.delegate(act, "supervision_replied")


def recall_from(act: Act) -> datetime | None:
    """From when the department of this tier may take an overdue handling back, None: never (a parameter)."""
    days = act.parameter(RECALL.format(tier=act.current_handling().tier))
    return _overdue_since(act, days) if days else None


def recall(act: Act) -> dict[str, Any]:
    """收回改派: the handling ends, the review is open again; that the first unit was late stays in the figures."""
    handling = act.current_handling()
    handling.state, handling.close_reason = "recalled", str(act.form.get("reason") or "")
    handlings.close_supervision(act.session, act.case.id, act.now, handling.id)
    slips.close(act.session, act.case.id, act.now, handling.id)
    act.case.arrived_on = clock.local(act.now).date()  # the department's transit target starts again
    act.history = act.record("recalled", result=act.organisation_name(handling.unit_id), opinion=handling.close_reason)
    telling.organisation(act, "recalled", handling.unit_id)
    telling.organisation(act, "recalled", act.case.studio_id)
    telling.delegate(act, "recalled")
    return {"outcome": "recalled"}
