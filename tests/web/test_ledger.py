"""跟踪明细帐 in the browser: shelves, the list, annex 2 on paper, tables."""

from pathlib import Path

from engine import db
from engine.cases.models import Case
from tests.web.conftest import Visit
from tests.web.test_search import Make

LABELS = [
    "反映情况",
    "姓名",
    "性别",
    "年龄",
    "电话",
    "单位",
    "单位地址",
    "住址",
    "住址电话",
    "内容摘要",
    "日期",
    "处理情况",
    "党代表姓名",
    "职务",
    "联系方式",
    "送街道组织部门",
    "送区委组织部门",
    "送市委组织部",
    "党代表签名",
    "日期",
    "承办单位反馈情况",
    "承办单位",
    "反馈时间",
    "办理结果",
    "办理情况评价",
    "街道组织部门会商市党代表和反映人共同评议",
    "非常满意",
    "满意",
    "基本满意",
    "不满意",
    "反映人签名",
    "市党代表签名",
    "街道组织部门",
    "负责人签名",
]


def test_annex_2_has_every_label_in_order(visit: Visit, make: Make) -> None:
    """R94, R95–R114: the grid of the measures; a long result goes on to 续页."""
    case_id = make("signed", "reported", "referred", summary="雨" * 300)
    text = visit("street_clerk").get(f"/ledger/cases/{case_id}").text
    at = 0
    for label in LABELS:
        at = text.index(label, at) + len(label)
    assert "续页" not in text
    assert text.count("☑") == 1  # 送街道组织部门


def test_the_ledger_of_a_year(visit: Visit, make: Make) -> None:
    make("signed", "reported")
    make()
    visitor = visit("liaison")
    assert "沙头角社区" in visitor.get("/ledger").text
    with db.reading(visitor.client.application.extensions["lianxin"].engine) as session:
        studio_id = session.query(Case.studio_id).first()[0]
    page = visitor.get(f"/ledger/{studio_id}/2026").text
    assert "共 2 件" in page and "2026001" in page and "2026002" in page
    book = visitor.get(f"/ledger/{studio_id}/2026/print").text
    assert book.count('<article class="paper') == 4  # cover, index, two pages (R115)
    sheet = visitor.get(f"/ledger/{studio_id}/2026/table.xlsx")
    assert sheet.data.startswith(b"PK") and "attachment" in sheet.headers["Content-Disposition"]
    assert "还没有登记过" in visitor.get(f"/ledger/{studio_id}/2025").text
    assert visit("far_clerk").get(f"/ledger/{studio_id}/2026").status_code == 404
    assert visit("unit_clerk").get("/ledger").status_code == 403


def test_the_fixed_sentence_is_the_measures_own() -> None:
    """R110: byte for byte."""
    template = Path("web/templates/ledger/print.html").read_text(encoding="utf-8")
    assert "街道组织部门会商市党代表和反映人共同评议, 对承办单位办理情况评价如下:" in template
