"""Hostile files of kinds that the public examples do not have: each gets a sentence with its place, none a traceback,
none takes a second, nothing outside is read."""

import time
from pathlib import Path
from typing import Any

import pytest

from engine import forms
from engine.bpmn import Refused, check_package, compile_package, restore, start
from engine.catalogue import FUNCTIONS, OPERATIONS
from engine.errors import LianxinError
from tests.engine.bpmn.diagrams import Desk
from tests.engine.bpmn.drawings import END, START, TASK, argument, around, bpmn, dmn, flow, line, timer

CANARY = "canary-5d21"
Files = dict[str, bytes]


def prolog(text: str, encoding: str = "utf-8", declared: str = "") -> bytes:
    body = around(TASK).decode()
    declaration = f'<?xml version="1.0" encoding="{declared or encoding}"?>'
    return f"{declaration}{text}{body}".encode(encoding)


def gate(condition: str) -> bytes:
    """An exclusive gateway with this text as the condition of one way."""
    return bpmn(
        START, '<exclusiveGateway id="g" default="g_e"/>', TASK, END, line("s", "g"), flow("g", "t", condition),
        line("g", "e"), line("t", "e"),
    )  # fmt: skip


def calls(*pairs: tuple[str, str]) -> Files:
    """Processes that call each other: (process, called)."""
    return {
        f"{name}.bpmn": bpmn(
            START, f'<callActivity id="c" calledElement="{called}"/>', END, line("s", "c", "e"), process=name
        )
        for name, called in pairs
    }


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))
PARAMETER = '<!ENTITY % x SYSTEM "file:///etc/hostname"> %x;'
INCLUDE = 'xmlns:xi="http://www.w3.org/2001/XInclude"'
LINK = '<linkEventDefinition name="{}"/>'
MULTI = "multiInstanceLoopCharacteristics"

