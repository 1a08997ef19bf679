"""工作日历, 办法参数, 办法条文: who sees them, entering and importing a notice, two people for a release."""

import io
import re
from datetime import date

from sqlalchemy import delete

from engine import db
from engine.calendar import FACTORY
from engine.work.models import History, Task
from engine.workdays.models import WorkdayRow

TEXT = """国务院办公厅关于调整2019年劳动节假期安排的通知
国办发明电〔2019〕3号
2019年5月1日（周三）至4日（周六）放假调休，共4天。4月28日（周日）、5月5日（周日）上班。
2019年3月22日
"""


def test_who_may_see_and_who_may_change(visit):
    for page in ("/workdays", "/parameters", "/articles"):
        assert visit("city_clerk").get(page).status_code == 200
        assert visit("procedure_administrator").get(page).status_code == 200
        assert visit("street_head").get(page).status_code == 403
    assert visit("procedure_administrator").get("/workdays/new").status_code == 403
    assert "修改参数" not in visit("procedure_administrator").get("/parameters").text


def test_the_notice_of_2019_from_its_text_to_the_history_of_a_case(visit, make, at, database):
    with db.transaction(database) as session:
        session.execute(delete(WorkdayRow).where(WorkdayRow.notice == "国办发明电〔2019〕3号"))
    at("2019-04-15 09:00")  # ten working days from here end on the Sunday that becomes a working day, or after it
    case_id = make("signed", "reported", "referred", reflected_on="2019-04-12")
    clerk, head = visit("city_clerk"), visit("city_head")
    form = {"year": "2019", "scope": "national", "text": TEXT, "number": "", "issued": "", "reason": ""}
    looked = clerk.post("/workdays/new", form)
    assert looked.status_code == 200, looked.text
    assert 'value="国办发明电〔2019〕3号"' in looked.text and 'value="2019-03-22"' in looked.text
    assert re.search(r'data-day="2019-04-28"[^>]*>28<b>班</b>', looked.text)
    saved = clerk.post("/workdays/new", form | {"save": "1"})
    assert saved.status_code == 302, saved.text
    page = saved.headers["Location"]
    shown = clerk.get(page).text
    assert "1 件截止日变化" in shown and "2019-04-29" in shown and "2019-04-28" in shown and "两个人" in shown
    assert clerk.post(f"{page}/release").status_code == 409
    assert visit("procedure_administrator").post(f"{page}/release").status_code == 403
    assert head.post(f"{page}/release").status_code == 302
    assert "申部长" in head.get(page).text and "已发布" in head.get(page).text
    assert head.post(f"{page}/withdraw").status_code == 409
    with db.reading(database) as session:
        moved = session.query(History).filter_by(case_id=case_id, act="deadline_moved").one()
        assert moved.data == {"old": "2019-04-29", "new": "2019-04-28"}
        assert session.query(Task).filter_by(case_id=case_id, role="answer").one().due_on == date(2019, 4, 28)


def test_a_file_is_read_and_a_wrong_one_is_told_with_its_line_and_nothing_lost(visit):
    clerk = visit("city_clerk")
    form = {"year": "2027", "scope": "national", "issued": "2026-03-01", "number": "", "text": "", "reason": "试"}
    rows = (FACTORY / "state_council.csv").read_bytes().replace(b"2026-", b"2027-")
    assert "天数对不上" in clerk.post("/workdays/new", form | {"file": (io.BytesIO(rows), "days.csv")}).text
    wrong = clerk.post("/workdays/new", form | {"text": "2027年2月30日放假", "save": "1"})
    assert wrong.status_code == 422
    assert "第1行" in wrong.text and "2027年2月30日放假" in wrong.text
    binary = clerk.post("/workdays/new", form | {"file": (io.BytesIO(b"\0\xff" * 99), "days.ics")})
    assert (binary.status_code, "不是文本文件" in binary.text) == (422, True)
    assert clerk.post("/workdays/new", form | {"year": "x"}).status_code == 422


def test_parameters_stay_within_article_11(visit):
    clerk, head = visit("city_clerk"), visit("city_head")
    form = {"name": "answer_limit", "value": "11", "effective_from": "2026-07-01", "reason": "试行"}
    refused = clerk.post("/parameters", form)
    assert refused.status_code == 422 and "第十一条" in refused.text and 'value="11"' in refused.text
    saved = clerk.post("/parameters", form | {"value": "8"})
    assert saved.status_code == 302
    page = saved.headers["Location"]
    assert "0 件截止日变化" in head.get(page).text
    assert head.post(f"{page}/release").status_code == 302
    assert "2026-07-01起 8" in head.get("/parameters").text


def test_every_sentence_of_the_measures_has_its_place_and_gaps_stand_out(visit):
    admin = visit("procedure_administrator")
    page = admin.get("/articles").text
    assert "相关承办单位应自收到来文之日起，在10个工作日内答复，" in page
    assert "期限届满" in page and "R60" in page and "engine.calendar.Calendar.working_days" in page
    gaps = admin.get("/articles?open=1").text
    assert "在10个工作日内答复" not in gaps and "尚未落实" in gaps
    covered, open_ = (int(found) for found in re.search(r"已落实(\d+)处，<strong>尚未落实(\d+)处", page).groups())
    assert gaps.count('class="uncovered"') == open_ and covered > 20
