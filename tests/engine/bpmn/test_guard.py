"""The door: what is not a plain, bounded diagram never reaches the parser."""

import time
from pathlib import Path

import pytest

from engine.bpmn.findings import Finding, Refused
from engine.bpmn.guard import MAX_BYTES, MAX_FAN_OUT, MAX_NODES, load
from tests.engine.bpmn.drawings import HEAD, START, TASK, around, bpmn, dmn, flow

SAMPLES = Path(__file__).parent / "samples"
PLAIN = '<userTask id="t"/>'
DOCTYPE = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def refusal(data: bytes, name: str = "a.bpmn") -> Finding:
    with pytest.raises(Refused) as caught:
        load(data, name)
    (finding,) = caught.value.findings
    assert finding.element or (finding.line and finding.column)
    assert finding.file == name
    assert finding.message.endswith("。")
    assert finding.message in caught.value.message
    assert finding.message_en
    return finding


def test_a_plain_diagram_passes() -> None:
    tree = load(around(TASK), "a.bpmn")
    assert tree.getroot().get("id") == "defs"


def test_a_byte_order_mark_and_a_declaration_pass() -> None:
    assert load(b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?>\n' + around(TASK), "a.bpmn")


def test_a_decision_table_passes() -> None:
    assert load(dmn('"street"|"u1"'), "a.dmn")


def test_text_is_not_bytes() -> None:
    with pytest.raises(TypeError):
        load(around(TASK).decode(), "a.bpmn")  # type: ignore[arg-type]


def test_comments_do_not_split_a_text() -> None:
    root = load(around(TASK, "<documentation>a<!-- b -->c</documentation>"), "a.bpmn").getroot()
    assert root.find(".//{*}documentation").text == "ac"


@pytest.mark.parametrize(
    ("sample", "code"),
    [
        ("xml01_xxe_file", "xml.doctype"),
        ("xml06_internal_entity", "xml.doctype"),
        ("xml11_depth_250", "file.depth"),
        ("xml21_not_xml", "file.encoding"),
        ("xml26_wrong_ns", "file.root"),
        ("tok11_subprocess_depth_100", "file.depth"),
    ],
)
def test_attack_files_are_refused(sample: str, code: str) -> None:
    assert refusal((SAMPLES / f"{sample}.bpmn").read_bytes(), f"{sample}.bpmn").code == code


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "utf-7", "cp037", "gb18030"]
)
@pytest.mark.parametrize("honest", [True, False])
def test_a_doctype_cannot_hide_in_another_encoding(encoding: str, honest: bool) -> None:
    text = f'<?xml version="1.0" encoding="{encoding if honest else "UTF-8"}"?>\n{DOCTYPE}{around(PLAIN).decode()}'
    assert refusal(text.encode(encoding)).code in {"file.encoding", "xml.doctype", "xml.syntax"}


@pytest.mark.parametrize("text", [DOCTYPE, "<!doctype html>", '<!ENTITY x "y">', "<![INCLUDE[x]]>"])
def test_declarations_are_refused_with_their_place(text: str) -> None:
    finding = refusal(b"\n  " + text.encode() + around(TASK))
    assert (finding.code, finding.line, finding.column) == ("xml.doctype", 2, 3)


def test_a_style_sheet_is_refused() -> None:
    assert refusal(b'<?xml-stylesheet href="x.xsl"?>' + around(TASK)).code == "xml.instruction"


@pytest.mark.parametrize("data", [b"", b" ", b"<", b"<a>", b"<a></b>", b"\xff", b"<a>" * 300, HEAD.encode()])
def test_broken_files_are_refused(data: bytes) -> None:
    assert refusal(data).code in {"xml.syntax", "file.encoding"}


@pytest.mark.parametrize(("name", "code"), [("a.dmn", "file.root"), ("a.xml", "file.kind"), ("a", "file.kind")])
def test_the_name_says_what_is_inside(name: str, code: str) -> None:
    assert refusal(around(TASK), name).code == code


def test_size() -> None:
    assert refusal(b" " * (MAX_BYTES + 1)).code == "file.size"


def test_elements_are_counted_quickly() -> None:
    began = time.perf_counter()
    assert refusal(bpmn("<task/>" * 250_000)).code == "file.elements"
    assert refusal(bpmn("<task/>" * 25_000)).code == "file.elements"
    assert time.perf_counter() - began < 1


def test_nodes() -> None:
    tasks = "".join(f'<task id="t{number}"/>' for number in range(MAX_NODES))
    assert load(bpmn(tasks), "a.bpmn")
    assert refusal(bpmn(tasks, '<task id="last"/>')).element == "last"


def test_fan_out() -> None:
    flows = [flow("s", f"t{number}") for number in range(MAX_FAN_OUT + 1)]
    assert load(bpmn(START, *flows[:-1]), "a.bpmn")
    finding = refusal(bpmn(START, *flows))
    assert (finding.code, finding.element) == ("file.fan_out", "s")


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "gb18030", "GBK"])
def test_older_encodings_become_utf8_before_anything_is_looked_at(encoding: str) -> None:
    name = "Antrag prüfen" if encoding.startswith(("iso", "windows")) else "答复"
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n' + around(PLAIN).decode().replace(
        '"t"/>', f'"t" name="{name}"/>'
    )
    assert load(text.encode(encoding), "a.bpmn").getroot().find(".//{*}userTask").get("name") == name
    assert refusal(text.replace("?>", f"?>{DOCTYPE}").encode(encoding)).code == "xml.doctype"


def test_a_file_that_is_not_in_its_older_encoding_is_refused() -> None:
    assert refusal(b'<?xml version="1.0" encoding="gb18030"?>\n<a>\xff</a>').code == "file.encoding"
