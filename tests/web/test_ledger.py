"""跟踪明细帐 in the browser: shelves, the list, annex 2 on paper, tables."""

import io
from functools import partial
from pathlib import Path

from engine import db
from engine.cases.models import Case
from engine.printing import jobs
from tests.web.conftest import Visit
from tests.web.test_search import Make


def test_a_paper_on_screen_and_as_a_file(visit: Visit, make: Make) -> None:
    """The same sheets, under our own style sheet, with nothing inline; outsiders learn nothing."""
    case_id = make("signed", "reported", "referred")
    visitor = visit("street_clerk")
    page = visitor.get(f"/papers/annex2/{case_id}").text
    assert page.count("☑") == 1  # 送街道组织部门
    assert 'href="/papers/style.css"' in page and "<style" not in page and " style=" not in page
    assert "Lianxin FangSong" in visitor.get("/papers/style.css").text
    listed = visitor.get(f"/papers/cases/{case_id}").text
    assert "转交单" in listed and f"/papers/annex2/{case_id}.pdf" in listed
    assert f"/papers/cases/{case_id}" in visitor.get(f"/cases/{case_id}").text
    pdf = visitor.get(f"/papers/annex2/{case_id}.pdf")
    assert pdf.data.startswith(b"%PDF-") and pdf.mimetype == "application/pdf"
    assert "attachment" in pdf.headers["Content-Disposition"]
    stranger = visit("far_clerk")
    for address in (f"/papers/annex2/{case_id}", f"/papers/registration/{case_id}.pdf", "/papers/nothing/1"):
        assert stranger.get(address).status_code == 404


def test_the_ledger_of_a_year(visit: Visit, make: Make) -> None:
    make("signed", "reported")
    make()
    visitor = visit("liaison")
    assert "沙头角社区" in visitor.get("/ledger").text
    with db.reading(visitor.client.application.extensions["lianxin"].engine) as session:
        studio_id = session.query(Case.studio_id).first()[0]
    page = visitor.get(f"/ledger/{studio_id}/2026").text
    assert "共 2 件" in page and "2026001" in page and "2026002" in page
    assert "生成全册 PDF" in page
    ordered = visitor.post(f"/ledger/{studio_id}/2026/pdf")
    waiting = visitor.get(ordered.location)
    assert "0 / 2 件" in waiting.text and "hx-trigger" in visitor.get(ordered.location, fragment=True).text
    assert visitor.get(f"{ordered.location}/file").status_code == 409
    house = visitor.client.application.extensions["lianxin"]
    assert jobs.work(partial(db.transaction, house.engine), house.settings, 60) == 2
    assert "已生成" in visitor.get(ordered.location).text
    assert visitor.get(f"{ordered.location}/file").data.startswith(b"%PDF-")
    assert f"{ordered.location}/file" in visitor.get(f"/ledger/{studio_id}/2026").text
    assert visit("street_clerk").get(ordered.location).status_code == 404  # everybody orders a book of his own
    sheet = visitor.get(f"/ledger/{studio_id}/2026/table.xlsx")
    assert sheet.data.startswith(b"PK") and "attachment" in sheet.headers["Content-Disposition"]
    assert "还没有登记过" in visitor.get(f"/ledger/{studio_id}/2025").text
    assert visit("far_clerk").get(f"/ledger/{studio_id}/2026").status_code == 404
    assert visit("unit_clerk").get("/ledger").status_code == 403


def test_the_fixed_sentence_is_the_measures_own() -> None:
    """R110: byte for byte."""
    template = Path("engine/printing/templates/annex2.html").read_text(encoding="utf-8")
    assert "街道组织部门会商市党代表和反映人共同评议, 对承办单位办理情况评价如下:" in template


def test_administrators_upload_a_font_and_a_wrong_file_is_told(visit: Visit) -> None:
    visitor = visit("system_administrator")
    assert "没有上传，使用系统自带的宋体" in visitor.get("/fonts").text
    refused = visitor.post("/fonts/fangsong", {"file": (io.BytesIO(b"MZ"), "仿宋.ttf")})
    assert refused.status_code == 422 and "这不是可用的字体文件" in refused.text
    assert visit("liaison").get("/fonts").status_code == 403
