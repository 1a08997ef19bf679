"""The consultation, and the measure agreed there, that an act is about (R77)."""

from sqlalchemy import select

from engine.catalogue.act import Act
from engine.consultations.models import Consultation, Measure, Participant
from engine.errors import Misconfigured


def consultation(act: Act) -> Consultation:
    """The meeting this procedure belongs to; Misconfigured in any other procedure."""
    found: Consultation | None = act.once(
        "consultation",
        lambda: act.session.scalars(select(Consultation).where(Consultation.instance_id == act.instance_id)).first(),
    )
    if found is None:
        raise Misconfigured(f"“{act.element_name}”只能用在三方协商的流程里，请管理员检查流程图。")
    return found


def measure(act: Act) -> Measure:
    """What was agreed, of which this token is."""
    key = act.once("measure", lambda: None)
    found = act.session.get(Measure, key) if key is not None else None
    if found is None:
        raise Misconfigured(f"“{act.element_name}”只能用在商定事项的流程里，请管理员检查流程图。")
    return found


def responsible(act: Act) -> Participant:
    """Who took it on."""
    return act.session.get_one(Participant, measure(act).participant_id)


def participants(act: Act) -> list[Participant]:
    """The parties of the meeting, in the order they were invited."""
    query = select(Participant).where(Participant.consultation_id == consultation(act).id).order_by(Participant.id)
    return list(act.session.scalars(query))


def measures(act: Act) -> list[Measure]:
    """What was agreed, in order."""
    query = select(Measure).where(Measure.consultation_id == consultation(act).id).order_by(Measure.id)
    return list(act.session.scalars(query))
