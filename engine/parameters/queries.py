"""The value of a parameter in force on a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, func, select
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
    "sign_target": 1,
    "plan_target": 3,
    "second_supervision": 5,
    "third_supervision": 10,
    "recall_street": 0,
    "recall_district": 0,
    "recall_city": 0,
}


State = tuple[Any, ...]
STATE = select(
    func.count().label("rows"), func.max(Parameter.id).label("last"), func.max(Parameter.set_at).label("set_at"),
    func.sum(Parameter.value).label("sum"),
).subquery("parameter_state")  # fmt: skip
_READ_STATE = select(STATE)
_EVERY = select(Parameter.name, Parameter.value, Parameter.effective_from).order_by(Parameter.effective_from)


@dataclass(frozen=True)
class _Kept:
    state: State
    rows: tuple[Any, ...]


_kept: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()


def values(session: Session, on: date, state: State | None = None) -> dict[str, int]:
    """Every parameter as in force on `on`, in its own unit (working days).

    The rows are kept per process and database, and read again when the table looks different (as the calendar is).
    `state`: the row of STATE, where the caller has just read it beside other things.
    """
    engine = session.get_bind().engine
    state = state or tuple(session.execute(_READ_STATE).one())
    kept = _kept.get(engine)
    if kept is None or kept.state != state:
        kept = _kept[engine] = _Kept(state, tuple(session.execute(_EVERY)))
    return FACTORY | {row.name: row.value for row in kept.rows if row.effective_from <= on}


def value(session: Session, name: str, on: date) -> int:
    """The value of `name` in force on `on`; Misconfigured when there is no such parameter."""
    return named(values(session, on), name)


def named(found: Mapping[str, int], name: str) -> int:
    """One of `values`; Misconfigured when there is no such parameter."""
    if name not in found:
        raise Misconfigured(f"没有名为 {name} 的参数。")
    return found[name]


def planned(session: Session, after: date) -> list[Parameter]:
    """Values that come into force later than `after`, the earliest first."""
    query = select(Parameter).where(Parameter.effective_from > after)
    return list(session.scalars(query.order_by(Parameter.effective_from, Parameter.name)))
