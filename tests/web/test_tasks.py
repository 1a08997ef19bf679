"""The page of a task: claim, give back, draft, submit (I4, I5, I12), and what a loser reads."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select

from engine import db
from engine.cases.models import Case, Draft
from engine.handlings.models import Extension
from engine.work.models import Task
from tests.web.conftest import Visit

Make = Callable[..., int]
TaskOf = Callable[[int, str], int]
ANSWER = {"decision": "answer", "result": "solved", "text": "已调整作业时间。", "contact": "陈城管 0755-25550000"}


@pytest.fixture
def answer(make: Make, task_of: TaskOf) -> int:
    """The answer task of a case the street's unit has just received."""
    return task_of(make("signed", "reported", "referred"), "answer")


def test_claiming_opens_the_form_and_the_second_reads_who_has_it(visit: Visit, answer: int) -> None:
    clerk, head = visit("unit_clerk"), visit("unit_head")
    assert "等待签收" in clerk.get(f"/tasks/{answer}").text
    assert clerk.post(f"/tasks/{answer}/claim").status_code == 302
    assert 'name="text"' in clerk.get(f"/tasks/{answer}").text
    refused = head.post(f"/tasks/{answer}/claim", fragment=True)
    assert refused.status_code == 409
    assert "已由陈城管签收" in refused.text
    assert "陈城管" in head.get(f"/tasks/{answer}").text


def test_claiming_beside_the_list_tells_the_list(visit: Visit, answer: int) -> None:
    done = visit("unit_clerk").post(f"/tasks/{answer}/claim", fragment=True)
    assert done.headers["HX-Trigger"] == "inbox-changed"
    assert "<html" not in done.text
    assert 'name="text"' in done.text


def test_giving_back(visit: Visit, answer: int, database: Engine) -> None:
    clerk = visit("unit_clerk")
    clerk.post(f"/tasks/{answer}/claim")
    assert clerk.post(f"/tasks/{answer}/release").headers["Location"] == "/inbox/receipt"
    with db.reading(database) as session:
        assert session.get_one(Task, answer).assignee_id is None


def test_wrong_fields_stand_beside_what_was_typed_and_nothing_happened(
    visit: Visit, answer: int, database: Engine
) -> None:
    clerk = visit("unit_clerk")
    clerk.post(f"/tasks/{answer}/claim")
    refused = clerk.post(f"/tasks/{answer}", ANSWER | {"contact": "", "text": "写了很久的<答复>"})
    assert refused.status_code == 422
    assert "有 1 处需要修改" in refused.text
    assert 'href="#f-contact"' in refused.text
    assert re.search(r'id="f-contact-wrong">请填写联系人及电话', refused.text)
    assert "写了很久的&lt;答复&gt;</textarea>" in refused.text
    with db.reading(database) as session:
        assert session.get(Task, answer) is not None


def test_a_refusal_after_the_form_keeps_the_task_too(visit: Visit, answer: int, at: Any, database: Engine) -> None:
    """退件 after the second working day is refused by the engine, in the middle of the act."""
    clerk = visit("unit_clerk")
    clerk.post(f"/tasks/{answer}/claim")
    at("2026-03-06 10:00")
    refused = clerk.post(f"/tasks/{answer}", {"decision": "decline", "reason": "不属于本科职责", "suggested_unit": ""})
    assert refused.status_code == 422
    assert "2 个工作日" in refused.text
    assert "不属于本科职责</textarea>" in refused.text
    with db.reading(database) as session:
        assert session.get_one(Task, answer).assignee_id is not None
        assert session.scalars(select(Case)).one().state == "handling"


def test_submitting_says_where_it_went(visit: Visit, answer: int) -> None:
    clerk = visit("unit_clerk")
    clerk.post(f"/tasks/{answer}/claim")
    done = clerk.post(f"/tasks/{answer}", ANSWER)
    assert done.headers["Location"] == "/cases/1"
    assert "已送沙头角街道党工委组织部门：审核书面反馈" in clerk.get("/cases/1").text


def test_a_grade_that_sends_nothing_on_is_still_acknowledged(visit: Visit, make: Any, task_of: Any) -> None:
    case_id = make("signed", "reported", "referred", "answered", "accepted")
    delegate = visit("delegate")
    task_id = task_of(case_id, "rating_delegate")
    assert delegate.post(f"/tasks/{task_id}", {"grade": "satisfied"}).status_code == 302
    assert "已提交。" in delegate.get(f"/cases/{case_id}").text


