"""并案: several cases about one matter get one answer, and every reporter still gets feedback and rates (R58, A16).

A case that joined waits in its own procedure for a message of the leading one; when that answer is accepted it takes
the answer over as rows of its own, so that copies, rating and ledger are those of every other case.
"""

from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from engine import clock
from engine.cases.models import Case
from engine.catalogue import telling
from engine.catalogue.act import Act, Message
from engine.db import Base
from engine.errors import Invalid
from engine.feedback.models import Feedback
from engine.handlings.models import Handling

ROW = TypeVar("ROW", Handling, Feedback)
MERGED = "merged"  # the case's state while it waits


def join(act: Act) -> dict[str, Any]:
    """并案: this case joins the leading one that the form names; whether it may was checked by engine.tasks.merging."""
    act.require_actor()
    lead = act.session.get_one(Case, act.form["lead_id"])
    act.case.merged_into_id, act.case.state, lead.leads = lead.id, MERGED, True
    act.history = act.record("merged", result=lead.number[:80], opinion=str(act.form.get("reason", "")))
    telling.delegate(act, "merged")
    telling.organisation(act, "merged", act.case.studio_id)
    return {"decision": "merge"}


def separate(act: Act) -> dict[str, Any]:
    """拆并 before the answer: the case goes its own way again, its transit target starts anew."""
    lead_id, act.case.merged_into_id = act.case.merged_into_id, None
    if lead_id is not None:
        others = select(Case.id).where(Case.merged_into_id == lead_id, Case.id != act.case.id)
        act.session.get_one(Case, lead_id).leads = act.session.scalars(others.limit(1)).first() is not None
    act.case.arrived_on = clock.local(act.now).date()
    act.history = act.record("separated", opinion=str(act.form.get("reason", "")))
    telling.delegate(act, "separated")
    telling.organisation(act, "separated", act.case.studio_id)
    return {"outcome": "separated"}


def tell_members(act: Act, message: str, reason: str) -> None:
    """Say something to every case that waits for this one; nothing is asked of the database when none ever did."""
    if not act.case.leads:
        return
    query = select(Case.id).where(Case.merged_into_id == act.case.id, Case.state == MERGED)
    act.outgoing.extend(Message(case_id, message, reason) for case_id in act.session.scalars(query.order_by(Case.id)))


def adopt(act: Act) -> dict[str, Any]:
    """The leading case's handling and accepted answer become this case's own; its ticks of annex 2 as well (R105)."""
    case = act.case
    lead = act.session.get(Case, case.merged_into_id) if case.merged_into_id else None
    source = _latest(act, Handling, Handling.case_id, lead.id, Handling.state) if lead else None
    answer = _latest(act, Feedback, Feedback.handling_id, source.id, Feedback.state) if source else None
    if lead is None or source is None or answer is None or answer.state != "accepted":
        raise Invalid("主件还没有审核通过的书面反馈，本件不能随之答复。")
    handling = _taken_over(source, case_id=case.id, lead_handling_id=source.id, state="open")
    _store(act, handling)
    act.keep("handling", handling)
    feedback = _taken_over(answer, case_id=case.id, handling_id=handling.id)
    _store(act, feedback)
    act.keep("feedback", feedback)
    for tick in ("sent_street_at", "sent_district_at", "sent_city_at"):
        setattr(case, tick, getattr(case, tick) or getattr(lead, tick))
    act.history = act.record("adopted", result=lead.number[:80], opinion=feedback.text)
    return {"outcome": "adopted"}


def _latest(
    act: Act, table: type[ROW], column: InstrumentedAttribute[int], key: int, state: InstrumentedAttribute[str]
) -> ROW | None:
    query = select(table).where(column == key, state != "withdrawn").order_by(table.id.desc())
    return act.session.scalars(query.limit(1)).first()


def _taken_over(row: ROW, **other: Any) -> ROW:
    """A row with the same facts for another case."""
    facts = {column.key: getattr(row, column.key) for column in type(row).__table__.columns if column.key != "id"}
    return type(row)(**(facts | other))


def _store(act: Act, row: Base) -> None:
    act.session.add(row)
    act.batch.insert_new(row)
    act.batch.send()  # its id is asked for by what follows
