"""Document numbers: one gap-free series per organisation, kind of paper and year."""

from datetime import date

import pytest
from sqlalchemy import Engine

from engine import db
from engine.documents.operations import code, next_number
from tests import factories


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("沙头角街道城管科", "沙头角城管"), ("盐田区城管局", "盐田城管"), ("深圳市城管局", "深圳城管"),
        ("沙头角街道党工委组织部门", "沙头角组"), ("盐田区委组织部", "盐田组"), ("深圳市委组织部", "深圳组"),
        ("沙头角街道城市建设办公室", "沙头角城市建设"), ("办公室", "办公室"),
    ],
)  # fmt: skip
def test_the_sign_of_an_organisation(name: str, sign: str) -> None:
    assert code(name) == sign


def test_every_series_counts_for_itself_and_without_gaps(database: Engine) -> None:
    cast = factories.prepared(database)
    unit, department = cast.organisations["street_unit"], cast.department("street")
    with db.transaction(database) as session:
        day = date(2026, 3, 4)
        assert next_number(session, unit, "reply", day) == "沙头角城管函〔2026〕1号"
        assert next_number(session, unit, "reply", day) == "沙头角城管函〔2026〕2号"
        assert next_number(session, unit, "receipt", day) == "沙头角城管收〔2026〕1号"
        assert next_number(session, department, "referral", day) == "沙头角组转〔2026〕1号"
        assert next_number(session, unit, "reply", date(2027, 1, 4)) == "沙头角城管函〔2027〕1号"
    with db.transaction(database) as session:
        next_number(session, unit, "reply", day)
        session.rollback()
    with db.transaction(database) as session:  # what was rolled back left no gap
        assert next_number(session, unit, "reply", day) == "沙头角城管函〔2026〕3号"
        with pytest.raises(KeyError):
            next_number(session, unit, "letter", day)
