"""流程: versions, drafts, comparison, publishing, exceptions; read by auditors, changed by procedure administrators."""

import re
from dataclasses import replace

import pytest

from engine import config, db, definitions, drafting, dryrun
from engine.work.models import Instance
from tests.engine.test_drafting import FILE, HANDLING, KEY, LIMIT, limited

PAGES = (
    "/procedures",
    "/procedures/opinion",
    "/procedures/opinion/versions/1",
    "/procedures/opinion/compare",
    "/procedures/opinion/publish",
)


@pytest.fixture
def drawn(database, cast):
    """`drawn({path: bytes})` saves files into the draft, as the editor does."""

    def save(files, role="procedure_administrator"):
        with db.transaction(database) as session:
            actor = replace(cast, session=session).actor(role)
            editing = drafting.open_draft(session, actor, KEY)
            drafting.save_files(session, actor, KEY, files, editing.revision)

    return save


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of the publish form."""
    return {name: re.search(rf'name="{name}" value="(\w+)"', page)[1] for name in ("revision", "newest")}


def test_the_menu_marks_the_entry_a_page_belongs_to(visit):
    marked = re.compile(r'<a href="([^"]+)" aria-current="(\w+)">(?=<svg)')
    admin = visit("procedure_administrator")
    assert marked.findall(admin.get("/procedures/opinion").text) == [("/procedures", "true")]
    assert marked.findall(admin.get("/procedures").text) == [("/procedures", "page")]
    assert marked.findall(admin.get("/operations/timers").text) == [("/operations/timers", "page")]


def test_who_sees_and_who_changes(visit, drawn):
    admin, auditor = visit("procedure_administrator"), visit("auditor")
    assert "现在没有草稿" in admin.get(PAGES[4]).text
    drawn({FILE: limited("8")})
    for address in PAGES:
        seen = auditor.get(address)
        assert seen.status_code == 200, address
        assert 'action="/procedures' not in seen.text.replace('action="/procedures/opinion/compare"', ""), address
        assert visit("street_head").get(address).status_code == 403
    for address in ("draft", "draft/discard", "publish", "versions/1/restore", "versions/1/delete"):
        assert auditor.post(f"/procedures/opinion/{address}").status_code == 403
    for address in ("no_such", "opinion/versions/9", "opinion/compare?old=9", "opinion/compare?file=x.bpmn"):
        assert admin.get(f"/procedures/{address}").status_code == 404


def test_a_limit_is_changed_published_compared_and_restored(visit, drawn, make, database):
    admin, old = visit("procedure_administrator"), make()
    assert admin.post("/procedures/opinion/draft").status_code == 302
    page = admin.get("/procedures/opinion/publish").text
    assert "草稿与底稿完全相同" in page
    assert re.search(r"<button[^>]* disabled[^>]*>发布第2版", page)
    drawn({FILE: HANDLING.replace(LIMIT, LIMIT.replace(b"answer_limit)", b"8)"))})
    shown = admin.get("/procedures/opinion/compare")
    assert "时限“期限届满”的期限由 参数“办理时限”规定的工作日改为 8 个工作日。" in shown.text
    assert 'data-element="limit"' in shown.text
    assert "时限" in shown.text
    xml = admin.get("/procedures/opinion/compare/diagram.json?side=draft&file=handling.bpmn").json["xml"]
    assert "else 8)" in xml
    page = admin.get("/procedures/opinion/publish").text
    assert "1件留在第1版，新件用第2版。" in page
    assert not re.search(r"<button[^>]* disabled[^>]*>发布", page)
    form = form_of(page)
    assert admin.post("/procedures/opinion/publish", form | {"reason": ""}).status_code == 422
    wrong = admin.post("/procedures/opinion/publish", form | {"reason": "缩短时限", "effective_from": "2020-01-01"})
    assert (wrong.status_code, "缩短时限" in wrong.text, "不能早于今天" in wrong.text) == (422, True, True)
    assert admin.post("/procedures/opinion/publish", form | {"reason": "缩短时限", "revision": "1"}).status_code == 409
    assert admin.post("/procedures/opinion/publish", form | {"reason": "缩短时限"}).status_code == 302
    new = make()
    with db.reading(database) as session:
        pinned = {row.case_id: row.package_id for row in session.query(Instance)}
    assert (pinned[old], pinned[new]) == (1, 2)
    listed = admin.get("/procedures/opinion").text
    assert "缩短时限" in listed
    assert "管流程" in listed
    assert admin.post("/procedures/opinion/versions/1/restore", {"reason": ""}).status_code == 422
    again = admin.post(
        "/procedures/opinion/versions/1/restore", {"reason": "试行不成功", "effective_from": "2026-03-09"}
    )
    assert again.status_code == 302
    assert "第3版" in admin.get("/procedures/opinion").text
    assert "待生效" in admin.get("/procedures/opinion").text
    assert admin.post("/procedures/opinion/versions/2/delete").status_code == 409
    assert admin.post("/procedures/opinion/versions/3/delete").status_code == 302
    assert admin.post("/procedures/opinion/versions/2/draft").status_code == 302


def test_what_breaks_an_article_needs_two_persons(visit, drawn, database, cast):
    first, second = visit("procedure_administrator"), visit("second_procedure_administrator")
    drawn({FILE: limited("12")})
    page = first.get("/procedures/opinion/publish").text
    assert "第十一条" in page
    assert re.search(r"<button[^>]* disabled[^>]*>发布第2版", page)
    assert first.post("/procedures/opinion/publish", form_of(page) | {"reason": "试点"}).status_code == 422
    asked = {name: re.search(rf'name="{name}" value="([\w.]+)"', page)[1] for name in ("code", "element", "mark")}
    assert first.post("/procedures/opinion/publish/exceptions", asked | {"reason": ""}).status_code == 422
    assert first.post("/procedures/opinion/publish/exceptions", asked | {"reason": "市委批准试点"}).status_code == 302
    assert first.post("/procedures/opinion/publish/exceptions/1/approve").status_code == 409
    assert "批准例外" not in first.get("/procedures/opinion/publish").text.replace("批准例外？", "")
    assert second.post("/procedures/opinion/publish/exceptions/1/approve").status_code == 302
    page = first.get("/procedures/opinion/publish").text
    assert first.post("/procedures/opinion/publish", form_of(page) | {"reason": "试点"}).status_code == 302
    recorded = visit("auditor").get("/procedures/opinion/versions/2").text
    for words in ("管流程", "程流程", "市委批准试点", "12 个工作日"):
        assert words in recorded
    assert "有例外" in first.get("/procedures/opinion").text
    with db.reading(database) as session:
        assert len(definitions.exceptions(session, replace(cast, session=session).actor("auditor"), [2])) == 1


@pytest.mark.parametrize(
    "data", [b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>", b"\x00", b"{}"], ids=("doctype", "binary", "json")
)
def test_hostile_files_are_told_and_not_published(visit, drawn, data):
    drawn({FILE: data, "forms/answer.json": b"[" * 5000})
    admin = visit("procedure_administrator")
    page = admin.get("/procedures/opinion/publish")
    assert page.status_code == 200
    assert "现在不能发布" in page.text
    assert "不能读取，无法对比" in admin.get("/procedures/opinion/compare").text
    assert admin.post("/procedures/opinion/publish", form_of(page.text) | {"reason": "试"}).status_code == 422
    assert admin.get("/procedures").status_code == 200
    assert admin.get("/procedures/opinion").status_code == 200


def test_a_draft_somebody_else_has_open_is_not_published_behind_his_back(visit, drawn):
    drawn({FILE: limited("8")})
    second = visit("second_procedure_administrator")
    page = second.get("/procedures/opinion/publish").text
    assert "草稿现由管流程编辑" in page
    refused = second.post("/procedures/opinion/publish", form_of(page) | {"reason": "抢先"})
    assert refused.status_code == 409
    assert "管流程" in refused.text
    assert second.post("/procedures/opinion/draft/discard", {}).status_code == 409


def test_a_shorter_limit_differs_from_the_scenarios_until_its_results_are_taken(visit, drawn, database):
    """The factory's scenarios expect ten working days; eight are allowed (article 11), so a person says they are meant."""
    with db.transaction(database) as session:
        assert dryrun.import_factory(session, config.ROOT / "processes")
    drawn({FILE: HANDLING.replace(LIMIT, LIMIT.replace(b"answer_limit)", b"8)"))})
    admin = visit("procedure_administrator")
    assert "不能发布" in admin.get("/procedures/opinion/publish/scenarios").text
    fields = form_of(admin.get("/procedures/opinion/publish").text) | {"reason": "缩短时限"}
    refused = admin.post("/procedures/opinion/publish", fields)
    assert refused.status_code == 409 and "推演情景" in refused.text
    assert admin.post("/procedures/opinion/dry-run/renew").status_code == 302
    assert "推演情景全部符合" in admin.get("/procedures/opinion/publish/scenarios").text
    assert admin.post("/procedures/opinion/publish", fields).status_code == 302
    with db.reading(database) as session:
        assert definitions.package(session, KEY).version == 2
