"""The pages of rating and consultation: who sees which fields, what is refused, and that nothing typed is lost."""

import re
from collections.abc import Callable

from sqlalchemy import Engine

from engine import db
from engine.cases.models import Case
from engine.consultations.models import Consultation, Measure
from engine.ratings.models import ContactTry
from engine.work.models import Task
from tests.web.conftest import Visit

Make = Callable[..., int]
RATED = ("signed", "reported", "referred", "answered", "accepted")
SIGNED = ("rated_by_reporter", "rated_by_delegate", "rated_by_department")


def test_tries_and_residents_are_noted_on_the_page_of_the_rating(visit: Visit, make: Make, database: Engine) -> None:
    case_id = make(*RATED)
    liaison, address = visit("liaison"), f"/cases/{case_id}/rating"
    assert "评议详情" in liaison.get(f"/cases/{case_id}").text
    assert "目前还没有联系记录" in liaison.get(address).text
    wrong = liaison.post(f"{address}/tries", {"method": "", "note": "拨打三次"})
    assert wrong.status_code == 422 and "请选择联系方式" in wrong.text and "拨打三次" in wrong.text
    assert liaison.post(f"{address}/tries", {"method": "phone", "note": "无人接听"}).status_code == 302
    assert liaison.post(f"{address}/residents", {"name": "周某某", "opinion": "确有改善"}).status_code == 302
    page = liaison.get(address).text
    assert "无人接听" in page and "确有改善" in page and "目前已有1个日期" in page
    assert visit("unit_clerk").post(f"{address}/tries", {"method": "phone", "note": "x"}).status_code == 403
    assert visit("second_street_clerk").get(address).status_code == 404


def test_the_head_reads_who_is_still_missing(visit: Visit, make: Make, task_of: Callable[[int, str], int]) -> None:
    case_id = make(*RATED)
    head, task = visit("street_head"), f"/tasks/{task_of(case_id, 'rating_department')}"
    head.post(f"{task}/claim")
    assert "还在等待反映人和市党代表评价" in head.get(task).text
    early = head.post(task, {"grade": "satisfied"})
    assert early.status_code == 422 and "反映人、市党代表还没有评价" in early.text
    assert visit("second_street_head").get(task).status_code == 404


def test_a_locked_rating_is_changed_by_correction_only(visit: Visit, make: Make, database: Engine) -> None:
    """R116: an edit after the lock is 409, a correction is a version with its reason."""
    case_id = make(*RATED, *SIGNED)
    head, address = visit("street_head"), f"/cases/{case_id}/rating"
    late = visit("liaison").post(f"{address}/tries", {"method": "phone", "note": "太晚"})
    assert late.status_code == 409 and "已经登记在册并锁定" in late.text
    clerk = visit("street_clerk")
    assert "更正评定等级" not in clerk.get(address).text
    assert clerk.post(f"{address}/correction", {"grade": "fairly_satisfied", "reason": "笔误"}).status_code == 403
    assert visit("second_street_head").post(
        f"{address}/correction", {"grade": "fairly_satisfied", "reason": "笔误"}
    ).status_code == 404  # fmt: skip
    wrong = head.post(f"{address}/correction", {"grade": "fairly_satisfied", "reason": ""})
    assert wrong.status_code == 422 and "请写明更正的理由" in wrong.text
    assert head.post(f"{address}/correction", {"grade": "fairly_satisfied", "reason": "笔误"}).status_code == 302
    page = head.get(address).text
    assert "第2版：更正为基本满意" in page and "原为满意" in page
    with db.reading(database) as session:
        assert session.get_one(Case, case_id).grade == "fairly_satisfied"
        assert session.query(ContactTry).count() == 0
    units = head.get("/ratings").text
    assert "沙头角街道城管科" in units and visit("delegate").get("/ratings").status_code == 403


def test_a_consultation_from_invitation_to_measures(visit: Visit, make: Make, database: Engine) -> None:
    """From the case page in three clicks: call, send; then the record, the measures and the end on one page."""
    case_id = make("signed", "reported", "referred")
    clerk = visit("street_clerk")
    assert "召集三方协商" in clerk.get(f"/cases/{case_id}").text
    assert "召集三方协商" not in visit("district_clerk").get(f"/cases/{case_id}").text
    assert visit("district_clerk").get(f"/cases/{case_id}/consultations/new").status_code == 404
    bad = clerk.post(f"/cases/{case_id}/consultations", {"topic": "<b>噪音</b>", "day": "2026-03-01", "time": "09:00"})
    assert bad.status_code == 422 and "&lt;b&gt;噪音" in bad.text and "已经过去" in bad.text
    empty = clerk.post(f"/cases/{case_id}/consultations", {"topic": "噪音", "venue": "工作室"}).text
    assert "有 2 处需要修改" in empty and "请填写协商的日期。" in empty and "请填写协商的时间。" in empty
    plan = {"topic": "夜间作业时间", "day": "2026-03-06", "time": "14:30", "venue": "工作室"}
    address = clerk.post(f"/cases/{case_id}/consultations", plan).headers["Location"]
    page = clerk.get(address).text
    parties = re.findall(rf"{address}/parties/(\d+)", page)
    assert len(parties) == 4 and "夜间作业时间" in clerk.get(f"/cases/{case_id}").text
    assert "已邀请" in visit("delegate").get(address).text
    early = clerk.post(f"{address}/close", {"decision": "held", "minutes": "记录", "conclusion": "结论"})
    assert early.status_code == 422 and "还没有记录到场情况" in early.text and "结论" in early.text
    for party in parties:
        form = {"presence": "attended", "present_as": "到场人", "view": "同意调整", "signing": "paper"}
        assert clerk.post(f"{address}/parties/{party}", form).status_code == 302
    assert visit("liaison").post(f"{address}/parties/{parties[0]}", {"presence": "absent"}).status_code == 403
    wrong = clerk.post(
        f"{address}/measures", {"text": "调整时间", "participant_id": parties[0], "due_on": "2026-03-20"}
    )
    assert wrong.status_code == 422 and "请选择责任方" in wrong.text and "调整时间" in wrong.text
    form = {"text": "调整作业时间", "participant_id": parties[2], "due_on": "2026-03-20"}
    assert clerk.post(f"{address}/measures", form).status_code == 302
    assert clerk.post(
        f"{address}/close", {"decision": "held", "minutes": "记录", "conclusion": "月底前调整"}
    ).status_code == 302  # fmt: skip
    page = clerk.get(address).text
    assert "已协商" in page and "同意调整" in page and "待落实" in page
    unit = visit("unit_clerk")
    with db.reading(database) as session:
        assert session.query(Consultation).one().state == "held"
        assert session.query(Measure).one().done_at is None
        task = session.query(Task).filter_by(role="consultation_measure").one().id
    unit.post(f"/tasks/{task}/claim")
    assert "商定事项：调整作业时间" in unit.get(f"/tasks/{task}").text
    done = unit.post(f"/tasks/{task}", {"result": "已调整到晚九点前"})
    said = unit.get(done.location).text
    assert "商定事项已落实。" in said and "本件已办理完毕" not in said  # the case itself goes on
    assert "已调整到晚九点前" in clerk.get(address).text
