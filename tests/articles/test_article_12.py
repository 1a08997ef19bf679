"""第十二条 督办评议制度：tracking by all four levels, the ledger, and one grade of three parties.

The joint rating is in test_rating.py; the reminders and the ladder with their times are in tests/engine/test_limits.py.
"""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import casefile
from engine.cases.models import Case
from engine.errors import LianxinError
from engine.ledger.models import LedgerEntry
from tests import factories
from tests.people import Cast


def test_studio_and_departments_of_all_three_tiers_follow_the_case(session: Session, cast: Cast) -> None:
    """「市、区、街道组织部门和社区党代表工作室要对承办单位的…办理结果进行全程跟踪」 (R76), each in its own area (R54)."""
    case = factories.handled(session, cast)
    for who in ("liaison", "delegate", "street_clerk", "district_clerk", "city_clerk", "unit_clerk"):
        assert casefile.load(session, cast.actor(who), case.id).case.id == case.id
    for who in ("next_liaison", "second_street_clerk", "far_clerk", "city_unit_clerk", "other_delegate", "auditor"):
        with pytest.raises(LianxinError):
            casefile.load(session, cast.actor(who), case.id)


def test_every_registered_form_has_its_line_in_the_ledger(session: Session, cast: Cast) -> None:
    """「在社区党代表工作室设立《意见建议办理情况跟踪明细帐》」: on-the-spot and void ones too (R32, R78)."""
    factories.handled(session, cast)
    spot = factories.registered(
        session, cast, settlement="on_the_spot", spot_answer="已当场修复。", spot_grade="satisfied"
    )
    factories.step(session, cast, spot, "signed")
    void = factories.registered(session, cast)
    factories.act(session, cast, void, "delegate", "signature", decision="return", reason="重复。")
    factories.act(session, cast, void, "liaison", "amendment", decision="void", reason="重复登记。")
    lines = session.scalars(select(LedgerEntry).order_by(LedgerEntry.sequence)).all()
    assert [(line.studio_id, line.year, line.sequence) for line in lines] == [
        (cast.studio.id, 2026, n) for n in (1, 2, 3)
    ]
    assert [spot.state, void.state] == ["closed", "void"]
