"""An administrator may redraw forms and pools. What they no longer hold back, the operations still do."""

from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import forms, tasks
from engine.cases.models import Signature
from engine.errors import Forbidden, Invalid
from engine.feedback.models import Feedback
from engine.handlings.models import Extension, Handling
from engine.ratings.models import Opinion
from engine.tasks import doing
from tests import factories
from tests.people import Cast


@pytest.fixture
def database(sqlite: Engine) -> Engine:
    """What is refused here writes no rows of its own kind."""
    return sqlite


@pytest.fixture
def bare_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms that ask for nothing."""
    monkeypatch.setattr(forms, "validate", lambda *_form, **_today: {})


@pytest.fixture
def open_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads a task may complete it."""
    monkeypatch.setattr(doing, "may_complete", lambda *_who: None)


def refused(session: Session, cast: Cast, case: Any, who: str, role: str, **form: Any) -> Exception:
    task = factories.open_task(session, case, role)
    with pytest.raises((Invalid, Forbidden)) as found, session.begin_nested():
        doing.complete(session, cast.actor(who), task.id, form)
    return found.value


def claimed(session: Session, cast: Cast, case: Any, who: str, role: str) -> None:
    doing.claim(session, cast.actor(who), factories.open_task(session, case, role).id)


def rating(session: Session, cast: Cast) -> Any:
    case = factories.handled(session, cast)
    factories.step(session, cast, case, "answered")
    factories.step(session, cast, case, "accepted")
    return case


def test_r42_the_delegates_decision_has_its_reason(session: Session, cast: Cast, bare_forms: None) -> None:
    spot = {"settlement": "on_the_spot", "spot_answer": "已经说明政策。", "spot_grade": "dissatisfied"}
    case = factories.registered(session, cast, **spot)
    sent = {"decision": "sign", "signature_name": "戴代表", **spot}
    for conversion in ("convert", "keep"):
        found = refused(session, cast, case, "delegate", "signature", **sent, conversion=conversion)
        assert isinstance(found, Invalid) and "conversion_reason" in found.errors
    assert session.scalars(select(Signature).where(Signature.party == "delegate")).all() == []


def test_r80_one_of_four_grades(session: Session, cast: Cast, bare_forms: None) -> None:
    case = rating(session, cast)
    for grade in ("excellent", "", "unreachable", ["satisfied", "dissatisfied"]):
        found = refused(session, cast, case, "delegate", "rating_delegate", grade=grade, signature_name="戴代表")
        assert isinstance(found, Invalid) and "grade" in found.errors, grade
    assert session.scalars(select(Opinion)).all() == []


def test_r112_refused_only_before_a_witness_and_drawn_only_with_a_drawing(
    session: Session, cast: Cast, bare_forms: None
) -> None:
    case = rating(session, cast)
    claimed(session, cast, case, "liaison", "rating_reporter")
    said = {"grade": "satisfied", "method": "in_person", "remark": "不愿签名"}
    for signing, field in (("refused", "witness"), ("drawn", "signature")):
        found = refused(session, cast, case, "liaison", "rating_reporter", **said, signing=signing)
        assert isinstance(found, Invalid) and field in found.errors
    assert session.scalars(select(Opinion)).all() == []


def test_r113_the_forms_delegate_rates(session: Session, cast: Cast, open_pools: None) -> None:
    case = rating(session, cast)
    for who in ("liaison", "street_head", "unit_clerk"):
        found = refused(session, cast, case, who, "rating_delegate", grade="satisfied", signature_name="戴代表")
        assert isinstance(found, Forbidden), who
    assert session.scalars(select(Opinion)).all() == []


def test_r63_the_forms_delegate_consents(session: Session, cast: Cast, open_pools: None) -> None:
    case = factories.handled(session, cast)
    claimed(session, cast, case, "unit_clerk", "answer")
    task = factories.open_task(session, case, "answer")
    asked = {"reason": "需要招标采购设备", "work_done": "已完成现场勘查"}
    tasks.request_extension(session, cast.actor("unit_clerk"), task.id, asked)
    for who in ("unit_clerk", "street_head", "liaison"):
        found = refused(session, cast, case, who, "extension_consent", decision="consent")
        assert isinstance(found, Forbidden), who
    assert session.scalars(select(Extension.decision)).all() == [""]
    assert session.scalars(select(Handling.extended)).all() == [False]


def test_r65_no_other_organisation_answers_for_the_unit(session: Session, cast: Cast, open_pools: None) -> None:
    case = factories.handled(session, cast)
    factories.open_task(session, case, "answer").organisation_id = cast.department("street").id
    session.flush()
    answer = factories.STEPS["answered"][2]
    assert isinstance(refused(session, cast, case, "street_clerk", "answer", **answer), Forbidden)
    assert session.scalars(select(Feedback)).all() == []
