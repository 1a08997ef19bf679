"""代理: setting a deputy and ending it, with its trace."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, true
from sqlalchemy.orm import Session

from engine.access import Actor, Verb
from engine.deputies import reaching
from engine.errors import Invalid
from engine.notices import operations as notices
from engine.organisation import absences
from engine.organisation.absences import AbsenceForm, Listed
from engine.organisation.models import Absence, Person
from engine.work import operations as work


@dataclass(frozen=True)
class DeputyPage:
    """What the page shows: for whom, who can stand in, what is arranged, and the people of a head."""

    person: Person
    colleagues: Sequence[tuple[Person, str]]
    listed: Sequence[Listed]
    staff: Sequence[tuple[Person, str]]
    delegate: bool  # some acts of the person are personal


def page(session: Session, actor: Actor, person_id: int | None = None) -> DeputyPage:
    """Own deputies, or those of a person the actor answers for; Forbidden for anybody else's."""
    person = reaching.reached(session, actor, Verb.DEPUTY_SET, person_id or actor.person_id)
    about = or_(Absence.person_id == person.id, Absence.deputy_id == person.id)
    if person.id == actor.person_id:
        near = [row.id for row, _name in reaching.staff(session, actor)]
        about = true() if reaching.administers(actor) else or_(about, Absence.person_id.in_(near))
    return DeputyPage(
        person=person,
        colleagues=absences.colleagues(session, person.id),
        listed=absences.listed(session, about),
        staff=reaching.staff(session, actor) if person.id == actor.person_id else (),
        delegate=absences.is_delegate(session, person.id),
    )


def set_deputy(session: Session, actor: Actor, form: AbsenceForm) -> Absence:
    """Somebody of the same organisation stands in from–to; Invalid names the fields, Conflict the overlap."""
    person = reaching.reached(session, actor, Verb.DEPUTY_SET, form.person_id)
    if person.id == form.deputy_id:
        raise Invalid("有 1 处需要修改，请看标红的栏目。", {"deputy_id": "代理人不能是本人。"})
    absence = absences.set_deputy(session, form, actor.person_id)
    days = f"{absence.starts_on:%Y-%m-%d} 至 {absence.ends_on:%Y-%m-%d}"
    deputy = session.get_one(Person, absence.deputy_id)
    _record(session, actor, "deputy_set", f"{deputy.name} 代 {person.name}（{days}）", absence.reason)
    notices.tell(
        session, "deputy_set", f"请代理{person.name}", f"{days}，{person.name}的事项由您代理，在您的待办中标明“代理”。",
        case_id=None, person_id=deputy.id,
    )  # fmt: skip
    return absence


def end(session: Session, actor: Actor, absence_id: int) -> Absence:
    """结束代理 before its last day; Conflict when it is over."""
    absence = absences.get(session, absence_id)
    person = reaching.reached(session, actor, Verb.DEPUTY_SET, absence.person_id)
    absences.end(session, absence_id)
    deputy = session.get_one(Person, absence.deputy_id)
    _record(session, actor, "deputy_ended", f"{deputy.name} 代 {person.name}", "")
    return absence


def _record(session: Session, actor: Actor, act: str, result: str, opinion: str) -> None:
    work.record(
        session, act, actor_id=actor.person_id, actor_name=actor.name, result=result[:80], opinion=opinion
    )  # fmt: skip
