"""Forms: reading schemas nobody vouches for, and text anybody may have typed."""

import json
from datetime import UTC, date, datetime

import pytest

from engine import clock, forms
from engine.errors import Misconfigured

SCHEMA = {
    "title": "测试", "x-submit": "提交", "type": "object",
    "properties": {
        "name": {"title": "姓名", "type": "string", "maxLength": 30},
        "note": {"title": "说明", "type": "string", "maxLength": 500, "x-widget": "textarea"},
        "age": {"title": "年龄", "type": "integer", "minimum": 0, "maximum": 120},
        "on": {"title": "日期", "type": "string", "format": "date", "x-widget": "date", "x-latest": "today"},
        "way": {"title": "途径", "type": "string", "oneOf": [{"const": "a", "title": "甲"}, {"const": "b", "title": "乙"}]},
        "more": {"title": "补充", "type": "string", "x-show-when": {"way": ["b"]}},
        "deep": {"title": "再补充", "type": "string", "x-show-when": {"more": "是"}},
    },
    "required": ["name"],
    "allOf": [{"if": {"properties": {"way": {"const": "b"}}, "required": ["way"]}, "then": {"required": ["more"]}}],
    "additionalProperties": False,
}  # fmt: skip


def load(**changes) -> forms.Form:
    return forms.load(json.dumps(SCHEMA | changes).encode())


FORM = load()


def faults(**values) -> dict[str, str]:
    return forms.validate(FORM, forms.clean(FORM, {"name": "张三"} | values), date(2026, 3, 4))


def test_fields_come_in_order_with_what_a_page_needs():
    fields = {field.name: field for field in forms.fields(FORM)}
    assert list(fields) == list(SCHEMA["properties"])
    assert fields["name"].required
    assert fields["more"].required  # whenever it is shown
    assert not fields["note"].required
    assert fields["way"].widget == "radio"
    assert [(option.value, option.label) for option in fields["way"].options] == [("a", "甲"), ("b", "乙")]
    assert fields["more"].show_when == {"way": ("b",)}


def test_cleaning_types_and_drops():
    submitted = {"name": "  张三\u3000", "note": "一\r\n二\r三", "age": " 45 ", "on": "2026-03-04", "way": "a", "more": "藏",
                 "csrf_token": "x"}  # fmt: skip
    assert forms.clean(FORM, submitted) == {
        "name": "张三", "note": "一\n二\n三", "age": 45, "on": "2026-03-04", "way": "a",
    }  # fmt: skip


def test_a_hidden_field_hides_those_that_depend_on_it():
    assert set(forms.clean(FORM, {"way": "b", "more": "是", "deep": "x"})) == {"way", "more", "deep"}
    assert set(forms.clean(FORM, {"way": "a", "more": "是", "deep": "x"})) == {"way"}
    assert [field.name for field in forms.visible(FORM, {"way": "a"})] == ["name", "note", "age", "on", "way"]


@pytest.mark.parametrize("blank", ["", "   ", "\t\n", "\u3000", "\u200d\u200d", "\ufeff", "\u200b\u200b"])
def test_invisible_text_is_no_text(blank):
    assert forms.clean(FORM, {"name": blank}) == {}
    assert faults(name=blank) == {"name": "请填写姓名。"}


@pytest.mark.parametrize(
    "name",
    [
        "李㙍",
        "䶮䶮",
        "王㐂",
        "陈𬎆",
        "兀兀",
        "阿依古丽·买买提",
        "👨‍👩‍👧‍👦",
        "e\u0301cole",
        "<script>",
        "=1+1",
        "undefined",
    ],
)
def test_names_survive_character_for_character(name):
    assert forms.clean(FORM, {"name": name})["name"] == name
    assert faults(name=name) == {}