def test_a_stale_page_names_the_winner_and_gives_back_the_words(visit: Visit, answer: int) -> None:
    clerk = visit("unit_clerk")
    clerk.post(f"/tasks/{answer}/claim")
    clerk.post(f"/tasks/{answer}", ANSWER)
    late = visit("unit_head").post(f"/tasks/{answer}", ANSWER | {"text": "我也写了一份很长很长的答复内容。"})
    assert late.status_code == 409
    assert "已由陈城管于" in late.text
    assert "我也写了一份很长很长的答复内容。" in late.text


def test_a_draft_stays_on_the_server(visit: Visit, answer: int, database: Engine) -> None:
    clerk = visit("unit_clerk")
    clerk.post(f"/tasks/{answer}/claim")
    saved = clerk.post(f"/tasks/{answer}/draft", {"text": "写到一半"}, fragment=True)
    assert re.fullmatch(r"已暂存 \d\d:\d\d:\d\d", saved.text)
    assert "写到一半</textarea>" in clerk.get(f"/tasks/{answer}").text
    assert "2026001" in clerk.get("/inbox/drafts").text
    assert "写到一半" not in visit("unit_head").get(f"/tasks/{answer}").text
    clerk.post(f"/tasks/{answer}", ANSWER)
    with db.reading(database) as session:
        assert session.scalars(select(Draft)).all() == []


def test_asking_for_more_time(visit: Visit, answer: int, database: Engine) -> None:
    clerk = visit("unit_clerk")
    clerk.post(f"/tasks/{answer}/claim")
    assert f"/tasks/{answer}/extension" in clerk.get(f"/tasks/{answer}").text
    refused = clerk.post(f"/tasks/{answer}/extension", {"reason": "需会同环卫公司重新招标", "work_done": ""})
    assert (refused.status_code, "需会同环卫公司重新招标</textarea>" in refused.text) == (422, True)
    clerk.post(f"/tasks/{answer}/extension", {"reason": "需会同环卫公司重新招标", "work_done": "已现场勘查"})
    page = clerk.get(f"/tasks/{answer}").text
    assert "延期申请已送市党代表戴代表" in page
    assert f'href="/tasks/{answer}/extension"' not in page  # asked once
    with db.reading(database) as session:
        assert session.scalars(select(Extension)).one().decision == ""


def test_more_time_is_asked_for_in_one_act_with_signing_for_it(visit: Visit, answer: int) -> None:
    """Row, 签收并申请延期, submit: three clicks from the inbox, with and without JavaScript."""
    clerk = visit("unit_clerk")
    early = clerk.get(f"/tasks/{answer}/extension")
    assert (early.status_code, "请先签收本件" in early.text) == (409, True)
    assert "签收并申请延期" in clerk.get(f"/tasks/{answer}").text
    assert "签收并申请延期" not in visit("street_clerk").get(f"/tasks/{answer}").text
    assert clerk.post(f"/tasks/{answer}/claim", {"extension": "1"}).location == f"/tasks/{answer}/extension"
    pane = clerk.post(f"/tasks/{answer}/claim", {"extension": "1"}, fragment=True)
    assert "<h1>申请延期</h1>" in pane.text and pane.headers["HX-Trigger"] == "inbox-changed"
    clerk.post(f"/tasks/{answer}/extension", {"reason": "需会同环卫公司重新招标", "work_done": "已现场勘查"})
    again = clerk.get(f"/tasks/{answer}/extension")
    assert (again.status_code, "请等待答复" in again.text) == (409, True)


def test_the_review_form_offers_only_units_of_the_departments_own_tier(
    visit: Visit, make: Make, task_of: TaskOf
) -> None:
    review = task_of(make("signed", "reported"), "tier_review")
    clerk = visit("street_clerk")
    clerk.post(f"/tasks/{review}/claim")
    page = clerk.get(f"/tasks/{review}").text
    assert "沙头角街道城管科</option>" in page
    assert "盐田区城管局" not in page
    assert "系统建议" in page
    assert 'data-show-when="decision=refer"' in page


def test_the_day_a_letter_was_brought_is_today_until_somebody_says_otherwise(
    visit: Visit, make: Make, task_of: TaskOf
) -> None:
    letter = task_of(make("signed", "reported", "referred", "answered", "accepted", reporter_phone=""), "letter")
    liaison, day = visit("liaison"), r'name="delivered_on" type="date" value="([\d-]*)"'
    liaison.post(f"/tasks/{letter}/claim")
    assert re.findall(day, liaison.get(f"/tasks/{letter}").text) == ["2026-03-02"]
    refused = liaison.post(f"/tasks/{letter}", {"method": "post", "delivered_on": "", "proof": "EMS 1"})
    assert (refused.status_code, re.findall(day, refused.text)) == (422, [""])
    refused = liaison.post(f"/tasks/{letter}", {"method": "post", "delivered_on": "2026-02-27", "proof": ""})
    assert re.findall(day, refused.text) == ["2026-02-27"]
