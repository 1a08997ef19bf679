"""附件 over HTTP: files before and after registration, names and types that attack, and who may take them."""

import io
from pathlib import Path

import pytest

from engine import db
from engine.attachments.models import Attachment
from engine.cases.models import Case, Draft
from tests import factories
from tests.engine.test_filing import NAMES, PNG

HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
PDF = b"%PDF-1.4\n<script>alert(1)</script>\n%%EOF"


@pytest.fixture
def address(cast):
    return f"/registration/{cast.studio.id}"


@pytest.fixture
def form(cast):
    return factories.FORM | {"delegate_id": str(cast.delegates["delegate"].id), "reflected_on": "2026-03-02",
                             "draft_key": "page-one"}  # fmt: skip


def files(*named):
    """What a file field with these (name, bytes) sends."""
    return {"files": [(io.BytesIO(data), name) for name, data in named]}


def rows(database):
    with db.reading(database) as session:
        found = list(session.query(Attachment).order_by(Attachment.id))
        session.expunge_all()
        return found


def test_files_wait_with_the_draft_and_go_with_the_case(visit, address, form, database):
    liaison = visit("liaison")
    told = liaison.post(f"{address}/files", form | files(("现场.png", PNG), ("坏.zip", b"PK\x03\x04" + b"\0" * 99)))
    assert told.status_code == 302
    page = liaison.get(told.location).text
    for words in ("现场.png", "“坏.zip”没有上传：", factories.FORM["content"]):
        assert words in page
    assert visit("next_liaison").get(f"/attachments/{rows(database)[0].id}").status_code == 404
    done = liaison.post(address, form)
    case_id = int(done.location.rsplit("/", 1)[1])
    assert [(row.filename, row.case_id, row.draft_id) for row in rows(database)] == [("现场.png", case_id, None)]
    shown = liaison.get(f"/cases/{case_id}?tab=files").text
    assert "现场.png" in shown
    assert "第1版" in shown


def test_a_refused_registration_keeps_text_and_files(visit, address, form, database):
    """Without a script the files travel with the form; network material is asked for beside the field (R36)."""
    liaison = visit("liaison")
    network = form | {"channel": "network", "channel_note": "市民论坛", "reporter_signature": "remark",
                      "reporter_signature_note": "已核实"}  # fmt: skip
    refused = liaison.post(address, network)
    assert refused.status_code == 422
    assert "网络反映的须附上网络下载的相关材料（填表须知3）。" in refused.text
    refused = liaison.post(address, network | {"summary": ""} | files(("帖文.html", HTML)))
    assert refused.status_code == 422
    assert "帖文.html" in refused.text
    refused = liaison.post(address, network | {"summary": ""} | files(("程序.exe", b"MZ\x90\0")))
    assert "“程序.exe”没有上传：程序文件不能上传。" in refused.text
    with db.reading(database) as session:
        assert session.query(Case).count() == 0
        assert session.query(Draft).one().data["channel_note"] == "市民论坛"
    assert liaison.post(address, network).status_code == 302
    assert [row.filename for row in rows(database)] == ["帖文.html"]


def test_a_file_is_never_a_page_of_ours(visit, make, address, database, app):
    liaison, case_id = visit("liaison"), make()
    kept = [(name, PNG) for name in NAMES if "\\" not in name] + [
        ("页面.html", HTML),
        ("文档.pdf", PDF),
        ("表.csv", "姓名,单位".encode("gb18030")),
    ]
    for start in (0, 7):
        liaison.post(f"/attachments/cases/{case_id}", files(*kept[start : start + 7]))
    found = rows(database)
    assert [row.filename for row in found] == [name for name, _ in kept]
    for row, (name, data) in zip(found, kept, strict=True):
        answer = liaison.get(f"/attachments/{row.id}")
        assert (answer.status_code, answer.data) == (200, data)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        policy, kind = answer.headers["Content-Security-Policy"], answer.headers["Content-Type"]
        disposition = answer.headers["Content-Disposition"]
        assert "default-src 'none'" in policy
        assert "/" not in disposition.replace("'", "").split("filename", 1)[1].replace("UTF-8", "")
        if name.endswith((".html", ".csv")):
            assert (kind, disposition.startswith("attachment;")) == ("application/octet-stream", True)
            assert "sandbox" in policy
        else:
            assert (kind in ("image/png", "application/pdf"), disposition.startswith("inline;")) == (True, True)
            assert ("sandbox" in policy) == (kind == "image/png")
    page = liaison.get(f"/cases/{case_id}?tab=files").text
    assert "&lt;img src=x onerror=alert(1)&gt;.png" in page
    assert "<img src=x" not in page
    inside = Path(app.extensions["lianxin"].settings.data_dir)
    assert {path.parts[-3] for path in inside.rglob("*") if path.is_file() and "files" in path.parts} == {"files"}


def test_who_may_read_and_add(visit, make, database):
    case_id = make("signed", "reported", "referred")
    visit("liaison").post(f"/attachments/cases/{case_id}", files(("现场.png", PNG)))
    row = rows(database)[0]
    readers = {role: visit(role).get(f"/attachments/{row.id}").status_code for role in (
        "liaison", "delegate", "street_clerk", "unit_clerk", "next_liaison", "school_clerk", "system_administrator",
    )}  # fmt: skip
    assert readers == {"liaison": 200, "delegate": 200, "street_clerk": 200, "unit_clerk": 200, "next_liaison": 404,
                       "school_clerk": 404, "system_administrator": 403}  # fmt: skip
    assert visit("street_clerk").post(f"/attachments/cases/{case_id}", files(("又.png", PNG))).status_code == 403
    assert len(rows(database)) == 1
    told = visit("liaison").get(f"/cases/{case_id}?tab=log").text
    assert "补充附件" in told
