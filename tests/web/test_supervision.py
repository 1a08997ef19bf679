"""催办, 督办通知单, replies and 收回改派 on the pages; deputies and hand-over on theirs."""

import io
import re
from datetime import timedelta
from functools import partial

from sqlalchemy import select, update

from engine import clock, db, deadlines, submitting, tasks
from engine.attachments.models import Attachment
from engine.organisation.models import Absence, Post
from engine.parameters.models import Parameter
from engine.supervision.models import Slip
from engine.work.models import History, Task
from tests import drawings, factories
from tests.people import SINCE

BLANK = drawings.png(b"x\x9cc\x00\x00\x00\x01\x00\x01", 1, 1)


def test_a_department_urges_and_supervises_and_the_unit_replies(visit, make, database):
    case_id = make("signed", "reported", "referred")
    clerk = visit("street_clerk")
    page = clerk.get(f"/cases/{case_id}").text
    assert f"/cases/{case_id}/urge" in page
    assert f"/cases/{case_id}/supervise" in page
    assert "/recall" not in page
    assert clerk.post(f"/cases/{case_id}/urge").status_code == 302
    clerk.post(f"/cases/{case_id}/urge")
    assert "今天已由王经办" in clerk.get(f"/cases/{case_id}").text
    assert clerk.post(f"/cases/{case_id}/supervise", {"instruction": ""}).status_code == 422
    wrong = clerk.post(f"/cases/{case_id}/supervise", {"instruction": "请报送方案。", "required_on": "2026-03-01"})
    assert (wrong.status_code, "限期不能早于今天" in wrong.text, "请报送方案。" in wrong.text) == (422, True, True)
    sent = {"instruction": "<b>请报送方案。</b>", "required_on": "2026-03-06"}
    assert clerk.post(f"/cases/{case_id}/supervise", sent).status_code == 302
    page = clerk.get(f"/cases/{case_id}").text
    for told in ("已催办 1 次", "督办通知单", "蓝色督办", "沙头角组督〔2026〕1号", "限期 2026-03-06", "待承办单位回复"):
        assert told in page
    assert "&lt;b&gt;请报送方案。" in page
    unit = visit("unit_clerk")
    slip = re.search(r'href="(/slips/\d+)">回复督办', unit.get(f"/cases/{case_id}").text)[1]
    assert "回复督办" in unit.get(slip).text
    assert unit.post(f"{slip}/reply", {"text": ""}).status_code == 422
    assert unit.post(f"{slip}/reply", {"text": "方案随后报送。"}).status_code == 302
    assert unit.post(f"{slip}/reply", {"text": "方案随后报送。"}).status_code == 409
    assert "方案随后报送。" in clerk.get(f"/cases/{case_id}").text
    for who in ("next_liaison", "second_street_clerk", "far_clerk"):
        assert visit(who).get(slip).status_code == 404
        assert visit(who).post(f"/cases/{case_id}/urge").status_code in (403, 404)
    with db.reading(database) as session:
        assert len(session.scalars(select(Slip)).all()) == 2


def test_an_overdue_case_is_recalled_on_its_page(visit, make, task_of, database, at):
    case_id = make("signed", "reported", "referred")
    with db.transaction(database) as session:
        session.add(Parameter(name="recall_street", value=1, effective_from=SINCE, set_at=at("2026-03-02 09:00")))
    at("2026-03-18 09:00")
    deadlines.sweep(partial(db.transaction, database))
    clerk = visit("street_clerk")
    assert f"/cases/{case_id}/recall" in clerk.get(f"/cases/{case_id}").text
    assert "逾期照计" in clerk.get(f"/cases/{case_id}/recall").text
    assert clerk.post(f"/cases/{case_id}/recall", {"text": " "}).status_code == 422
    assert clerk.post(f"/cases/{case_id}/recall", {"text": "久拖不办。"}).status_code == 302
    page = clerk.get(f"/cases/{case_id}?tab=progress").text
    assert "收回改派" in page
    assert "久拖不办。" in page
    assert clerk.post(f"/cases/{case_id}/recall", {"text": "久拖不办。"}).status_code == 409
    review = task_of(case_id, "tier_review")
    clerk.post(f"/tasks/{review}/claim")
    page = clerk.get(f"/tasks/{review}").text
    assert "从沙头角街道城管科收回改派" in page and "已收回" in page
    assert "转交沙头角街道城管科。" not in page and "selected>沙头角街道城管科" not in page  # not proposed again