# name → files; every one of them must be refused
REFUSED: dict[str, Files] = {
    # ---- the file itself
    "laughs in entities": {"a.bpmn": prolog(f"<!DOCTYPE d [{LAUGHS}]>")},
    "quadratic entity": {"a.bpmn": prolog(f'<!DOCTYPE d [<!ENTITY a "{"a" * 50_000}">]>')},
    "parameter entity": {"a.bpmn": prolog(f"<!DOCTYPE d [{PARAMETER}]>")},
    "external subset": {"a.bpmn": prolog('<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd">')},
    "public identifier": {"a.bpmn": prolog('<!DOCTYPE d PUBLIC "-//X//X" "file:///etc/passwd">')},
    "attribute defaults": {"a.bpmn": prolog('<!DOCTYPE definitions [<!ATTLIST userTask operation CDATA "case.close">]>')},
    "entity without a doctype": {"a.bpmn": around(TASK.replace("答复", "&secret;"))},
    "notation": {"a.bpmn": prolog('<!DOCTYPE d [<!NOTATION n SYSTEM "/bin/sh">]>')},
    "doctype behind a comment": {"a.bpmn": prolog(f"<!-- {'x' * 5000} --><!DOCTYPE d [{LAUGHS}]>")},
    "doctype in dmn": {"d.dmn": b"<!DOCTYPE x [<!ENTITY e 'x'>]>" + dmn('"a"|"b"')},
    "doctype in utf-16 said to be utf-8": {"a.bpmn": prolog("<!DOCTYPE d>", "utf-16", "utf-8")},
    "doctype in utf-7": {"a.bpmn": prolog("<!DOCTYPE d>", "utf-7")},
    "utf-8 written too long": {"a.bpmn": around(TASK).replace(b"<userTask", b"\xc0\xbcuserTask", 1)},
    "half a pair": {"a.bpmn": around(TASK).replace("答".encode(), b"\xed\xa0\x80")},
    "a character xml does not have": {"a.bpmn": around(TASK.replace("答复", "&#0;&#8;"))},
    "instruction with code": {"a.bpmn": b"<?php system('id'); ?>" + around(TASK)},
    "style sheet of another place": {"a.bpmn": b'<?xml-stylesheet href="http://127.0.0.1:9/"?>' + around(TASK)},
    "unknown encoding": {"a.bpmn": b'<?xml version="1.0" encoding="x-evil"?>' + around(TASK)},
    "depth in a namespace nobody reads": {"a.bpmn": around(TASK, "<x:a xmlns:x='urn:x'>" * 500 + "</x:a>" * 500)},
    "a million attributes": {"a.bpmn": around('<userTask id="t" ' + " ".join(f'a{n}="1"' for n in range(300_000)) + "/>")},
    "an attribute of three megabytes": {"a.bpmn": around(f'<userTask id="t" name="{"答" * 1_000_000}"/>')},
    "a zip": {"a.bpmn": b"PK\x03\x04" + bytes(2000)},
    # ---- what is drawn
    "one id thrice": {"a.bpmn": bpmn(START, TASK, TASK, END.replace('"e"', '"t"'), line("s", "t"))},
    "an id that is our own mark": {"a.bpmn": around('<userTask id="__lianxin__" name="x"/>', identity="__lianxin__x")},
    "calls itself": calls(("p", "p")),
    "calls in a circle of three": calls(("p", "q"), ("q", "r"), ("r", "p")),
    "a link to itself": {
        "a.bpmn": bpmn(
            START, f'<intermediateThrowEvent id="a">{LINK.format("x")}</intermediateThrowEvent>',
            f'<intermediateCatchEvent id="b">{LINK.format("x")}</intermediateCatchEvent>', line("s", "a"), line("b", "a"),
        )
    },
    "a link to nowhere": {
        "a.bpmn": bpmn(START, f'<intermediateThrowEvent id="a">{LINK.format("x")}</intermediateThrowEvent>', line("s", "a"))
    },
    "a boundary on itself": {"a.bpmn": around(TASK, '<boundaryEvent id="b" attachedToRef="b"/>', line("b", "e"))},
    "a flow to itself": {"a.bpmn": bpmn(START, TASK, line("s", "t"), flow("f", "f", identity="f"))},
    "reads a file": {"a.bpmn": around(TASK, f'<documentation {INCLUDE}><xi:include href="file:///etc/passwd" parse="text"/>'
                                            "</documentation>").replace(b"<process", b'<import location="file:///etc/passwd" '
                                            b'namespace="x" importType="x"/><process')},
    # ---- times
    "a cycle without a pause": {"a.bpmn": timer("R/PT0S", "timeCycle")},
    "a cycle of a second": {"a.bpmn": timer("R1000000/PT1S", "timeCycle")},
    "a time before there was time": {"a.bpmn": timer("PT-1S", "timeDuration")},
    "ten to the nine years": {"a.bpmn": timer("P1000000000Y", "timeDuration")},
    "the year 99999": {"a.bpmn": timer("99999-01-01T00:00:00Z")},
    # ---- texts that are evaluated
    "power of powers": {"a.bpmn": gate("9**9**9**9 &gt; 1")},
    "a number with an exponent": {"a.bpmn": gate("1e999999999 &gt; 1")},
    "classes of a text": {"a.bpmn": gate("''.__class__.__mro__[1].__subclasses__()")},
    "format of a text": {"a.bpmn": gate("'{0.__class__}'.format(case)")},
    "the walrus": {"a.bpmn": gate("(x := 10**9) &gt; 1")},
    "a generator": {"a.bpmn": gate("all(x for x in y)")},
    "dunder in an argument": {"a.bpmn": around(f'<serviceTask id="t" lianxin:operation="case.close">{argument("a", "().__class__")}</serviceTask>')},
    "dunder in a timer": {"a.bpmn": timer("case.__dict__")},
    "dunder in a script": {"a.bpmn": around('<scriptTask id="t" scriptFormat="lianxin"><script>x = case.__init__</script></scriptTask>')},
    "dunder as the name of a script's result": {"a.bpmn": around('<scriptTask id="t" scriptFormat="lianxin"><script>__builtins__ = 1</script></scriptTask>')},
    "dunder in a count": {"a.bpmn": around(f'<userTask id="t" name="x"><{MULTI}><loopCardinality>case.__len__()</loopCardinality></{MULTI}></userTask>')},
    "dunder as the name of an item": {"a.bpmn": around(f'<userTask id="t" name="x"><{MULTI} lianxin:collection="xs" lianxin:item="__class__"></{MULTI}></userTask>')},
    "a count without end": {"a.bpmn": around(f'<userTask id="t" name="x"><{MULTI}><loopCardinality>1000000000</loopCardinality></{MULTI}></userTask>')},
    "script in another language": {"a.bpmn": around('<scriptTask id="t" scriptFormat="python"><script>import os</script></scriptTask>')},
    # ---- decision tables
    "dunder in a cell": {"a.bpmn": around(TASK), "d.dmn": dmn('tier.__class__|"u"')},
    "dunder as the input": {"a.bpmn": around(TASK), "d.dmn": dmn('"a"|"u"', source="tier.__class__")},
    "python in a cell": {"a.bpmn": around(TASK), "d.dmn": dmn('__import__("os").system("id")|"u"')},
    "a hit policy nobody knows": {"a.bpmn": around(TASK), "d.dmn": dmn('"a"|"u"', policy="EXPLODE")},
    "a table of 100,000 rules": {"a.bpmn": around(TASK), "d.dmn": dmn(*['"a"|"u"'] * 100_000)},
}  # fmt: skip

