"""The value of a parameter in force on a day."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Misconfigured
from engine.parameters.models import Parameter

# The measures' own numbers (article 11) and the settled readings (A12, R69, R70); the database's rows win.
FACTORY = {
    "answer_limit": 10,
    "extended_answer_limit": 30,
    "first_reminder": 3,
    "second_reminder": 1,
    "transit_target": 3,
    "decline_target": 2,
    "second_supervision": 5,
    "third_supervision": 10,
}


def value(session: Session, name: str, on: date) -> int:
    """The value of `name` in force on `on`, in the parameter's own unit (working days)."""
    query = select(Parameter.value).where(Parameter.name == name, Parameter.effective_from <= on)
    stored = session.scalars(query.order_by(Parameter.effective_from.desc()).limit(1)).first()
    if stored is not None:
        return stored
    if name not in FACTORY:
        raise Misconfigured(f"没有名为 {name} 的参数。")
    return FACTORY[name]
