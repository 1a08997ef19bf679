"""流程文件: tables, forms and notices of a draft edited by rows, packages in and out; hostile ones get a sentence."""

import io
import json
import stat
import zipfile
from dataclasses import replace

import pytest

from engine import db, drafting
from engine.bpmn.cells import check_input, check_result
from engine.bpmn.sheets import read_sheets, write_sheet
from engine.config import ROOT
from engine.definitions import read_folder
from engine.errors import Invalid
from engine.forms import rows
from engine.forms.schema import load
from engine.sheets import archive, listing, notices, tables

FILES = read_folder(ROOT / "processes" / "opinion")
FORMS = sorted(path for path in FILES if path.startswith("forms/"))
TABLE = "jurisdiction.dmn"
AT = "/procedures/opinion/files"


@pytest.fixture
def administrator(visit):
    visitor = visit("procedure_administrator")
    assert visitor.post(f"{AT}/open").status_code == 302
    return visitor


@pytest.fixture
def stored(database, cast):
    """The files of the draft as they are kept."""

    def read() -> dict[str, bytes]:
        with db.reading(database) as session:
            return drafting.files(session, replace(cast, session=session).actor("procedure_administrator"), "opinion")

    return read


def typed(sheet: rows.FormSheet) -> dict[str, object]:
    """A form's rows as its page sends them."""
    data = {"title": sheet.title, "description": sheet.description, "submit": sheet.submit, "rows": len(sheet.rows)}
    for i, row in enumerate(sheet.rows):
        at = f"row-{i}"
        data |= {f"{at}-name": row.name, f"{at}-label": row.label, f"{at}-way": row.way, f"{at}-help": row.help,
                 f"{at}-required": row.required, f"{at}-longest": row.longest or "", f"{at}-default": row.default,
                 f"{at}-options": len(row.options), f"{at}-whens": len(row.shown)}  # fmt: skip
        for n, option in enumerate(row.options):
            data |= {f"{at}-option-{n}-value": option.value, f"{at}-option-{n}-label": option.label}
        for n, (name, values) in enumerate(row.shown):
            data |= {f"{at}-when-{n}-field": name, f"{at}-when-{n}-value": list(values)}
    return data


def send(visitor, code: str, data: dict[str, object], **more: object) -> dict[str, object]:
    headers = {"X-CSRFToken": visitor.token(), "Accept": "application/json"}
    body = {"file": code, "revision": visitor.revision, **data, **more}
    answer = visitor.client.post(f"{AT}/edit", data=body, headers=headers)
    found = answer.get_json() | {"status": answer.status_code}
    visitor.revision = found["revision"]
    return found


# ------------------------------------------------------------------------------------------------ rows and files


@pytest.mark.parametrize("path", FORMS)
def test_a_form_opened_and_saved_is_the_same_form(path):
    """Nothing is lost: not the rules between fields, not patterns, not the order."""
    sheet = rows.read_form(FILES[path])
    assert rows.write_form(FILES[path], sheet) == FILES[path]
    touched = rows.write_form(FILES[path], replace(sheet, title="另一个名称"))
    assert json.loads(rows.write_form(touched, sheet)) == json.loads(FILES[path])
    for i, row in enumerate(sheet.rows):
        other = replace(row, required={"yes": "no", "no": "yes", "rule": "rule"}[row.required], help="改过")
        changed = rows.write_form(FILES[path], replace(sheet, rows=(*sheet.rows[:i], other, *sheet.rows[i + 1 :])))
        assert rows.read_form(changed).rows[i] == other
        assert rows.read_form(rows.write_form(changed, sheet)) == sheet


