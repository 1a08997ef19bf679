"""The door for diagram files: bytes in, a checked XML tree out. No DOCTYPE, no entities, no network, nothing larger or
deeper than the house can run; every refusal says where."""

import re
from collections import Counter
from pathlib import PurePosixPath
from typing import NoReturn

from lxml import etree

from engine.bpmn.findings import Finding, Refused

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DMN = frozenset(
    {
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
    }
)
LIANXIN = "urn:lianxin:bpmn"

TRANSCODED = frozenset({"iso-8859-1", "latin-1", "latin1", "windows-1252", "gb2312", "gbk", "gb18030"})
MAX_BYTES = 2_000_000
MAX_DEPTH = 64
MAX_ELEMENTS = 20_000
MAX_NODES = 400
MAX_FAN_OUT = 50
MAX_RULES = 500

NODES = frozenset(
    {
        "startEvent",
        "endEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "boundaryEvent",
        "implicitThrowEvent",
        "task",
        "userTask",
        "manualTask",
        "serviceTask",
        "sendTask",
        "receiveTask",
        "scriptTask",
        "businessRuleTask",
        "callActivity",
        "subProcess",
        "adHocSubProcess",
        "transaction",
        "exclusiveGateway",
        "inclusiveGateway",
        "parallelGateway",
        "complexGateway",
        "eventBasedGateway",
    }
)

_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff", b"\x2b\x2f\x76")
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']", re.DOTALL)
_FORBIDDEN = re.compile(rb"<!\s*(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)|<!\[\s*(?!CDATA\[)", re.IGNORECASE)
_INSTRUCTION = re.compile(rb"<\?(?!xml\s)")


def load(data: bytes, name: str) -> etree._ElementTree:
    """The tree of a .bpmn or .dmn file (comments removed). Refused, with file, line and column or element id, for
    everything that is not a plain, bounded BPMN 2.0 or DMN document in UTF-8 (or in one of the encodings that are
    turned into UTF-8 before anything is looked at)."""
    if not isinstance(data, bytes):
        raise TypeError("a diagram is loaded from bytes, never from decoded text")
    data = _utf8(data, name)
    _check_bytes(data, name)
    tree = _parsed(data, name)
    _check_root(tree.getroot(), name)
    _check_size(tree.getroot(), name)
    _check_counts(tree.getroot(), name)
    return tree


def _refuse(
    name: str, code: str, zh: str, en: str, *, element: str = "", line: int | None = None, column: int | None = None
) -> NoReturn:
    raise Refused([Finding(code, "error", name, element, zh, en, line, column)])


def _utf8(data: bytes, name: str) -> bytes:
    """The same file in UTF-8 without its declaration, if it says to be in an older encoding: the checks and the parser
    then see the same characters, so nothing can hide in the difference."""
    declared = _DECLARED.match(data[:1000])
    encoding = declared[1].strip().lower().decode("ascii", "replace") if declared else ""
    if encoding not in TRANSCODED or len(data) > MAX_BYTES:
        return data
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line, column = _position(data, error.start)
        zh = f"第 {line} 行第 {column} 列：文件不是它声明的 {encoding} 编码，请另存为 UTF-8 后再上传。"
        _refuse(name, "file.encoding", zh, f"the file is not {encoding}", line=line, column=column)
    end = text.find("?>") + 2
    return (" " * end + text[end:]).encode()  # blanks keep every position as it was


def _check_bytes(data: bytes, name: str) -> None:
    if len(data) > MAX_BYTES:
        _refuse(
            name,
            "file.size",
            f"文件有 {len(data)} 字节，超过 {MAX_BYTES} 字节，请拆成几张图。",
            f"the file has {len(data)} bytes, more than {MAX_BYTES}; split it",
            line=1,
            column=1,
        )
    if data.count(b"<") > 3 * MAX_ELEMENTS:  # start tags, end tags and plenty of comments; spares building the tree
        _refuse_elements(name, line=1, column=1)
    _check_encoding(data, name)
    for pattern, code, zh, en in (
        (
            _FORBIDDEN,
            "xml.doctype",
            "文件里有 DOCTYPE 或实体声明，请删去后再上传。",
            "DOCTYPE and entity declarations are not allowed; remove them",
        ),
        (
            _INSTRUCTION,
            "xml.instruction",
            "文件里有 <?…?> 处理指令，请删去后再上传。",
            "processing instructions are not allowed; remove them",
        ),
    ):
        hit = pattern.search(data)
        if hit:
            line, column = _position(data, hit.start())
            _refuse(name, code, f"第 {line} 行第 {column} 列：{zh}", en, line=line, column=column)


def _check_encoding(data: bytes, name: str) -> None:
    """Only UTF-8: in any other encoding a DOCTYPE could hide from the check above."""
    zh = "文件不是 UTF-8 编码，请另存为 UTF-8 后再上传。"
    en = "the file is not UTF-8; save it as UTF-8"
    if data.startswith(_WIDE_MARKS) or b"\x00" in data:
        _refuse(name, "file.encoding", zh, en, line=1, column=1)
    declared = _DECLARED.match(data.removeprefix(b"\xef\xbb\xbf"))
    if declared and declared[1].strip().lower() not in {b"utf-8", b"utf8", b"us-ascii"}:
        _refuse(name, "file.encoding", zh, en, line=1, column=1)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _position(data, error.start)
        _refuse(name, "file.encoding", f"第 {line} 行第 {column} 列：{zh}", en, line=line, column=column)


