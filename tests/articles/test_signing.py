"""第九条 「由市党代表签名」, 填表须知 4, 7 and 8: who signs what and how, and what a signature is worth afterwards."""

import re
import zlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import casefile, db, tasks
from engine.cases import content, signing
from engine.cases.models import Case, CaseVersion, Signature
from engine.config import ROOT, Settings
from engine.errors import Invalid, LianxinError, NotFound
from engine.work.models import History, Instance, Task
from tests import drawings, factories, people
from tests.people import Cast
from web.app import create_app

PHONED = {"channel": "phone", "reporter_signature": "remark"}


def roles(session: Session, case: Case) -> set[str]:
    """The open steps of a case, by role."""
    return set(session.scalars(select(Task.role).where(Task.case_id == case.id)))


def signatures(session: Session, case: Case, party: str) -> list[Signature]:
    """The signatures of a party, oldest first."""
    query = select(Signature).where(Signature.case_id == case.id, Signature.party == party).order_by(Signature.id)
    return list(session.scalars(query))


def sign(session: Session, cast: Cast, case: Case, **form: str) -> None:
    """The delegate signs."""
    factories.act(session, cast, case, "delegate", "signature", **({"decision": "sign"} | form))


def refused(session: Session, cast: Cast, **changes: str) -> dict[str, str]:
    """The sentences a registration is refused with, by field."""
    with pytest.raises(Invalid) as refusal, session.begin_nested():
        factories.registered(session, cast, **changes)
    return refusal.value.errors


def amend(session: Session, cast: Cast, case: Case, **changes: str) -> None:
    """The delegate gives the form back and the studio corrects it."""
    if "signature" in roles(session, case):
        sign(session, cast, case, decision="return", reason="请核对")
    task = factories.open_task(session, case, "amendment")
    if task.assignee_id is None:
        tasks.claim(session, cast.actor("liaison"), task.id)
    shown = {name: str(value) for name, value in tasks.load(session, cast.actor("liaison"), task.id).values.items()}
    tasks.complete(session, cast.actor("liaison"), task.id, shown | {"decision": "resubmit"} | changes)


# ------------------------------------------------------------------------------------------------ 第九条, R28


