"""消息发送: every notice with its state, nothing of what it says; uncertain and given-up ones are decided by a person."""

from engine import db
from engine.notices.labels import KINDS
from engine.notices.models import Notice
from engine.work.models import History
from tests.guards.sources import PROCESSES


def test_every_kind_of_notice_has_a_word():
    assert {folder.name for folder in PROCESSES.glob("*/notices/*/")} <= set(KINDS)


def test_states_are_seen_and_contents_are_not(visit, make, database):
    make("signed", "reported", "referred")
    admin = visit("system_administrator")
    page = admin.get("/notices").text
    for words in ("登记编号", "138****1234", "待发送", "短信"):
        assert words in page
    for private in ("13800001234", "陈某某", "垃圾转运点"):
        assert private not in page
    assert "转交承办" in admin.get("/notices?channel=inbox&kind=referral").text
    assert "没有符合条件的消息" in admin.get("/notices?state=failed").text
    assert visit("auditor").get("/notices").status_code == 200
    for who in ("street_clerk", "liaison", "procedure_administrator"):
        assert visit(who).get("/notices").status_code == 403


def test_a_given_up_message_is_sent_again_for_a_reason(visit, make, database):
    case_id = make()
    with db.transaction(database) as session:
        notice = session.query(Notice).filter_by(channel="sms").one()
        notice.state, notice.attempts, notice.error = "failed", 8, "13800001234 停机"
    admin = visit("system_administrator")
    assert "138****1234 停机" in admin.get("/notices?state=failed").text
    assert admin.post(f"/notices/{notice.id}/again", {"reason": ""}).status_code == 422
    assert admin.post(f"/notices/{notice.id}/again", {"reason": "平台已恢复"}).status_code == 302
    assert admin.post(f"/notices/{notice.id}/again", {"reason": "平台已恢复"}).status_code == 409
    with db.reading(database) as session:
        again = session.get_one(Notice, notice.id)
        assert (again.state, again.attempts, again.error) == ("pending", 0, "")
        assert session.query(History).filter_by(case_id=case_id, act="incident").one().opinion == "平台已恢复"


def test_the_uncertain_are_listed_and_decided_without_the_number(visit, make, database):
    make()
    with db.transaction(database) as session:
        session.query(Notice).filter_by(channel="sms").one().state = "uncertain"
    admin = visit("system_administrator")
    page = admin.get("/incidents/messages").text
    assert "138****1234" in page
    assert "13800001234" not in page
    assert "核实" in admin.get("/notices").text
    number = page.split('action="/incidents/messages/')[1].split('"')[0]
    assert admin.post(f"/incidents/messages/{number}", {"word": "arrived"}).status_code == 422
    assert admin.post(f"/incidents/messages/{number}", {"word": "arrived", "remark": "回执881"}).status_code == 302
    with db.reading(database) as session:
        assert session.get_one(Notice, int(number)).state == "sent"