def _position(data: bytes, offset: int) -> tuple[int, int]:
    before = data[:offset]
    return before.count(b"\n") + 1, len(before[before.rfind(b"\n") + 1 :].decode(errors="replace")) + 1


def _parsed(data: bytes, name: str) -> etree._ElementTree:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
        ns_clean=False,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line, column = getattr(error, "position", (1, 1))
        _refuse(
            name,
            "xml.syntax",
            f"第 {line} 行第 {column} 列：不是完整的流程图文件（XML 有误），请用流程图编辑器重新导出。",
            f"not well-formed XML: {getattr(error, 'msg', error)}",
            line=line,
            column=column,
        )
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None or tree.docinfo.doctype:
        _refuse(
            name,
            "xml.doctype",
            "文件里有 DOCTYPE 或实体声明，请删去后再上传。",
            "DOCTYPE and entity declarations are not allowed; remove them",
            line=1,
            column=1,
        )
    return tree


def _check_root(root: etree._Element, name: str) -> None:
    tag = etree.QName(root)
    suffix = PurePosixPath(name).suffix.lower()
    wanted = {".bpmn": {BPMN}, ".dmn": DMN}.get(suffix)
    if wanted is None:
        _refuse(
            name, "file.kind", "只接受 .bpmn 和 .dmn 文件。", "only .bpmn and .dmn files are accepted", line=1, column=1
        )
    if tag.localname != "definitions" or tag.namespace not in wanted:
        kind = "BPMN 2.0 流程图" if suffix == ".bpmn" else "DMN 1.1–1.3 决策表"
        _refuse(
            name,
            "file.root",
            f"第 {root.sourceline} 行：这不是{kind}，根元素应是 definitions，命名空间应是标准的命名空间。",
            f"the root must be definitions of {suffix[1:].upper()}, found {tag.text}",
            element=root.get("id", ""),
            line=root.sourceline,
            column=1,
        )


def _check_size(root: etree._Element, name: str) -> None:
    count, stack = 0, [(root, 1)]
    while stack:
        element, depth = stack.pop()
        count += 1
        if not isinstance(element.tag, str):
            _refuse(
                name,
                "xml.entity",
                "文件里有实体引用，请删去。",
                "entity references are not allowed",
                line=element.sourceline,
                column=1,
            )
        if depth > MAX_DEPTH:
            where = _nearest_id(element)
            _refuse(
                name,
                "file.depth",
                f"第 {element.sourceline} 行“{where}”附近嵌套超过 {MAX_DEPTH} 层，请把内层画成单独的流程。",
                f"nested deeper than {MAX_DEPTH} levels",
                element=where,
                line=element.sourceline,
            )
        if count > MAX_ELEMENTS:
            where = _nearest_id(element)
            _refuse_elements(name, element=where, line=element.sourceline)
        stack += [(child, depth + 1) for child in element]


def _refuse_elements(name: str, *, element: str = "", line: int, column: int | None = None) -> NoReturn:
    zh = f"文件超过 {MAX_ELEMENTS} 个 XML 元素，请拆成几张图。"
    en = f"more than {MAX_ELEMENTS} XML elements; split the diagram"
    _refuse(name, "file.elements", zh, en, element=element, line=line, column=column)


def _nearest_id(element: etree._Element) -> str:
    near: etree._Element | None = element
    while near is not None and not near.get("id"):
        near = near.getparent()
    return near.get("id", "") if near is not None else ""


def _check_counts(root: etree._Element, name: str) -> None:
    nodes, rules = 0, 0
    leaving: Counter[str] = Counter()
    for element in root.iter(etree.Element):
        tag = etree.QName(element)
        if tag.namespace not in DMN and tag.namespace != BPMN:
            continue
        nodes += tag.localname in NODES
        rules += tag.localname == "rule"
        if tag.localname == "sequenceFlow":
            leaving[element.get("sourceRef", "")] += 1
        _check_limits(name, element, nodes, rules, leaving)


def _check_limits(name: str, element: etree._Element, nodes: int, rules: int, leaving: Counter[str]) -> None:
    where, line = _nearest_id(element), element.sourceline
    if nodes > MAX_NODES:
        _refuse(
            name,
            "file.nodes",
            f"流程图超过 {MAX_NODES} 个图形，请拆成几张图。",
            f"more than {MAX_NODES} flow nodes; split the diagram",
            element=where,
            line=line,
        )
    if rules > MAX_RULES:
        _refuse(
            name,
            "file.rules",
            f"决策表超过 {MAX_RULES} 行，请拆成几张表。",
            f"more than {MAX_RULES} rules; split the table",
            element=where,
            line=line,
        )
    source = element.get("sourceRef", "")
    if source and leaving[source] > MAX_FAN_OUT:
        _refuse(
            name,
            "file.fan_out",
            f"图形“{source}”有超过 {MAX_FAN_OUT} 条流出连线，请分成几层。",
            f"more than {MAX_FAN_OUT} flows leave {source}",
            element=source,
            line=line,
        )
