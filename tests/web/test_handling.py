"""The pages beside the tasks of a handling: receipt and plan, paragraphs, the word by telephone, deliveries (R59–R66)."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, select

from engine import db
from engine.feedback.models import Copy
from engine.handlings.models import Extension, Handling
from tests.people import Cast
from tests.web.conftest import Visit

Make = Callable[..., int]
TaskOf = Callable[[int, str], int]
REQUEST = {"reason": "需联合踏勘", "work_done": "已现场勘查"}


def test_the_unit_files_receipt_and_plan_and_puts_its_letter_together(
    visit: Visit, make: Make, task_of: TaskOf, database: Engine, cast: Cast
) -> None:
    case_id = make("signed", "reported", "referred")
    task, clerk = task_of(case_id, "answer"), visit("unit_clerk")
    clerk.post(f"/tasks/{task}/claim")
    page = clerk.get(f"/tasks/{task}").text
    assert "待登记" in page
    assert "抄送反映人、市党代表戴代表" in page  # computed, no field of the form
    form = clerk.get(f"/handling/tasks/{task}/receipt").text
    assert 'value="2026-03-02"' in form
    assert ("陈城管</option>" in form, "焦教育" in form) == (True, False)
    sent = {"number": "沙城管收 7", "received_on": "2026-03-02", "handler_id": str(cast.id("unit_head"))}
    refused = clerk.post(f"/handling/tasks/{task}/receipt", sent | {"received_on": "2026-03-09"})
    assert (refused.status_code, "沙城管收 7" in refused.text) == (422, True)
    done = clerk.post(f"/handling/tasks/{task}/receipt", sent | {"back": f"/tasks/{task}"})
    assert done.headers["Location"] == f"/tasks/{task}"
    plan = {"plan": "本周踏勘，月底整改。", "handler_id": str(cast.id("unit_head"))}
    clerk.post(f"/handling/tasks/{task}/plan", plan | {"back": "//evil.example"})
    page = clerk.get(f"/tasks/{task}").text
    assert "沙城管收 7" in page
    assert "本周踏勘，月底整改。" in page
    for who in ("street_clerk", "liaison", "delegate"):
        assert visit(who).get(f"/handling/tasks/{task}/plan").status_code == 403
        assert "本周踏勘，月底整改。" in visit(who).get(f"/cases/{case_id}").text
    added = clerk.post(f"/handling/tasks/{task}/paragraphs/received", {"text": "已写一句。", "contact": "陈城管"})
    assert added.headers["Location"] == f"/tasks/{task}"
    page = clerk.get(f"/tasks/{task}").text
    assert "已写一句。\n贵部转来的意见建议收悉" in page
    assert 'value="陈城管"' in page
    assert clerk.post(f"/handling/tasks/{task}/paragraphs/none", {}).status_code == 404
    with db.reading(database) as session:
        assert session.scalars(select(Handling.handler_id)).one() == cast.id("unit_head")


def test_the_delegates_word_by_telephone_is_flagged_until_he_confirms(
    visit: Visit, make: Make, task_of: TaskOf, database: Engine
) -> None:
    """Recorded by the studio only; 403 for who sees the case and may not, 404 for who does not see it (R63)."""
    case_id = make("signed", "reported", "referred")
    task, clerk, liaison, delegate = task_of(case_id, "answer"), *map(visit, ("unit_clerk", "liaison", "delegate"))
    clerk.post(f"/tasks/{task}/claim")
    assert liaison.get(f"/handling/cases/{case_id}/phone").status_code == 404  # nobody has asked yet
    clerk.post(f"/tasks/{task}/extension", REQUEST)
    assert f"/handling/cases/{case_id}/phone" in liaison.get(f"/cases/{case_id}").text
    call: dict[str, Any] = {"decision": "consent", "called_on": "2026-03-02", "call_note": ""}
    refused = liaison.post(f"/handling/cases/{case_id}/phone", call)
    assert (refused.status_code, "请填写通话记录" in refused.text) == (422, True)
    for who, status in (
        ("unit_clerk", 403),
        ("street_clerk", 403),
        ("next_liaison", 404),
        ("system_administrator", 403),
    ):
        assert visit(who).post(f"/handling/cases/{case_id}/phone", call).status_code == status
    consent = task_of(case_id, "extension_consent")
    for who, status in (("unit_clerk", 403), ("street_head", 403), ("system_administrator", 403), ("liaison", 403),
                        ("other_delegate", 404)):  # fmt: skip
        assert visit(who).post(f"/tasks/{consent}", {"decision": "consent"}).status_code == status, who
    liaison.post(f"/handling/cases/{case_id}/phone", call | {"call_note": "10:05 致电，同意。"})
    assert "电话答复，待代表确认" in visit("street_clerk").get(f"/cases/{case_id}").text
    waiting = delegate.get("/delegate").text
    assert f"/handling/cases/{case_id}/confirm" in waiting and "没有等您办理的事项" not in waiting
    assert "10:05 致电，同意。" in delegate.get(f"/handling/cases/{case_id}/confirm").text
    delegate.post(f"/handling/cases/{case_id}/confirm", {"decision": "confirm"})
    assert "待代表确认" not in visit("street_clerk").get(f"/cases/{case_id}").text
    settled = delegate.get("/delegate").text
    assert f"/handling/cases/{case_id}/confirm" not in settled and "没有等您办理的事项" in settled
    with db.reading(database) as session:
        assert session.scalars(select(Extension.confirmed_at)).one() is not None


def test_a_cosigner_is_added_asked_and_heard(visit: Visit, make: Make, database: Engine, cast: Cast) -> None:
    case_id, liaison = make(), visit("liaison")
    assert "添加联名代表" in liaison.get(f"/registration/cases/{case_id}").text
    page = liaison.get(f"/handling/cases/{case_id}/cosigners").text
    assert ("邓代表" in page, liaison.get(f"/handling/cases/{case_id}/view").status_code) == (False, 403)
    refused = liaison.post(f"/handling/cases/{case_id}/cosigners", {"delegate_id": str(cast.delegates["delegate"].id)})
    assert (refused.status_code, "联系本社区的在任市党代表" in refused.text) == (422, True)
    assert visit("district_clerk").post(f"/handling/cases/{case_id}/delegate", {}).status_code == 409  # in office


def test_a_failed_copy_is_recorded_with_its_next_step(visit: Visit, make: Make, database: Engine) -> None:
    case_id = make("signed", "reported", "referred", "answered", "accepted")
    with db.transaction(database) as session:
        copy = session.scalars(select(Copy).where(Copy.addressee == "reporter")).one()
        copy.state, copy.failure, copy_id = "failed", "号码停机", copy.id
    liaison = visit("liaison")
    assert f"/handling/copies/{copy_id}" in liaison.get(f"/cases/{case_id}").text
    assert f"/handling/copies/{copy_id}" not in visit("delegate").get(f"/cases/{case_id}").text
    assert "上次没有送达：号码停机" in liaison.get(f"/handling/copies/{copy_id}").text
    step = {"outcome": "failed", "failure": "号码停机", "next_step": "上门送达"}
    assert liaison.post(f"/handling/copies/{copy_id}", step | {"next_step": ""}).status_code == 422
    liaison.post(f"/handling/copies/{copy_id}", step)
    assert "下一步：上门送达" in visit("street_clerk").get(f"/cases/{case_id}").text