# Drafts do not run what these name: the step becomes manual, the import is not followed.
MANUAL_IN_DRAFTS = {"reads a file", "script in another language"}

# name → files that may pass; whoever starts them gets a value or a sentence
HARMLESS: dict[str, Files] = {
    "a table inside a diagram": {"a.bpmn": around(TASK, dmn('"a"|"b"').decode())},
    "an include that nobody follows": {"a.bpmn": around(TASK, f'<documentation {INCLUDE}><xi:include href="file:///etc/hostname" parse="text"/></documentation>')},
    "foreign extensions": {"a.bpmn": around('<userTask id="t" name="x" camunda:expression="${T(java.lang.Runtime)}}" camunda:class="x.Y"/>')},
    "markup in a name": {"a.bpmn": around('<userTask id="t" name="&lt;img src=x onerror=alert(1)&gt;{{7*7}}${7*7}"/>')},
    "text that looks like an address": {"a.bpmn": around('<userTask id="t" name="x"/>', before='<message id="m" name="http://127.0.0.1:9/"/>')},
}  # fmt: skip


def told(files: Files) -> tuple[str, bool]:
    """Everything that is said about the files, and whether they are refused; strictly and as a draft."""
    began, said, refused = time.process_time(), "", False
    for draft in (False, True):
        found = check_package(files, FUNCTIONS, OPERATIONS, draft=draft)
        for finding in found:
            assert finding.element or (finding.line and finding.column), finding
            assert finding.message.endswith("。"), finding
            said += finding.message + finding.message_en
        refused = refused or any(finding.severity == "error" for finding in found)
    assert time.process_time() - began < 1
    return said, refused


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_sentence(name: str) -> None:
    said, refused = told(REFUSED[name])
    assert refused
    assert "root:" not in said
    with pytest.raises(Refused):
        compile_package(REFUSED[name], FUNCTIONS, OPERATIONS)
    if name in MANUAL_IN_DRAFTS:
        run = start(compile_package(REFUSED[name], FUNCTIONS, OPERATIONS, draft=True), "p", {}, Desk())
        assert [task.element_id for task in run.tasks()] == ["t"]
        return
    with pytest.raises(Refused):
        compile_package(REFUSED[name], FUNCTIONS, OPERATIONS, draft=True)


@pytest.mark.parametrize("name", HARMLESS)
def test_read_as_text(name: str) -> None:
    host = Path("/etc/hostname").read_text().strip()
    said, _ = told(HARMLESS[name])
    run = start(compile_package(HARMLESS[name], draft=True), "p", {}, Desk())
    assert not host or host not in said + repr(run.tasks())


ATTACKS: tuple[Any, ...] = (
    "__import__('os').environ['CANARY']", "{{ config }}", "${7*7}", "=1+1", "'; DROP TABLE cases; --",
    {"typename": "datetime.timedelta", "days": 5}, {"__class__": "x"}, {"~t": "2026-01-01"}, {"~t": ["x"]},
    {"today": "not a function"}, [[[[[[[[1]]]]]]]], "\x00\u2028\ud83d\ude00".encode("utf-8", "replace").decode(),
    {"case": {"state": "closed"}}, float("1e308"), -0.0,
)  # fmt: skip


@pytest.mark.parametrize("value", ATTACKS, ids=lambda value: repr(value)[:40])
def test_form_data_are_data(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person sends comes back as it was sent, after being stored, and is never evaluated."""
    monkeypatch.setenv("CANARY", CANARY)
    drawing = bpmn(
        START, TASK, '<userTask id="u" name="v"/>', '<exclusiveGateway id="g" default="g_e"/>', END, line("s", "t", "g"),
        flow("g", "u", "answer == 'yes'"), line("g", "e"), line("u", "e"),
    )  # fmt: skip
    package = compile_package({"a.bpmn": drawing}, draft=True)
    run = start(package, "p", {}, Desk())
    try:
        run.complete(run.tasks()[0].token, {"answer": value})
    except LianxinError as refusal:
        assert CANARY not in refusal.message
        return
    assert run.ended
    assert run.data["answer"] == value
    waiting = start(package, "p", {"answer": value}, Desk())
    again = restore(package, waiting.dump(), Desk())
    assert again.tasks()[0].data["answer"] == value
    assert CANARY not in repr(again.tasks())


def test_a_form_is_no_place_for_expressions_either() -> None:
    form = forms.load(
        b'{"title":"x","type":"object","properties":{"a":{"title":"a","type":"string","maxLength":200}},"required":["a"]}'
    )
    for value in ("{{7*7}}", "9**9**9", "__import__('os')"):
        assert forms.clean(form, {"a": value})["a"] == value
        assert not forms.validate(form, forms.clean(form, {"a": value}))