def test_a_required_field_follows_its_condition():
    path = "forms/answer.json"
    sheet = rows.read_form(FILES[path])
    new = rows.Row(
        "extra_1", "计划完成日期", "date", "yes", shown=(("decision", ("answer",)), ("result", ("planned",)))
    )
    form = load(rows.write_form(FILES[path], replace(sheet, rows=(*sheet.rows, new))))
    assert form.fields[-1].required
    answered = {"decision": "answer", "text": "已列入", "contact": "李 0755", "result": "planned"}
    assert [error.kind.name for error in form.validator.iter_errors(answered)] == ["required"]
    assert form.validator.is_valid({**answered, "extra_1": "2026-05-01"})
    assert form.validator.is_valid({**answered, "result": "solved"})
    with pytest.raises(Invalid, match="其他规则"):
        rows.write_form(FILES[path], replace(sheet, rows=sheet.rows[1:]))


def test_a_table_keeps_what_its_rows_do_not_say():
    (sheet,) = read_sheets(FILES[TABLE], TABLE)
    assert write_sheet(FILES[TABLE], TABLE, sheet) == FILES[TABLE]
    changed = sheet
    for order in ("down:1", "copy:3", "input:2", "output:9", "left:3", "drop:5", "away:4", "add:0", "up:99", "x:1"):
        changed = tables.act(changed, order)
        data = write_sheet(FILES[TABLE], TABLE, changed)
        assert read_sheets(data, TABLE) == [changed], order
        assert "第十条：「应当根据管理权限".encode() in data
        assert b'typeRef="string"' in data
    assert [row.id for row in changed.rows[1:3]] == ["rule_02", "rule_01"]


@pytest.mark.parametrize(("cell", "column", "words"), [
    ('"街道", “区”', 7, "半角"), ("<  limt", 4, "limit"), ("[1..x y]", 7, "附近"), ('not("a" b)', 9, "附近"),
    ('value == "a" and urgnt', 18, "urgnt"), ("= 3", 1, "=="), ('"a"', 0, ""), ("-", 0, ""), ("", 0, ""),
    ("[1..5)", 0, ""), ('not("a", "b")', 0, ""), ("open('/etc/passwd')", 1, "没有函数"), ("().__class__", 1, ""),
])  # fmt: skip
def test_a_mistake_is_found_where_it_stands_in_the_cell(cell, column, words):
    found = check_input(cell, (), {"limit", "tier"})
    assert [problem.column for problem in found[:1]] == ([column] if column else [])
    assert all(words in problem.message for problem in found[:1])
    assert check_result("-", ()) == check_result("", ()) == []


def test_who_uses_a_file_is_told_and_keeps_it():
    entries = {entry.code: entry for entry in listing.entries(FILES, {**FILES, "forms/old.json": b"{}"})}
    assert entries["forms/answer.json"].users == ("“承办并书面反馈”",)
    assert entries[TABLE].title == "管理权限建议"
    assert entries["notices/reminder"].users == ("系统操作“催办”",)
    assert entries["forms/old.json"].state == "removed"
    assert all(entry.users for entry in entries.values() if entry.state != "removed")


@pytest.mark.parametrize(("text", "words"), [
    ("{numbr}", "是不是 {number}"), ("{编号}", "是不是 {number}"), ("{summary", "没有成对"), ("｛number｝", "半角"),
    ("{a.b}", "没有占位词"), ("{0}", "没有占位词"), ("{number!r}", "没有占位词"),
])  # fmt: skip
def test_an_unknown_placeholder_is_named_with_its_place(text, words):
    (mark, *_) = notices.check_notice("标题", f"第一行\n好{text}")
    assert (mark.place, mark.line, mark.column) == ("body", 2, 2)
    assert words in mark.sentence


# ------------------------------------------------------------------------------------------------ archives


