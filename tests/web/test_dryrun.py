"""推演 in the browser's words: trying a draft, scenarios, coverage, past cases; who may, and what is refused."""

import re

import pytest

from engine import config, db, dryrun
from engine.scenarios.models import DryRun, Scenario

HOME = "/procedures/opinion/dry-run"


@pytest.fixture
def scenarios(database, cast) -> None:
    with db.transaction(database) as session:
        dryrun.import_factory(session, config.ROOT / "processes")
        for one in dryrun.scenarios(session, "opinion"):
            one.active = one.factory in ("main", "void")


def acting(step: int, do: str, **fields: str) -> dict[str, str]:
    return {"_step": str(step), "_do": do, **fields}


def test_who_may_see_and_who_may_try(visit, scenarios):
    for role, status in (("procedure_administrator", 200), ("auditor", 200), ("street_head", 403)):
        assert visit(role).get(HOME).status_code == status
    auditor = visit("auditor")
    assert "开始推演" not in auditor.get(HOME).text
    assert auditor.post(HOME, {"start": "referred"}).status_code == 403
    assert auditor.get(f"{HOME}/replay").status_code == 403
    assert visit("procedure_administrator").get("/procedures/nothing/dry-run").status_code == 404


def test_a_dry_run_from_registration_to_the_escalation_and_a_scenario_of_it(visit, database, scenarios):
    admin = visit("procedure_administrator")
    walk = admin.post(HOME, {"version": "1", "start": "registration", "day": "2026-03-02"}).location
    page = admin.get(walk).text
    assert "尚未登记" in page and "推演用意见" in page
    typed = dict(re.findall(r'name="(reporter_name|reporter_phone|content|summary)"[^>]*value="([^"]*)"', page))
    wrong = admin.post(walk, acting(0, "start", content=""))
    assert wrong.status_code == 422 and "标红" in wrong.text
    assert admin.post(walk, acting(0, "start", **typed, channel="visit", matter="environment", settlement="street",
                                   reflected_on="2026-03-02", content="推演", summary="推演", reporter_address="推演路",
                                   reporter_naming="named", reporter_signature="handwritten")).status_code == 302  # fmt: skip
    assert (
        admin.post(walk, acting(1, "complete", _element="sign", decision="sign", signature_name="党代表")).status_code
        == 302
    )
    assert admin.post(walk, acting(1, "complete", _element="report", decision="report")).status_code == 409
    assert admin.post(walk, acting(2, "complete", _element="report", decision="report")).status_code == 302
    page = admin.get(walk).text
    assert "沙头角街道党工委组织部门 经办人、负责人" in page and "@street-unit" in page
    assert admin.post(walk, acting(3, "claim", _element="review", _who="street-staff")).status_code == 302
    refer = acting(4, "complete", _element="review", decision="refer", unit_id="@street-unit", basis="属本级权限")
    assert admin.post(walk, refer).status_code == 302
    assert admin.post(walk, acting(5, "wait", _day="11")).status_code == 302
    page = admin.get(walk).text
    assert "收到后第11个工作日" in page and "督办：同级组织部门" in page and "红·逾期1个工作日" in page
    assert "不能倒退" in admin.post(walk, acting(6, "wait", _date="2026-03-03")).text
    drawn = admin.get(f"{walk}/diagram.json?process=handling").json
    assert {"answer", "limit_supervise"} <= set(drawn["current"])
    # another resident's case joins the one at the unit and goes its own way again; a tier that takes nothing back says so
    assert 'value="merge"' in page and 'value="separate"' not in page
    assert admin.post(walk, acting(6, "merge", reason="同一事项")).status_code == 302
    assert "并入件" in admin.get(walk).text
    assert admin.post(walk, acting(7, "separate", reason="不是同一事项")).status_code == 302
    assert "没有启用收回改派" in admin.post(walk, acting(8, "recall", reason="久拖不办")).text
    assert admin.post(walk, acting(8, "parameter", name="recall_street", value="1")).status_code == 302
    assert '受理审查</strong> <span class="flag">并入件' in admin.get(walk).text
    assert admin.post(f"{walk}/undo", {"keep": "6"}).status_code == 302
    assert "limit_raise" in {act["element"] for act in drawn["done"]}
    proposed = admin.get(f"{walk}/scenario").text
    number = re.search(r'name="keep" value="(\d+)" checked><span>第11个工作日应进入“督办：同级组织部门”', proposed)
    assert number
    assert "不超过 100 字" in admin.post(f"{walk}/scenario", {"name": "", "keep": number[1]}).text
    assert admin.post(f"{walk}/scenario", {"name": "第11日督办", "keep": number[1]}).status_code == 302
    with db.reading(database) as session:
        kept = session.query(Scenario).filter_by(name="第11日督办").one()
        assert (len(kept.acts), len(kept.expectations)) == (6, 1) and kept.author_name == "管流程"
        assert session.query(DryRun).count() == 1
    assert admin.post(f"{walk}/undo", {"keep": "2"}).status_code == 302
    assert "报街道组织部门" in admin.get(walk).text
    assert visit("auditor").get(walk).status_code == 404
    assert admin.post(f"{walk}/delete").status_code == 302 and admin.get(walk).status_code == 404