def test_who_has_a_supervision_task_issues_its_slip_and_no_second_one(visit, make, task_of, database, at):
    case_id = make("signed", "reported", "referred")
    at("2026-03-18 09:00")
    deadlines.sweep(partial(db.transaction, database))
    task_id, clerk = task_of(case_id, "supervision"), visit("street_clerk")
    assert clerk.get(f"/cases/{case_id}/supervise").location == f"/tasks/{task_id}"
    clerk.post(f"/tasks/{task_id}/claim")
    assert clerk.get(f"/cases/{case_id}/supervise").location == f"/tasks/{task_id}"
    assert visit("district_clerk").get(f"/cases/{case_id}/supervise").status_code == 200  # has none yet
    assert clerk.post(f"/cases/{case_id}/supervise", {"instruction": ""}).status_code == 422
    assert clerk.post(f"/cases/{case_id}/supervise", {"instruction": "请立即书面反馈。"}).status_code == 302
    with db.reading(database) as session:
        assert session.scalars(select(Slip.text)).all() == ["请立即书面反馈。"]
        assert not session.scalars(select(Task).where(Task.role == "supervision")).all()
    assert clerk.get(f"/cases/{case_id}/supervise").status_code == 200  # once more, beside the ladder


def test_a_recall_that_cannot_be_is_refused_when_its_form_opens(visit, make, database, at):
    off = make("signed", "reported", "referred")
    clerk = visit("street_clerk")
    refused = clerk.get(f"/cases/{off}/recall")
    assert refused.status_code == 409
    assert "本级没有启用收回改派" in refused.text and "“办法参数”中设置“收回改派（街道）”" in refused.text
    assert "收回理由" not in refused.text
    with db.transaction(database) as session:
        session.add(Parameter(name="recall_street", value=1, effective_from=SINCE, set_at=at("2026-03-02 09:00")))
    early = clerk.get(f"/cases/{make('signed', 'reported', 'referred')}/recall")
    assert (early.status_code, "2026-03-18 起可以收回改派" in early.text) == (409, True)
    assert visit("district_clerk").get(f"/cases/{off}/recall").status_code == 409  # somebody else referred it


def test_a_deputy_is_set_marked_and_ended(visit, make, cast, database):
    case_id = make("signed", "reported", "referred")
    unit, head = visit("unit_clerk"), visit("unit_head")
    task = re.search(r'action="(/tasks/\d+/claim)"', unit.get(f"/cases/{case_id}").text)[1]
    unit.post(task)
    form = {
        "deputy_id": str(cast.id("unit_head")),
        "starts_on": "2026-03-02",
        "ends_on": "2026-03-06",
        "reason": "学习",
    }
    bad = unit.post("/absences", form | {"ends_on": ""})
    assert (bad.status_code, "请填写结束日期" in bad.text, 'value="学习"' in bad.text) == (422, True, True)
    assert unit.post("/absences", form).status_code == 302
    assert unit.post("/absences", form).status_code == 409
    page = unit.get("/absences").text
    assert "程科长 代 陈城管" in page
    assert "代理中" in page
    assert "代理 陈城管" in head.get("/inbox/in_hand").text
    shown = head.get(task.removesuffix("/claim")).text
    assert "您正在代理陈城管" in shown
    assert head.post(task.removesuffix("/claim"), factories.STEPS["answered"][2]).status_code == 302
    assert "程科长 代 陈城管 办理" in head.get(f"/cases/{case_id}?tab=progress").text
    with db.reading(database) as session:
        absence_id = session.scalars(select(Absence.id)).one()
    assert visit("school_head").post(f"/absences/{absence_id}/end").status_code == 403
    assert visit("school_head").get(f"/absences?person={cast.id('unit_clerk')}").status_code == 403
    assert head.post(f"/absences/{absence_id}/end").status_code == 302
    assert "已提前结束" in unit.get("/absences").text
    assert "代理中" not in head.get("/absences").text


def test_a_leavers_tasks_are_handed_over_with_a_list(visit, make, cast, database):
    cases = [make("signed", "reported", "referred") for _ in range(3)]
    with db.transaction(database) as session:
        here = cast.__class__(session, cast.people, cast.organisations, cast.places, cast.delegates)
        for case_id in cases:
            task = factories.open_task(session, session.get_one(factories.Case, case_id), "answer")
            tasks.claim(session, here.actor("unit_clerk"), task.id)
    head, person = visit("unit_head"), cast.id("unit_clerk")
    assert f"/people/{person}/hand-over" in head.get("/absences").text
    page = head.get(f"/people/{person}/hand-over").text
    assert "交接 3 件" in page
    assert head.post(f"/people/{person}/hand-over").status_code == 422
    done = head.post(f"/people/{person}/hand-over", {"to": str(cast.id("unit_head"))})
    assert (done.status_code, done.text.count("已交接")) == (200, 4)
    assert "手头没有已签收的事项" in head.get(f"/people/{person}/hand-over").text
    assert "陈城管 → 程科长" in head.get(f"/cases/{cases[0]}?tab=log").text
    assert visit("unit_clerk").get(f"/people/{person}/hand-over").status_code == 403
    administrator = visit("system_administrator")
    assert f"/people/{person}/hand-over" in administrator.get(f"/people/{person}").text
    assert administrator.get(f"/people/{person}/hand-over").status_code == 200


