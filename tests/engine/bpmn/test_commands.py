"""`lianxin check` and `lianxin eval` as an administrator types them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine.cli import main
from tests.engine.bpmn.drawings import END, START, TASK, around, bpmn, dmn, flow, line

PROCESSES = Path(__file__).parents[3] / "processes"
SAMPLES = Path(__file__).parent / "samples"
MARKED = '<userTask id="t" lianxin:role="answer"/>'


def lianxin(*arguments: str) -> Result:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def rows(*arguments: str) -> list[dict[str, Any]]:
    return [json.loads(row) for row in lianxin("check", "--json", *arguments).stdout.splitlines()]


@pytest.fixture
def place(tmp_path: Path):
    """Write files into a folder and return its path."""

    def write(**files: bytes) -> str:
        for name, data in files.items():
            (tmp_path / name.replace("__", ".")).write_bytes(data)
        return str(tmp_path)

    return write


def test_the_factory_edition_is_deployable() -> None:
    found = rows(str(PROCESSES / "opinion"))
    assert {Path(row["file"]).name for row in found} >= {"opinion.bpmn", "handling.bpmn", "jurisdiction.dmn"}
    assert all(row["ok"] for row in found)
    assert lianxin("check", str(PROCESSES)).exit_code == 0


def test_one_line_of_json_for_every_file(place) -> None:
    folder = place(a__bpmn=around(MARKED), b__bpmn=around(TASK), c__dmn=dmn('"a"|"b"'), d__txt=b"x")
    found = {Path(row["file"]).name: row for row in rows(folder)}
    assert {name: row["ok"] for name, row in found.items()} == {"a.bpmn": True, "b.bpmn": False, "c.dmn": True}
    (finding,) = found["b.bpmn"]["findings"]
    assert {"code", "severity", "element", "message"} <= set(finding)
    assert (finding["code"], finding["severity"], finding["element"]) == ("task.unmarked", "error", "t")
    assert lianxin("check", folder).exit_code == 1
    assert lianxin("check", folder, "--draft").exit_code == 0


def test_files_of_a_folder_without_forms_do_not_meet(place) -> None:
    assert all(row["ok"] for row in rows(place(a__bpmn=around(MARKED), b__bpmn=around(MARKED))))


def test_a_folder_with_forms_is_one_package(place, tmp_path: Path) -> None:
    calls = bpmn(START, '<callActivity id="c" calledElement="q"/>', END, line("s", "c", "e"))
    folder = place(a__bpmn=calls.replace(b'"q"', b'"r"'), b__bpmn=bpmn(START, END, line("s", "e"), process="q"))
    assert [row["findings"][0]["code"] for row in rows(folder) if row["findings"]] == ["call.target"]
    (tmp_path / "forms").mkdir()
    place(a__bpmn=calls)
    assert [row["ok"] for row in rows(folder)] == [True, True]
    place(c__bpmn=around(TASK).replace(b'"p"', b'"x"'))
    assert {finding["code"] for row in rows(folder) for finding in row["findings"]} == {
        "form.missing",
        "task.nobody",
        "task.unmarked",
    }


def test_files_that_call_each_other_are_one_package_too(place) -> None:
    calls = bpmn(START, '<callActivity id="c" calledElement="q"/>', END, line("s", "c", "e"))
    folder = place(a__bpmn=calls, b__bpmn=bpmn(START, END, line("s", "e"), process="q"))
    assert [row["ok"] for row in rows(folder)] == [True, True]
    assert [row["ok"] for row in rows(f"{folder}/a.bpmn")] == [False], "a file alone stands alone"
    place(c__bpmn=calls)
    assert [row["ok"] for row in rows(folder)] == [False, True, False], "a process drawn twice: a collection"


SERVICE, RULE = '<serviceTask id="t" camunda:class="x.Y"/>', '<businessRuleTask id="t" camunda:decisionRef="d"/>'
SCRIPT = '<scriptTask id="t" scriptFormat="groovy"><script>x</script></scriptTask>'
GATE = bpmn(
    START, '<exclusiveGateway id="g"/>', TASK, END, line("s", "g"), flow("g", "t"), flow("g", "e"), line("t", "e")
)


@pytest.mark.parametrize(
    "data", [around(SERVICE), around(RULE), around(SCRIPT), around('<callActivity id="t" calledElement="n:x"/>'), GATE]
)
def test_a_draft_runs_by_hand_what_names_nothing_to_run(place, data: bytes) -> None:
    file = place(a__bpmn=data) + "/a.bpmn"
    assert lianxin("check", file).exit_code == 1
    assert lianxin("check", file, "--draft").exit_code == 0
    (row,) = rows(file, "--draft")
    assert {finding["severity"] for finding in row["findings"]} == {"warning"}


@pytest.mark.parametrize(
    "data",
    [
        around('<task id="t" isForCompensation="true"/>'),
        around("<task/>"),
        b"",
        b"\xff" * 2_000_001,
        around('<userTask id="t"><multiInstanceLoopCharacteristics/></userTask>'),
    ],
)
def test_a_draft_does_not_forgive_what_cannot_run(place, data: bytes) -> None:
    (row,) = rows(place(a__bpmn=data) + "/a.bpmn", "--draft")
    assert not row["ok"]
    assert all(f["element"] or (f["line"] and f["column"]) for f in row["findings"] if f["severity"] == "error")


@pytest.mark.parametrize("path", ["nothing.bpmn", "."])
def test_what_is_not_there_is_a_finding_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.chdir(tmp_path)
    (row,) = rows(path)
    assert not row["ok"]
    assert row["findings"][0]["code"] in {"file.unreadable", "file.missing"}


def test_the_attack_samples_leave_no_traceback() -> None:
    result = lianxin("check", str(SAMPLES))
    assert result.exit_code == 1
    assert result.output.count("不能发布") == len(list(SAMPLES.glob("*.bpmn")))


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (("1 + 2",), "3"),
        (("-1 + 3",), "2"),
        (('tier in ["街道", "区"]', "--data", '{"tier": "区"}'), "true"),
        (('date("2026-01-31") + days(1)',), '"2026-02-01"'),
        (("a.b", "--data", '{"a": {"b": "好"}}'), '"好"'),
    ],
)
def test_eval_says_the_value(arguments: tuple[str, ...], answer: str) -> None:
    result = lianxin("eval", *arguments)
    assert (result.exit_code, result.stdout.strip()) == (0, answer)


def test_eval_counts_working_days(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    assert lianxin("eval", 'working_days(date("2026-02-13"), 10)').stdout.strip() == '"2026-03-05"'


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("tier = 1",), "第 1 行第 6 列"),
        (("a and\n tier = 1",), "第 2 行第 7 列"),
        (("unknown + 1",), "没有名称 unknown"),
        (("x", "--data", "{"), "--data 不是 JSON：第 1 行第 2 列"),
        (("x", "--data", "[1]"), "--data"),
        (("9 ** 9",), "第 1 行"),
        (('__import__("os").system("x")',), "第 1 行第 1 列"),
        (("x" * 5000,), "错误"),
        (("(" * 900 + ")" * 900,), "错误"),
        (("x", "--data", "[" * 100_000), "--data"),
    ],
)
def test_eval_says_where_it_is_wrong(arguments: tuple[str, ...], words: str) -> None:
    result = lianxin("eval", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.output
