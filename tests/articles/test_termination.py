"""终止 (R117, the measures are silent): a case may end without an answer; nothing of it disappears."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import tasks
from engine.errors import Forbidden, Invalid, LianxinError, NotFound
from engine.ledger.models import LedgerEntry
from engine.notices.models import Notice
from engine.work.models import Deadline, History, Task
from tests import factories
from tests.people import Cast

FORM = {"kind": "court", "reason": "反映人已就同一事项提起诉讼。", "referred_to": "盐田区人民法院"}


def test_r117_the_department_ends_a_case_with_reason_and_body(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    for name in ("signed", "reported", "referred"):
        factories.step(session, cast, case, name)
    tasks.terminate(session, cast.actor("street_clerk"), case.id, FORM)
    assert (case.state, case.outcome) == ("terminated", "terminated")
    assert FORM["reason"] in case.outcome_reason and FORM["referred_to"] in case.outcome_reason
    assert not session.scalars(select(Task).where(Task.case_id == case.id)).all()
    assert not session.scalars(select(Deadline).where(Deadline.case_id == case.id)).all()
    told = session.scalars(select(Notice).where(Notice.kind == "terminated", Notice.channel == "sms")).one()
    assert told.address == case.reporter_phone
    assert session.scalars(select(LedgerEntry).where(LedgerEntry.case_id == case.id)).one().sequence == case.sequence
    row = session.scalars(select(History).where(History.case_id == case.id, History.act == "terminated")).one()
    assert (row.actor_name, row.opinion) == (cast.actor("street_clerk").name, case.outcome_reason)


def test_r117_only_a_department_of_the_area_and_never_without_a_reason(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    for name in ("signed", "reported", "referred"):
        factories.step(session, cast, case, name)
    for who in ("liaison", "delegate", "unit_clerk", "far_clerk", "system_administrator"):
        with pytest.raises((Forbidden, NotFound)):
            tasks.terminate(session, cast.actor(who), case.id, FORM)
    with pytest.raises(Invalid) as refused:
        tasks.terminate(session, cast.actor("street_clerk"), case.id, FORM | {"reason": " "})
    assert "reason" in refused.value.errors
    tasks.terminate(session, cast.actor("street_clerk"), case.id, FORM)
    with pytest.raises(LianxinError, match="已经结束"):
        tasks.terminate(session, cast.actor("street_clerk"), case.id, FORM)