def zipped(*entries: tuple[object, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in entries:
            file.writestr(name, data)
    return out.getvalue()


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("forms/a.json")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


GOOD = FILES["forms/sign.json"]
HOSTILE: list[tuple[str, bytes, str]] = [
    *((path, GOOD, "指向别的地方") for path in ("../forms/a.json", "/etc/passwd", "forms/../../a.json", "C:\\a.dmn")),
    *((path, GOOD, "只接受") for path in ("a.py", "forms/a/b.json", "forms/.json", "notices/a/x.txt", "a.BPMN.exe")),
    ("a.bpmn", b'<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/x">]><definitions/>', "DOCTYPE"),
    ("a.bpmn", "<a/>".encode("utf-16"), "UTF-8"),
    ("a.dmn", b"<definitions/>", "DMN"),
    ("a.dmn", b"x" * 2_000_001, "超过"),
    ("forms/a.json", b"[" * 90_000, "JSON"),
    ("forms/a.json", b'{"properties": {"a": {"x-show-when": ["b"]}}}', "写法不对"),
    ("forms/a.json", b'{"properties": {"a": {"$ref": "http://127.0.0.1:9/x"}}}', "$ref"),
    ("notices/a/body.txt", "督办通知单".encode("gbk"), "UTF-8"),
]


@pytest.mark.parametrize(("name", "data", "words"), HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_file_is_refused_with_a_sentence(name, data, words):
    refused, kept = archive.brought([("x.zip", zipped((name, data), ("forms/good.json", GOOD)))])
    assert words in refused.refusal
    assert kept.path == "forms/good.json"
    assert list(archive.to_save({}, [refused, kept], False)) == ["forms/good.json"]


@pytest.mark.parametrize(("data", "words"), [
    (b"PK\x03\x04nothing", "打不开"), (zipped(("a.dmn", b"x"))[:-30], "打不开"),
    (zipped(*((f"a{n}.dmn", b"") for n in range(301))), "最多 300 个"),
    (zipped(*((f"a{n}.dmn", b"\0" * 1_900_000) for n in range(6))), "没有解开"),
    (b"x" * 1_200_001, "一次最多"),
])  # fmt: skip
def test_an_archive_that_cannot_be_looked_at(data, words):
    with pytest.raises(Invalid, match=words):
        archive.brought([("x.zip", data)])


def test_links_twins_and_promises_that_lie():
    lying = bytearray(zipped(("a.dmn", b"\0" * 1_500_000)))
    for mark, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):  # says it has 10 bytes
        place = lying.index(mark) + at
        lying[place : place + 4] = (10).to_bytes(4, "little")
    found = archive.brought([("x.zip", zipped((link(), b"/etc/passwd"))), ("sign.json", GOOD), ("sign.json", GOOD)])
    assert [one.refusal[:5] for one in found] == ["是指向别处", "", "同名的文件"]
    try:
        assert all(one.refusal for one in archive.brought([("x.zip", bytes(lying))]))
    except Invalid as refusal:
        assert "打不开" in refusal.message


def test_out_and_in_again_is_the_same():
    found = archive.brought([("opinion.zip", archive.packed(FILES, "opinion"))])
    assert {one.path: one.content for one in found} == FILES
    assert {one.outcome for one in archive.changes(FILES, found, True)} == {"same"}
    assert archive.packed(FILES, "opinion") == archive.packed(FILES, "opinion")


# ------------------------------------------------------------------------------------------------ pages


def test_who_may_read_and_who_may_write(visit, administrator):
    auditor = visit("auditor")
    for address in ("", "/edit", f"/edit?file={TABLE}", "/edit?file=notices/reminder", "/text", "/export", "/import"):
        assert auditor.get(AT + address).status_code == 200, address
    assert "开始编辑" not in auditor.get(AT).text
    assert auditor.post(f"{AT}/new", {"kind": "form"}).status_code == 403
    assert visit("street_clerk").get(AT).status_code == 403
    for address in ("/edit?file=../x", "/edit?file=handling.bpmn", "/text?file=nothing", "/edit?file=forms/no.json"):
        assert administrator.get(AT + address).status_code == 404, address


def test_rows_are_saved_as_they_are_typed(administrator, stored, visit):
    administrator.revision = 1
    sheet = rows.read_form(FILES["forms/answer.json"])
    answer = send(administrator, "forms/answer.json", typed(sheet), op="add:2")
    assert "row-2-label" in answer["body"]
    assert not answer["saved"]  # the new row has no label yet
    assert [mark["place"] for mark in answer["marks"]] == ["row-2-label"]
    row = rows.Row("extra_1", "计划完成日期", "date", "yes", shown=(("result", ("planned",)),))
    answer = send(administrator, "forms/answer.json", typed(replace(sheet, rows=(*sheet.rows, row))))
    assert answer["saved"]
    assert "计划完成日期" in answer["preview"]
    assert load(stored()["forms/answer.json"]).fields[-1].label == "计划完成日期"
    stale = send(administrator, "forms/answer.json", typed(sheet), revision=1)
    assert (stale["status"], stale["stopped"]) == (409, True)
    assert "已改" in administrator.get(AT).text
    assert "现由管流程编辑" in visit("auditor").get(AT).text


def test_without_scripts_the_buttons_work_as_posts(administrator, stored):
    (sheet,) = read_sheets(FILES[TABLE], TABLE)
    data = {"file": TABLE, "revision": 1, "name": sheet.name, "policy": "UNIQUE", "inputs": 2, "outputs": 3, "rows": 12}
    for n, column in enumerate(sheet.columns):
        data |= {f"column-{n}": column.id, f"label-{n}": column.label, f"source-{n}": column.source}
    for r, row in enumerate(sheet.rows):
        data |= {f"rule-{r}": row.id} | {f"cell-{r}-{c}": cell for c, cell in enumerate(row.cells)}
    page = administrator.post(f"{AT}/edit", data | {"op": "drop:1", "cell-1-0": "“street”"})
    assert page.status_code == 200
    assert "半角" in page.text
    (kept,) = read_sheets(stored()[TABLE], TABLE)
    assert (kept.policy, len(kept.rows), kept.rows[0].cells[0]) == ("UNIQUE", 11, "“street”")


def test_new_renamed_removed(administrator, stored):
    assert administrator.post(f"{AT}/new", {"kind": "form", "name": "Bad", "title": "会签"}).status_code == 422
    for kind, name in (("form", "countersign"), ("notice", "countersigned"), ("table", "ladder")):
        assert administrator.post(f"{AT}/new", {"kind": kind, "name": name, "title": "会签"}).status_code == 302
    assert {"forms/countersign.json", "notices/countersigned/body.txt", "ladder.dmn"} <= set(stored())
    assert administrator.post(f"{AT}/rename", {"file": "ladder.dmn", "name": "steps"}).status_code == 302
    assert administrator.post(f"{AT}/remove", {"file": "notices/countersigned"}).status_code == 302
    assert "steps.dmn" in stored()
    assert not {"ladder.dmn", "notices/countersigned/body.txt"} & set(stored())
    refused = administrator.post(f"{AT}/remove", {"file": "forms/answer.json"})
    assert refused.status_code == 409
    assert "被“承办并书面反馈”使用，不能删除" in refused.text


def test_an_import_is_looked_at_before_it_is_taken(administrator, stored):
    before = stored()
    brought = zipped(("opinion/forms/sign.json", GOOD + b"\n"), ("opinion/evil.bpmn", HOSTILE[9][1]))
    files = {"csrf_token": administrator.token(), "files": (io.BytesIO(brought), "package.zip")}
    page = administrator.client.post(f"{AT}/import", data=files, content_type="multipart/form-data")
    assert page.status_code == 200
    assert all(word in page.text for word in ("不能用", "DOCTYPE", "替换"))
    assert stored() == before
    carried = page.text.split('name="carried" value="')[1].split('"')[0]
    assert administrator.post(f"{AT}/import/take", {"carried": carried, "revision": 1}).status_code == 302
    assert {path for path, data in stored().items() if data != before.get(path)} == {"forms/sign.json"}
    assert set(stored()) == set(before)
    assert administrator.post(f"{AT}/import/take", {"carried": "!!"}).status_code == 422
