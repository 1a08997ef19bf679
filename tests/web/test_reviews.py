"""Beside a review: units of one's own tier, 分项转交 without JavaScript, 并案 and 拆并, 下转, the path (R51, R54, R55,
R57, R58)."""

import re
from collections.abc import Callable

from sqlalchemy import Engine, select
from structlog.testing import capture_logs

from engine import db
from engine.handlings.models import Handling
from engine.work.models import Task
from tests.people import Cast
from tests.web.conftest import Visit

Make = Callable[..., int]
TaskOf = Callable[[int, str], int]


def taken(visit: Visit, make: Make, task_of: TaskOf, who: str = "street_clerk") -> tuple[int, int]:
    """A case of the street with its review, taken by this person."""
    case_id = make("signed", "reported")
    task_id = task_of(case_id, "tier_review")
    visit(who).post(f"/tasks/{task_id}/claim")
    return case_id, task_id


def test_r54_another_streets_clerk_gets_404_and_it_is_logged(visit: Visit, make: Make, task_of: TaskOf) -> None:
    case_id, task_id = taken(visit, make, task_of)
    stranger = visit("second_street_clerk")
    for address in (f"/cases/{case_id}", f"/cases/{case_id}?tab=path", f"/tasks/{task_id}", f"/tasks/{task_id}/merge"):
        with capture_logs() as logged:
            answer = stranger.get(address)
        assert answer.status_code == 404
        assert "深盐路" not in answer.text
        assert [(row["event"], row["status"]) for row in logged if row["event"] == "refused"] == [("refused", 404)]
    assert stranger.post(f"/tasks/{task_id}/split", {"basis": "x"}).status_code == 404


def test_r51_only_units_of_the_own_tier_are_offered_and_why(visit: Visit, make: Make, task_of: TaskOf) -> None:
    _, task_id = taken(visit, make, task_of)
    page = visit("street_clerk").get(f"/tasks/{task_id}").text
    offered = re.findall(r'<option value="\d+"[^>]*>([^<]+)</option>', page)
    assert sorted(offered) == ["沙头角街道城管科", "沙头角街道教育科"]
    assert "系统建议" in page and "第十条" in page
    for unit in ("海山街道城管科", "盐田区城管局", "深圳市城管局"):
        assert unit not in page
    assert "下转" not in re.sub(r"<head.*?</head>", "", page, flags=re.S)  # nothing is below the street


def test_r58_sub_items_without_javascript(
    visit: Visit, make: Make, task_of: TaskOf, database: Engine, cast: Cast
) -> None:
    case_id, task_id = taken(visit, make, task_of)
    clerk, address = visit("street_clerk"), f"/tasks/{task_id}/split"
    first, second = (str(cast.organisations[name].id) for name in ("street_unit", "street_school_unit"))
    typed = {"text_1": "转运点<噪音>", "unit_1": first, "text_2": "", "unit_2": "", "basis": "两件事"}
    assert "-1" in clerk.get(address).text
    more = clerk.post(address, typed | {"more": "1"})
    assert more.status_code == 200
    assert "第3项" in more.text and "转运点&lt;噪音&gt;" in more.text
    refused = clerk.post(address, typed)
    assert refused.status_code == 422
    assert "至少要有2项" in refused.text and "转运点&lt;噪音&gt;" in refused.text
    done = clerk.post(address, typed | {"text_2": "校门口积水", "unit_2": second})
    assert done.headers["Location"] == f"/cases/{case_id}"
    page = clerk.get(f"/cases/{case_id}").text
    assert "分项办理" in page and "校门口积水" in page
    with db.reading(database) as session:
        tasks = {row.organisation_id: row.id for row in session.scalars(select(Task).where(Task.case_id == case_id))}
        assert session.scalars(select(Handling.item).order_by(Handling.id)).all() == [1, 2]
    unit = visit("school_clerk")
    unit.post(f"/tasks/{tasks[int(second)]}/claim")
    assert "校门口积水" in unit.get(f"/tasks/{tasks[int(second)]}").text
    path = clerk.get(f"/cases/{case_id}?tab=path").text
    assert "沙头角组转〔2026〕1号" in path and "分项承办单位" in path


def test_r58_joined_and_taken_apart_again(visit: Visit, make: Make, task_of: TaskOf) -> None:
    lead, task_id = taken(visit, make, task_of)
    other = make("signed", "reported")
    clerk, address = visit("street_clerk"), f"/tasks/{task_id}/merge"
    page = clerk.get(address).text
    assert "很相似" in page and f'value="{other}"' in page
    assert f'value="{other}"' not in clerk.get(f"{address}?wanted=没有这样的").text
    refused = clerk.post(address, {"members": str(other), "reason": ""})
    assert refused.status_code == 422
    assert re.search(rf'value="{other}" checked', refused.text)
    assert clerk.post(address, {"members": str(other), "reason": "同一转运点"}).status_code == 302
    assert "1件并入本件" in clerk.get(f"/tasks/{task_id}").text
    member = clerk.get(f"/cases/{other}").text
    assert "随主件答复" in member and "已并案" in member
    assert visit("liaison").get(f"/cases/{other}/separate").status_code == 404
    assert clerk.post(f"/cases/{other}/separate", {"reason": ""}).status_code == 422
    assert clerk.post(f"/cases/{other}/separate", {"reason": "另有地点"}).status_code == 302
    assert task_of(other, "tier_review")
    assert "拆并" in clerk.get(f"/cases/{other}?tab=path").text
    assert clerk.get(f"/cases/{lead}").status_code == 200


def test_r57_sending_down_on_the_page_and_the_path_with_its_total(visit: Visit, make: Make, task_of: TaskOf) -> None:
    case_id, task_id = taken(visit, make, task_of)
    refused = visit("street_clerk").get(f"/tasks/{task_id}/down")  # nothing is below it
    assert (refused.status_code, "街道是最低一级受理层级" in refused.text) == (409, True)
    form = {"decision": "escalate", "basis": "超出权限"}
    assert visit("street_clerk").post(f"/tasks/{task_id}", form).status_code == 302
    above, clerk = task_of(case_id, "tier_review"), visit("district_clerk")
    for page in ("down", "return", "split", "merge"):
        refused = clerk.get(f"/tasks/{above}/{page}")
        assert (refused.status_code, "请先签收" in refused.text) == (409, True), page
    clerk.post(f"/tasks/{above}/claim")
    refused = clerk.get(f"/tasks/{above}/return")  # the street's own
    assert (refused.status_code, "只有街道首次受理审查时可以退回" in refused.text) == (409, True)
    assert f"/tasks/{above}/down" in clerk.get(f"/tasks/{above}").text
    refused = clerk.post(f"/tasks/{above}/down", {"reason": ""})
    assert (refused.status_code, "请写明" in refused.text) == (422, True)
    assert clerk.post(f"/tasks/{above}/down", {"reason": "路灯属街道维护"}).status_code == 302
    back = task_of(case_id, "tier_review")
    visit("street_clerk").post(f"/tasks/{back}/claim")
    assert "路灯属街道维护" in visit("street_clerk").get(f"/tasks/{back}").text
    path = clerk.get(f"/cases/{case_id}?tab=path").text
    days = [int(found) for found in re.findall(r'data-label="停留（工作日）">(\d+)<', path)]
    total = re.search(r'data-label="合计（工作日）"><strong>(\d+)<', path)
    assert total is not None and sum(days) == int(total[1])
    assert path.count("下转") >= 2  # among the exceptions, and as the way it went
