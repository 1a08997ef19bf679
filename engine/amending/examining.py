"""The preview: every running instance is asked what would move, by the engine itself, without writing to it.

A handful is answered at once; thousands in steps that anybody may continue (the watch in each process), each a
transaction of its own, so that nothing waits and a killed process loses one step.
"""

import logging
import time
from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from engine import clock, instances
from engine.amending.checking import Draft
from engine.amendments.models import Amendment, AmendmentMove
from engine.calendar import Calendar
from engine.catalogue.act import Act
from engine.db import Begin
from engine.errors import LianxinError
from engine.parameters import queries as parameters
from engine.parameters.models import Parameter
from engine.work.models import Instance
from engine.workdays import queries as workdays

log = logging.getLogger(__name__)
STEP = 50  # instances between two looks at the clock
AT_ONCE = 1.0  # seconds a person waits for the first part


class Foresight:
    """The engine's own answer to "what if": acts that are given the proposed calendar or value."""

    def __init__(self, session: Session, amendment: Amendment) -> None:
        self.session, self.content = session, amendment.content
        self.calendar: Calendar | None = None
        if amendment.kind == "notice":
            self.calendar = Calendar([*workdays.calendar(session).rows(), *Draft.of(amendment.content).rows])
            return
        self.since = date.fromisoformat(self.content["effective_from"])
        later = select(func.min(Parameter.effective_from)).where(
            Parameter.name == self.content["name"], Parameter.effective_from > self.since
        )
        self.until = session.scalar(later)

    def moves(self, instance: Instance) -> Sequence[instances.Move]:
        """What would move in this instance."""
        act = Act(self.session, instances.case_of(self.session, instance), instance.id)
        if self.calendar is not None:
            act.keep("calendar", self.calendar)
        else:
            on = act.parameter_day
            if on < self.since or (self.until is not None and on >= self.until):
                return []
            known = parameters.values(self.session, on)
            act.keep(f"parameters {on}", {**known, self.content["name"]: self.content["value"]})
        return instances.forecast(self.session, instance, act)


def begin(session: Session, amendment: Amendment) -> None:
    """Forget what was found, count what there is to do, and do as much as a person would wait for."""
    session.execute(delete(AmendmentMove).where(AmendmentMove.amendment_id == amendment.id))
    amendment.cursor = amendment.examined = amendment.failed = 0
    amendment.examined_at = None
    amendment.total = session.scalar(select(func.count()).select_from(Instance).where(Instance.status == "open")) or 0
    go_on(session, amendment, AT_ONCE)


def go_on(session: Session, amendment: Amendment, seconds: float) -> None:
    """Look at the next instances until the time is up or all are through."""
    last = time.monotonic() + seconds
    foresight = Foresight(session, amendment)
    while amendment.examined_at is None:
        rows = next_instances(session, amendment)
        for instance in rows:
            try:
                session.add_all(move_row(amendment, instance, move) for move in foresight.moves(instance))
            except LianxinError:
                log.exception("instance %s cannot be asked", instance.id)
                amendment.failed += 1
            amendment.cursor, amendment.examined = instance.id, amendment.examined + 1
        if len(rows) < STEP:
            amendment.examined_at = clock.now()
        session.flush()
        if time.monotonic() > last:
            break


def next_instances(session: Session, amendment: Amendment) -> list[Instance]:
    """The next running instances after the cursor, in order of their ids."""
    query = select(Instance).where(Instance.status == "open", Instance.id > amendment.cursor)
    return list(session.scalars(query.order_by(Instance.id).limit(STEP)))


def move_row(amendment: Amendment, instance: Instance, move: instances.Move) -> AmendmentMove:
    """A move as it is kept with its amendment."""
    return AmendmentMove(
        amendment_id=amendment.id, instance_id=instance.id, case_id=instance.case_id, element_id=move.element_id,
        name=move.name, role=move.role if not move.limit else "limit", old_at=move.old, new_at=move.new,
    )  # fmt: skip


def step(begin_: Begin, seconds: float) -> int:
    """Continue one unfinished preview in a transaction of its own; how many instances were looked at."""
    with begin_() as session:
        waiting = select(Amendment).where(Amendment.state == "proposed", Amendment.examined_at.is_(None))
        amendment = session.scalars(waiting.order_by(Amendment.id).limit(1).with_for_update(skip_locked=True)).first()
        if amendment is None:
            return 0
        done = amendment.examined
        go_on(session, amendment, seconds)
        return amendment.examined - done
