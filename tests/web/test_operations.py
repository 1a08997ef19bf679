"""运行监控 and 定时: who sees what of running cases, effects before an act, old → new before a recomputation."""

from sqlalchemy import update

from engine import db
from engine.cases.models import Case
from engine.handlings.models import Handling
from engine.notices.models import Notice
from engine.work import operations as work
from engine.work.models import Deadline, History, Instance, Task

WHY = "单位合并，重新安排"


def _instance(database, case_id: int) -> int:
    with db.reading(database) as session:
        return session.query(Instance).filter_by(case_id=case_id).one().id


def test_only_procedure_administrators_and_never_the_content(visit, make, database):
    case_id = make("signed", "reported", "referred")
    number = _instance(database, case_id)
    stranger = visit("auditor")
    for path in ("/operations", "/operations/diagram", f"/operations/{number}", "/operations/timers"):
        assert stranger.get(path).status_code == 403, path
    administrator = visit("procedure_administrator")
    with db.reading(database) as session:
        case = session.get_one(Case, case_id)
        secrets = (case.summary[:12], case.reporter_name, case.reporter_phone, case.delegate_name, case.content[:12])
    for path in ("/operations", f"/operations/{number}", f"/operations/{number}/diagram.json", "/operations/timers"):
        page = administrator.get(path).text
        assert not [text for text in secrets if text in page], path
    assert "承办并书面反馈" in administrator.get("/operations").text


def test_the_list_is_filtered_by_what_is_known(visit, make, database):
    handled, fresh = make("signed", "reported", "referred"), make()
    number = _instance(database, handled)
    administrator = visit("procedure_administrator")
    with db.transaction(database) as session:
        work.raise_incident(session, "stuck", "停住", case_id=handled, instance_id=number)
    here = f'href="/operations/{number}"'
    other = f'href="/operations/{_instance(database, fresh)}"'

    def found(query: str) -> tuple[bool, bool]:
        page = administrator.get(f"/operations?{query}").text
        return here in page, other in page

    assert found("") == (True, True)
    assert found("package=1&step=handling/answer") == (True, False)
    assert found("package=1&step=opinion/review_street") == (True, False)
    assert found("package=1&step=opinion/review_district") == (False, False)
    assert found("incident=1") == (True, False)
    assert found("state=suspended") == found("age=5") == found("text=没有这个号") == (False, False)
    data = administrator.get("/operations/diagram.json?package=1&process=handling").json
    (badge,) = [row for row in data["badges"] if row["element"] == "answer"]
    assert (badge["count"], badge["overdue"], badge["heat"]) == (1, 0, 0) and "不久" in badge["words"]
    outer = administrator.get("/operations/diagram.json?package=1").json["badges"]
    assert {row["element"]: row["count"] for row in outer} == {"review_street": 1, "sign": 1}


def test_effects_are_shown_before_and_nothing_happens_until_confirmed(visit, make, database):
    case_id = make("signed", "reported", "referred")
    number = _instance(database, case_id)
    administrator = visit("procedure_administrator")
    page = administrator.get(f"/operations/{number}").text
    target = next(text for text in page.split('"') if text.endswith("@feedback_check"))
    asked = administrator.post(f"/operations/{number}", {"act": "move", "what_move": target, "reason": " "})
    assert asked.status_code == 422 and "请写明理由" in asked.text
    wish = {"act": "move", "what_move": target, "reason": WHY}
    asked = administrator.post(f"/operations/{number}", wish)
    assert "会结束的环节" in asked.text and "审核书面反馈" in asked.text and "期限届满：原定" in asked.text
    with db.reading(database) as session:
        assert [row.role for row in session.query(Task).filter_by(case_id=case_id)] == ["answer"]
        assert session.query(History).filter_by(case_id=case_id, act="moved").count() == 0
    confirmed = {"act": "move", "what": target, "reason": WHY, "confirmed": "1"}
    assert administrator.post(f"/operations/{number}", confirmed).status_code == 302
    again = administrator.post(f"/operations/{number}", confirmed)
    assert again.status_code == 409 and WHY in again.text  # what was typed is still there
    for act, status in (("suspend", "suspended"), ("resume", "open"), ("cancel", "ended")):
        ask = administrator.post(f"/operations/{number}", {"act": act, "reason": WHY})
        assert ask.status_code == 200 and "确认" in ask.text, act
        done = administrator.post(f"/operations/{number}", {"act": act, "reason": WHY, "confirmed": "1"})
        assert done.status_code == 302, done.text
        with db.reading(database) as session:
            assert session.get_one(Instance, number).status == status
    assert "此件就此结束" in ask.text and "消息 → " in ask.text
    with db.reading(database) as session:
        told = session.query(History).filter(History.case_id == case_id, History.opinion == WHY)
        assert {row.act for row in told} >= {"moved", "suspended", "resumed", "terminated"}