@pytest.mark.parametrize(("text", "sentence"), [
    ("甲\x00乙", "U+0000"), ("甲\x0b乙", "U+000B"), ("甲\x1b[31m", "U+001B"), ("甲\u202e乙", "U+202E"),
    ("甲\u2066乙\u2069", "U+2066"), ("甲\ud800", "U+D800"), ("甲\ufffe", "U+FFFE"), ("甲\u2028乙", "U+2028"),
    ("甲\n乙", "换行"), ("甲" * 1_000_000, "不超过 30 个字"), ("\U0001ffff甲", "U+1FFFF"),
])  # fmt: skip
def test_hostile_text_gets_a_sentence(text, sentence):
    found = faults(name=text)
    assert sentence in found["name"]
    found["name"].encode()  # a sentence can always be sent


def test_lines_and_tabs_are_text_in_a_text_area():
    assert faults(note="一\t二\n三") == {}


@pytest.mark.parametrize(
    "value", [[], {}, ["a"], {"typename": "x"}, ["\ud800"], 1.5, True, None, float("nan"), 10**400, object()]
)
def test_other_types_are_refused_not_crashed_on(value):
    data = {"name": value} if value is not None else {}
    assert "姓名" in forms.validate(FORM, data)["name"]
    assert forms.clean(FORM, {"name": value}).get("name") in (value, None)


@pytest.mark.parametrize(
    ("age", "said"),
    [("-1", "不能小于 0"), ("121", "不能大于 120"), ("1e3", "整数"), ("9" * 5000, "整数"), ("４５", None)],
)
def test_numbers(age, said):
    found = faults(age=age)
    assert (said in found["age"]) if said else found == {}


@pytest.mark.parametrize(("day", "said"), [
    ("20260304", "有效的日期"), ("2026-W10-3", "有效的日期"), ("2026-02-29", "有效的日期"), ("２０２６-03-04", "有效的日期"),
    ("2026-03-05", "不能晚于今天"), ("2026-03-04", None),
])  # fmt: skip
def test_dates(day, said):
    found = faults(on=day)
    assert (said in found["on"]) if said else found == {}


def test_today_is_the_clocks_day_in_shenzhen():
    with clock.frozen(datetime(2026, 3, 3, 16, 30, tzinfo=UTC)):
        assert forms.validate(FORM, {"name": "张三", "on": "2026-03-04"}) == {}
        assert "不能晚于今天" in forms.validate(FORM, {"name": "张三", "on": "2026-03-05"})["on"]


def test_unknown_fields_of_uncleaned_data_are_named():
    assert forms.validate(FORM, {"name": "张三", "role": "admin"}) == {"role": "表单中没有这一项。"}


@pytest.mark.parametrize("raw", [
    b"", b"[]", b"\xff\xfe", b"{", b'{"properties": []}', b"[" * 100_000, b'{"properties": {}, "a": "' + b"x" * 300_000 + b'"}',
])  # fmt: skip
def test_a_file_that_is_no_form_is_refused(raw):
    with pytest.raises(Misconfigured):
        forms.load(raw)


@pytest.mark.parametrize("pattern", ["^.*.*.*.*.*=$", "^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^a*a*a*a*a*a*b$"])
def test_no_pattern_of_an_administrator_stalls_on_a_long_text(pattern):
    """An engine that goes back would not come to an end within the life of a case."""
    form = load(properties={"name": {"title": "姓名", "x-widget": "textarea", "pattern": pattern}})
    assert forms.validate(form, {"name": "a" * 900 + "!"}) == {"name": "姓名的格式不对，请检查。"}
    assert forms.validate(form, {"name": "a" * 1001}) == {"name": "姓名不超过 1000 个字，现有 1001 个字。"}


@pytest.mark.parametrize("rule", [
    {"$ref": "http://127.0.0.1/x"}, {"pattern": "(?=a)b"}, {"pattern": "(a)\\1"}, {"pattern": "["}, {"pattern": "a" * 300},
    {"pattern": "\ud800"}, {"title": "\ud800"}, {"pattern": r"\p{L}{200}"}, {"anyOf": [{"pattern": "a"}] * 101},
    {"x-widget": "script"}, {"type": "array"}, {"maxLength": "many"}, {"oneOf": [True]}, {"$dynamicRef": "#x"},
])  # fmt: skip
def test_a_schema_that_cannot_be_trusted_is_refused(rule):
    with pytest.raises(Misconfigured):
        load(properties={"name": {"title": "姓名"} | rule})
