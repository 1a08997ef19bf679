"""异常: seen by administrators, closed once, with a row in the history of the case."""

from engine import db
from engine.work import operations as work
from engine.work.models import Deadline, History, Incident


def _raise(database, case_id: int) -> int:
    with db.transaction(database) as session:
        instance = session.query(Deadline).filter_by(case_id=case_id).first().instance_id
        incident = work.raise_incident(
            session, "timer_failed", "“期限届满”到期后未能执行", case_id=case_id, instance_id=instance
        )
        session.flush()
        return incident.id


def test_who_may_see_them(visit):
    assert visit("procedure_administrator").get("/incidents").status_code == 200
    assert visit("street_head").get("/incidents").status_code == 403


def test_empty_is_good_news(visit):
    assert "系统运行正常" in visit("system_administrator").get("/incidents").text


def test_closing_one_leaves_a_row_and_tries_the_timer_again(visit, make, database):
    case_id = make("signed", "reported", "referred")
    incident = _raise(database, case_id)
    with db.transaction(database) as session:
        waiting = session.query(Deadline).filter_by(case_id=case_id).first()
        waiting.retry_at = waiting.due_at
    admin = visit("system_administrator")
    assert "未能执行" in admin.get("/incidents").text
    assert admin.post(f"/incidents/{incident}/resolve").status_code == 302
    assert admin.post(f"/incidents/{incident}/resolve").status_code == 409
    assert "未能执行" in admin.get("/incidents?resolved=1").text
    with db.reading(database) as session:
        assert session.get_one(Incident, incident).resolved_at is not None
        assert session.query(History).filter_by(case_id=case_id, act="incident").one().actor_name == "管系统"
        assert session.query(Deadline).filter(Deadline.retry_at.is_not(None)).count() == 0
