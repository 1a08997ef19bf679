"""Papers as Chromium prints them, and a book whose progress shows by itself."""

import io
from dataclasses import replace
from functools import partial
from pathlib import Path

import pypdfium2
import pytest
from sqlalchemy import Engine

from engine import config, db
from engine.printing import jobs
from tests import factories
from tests.browser.conftest import Open
from tests.browser.eyes import BEYOND, PHONE
from tests.people import Cast

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def test_a_form_fits_its_page_and_a_book_appears_by_itself(
    house: str, eyes: Open, database: Engine, cast: Cast, tmp_path: Path
) -> None:
    with db.transaction(database) as session:
        case = factories.handled(session, replace(cast, session=session), summary="雨" * 300)
    window = eyes(house).sign_in("liaison")
    for kind, pages in (("annex2", 1), ("registration", 6)):
        window.go(f"/papers/{kind}/{case.id}")
        printed = window.page.pdf(prefer_css_page_size=True)
        assert len(pypdfium2.PdfDocument(io.BytesIO(printed))) == pages, kind
    window.go(f"/ledger/{case.studio_id}/{case.year}")
    window.press("生成全册 PDF")
    assert "0 / 1 件" in window.page.inner_text("#job")
    said = window.page.locator("[data-status-line]")
    window.page.route("**/ledger/jobs/*", lambda route: route.abort())  # the server is away for a while
    said.get_by_text("没有连上服务器").wait_for()
    window.page.unroute("**/ledger/jobs/*")
    settings = replace(config.load(), data_dir=tmp_path / "data")
    assert jobs.work(partial(db.transaction, database), settings, 60) == 2
    window.page.get_by_role("heading", name="已生成").wait_for()  # nobody pressed anything
    assert said.inner_text() == ""
    window.complaints = [one for one in window.complaints if "ERR_FAILED" not in one and "Failed to fetch" not in one]
    with window.page.expect_download() as download:
        window.page.get_by_role("link", name="下载 PDF").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
    phone = eyes(house, PHONE).sign_in("liaison")
    phone.go(f"/papers/annex2/{case.id}")
    assert phone.page.evaluate(BEYOND) == []