def test_a_timer_says_why_and_is_asked_again_with_old_and_new(visit, make, database):
    case_id = make("signed", "reported", "referred")
    number, administrator = _instance(database, case_id), visit("procedure_administrator")
    with db.transaction(database) as session:
        limit = session.query(Deadline).filter_by(case_id=case_id, role="limit").one().id
        reminder = session.query(Deadline).filter_by(case_id=case_id, role="reminder").first().id
        session.execute(update(Handling).values(extended=True))  # a fact that changed meanwhile
    assert "逐日计算" in administrator.get(f"/operations/timers/{limit}/why").text
    assert administrator.get(f"/operations/timers/{reminder}/why", fragment=True).status_code == 200
    assert "期限届满" in administrator.get("/operations/timers?kind=limit").text
    assert "期限届满" not in administrator.get("/operations/timers?kind=reminder&until=week").text
    asked = administrator.post("/operations/timers/recompute", {"instance": str(number)})
    assert "2026-03-16 → 2026-04-14" in asked.text
    with db.reading(database) as session:
        assert str(session.query(Task).filter_by(case_id=case_id).one().due_on) == "2026-03-16"
    wish = {"instance": str(number), "confirmed": "1"}
    assert administrator.post("/operations/timers/recompute", wish).status_code == 422
    assert administrator.post("/operations/timers/recompute", wish | {"reason": WHY}).status_code == 302
    with db.reading(database) as session:
        assert str(session.query(Task).filter_by(case_id=case_id).one().due_on) == "2026-04-14"


def test_a_cause_is_retried_as_a_whole_and_says_what_remains(visit, make, database):
    cases = [make("signed", "reported", "referred") for _ in range(2)]
    with db.transaction(database) as session:
        for case_id in cases:
            number = session.query(Instance).filter_by(case_id=case_id).one().id
            work.raise_incident(session, "stuck", "停住", case_id=case_id, instance_id=number)
        gone = session.query(Instance).filter_by(case_id=cases[1]).one().id
        session.query(Instance).filter_by(id=gone).update({"status": "suspended"})
    administrator = visit("procedure_administrator")
    assert "全部重试" in administrator.get("/incidents").text
    assert "全部重试" not in visit("system_administrator").get("/incidents").text
    assert administrator.post("/incidents/causes/stuck/retry").status_code == 422
    assert administrator.post("/incidents/causes/stuck/retry", {"reason": WHY}).status_code == 302
    told = administrator.get("/incidents").text
    assert "重试2件：1件已恢复，1件仍未恢复。原因：此件已经办结或挂起，不能重试。（1件）" in told


def test_somebody_decides_about_a_message_nobody_knows_of(visit, make, database):
    case_id = make("signed")
    with db.transaction(database) as session:
        rows = [
            Notice(kind="x", channel="sms", address=f"13812{number}50000", subject="s", body="秘密内容", case_id=case_id,
                   state="uncertain", created_at=session.query(History).first().at)
            for number in range(2)
        ]  # fmt: skip
        session.add_all(rows)
        session.flush()
        ids = [row.id for row in rows]
    administrator = visit("system_administrator")
    page = administrator.get("/incidents/messages").text
    assert "138****0000" in page and "秘密内容" not in page
    assert administrator.post(f"/incidents/messages/{ids[0]}", {"word": "arrived"}).status_code == 422
    for identity, word in zip(ids, ("arrived", "again"), strict=True):
        said = administrator.post(f"/incidents/messages/{identity}", {"word": word, "remark": "平台回执"})
        assert said.status_code == 302
    assert administrator.post(f"/incidents/messages/{ids[0]}", {"word": "again", "remark": "再发"}).status_code == 409
    with db.reading(database) as session:
        assert [session.get_one(Notice, identity).state for identity in ids] == ["sent", "pending"]
        rows = session.query(History).filter_by(case_id=case_id, act="incident").order_by(History.id).all()
        assert [row.result for row in rows] == ["消息已核实送达", "消息重新发送"]
