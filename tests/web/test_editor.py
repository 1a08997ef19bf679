"""The addresses of the diagram editor: who may ask, what is kept, what is refused with which sentence."""

import io
import re
from typing import Any

import pytest

from engine.config import ROOT
from tests.web.conftest import Visit, Visitor

HERE = "/procedures/opinion/edit"
FILE = "handling.bpmn"
DRAWN = (ROOT / "processes" / "opinion" / FILE).read_text(encoding="utf-8")
LIMIT = re.compile(r'<bpmn:boundaryEvent id="limit" .*?</bpmn:boundaryEvent>', re.S)
HEAD = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="urn:t">'
PROCESS = '<process id="handling"><startEvent id="a"/></process>'


def ask(person: Visitor, method: str, path: str = "", body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    """What the page would hear."""
    answer = person.client.open(
        HERE + path, method=method, json=body or {}, headers={"X-CSRFToken": person.token()} if method != "GET" else {}
    )
    return answer.status_code, answer.get_json(silent=True) or {}


def bring(person: Visitor, content: bytes) -> tuple[int, dict[str, Any]]:
    """Import a file over the handling diagram."""
    data = {"file": FILE, "upload": (io.BytesIO(content), "mine.bpmn")}
    answer = person.client.post(HERE + "/import", data=data, headers={"X-CSRFToken": person.token()})
    return answer.status_code, answer.get_json()


@pytest.fixture
def admin(visit: Visit) -> Visitor:
    """The procedure administrator with an open draft."""
    person = visit("procedure_administrator")
    assert ask(person, "POST", "/open", {"file": FILE})[1]["editing"]["mine"] is True
    return person


def test_who_may_look_and_who_may_draw(visit: Visit) -> None:
    auditor, clerk = visit("auditor"), visit("street_clerk")
    page = auditor.get(HERE)
    assert page.status_code == 200
    assert "data-may-edit" not in page.text
    assert ask(auditor, "GET", f"/diagram.json?file={FILE}") == (200, {"content": DRAWN, "editing": None})
    assert ask(auditor, "POST", "/open", {"file": FILE})[0] == 403
    assert ask(clerk, "GET", "/vocabulary.json")[0] == 403
    assert auditor.get("/procedures/nothing/edit").status_code == 404
    assert auditor.get(HERE + "?file=../secret.bpmn").status_code == 404


def test_everything_a_diagram_may_name_has_its_word(admin: Visitor) -> None:
    words = ask(admin, "GET", "/vocabulary.json")[1]
    for part in ("operations", "pools", "roles", "facts", "results", "functions", "states", "forms", "processes"):
        assert words[part]
        assert all(re.search("[\u4e00-\u9fff]", one["label"]) for one in words[part]), part
    assert [one["code"] for one in words["articles"]] == [*map(str, range(1, 15)), *(f"须知{n}" for n in range(1, 9))]
    assert words["parameters"]["answer_limit"] == 10
    copy = next(one for one in words["operations"] if one["code"] == "feedback.copy")
    assert ["'studio'", "党代表工作室"] in copy["arguments"][0]["choices"]
    assert copy["notices"][0]["subject"] == "抄送书面反馈：{number}"


def test_a_draft_is_kept_once_and_never_overwritten(admin: Visitor, visit: Visit) -> None:
    revision = ask(admin, "POST", "/hold")[1]["editing"]["revision"]
    mine = DRAWN.replace("期限届满", "十日届满")
    status, saved = ask(admin, "PUT", "", {"file": FILE, "content": mine, "revision": revision})
    assert (status, saved["editing"]["changed"]) == (200, True)
    status, refused = ask(admin, "PUT", "", {"file": FILE, "content": DRAWN, "revision": revision})
    assert (status, refused["kind"]) == (409, "stale")
    assert ask(visit("auditor"), "GET", f"/diagram.json?file={FILE}")[1]["content"] == mine


def test_what_is_no_diagram_is_not_kept(admin: Visitor) -> None:
    for changes in (
        {"content": 7},
        {"file": "../handling.bpmn"},
        {"file": "forms/answer.json", "content": "{}"},
        {"revision": "1"},
        {"content": "x" * 2_000_001},
    ):
        status, answer = ask(admin, "PUT", "", {"file": FILE, "content": DRAWN, "revision": 1} | changes)
        assert status == 422, changes
        assert answer["message"].endswith("。")


def test_the_deleted_limit_is_found_and_named(admin: Visitor) -> None:
    assert ask(admin, "POST", "/findings", {"file": FILE, "content": DRAWN}) == (200, {"findings": []})
    found = ask(admin, "POST", "/findings", {"file": FILE, "content": LIMIT.sub("", DRAWN)})[1]["findings"]
    first = next(one for one in found if one["code"] == "article.11.limit")
    assert (first["element"], first["article"], first["blocks"]) == ("answer", 11, True)
    assert "第十一条" in first["message"]
    assert not re.search(r"lianxin|（answer）", "".join(one["message"] for one in found))


def test_an_exception_is_asked_for_the_saved_draft(admin: Visitor) -> None:
    wanted = {"code": "article.11.limit", "element": "answer", "reason": "试点"}
    assert ask(admin, "POST", "/exception", wanted)[0] == 404
    revision = ask(admin, "POST", "/hold")[1]["editing"]["revision"]
    ask(admin, "PUT", "", {"file": FILE, "content": LIMIT.sub("", DRAWN), "revision": revision})
    assert ask(admin, "POST", "/exception", {**wanted, "reason": " "})[0] == 422
    assert "另一名" in ask(admin, "POST", "/exception", wanted)[1]["message"]
    found = ask(admin, "POST", "/findings", {"file": FILE, "content": LIMIT.sub("", DRAWN)})[1]["findings"]
    assert [one["asked"] for one in found if one["code"] == "article.11.limit"] != [""]


def test_a_text_is_checked_where_it_is_wrong(admin: Visitor) -> None:
    def problems(source: str, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ask(admin, "POST", "/expression", {"source": source, "kind": kind})[1]["problems"]
        return found

    assert problems("working_days(received_on, 8)", "timer") == []
    assert problems("x = 1", "script") == []
    assert "两个等号" in problems("decision = 'x'", "condition")[0]["message"]
    assert problems("1 + (2", "expression")[0]["column"] >= 1
    assert problems("__import__('os')", "expression")


HOSTILE = {
    "entity": f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>{HEAD}{PROCESS}</definitions>',
    "no xml": "not a diagram",
    "another namespace": '<definitions xmlns="urn:other" id="d"/>',
    "too deep": HEAD + "<process id='handling'>" + "<subProcess>" * 80 + "</subProcess>" * 80 + "</process></definitions>",
    "another script": f'{HEAD}<process id="handling"><scriptTask id="s" scriptFormat="javascript"><script>x</script>'
                      "</scriptTask></process></definitions>",
    "another process": f'{HEAD}<process id="other"><startEvent id="a"/></process></definitions>',
    "endless": f'{HEAD}<process id="handling"><startEvent id="a"/><sequenceFlow id="f" sourceRef="a" targetRef="g"/>'
               '<exclusiveGateway id="g" default="h"/><sequenceFlow id="h" sourceRef="g" targetRef="g"/></process></definitions>',
    "nothing drawn": f"{HEAD}{PROCESS}</definitions>",
}  # fmt: skip


def test_a_hostile_file_is_refused_with_a_sentence(admin: Visitor) -> None:
    for name, text in HOSTILE.items():
        status, answer = bring(admin, text.encode())
        assert status == 422, name
        assert answer["message"].startswith("没有导入，原图没有改动。"), name
        assert answer["message"].endswith("。"), name


def test_a_diagram_of_ours_comes_in_and_changes_nothing_by_itself(admin: Visitor) -> None:
    mine = LIMIT.sub("", DRAWN)
    status, answer = bring(admin, b"\xef\xbb\xbf" + DRAWN.replace("期限届满", "十日届满").encode())
    assert (status, "十日届满" in answer["content"]) == (200, True)
    assert ask(admin, "GET", f"/diagram.json?file={FILE}")[1]["content"] == DRAWN
    assert bring(admin, mine.encode())[0] == 422  # its flow hangs in the air
