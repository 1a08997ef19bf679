"""Files to be saved: their headers reach the browser whatever the name is (gunicorn refuses what is not Latin)."""

from flask import Flask

from web.downloads import download


def test_a_chinese_name_is_sent_in_both_spellings() -> None:
    with Flask("t").test_request_context():
        answer = download(b"x", "跟踪明细帐-沙头角社区-2026.xlsx", "text/csv")
    header = answer.headers["Content-Disposition"]
    assert header.encode("ascii")
    assert "filename*=UTF-8''%E8%B7%9F" in header and header.startswith("attachment")


def test_every_download_of_the_house_has_a_plain_header(visit, make) -> None:
    case_id = make("signed", "reported", "referred")
    studio = visit("liaison")
    found = [studio.get(f"/papers/registration/{case_id}.pdf"), studio.get("/ledger")]
    assert found[0].status_code == 200
    assert all(str(value).isascii() for answer in found for value in answer.headers.values())