def test_the_scenarios_run_by_themselves_and_the_coverage_follows(visit, scenarios, database, monkeypatch):
    monkeypatch.setattr("web.scenarios.CHUNK", 0.0)
    admin = visit("procedure_administrator")
    first = admin.get(f"{HOME}/results", fragment=True).text
    assert "通过" in first and "正在推演 1 / 2" in first and "first=1" in first
    last = admin.get(f"{HOME}/results?first=1", fragment=True).text
    assert "覆盖" in last and "承办与反馈" in last and "没有情景经过" in last
    covered = admin.get(f"{HOME}/coverage.json?process=handling").json
    assert "answer" in covered["covered"] and "extension_consent" in covered["missing"]
    assert "商市党代表意见" in admin.get(f"{HOME}/coverage/uncovered?process=handling", fragment=True).text
    assert "虚线框" in admin.get(f"{HOME}/coverage?process=rating").text
    assert admin.get(f"{HOME}/coverage?process=nothing").status_code == 404
    with db.reading(database) as session:
        main = session.query(Scenario.id, Scenario.name).filter_by(factory="main").one()
    page = admin.get(f"{HOME}/scenarios/{main.id}").text
    assert "推演通过" in page and "收到当天应进入“承办并书面反馈”" in page
    assert admin.post(f"{HOME}/scenarios/{main.id}", {"name": main.name}).status_code == 422
    changed = admin.post(f"{HOME}/scenarios/{main.id}", {"name": "主线", "keep": ["0", "1"]})
    assert changed.status_code == 302
    assert admin.post(HOME, {"start": f"scenario-{main.id}"}).status_code == 302
    assert admin.post(f"{HOME}/scenarios/{main.id}/delete").status_code == 302
    assert admin.get(f"{HOME}/scenarios/{main.id}").status_code == 404


def test_past_cases_show_their_number_and_nothing_else(visit, make, scenarios):
    make("signed", "reported", "referred", "answered")
    admin = visit("procedure_administrator")
    assert "最近多少件" in admin.get(f"{HOME}/replay").text
    assert "正在重走 0 / 1" in admin.get(f"{HOME}/replay?amount=20").text
    rows = admin.get(f"{HOME}/replay/rows?amount=20", fragment=True).text
    assert "沙头角街道沙头角社区2026001" in rows and "相同" in rows and "已重走 1 件" in rows
    assert "垃圾" not in rows and "陈某某" not in rows
    assert admin.get(f"{HOME}/replay/rows?amount=999999").status_code == 404