def test_the_scans_a_leaving_liaison_has_not_filed_go_to_the_next_one(visit, make, cast, database):
    case_id = make()
    leaver, person = visit("liaison"), cast.id("liaison")
    for name in ("背面.png", "附页.png"):
        leaver.post("/registration/scans", {"files": [(io.BytesIO(BLANK), name)]})
    yesterday = clock.today() - timedelta(days=1)
    with db.transaction(database) as session:
        number = session.get_one(factories.Case, case_id).number
        session.execute(update(Post).where(Post.person_id == person).values(ends_on=yesterday))
        session.add(
            Post(person_id=cast.id("outsider"), organisation_id=cast.studio.id, duty="liaison", starts_on=clock.today())
        )
    administrator, page = visit("system_administrator"), f"/people/{person}/hand-over"
    shown = administrator.get(page).text
    assert all(words in shown for words in ("待归档扫描件（2）", "附页.png", cast.studio.name, "魏外人"))
    wrong = administrator.post(page, {"to": str(cast.id("next_liaison"))}).text
    assert wrong.count(f"所选人员不是{cast.studio.name}的联络员") == 2
    done = administrator.post(page, {"to": str(cast.id("outsider"))}).text
    assert done.count("魏外人") == 2
    assert "手头没有已签收的事项、待归档的扫描件和登记草稿" in administrator.get(page).text
    receiver = visit("outsider")
    assert "2件待归档扫描件交接给您" in receiver.get("/messages").text
    waiting = receiver.get("/registration/scans").text
    scan = re.search(r"/registration/scans/(\d+)", waiting)[1]
    assert "附页.png" in waiting
    assert receiver.get(f"/attachments/{scan}").status_code == 200
    receiver.post(f"/registration/scans/{scan}", {"number": number})
    with db.reading(database) as session:
        assert session.get_one(Attachment, int(scan)).case_id == case_id
        row = session.scalars(select(History).where(History.act == "handed_over")).one()
        assert (row.result, row.opinion) == ("李联络 → 魏外人", "背面.png、附页.png")


def test_the_half_filled_registrations_of_a_leaver_go_to_a_liaison_of_the_studio(visit, stranger, cast, database):
    once = re.search(r'name="once" value="(\w{32})"', stranger.get("/intake/440308003006").text)[1]
    wrote = {
        "name": "何某",
        "phone": "13900005678",
        "content": "充电棚满员，希望再加一个。",
        "consent": submitting.VERSION,
    }
    stranger.post("/intake/440308003006", {"once": once} | wrote)
    leaver, person, studio = visit("liaison"), cast.id("liaison"), cast.studio.id
    letter = leaver.post("/submissions/1/take").location
    typed = {"draft_key": "half", "reporter_name": "史一半", "content": "路灯不亮"}
    leaver.post(f"/registration/{studio}/files", typed | {"files": [(io.BytesIO(BLANK), "现场.png")]})
    with db.transaction(database) as session:
        session.add(
            Post(person_id=cast.id("outsider"), organisation_id=studio, duty="liaison", starts_on=clock.today())
        )
    administrator, page = visit("system_administrator"), f"/people/{person}/hand-over"
    shown = administrator.get(page).text
    assert all(
        words in shown for words in ("登记草稿（2）", f"{clock.today()} 09:00暂存", cast.studio.name, "交接 2 件")
    )
    assert "史一半" not in shown, "what stands in a draft is the liaison's"
    wrong = administrator.post(page, {"to": str(cast.id("next_liaison"))}).text
    assert wrong.count(f"所选人员不是{cast.studio.name}的联络员") == 2
    assert administrator.post(page, {"to": str(cast.id("outsider"))}).text.count("魏外人") == 2
    assert "手头没有已签收的事项、待归档的扫描件和登记草稿" in administrator.get(page).text
    assert "史一半" not in leaver.get("/inbox/drafts").text
    receiver = visit("outsider")
    assert "2件登记草稿交接给您，请在“草稿箱”中继续填写" in receiver.get("/messages").text
    assert "史一半" in receiver.get("/inbox/drafts").text
    assert "现场.png" in receiver.get("/registration?draft=half").text
    assert receiver.post("/submissions/1/take").location == letter, "the letter goes on in the same draft"
    assert "魏外人" in receiver.get("/submissions").text
    with db.reading(database) as session:
        row = session.scalars(select(History).where(History.act == "handed_over")).one()
        assert (row.result, row.element_name) == ("李联络 → 魏外人", "登记草稿")
