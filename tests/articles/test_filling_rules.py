"""填表须知 1 to 8 on the way through registration; single fields are in tests/processes/test_form_files.py."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from engine import db
from engine.cases import content
from engine.config import ROOT, Settings
from engine.errors import Invalid
from tests import factories, people
from tests.people import Cast
from web.app import create_app


def refused(session: Session, cast: Cast, **changes: str) -> dict[str, str]:
    """The sentences a registration is refused with, by field."""
    with pytest.raises(Invalid) as refusal, session.begin_nested():
        factories.registered(session, cast, **changes)
    return refusal.value.errors


def test_rule_4_the_reporter_signs_or_the_delegate_notes_why_not(session: Session, cast: Cast) -> None:
    """「由反映人签字确认，如通过网络或电话途径来访，党代表应给予注明」"""
    assert "reporter_signature" in refused(session, cast, reporter_signature="")
    assert "reporter_signature_note" in refused(session, cast, channel="phone", reporter_signature="remark")
    case = factories.registered(
        session, cast, channel="phone", reporter_signature="remark", reporter_signature_note="14:10 来电，已复述确认"
    )
    assert case.reporter_signature == "remark"


def test_rule_7_the_delegate_signs_what_stands_there(session: Session, cast: Cast) -> None:
    """「党代表需签字确认表格内容」: any field changed afterwards voids the signature (R43)"""
    case = factories.registered(session, cast)
    factories.step(session, cast, case, "signed")
    assert content.signed(session, case)
    for name in ("content", "reporter_phone", "summary", "delegate_title"):
        before = getattr(case, name)
        setattr(case, name, f"{before}1")
        assert not content.signed(session, case), name
        setattr(case, name, before)
    assert content.signed(session, case)


def test_rule_8_three_copies(sqlite: Engine, at: Callable[[str], object], tmp_path: Path) -> None:
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