def test_r28_every_registered_opinion_waits_for_the_delegates_signature(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    assert roles(session, case) == {"signature"}
    assert factories.open_task(session, case, "signature").person_id == cast.id("delegate")
    assert (case.state, case.tier) == ("awaiting_signature", "community")
    assert len(session.scalars(select(Instance).where(Instance.case_id == case.id)).all()) == 1


def test_r28_nobody_signs_for_the_delegate(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    task = factories.open_task(session, case, "signature")
    for who in ("liaison", "other_delegate", "street_clerk", "unit_clerk", "system_administrator"):
        with pytest.raises(LianxinError):
            tasks.complete(session, cast.actor(who), task.id, {"decision": "sign", "signature_name": "戴代表"})
    assert roles(session, case) == {"signature"}


# ------------------------------------------------------------------------------------------------ 须知4, R37 and R38


def test_r37_who_comes_in_person_signs_or_the_form_is_blocked(session: Session, cast: Cast) -> None:
    """「由反映人签字确认」: by hand on screen, on paper, or refused before a witness; missing → blocked."""
    for channel in ("visit", "home_visit"):
        assert "reporter_signature" in refused(session, cast, channel=channel, reporter_signature="")
        assert "填表须知4" in refused(session, cast, channel=channel, reporter_signature="remark",
                                  reporter_signature_note="未到场")["reporter_signature"]  # fmt: skip
    assert "reporter_signature_image" in refused(session, cast, reporter_signature="drawn")
    assert "reporter_witness" in refused(session, cast, reporter_signature="refused")
    found = {}
    for given in ({"reporter_signature": "drawn", "reporter_signature_image": drawings.signature()},
                  {"reporter_signature": "handwritten"},
                  {"reporter_signature": "refused", "reporter_witness": "邻居张某"}):  # fmt: skip
        case = factories.registered(session, cast, **given)
        (row,) = signatures(session, case, "reporter")
        assert (row.name, row.content_hash, row.signed_at) == ("陈某某", case.content_hash, case.registered_at)
        found[row.method] = (row.image is not None, row.witness)
    assert found == {"drawn": (True, ""), "paper": (False, ""), "refused": (False, "邻居张某")}
    assert case.sequence == 3, "a refused form used a number"


BROKEN = {
    "blank": drawings.signature(0),
    "no picture": "data:image/png;base64,aGVsbG8=",
    "not base64": "data:image/png;base64,???",
    "another kind": "data:image/svg+xml;base64,PHN2Zz4=",
    "an address": "https://example.org/signature.png",
    "something behind it": drawings.url(drawings.png(zlib.compress(b"\0" + b"\1" * 8), 2, 1, after=b"<script>")),
    "too many pixels": drawings.url(drawings.png(zlib.compress(b"\0" * 9), 60_000, 60_000)),
    "fewer pixels than it says": drawings.url(drawings.png(zlib.compress(b"\0\1\1\1\1"), 100, 100)),
    "packed without end": drawings.url(drawings.png(zlib.compress(b"\1" * 5_000_000), 2, 1)),
}


def test_r37_a_signature_is_a_picture_of_strokes_or_refused() -> None:
    for what, sent in BROKEN.items():
        with pytest.raises(Invalid) as refusal:
            signing.drawing(sent, "signature")
        assert "签名" in refusal.value.errors["signature"], what
    assert signing.drawing(drawings.signature(), "signature").startswith(b"\x89PNG")


def test_r37_nothing_but_the_strokes_is_kept(session: Session, cast: Cast) -> None:
    case = factories.registered(
        session, cast, reporter_signature="drawn", reporter_signature_image=drawings.signature()
    )
    (row,) = signatures(session, case, "reporter")
    assert row.image is not None and row.image.startswith(b"\x89PNG") and b"script" not in row.image
    assert casefile.signature(session, cast.actor("liaison"), row.id) == row.image
    for stranger in ("outsider", "second_street_clerk", "next_liaison"):
        with pytest.raises(LianxinError):
            casefile.signature(session, cast.actor(stranger), row.id)
    with pytest.raises(NotFound):
        casefile.signature(session, cast.actor("liaison"), row.id + 99)


def test_r38_by_telephone_the_delegates_remark_replaces_the_signature(session: Session, cast: Cast) -> None:
    """「通过网络或电话途径来访，党代表应给予注明」"""
    remark = "2010-12-01 14:10 电话反映，已复述确认"
    assert "reporter_signature_note" in refused(session, cast, **PHONED)
    assert "reporter_signature_note" in refused(session, cast, **PHONED, reporter_signature_note="   ")
    assert "填表须知4" in refused(session, cast, channel="phone")["reporter_signature"]
    case = factories.registered(session, cast, **PHONED, reporter_signature_note=remark)
    (row,) = signatures(session, case, "reporter")
    assert (row.method, row.note, row.image) == ("remark", remark, None)


# ------------------------------------------------------------------------------------------------ 须知7, R43 and R106


def test_r43_the_delegate_signs_by_hand_or_with_the_own_name(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    for given, field in (({}, "signature_name"), ({"signature_name": "李联络"}, "signature_name"),
                         ({"signature": drawings.signature(0)}, "signature")):  # fmt: skip
        with pytest.raises(Invalid) as refusal, session.begin_nested():
            sign(session, cast, case, **given)
        assert list(refusal.value.errors) == [field]
    sign(session, cast, case, signature=drawings.signature(), content_hash=case.content_hash)
    (row,) = signatures(session, case, "delegate")
    assert (row.method, row.person_id, row.content_hash) == ("drawn", cast.id("delegate"), case.content_hash)
    assert row.image is not None
    other = factories.registered(session, cast)
    sign(session, cast, other, signature_name="戴代表")
    assert [row.method for row in signatures(session, other, "delegate")] == ["click"]


def test_r43_the_signature_is_bound_to_the_content_it_was_shown(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    with pytest.raises(Invalid, match="重新核对"), session.begin_nested():
        sign(session, cast, case, signature_name="戴代表", content_hash="0" * 64)
    assert signatures(session, case, "delegate") == []


def test_r43_any_field_changed_afterwards_voids_the_signature(session: Session, cast: Cast) -> None:
    """「党代表需签字确认表格内容」"""
    case = factories.registered(session, cast)
    factories.step(session, cast, case, "signed")
    assert content.signed(session, case)
    for name in ("content", "reporter_phone", "summary", "delegate_title", "reporter_witness"):
        before = getattr(case, name)
        setattr(case, name, f"{before}1")
        assert not content.signed(session, case), name
        setattr(case, name, before)
    assert content.signed(session, case)
    case.content += "（后来添加的一句）"
    with pytest.raises(Invalid, match="签名已失效"), session.begin_nested():
        factories.step(session, cast, case, "reported")
    assert case.tier == "community"


def test_r43_corrected_content_is_signed_again_and_history_has_both_hashes(session: Session, cast: Cast) -> None:
    case = factories.registered(session, cast)
    factories.step(session, cast, case, "signed")
    first = case.content_hash
    factories.act(session, cast, case, "liaison", "report", decision="amend", reason="补充楼栋")
    amend(session, cast, case, summary="更正后的摘要")
    assert case.content_hash != first
    assert not content.signed(session, case)
    assert roles(session, case) == {"signature"}
    (row,) = session.scalars(select(History).where(History.case_id == case.id, History.act == "amended"))
    assert row.data is not None
    assert (row.data["hash_before"], row.data["hash_after"]) == (first, case.content_hash)
    sign(session, cast, case, signature_name="戴代表")
    assert [row.content_hash for row in signatures(session, case, "delegate")] == [first, case.content_hash]
    kept = select(CaseVersion.content_hash).where(CaseVersion.case_id == case.id).order_by(CaseVersion.version)
    assert list(session.scalars(kept)) == [first, case.content_hash]
    factories.step(session, cast, case, "reported")


def test_r43_the_reporters_drawing_does_not_outlive_a_correction(session: Session, cast: Cast) -> None:
    drawn = {"reporter_signature": "drawn", "reporter_signature_image": drawings.signature()}
    case = factories.registered(session, cast, **drawn)
    with pytest.raises(Invalid) as refusal, session.begin_nested():
        amend(session, cast, case, content="另一件事")
    assert "原签名已失效" in refusal.value.errors["reporter_signature_image"]
    session.refresh(case)
    amend(session, cast, case, content="另一件事", reporter_signature_image=drawings.signature(50))
    rows = signatures(session, case, "reporter")
    assert [row.content_hash == case.content_hash for row in rows] == [False, True]


def test_r106_the_date_of_a_signature_is_the_day_it_was_signed(
    session: Session, cast: Cast, at: Callable[[str], datetime]
) -> None:
    """Not the day the form was registered, shown or printed."""
    case = factories.registered(session, cast)
    signed_at = at("2026-02-24 16:30")
    factories.step(session, cast, case, "signed")
    at("2026-03-02 09:00")
    file = casefile.load(session, cast.actor("liaison"), case.id)
    assert [row.signed_at for row in file.signatures if row.party == "delegate"] == [signed_at]


# ------------------------------------------------------------------------------------------------ 须知8, R44


def test_r44_three_copies_of_one_text(sqlite: Engine, at: Callable[[str], object], tmp_path: Path) -> None:
    """「本表格一式三份，由反映人、社区党代表工作室、街道组织部门各留存一份」: the same text three times (R44)."""
    at("2026-02-13 10:00")
    with db.transaction(sqlite) as session:
        cast = factories.install(session)
        case = factories.registered(session, cast)
        factories.step(session, cast, case, "signed")
        case_id = case.id
    page = _printed(sqlite, tmp_path, case_id)
    copies = re.findall(r"<article.*?</article>", page, re.S)
    marks = [re.findall(r"第[一二三]联|\w+留存(?=</|\")", copy)[:2] for copy in copies]
    assert marks == [["第一联", "反映人留存"], ["第二联", "社区党代表工作室留存"], ["第三联", "街道组织部门留存"]]
    texts = {re.sub(r'<p class="paper-query">.*?</p>', "", copy, flags=re.S) for copy in copies}
    texts = {re.sub(r"第[一二三]联|(反映人|社区党代表工作室|街道组织部门)留存|\s", "", text) for text in texts}
    assert len(texts) == 1, "the copies differ in more than their mark"
    for shown in ("沙头角街道沙头角社区2026001", factories.FORM["content"], "戴代表", case.content_hash[:16]):
        assert shown in copies[0]


def _printed(sqlite: Engine, folder: Path, case_id: int) -> str:
    settings = Settings(
        environment="test", database_url=sqlite.url.render_as_string(hide_password=False), redis_url="",
        secret_key="k" * 48, data_dir=folder, demo=False, smtp_url="", port=8000, secure_cookies=False,
        processes_dir=ROOT / "processes",
    )  # fmt: skip
    app = create_app(settings)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/sign-in", data={"login": "liaison", "password": people.PASSWORD})
    page = client.get(f"/registration/cases/{case_id}/print").text
    app.extensions["lianxin"].engine.dispose()
    return page
