"""Setting a parameter from a day on (R88); who may, and that a second person agreed, is decided by engine.amending."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.errors import Invalid
from engine.parameters.models import Parameter
from engine.parameters.queries import values
from engine.parameters.rules import RULES, fault


def check(session: Session, name: str, value: int, effective_from: date) -> None:
    """Invalid, with the article, when the value is out of bounds or does not fit the others, on the day it comes into
    force or on a later day for which another value has been set already."""
    if name not in RULES:
        raise Invalid("没有这个参数，请从列表中选择。")
    if effective_from < clock.MEASURES_IN_FORCE:
        raise Invalid("生效日期早于《办法》施行之日（2010年11月24日）。", {"effective_from": "不早于2010年11月24日。"})
    later = select(Parameter.effective_from).where(Parameter.effective_from > effective_from).distinct()
    for day in (effective_from, *session.scalars(later.order_by(Parameter.effective_from))):
        if sentence := fault(name, value, values(session, day)):
            raise Invalid(sentence, {"value": sentence})


def set_value(session: Session, name: str, value: int, effective_from: date, set_by_id: int) -> None:
    """In force from `effective_from` on, for what is received from that day; the same day set again is corrected."""
    check(session, name, value, effective_from)
    same = select(Parameter).where(Parameter.name == name, Parameter.effective_from == effective_from)
    row = session.scalars(same).first() or Parameter(name=name, effective_from=effective_from)
    row.value, row.set_by_id, row.set_at = value, set_by_id, clock.now()
    session.add(row)
    session.flush()
