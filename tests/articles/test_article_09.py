"""第九条 「对接待走访中党员群众提出的意见建议，应填写《市党代表社情民意登记表》，并由市党代表签名。」"""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import tasks
from engine.cases.models import Case, Signature
from engine.errors import Invalid, LianxinError
from engine.work.models import Instance, Task
from tests import factories
from tests.people import Cast


def roles(session: Session, case: Case) -> set[str]:
    """The open steps of a case, by role."""
    return set(session.scalars(select(Task.role).where(Task.case_id == case.id)))


def test_every_registered_opinion_waits_for_the_delegates_signature(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    assert roles(session, case) == {"signature"}
    assert factories.open_task(session, case, "signature").person_id == cast.id("delegate")
    assert (case.state, case.tier) == ("awaiting_signature", "community")
    assert len(session.scalars(select(Instance).where(Instance.case_id == case.id)).all()) == 1


@pytest.mark.parametrize("who", ["liaison", "other_delegate", "street_clerk", "unit_clerk", "system_administrator"])
def test_nobody_signs_for_the_delegate(session: Session, cast: Cast, who: str) -> None:
    case = factories.registered(session, cast)
    with pytest.raises(LianxinError):
        tasks.complete(
            session, cast.actor(who), factories.open_task(session, case, "signature").id, {"decision": "sign"}
        )
    assert roles(session, case) == {"signature"}


def test_the_signature_is_bound_to_the_content_it_was_shown(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    with pytest.raises(Invalid, match="重新核对"), session.begin_nested():
        factories.act(session, cast, case, "delegate", "signature", decision="sign", content_hash="0" * 64)
    factories.act(session, cast, case, "delegate", "signature", decision="sign", content_hash=case.content_hash)
    signature = session.scalars(select(Signature)).one()
    assert (signature.party, signature.person_id, signature.content_hash) == (
        "delegate", cast.id("delegate"), case.content_hash,
    )  # fmt: skip


def test_content_changed_after_the_signature_never_leaves_the_studio(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    factories.step(session, cast, case, "signed")
    case.content += "（后来添加的一句）"
    with pytest.raises(Invalid, match="签名已失效"), session.begin_nested():
        factories.step(session, cast, case, "reported")
    assert case.tier == "community"
