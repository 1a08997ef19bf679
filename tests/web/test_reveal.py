"""How a reporter is reached: masked for those who need not know, in full for a reason that is kept (R99)."""

import io

import pytest

from engine import db
from engine.attachments.models import Attachment
from engine.cases import masking
from engine.cases.models import Signature
from engine.feedback.models import Copy
from engine.work.models import History
from tests import drawings
from tests.engine.test_filing import PNG

PHONE, DOOR = "13800001234", "3栋502"


@pytest.mark.parametrize(
    ("number", "shown"),
    [("13800000000", "138****0000"), ("0755-25550000", "0755-****0000"), ("25550000", "****0000"), ("", ""),
     ("微信号abc", "****"), ("8613800001234", "****")],
)  # fmt: skip
def test_r99_numbers_are_masked(number, shown):
    assert masking.phone(number) == shown


def test_r99_addresses_keep_the_community_and_lose_the_door():
    assert masking.address("深圳市盐田区沙头角街道沙头角社区3栋502") == "深圳市盐田区沙头角街道沙头角社区****"
    assert masking.address("海景花园") == masking.address("某某路") == "****"
    assert masking.mail("chen@example.cn") == "c****@example.cn"


@pytest.fixture
def handled(make):
    return make("signed", "reported", "referred", "answered", "accepted")


def test_r99_who_must_reach_the_reporter_reads_it_others_do_not(visit, handled, database):
    with db.transaction(database) as session:  # as engine.outbox writes it once the message left
        session.query(Copy).filter_by(addressee="reporter").one().proof = f"短信 {PHONE}：平台回执"
    readers = {"liaison": True, "delegate": True, "unit_clerk": True, "street_clerk": False, "city_head": False}
    for who, full in readers.items():
        visitor = visit(who)
        pages = "".join(visitor.get(f"/cases/{handled}?tab={tab}").text for tab in ("overview", "files", "log"))
        assert (PHONE in pages, DOOR in pages) == (full, full), who
        assert "138****1234" in pages or full
        assert ("查看完整联系方式" in pages) is not full
        for address in ("/inbox/todo", "/search?text=陈", "/inbox/done"):
            assert PHONE not in visitor.get(address).text


def test_r99_a_reveal_has_a_reason_and_a_row_and_is_gone_afterwards(visit, handled, database):
    clerk = visit("street_clerk")
    address = f"/cases/{handled}/contact"
    assert clerk.post(address, {"reason": "看"}).status_code == 422
    assert clerk.get(address).status_code == 405, "there is nothing to open again"
    page = clerk.post(address, {"reason": "电话核实反映的地点"})
    assert (page.status_code, PHONE in page.text, DOOR in page.text) == (200, True, True)
    assert page.headers["Cache-Control"] == "no-store"
    assert PHONE in clerk.post(address, {"reason": "约定评议时间"}, fragment=True).text
    assert PHONE not in clerk.get(f"/cases/{handled}").text
    assert "电话核实反映的地点" in visit("liaison").get(f"/cases/{handled}?tab=log").text
    with db.reading(database) as session:
        rows = session.query(History).filter_by(case_id=handled, act="contact_revealed").all()
        assert [(row.actor_name, row.opinion) for row in rows] == [
            ("王经办", "电话核实反映的地点"), ("王经办", "约定评议时间"),
        ]  # fmt: skip


def test_r99_who_left_only_a_telephone_can_be_reached_as_well(visit, make):
    steps = ("signed", "reported", "referred", "answered", "accepted")
    case_id = make(*steps, reporter_address="", reporter_employer="", reporter_employer_address="")
    page = visit("street_clerk").get(f"/cases/{case_id}").text
    assert "138****1234" in page and "查看完整联系方式" in page


def test_r99_nobody_else_may_ask(visit, handled, database):
    for who in ("unit_clerk", "second_street_clerk", "system_administrator", "auditor"):
        assert visit(who).post(f"/cases/{handled}/contact", {"reason": "需要联系反映人"}).status_code in (403, 404), who
    with db.reading(database) as session:
        assert session.query(History).filter_by(act="contact_revealed").count() == 0


def test_a28_the_unit_never_learns_who_asked_for_secrecy(visit, make, database):
    """Neither by name nor by hand: his drawn signatures, the signed form and what proves a delivery stay with the studio,
    the delegate and the departments; lists, pages, downloads and papers alike."""
    case_id = make("signed", "reported", "referred", "answered", "accepted",
                   reporter_signature="drawn", reporter_signature_image=drawings.signature())  # fmt: skip
    with db.transaction(database) as session:
        case = session.get_one(masking.Case, case_id)
        case.confidential = True
        session.query(Copy).filter_by(addressee="reporter").one().proof = "陈某某签收"
        number, hand = case.number, session.query(Signature).filter_by(party="reporter").one().id
        feedback = session.query(Copy).filter_by(addressee="reporter").one().feedback_id
    liaison, unit = visit("liaison"), visit("unit_clerk")
    liaison.post(f"/attachments/cases/{case_id}", {"files": [(io.BytesIO(PNG), "现场.png")]})
    liaison.post("/registration/scans", {"number": number, "files": [(io.BytesIO(PNG), "陈某某签字.png")]})
    with db.reading(database) as session:
        files = {row.purpose: row.id for row in session.query(Attachment)}
    assert set(files) == {"supplement", "signed_form"}
    tabs = [f"/cases/{case_id}?tab={tab}" for tab in ("overview", "files", "log")]
    papers = [f"/papers/registration/{case_id}", f"/papers/delivery/{feedback}"]
    secret = (PHONE, DOOR, "陈某某", "138****1234", f"/signatures/{hand}.png", f"/attachments/{files['signed_form']}")
    for address in (*tabs, *papers, f"/cases/{case_id}/rating"):
        page = unit.get(address).text
        assert [words for words in secret if words in page] == [], address
    page = unit.get(tabs[1]).text
    assert "不向承办单位提供" in page and f"/attachments/{files['supplement']}" in page
    served = {f"/signatures/{hand}.png": 404, f"/attachments/{files['signed_form']}": 404,
              f"/attachments/{files['supplement']}": 200}  # fmt: skip
    assert {address: unit.get(address).status_code for address in served} == served
    assert {liaison.get(address).status_code for address in served} == {200}
    known = "".join(liaison.get(address).text for address in (*tabs, *papers))
    for words in (PHONE, "陈某某签收", f"/signatures/{hand}.png", f"/attachments/{files['signed_form']}"):
        assert words in known, words
