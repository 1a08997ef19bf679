"""The factory forms: good samples pass, each bad one gets the right sentence on the right field (填表须知 2 to 7)."""

from datetime import date

import pytest

from engine import forms
from tests.processes.factory import FOLDER, form

TODAY = date(2026, 3, 4)
REGISTRATION = {
    "reporter_naming": "named", "reporter_name": "李㙍䶮", "reporter_gender": "female", "reporter_age": "45",
    "reporter_phone": "13800000000", "channel": "visit", "matter": "environment", "content": "楼下垃圾无人清运。",
    "summary": "垃圾清运", "reflected_on": "2026-03-04", "reporter_signature": "handwritten", "delegate_id": "7",
    "settlement": "street",
}  # fmt: skip
GOOD = {
    "registration": REGISTRATION,
    "amend": {key: value for key, value in REGISTRATION.items() if key != "delegate_id"} | {"decision": "resubmit"},
    "sign": {"decision": "sign", "signature_name": "戴代表", "content_hash": "0" * 64},
    "report": {"decision": "report"},
    "item_review": {"unit_id": "12", "basis": "属教育科职责"},
    "review": {"decision": "refer", "unit_id": "12", "basis": "街道城管职责"},
    "answer": {"decision": "answer", "result": "solved", "text": "已清运。", "contact": "王某 0755-25550000"},
    "extension_request": {"reason": "需多部门勘查", "work_done": "已到现场"},
    "extension_consent": {"decision": "consent"},
    "supervision_note": {"instruction": "请本周内办结"},
    "feedback_check": {"decision": "accept"},
    "letter": {"method": "in_person", "delivered_on": "2026-03-04", "proof": "李某签收"},
    "instruct": {
        "decision": "department", "instruction": "请研究办理", "leader": "某领导", "instructed_on": "2026-03-03",
    },
    "rating_reporter": {"grade": "satisfied", "method": "phone", "remark": "电话回访确认"},
    "rating_delegate": {"grade": "satisfied"},
    "rating_department": {"grade": "satisfied"},
    "rating_consultation": {"grade": "none", "remark": "三方面谈，未一致"},
    "rating_redo": {"decision": "redo", "reason": "反映人要求重办"},
    "consultation": {"decision": "held", "minutes": "三方面谈", "conclusion": "月底前完成"},
    "measure": {"result": "已完成"},
    "terminate": {"kind": "withdrawn", "reason": "反映人书面撤回"},
    "receipt": {"number": "", "received_on": "2026-03-04", "handler_id": "3"},
    "plan": {"plan": "本周踏勘，下周会同街道整改。", "handler_id": "3"},
    "extension_dispute": {"decision": "keep", "opinion": "经协调，按原期限答复。"},
    "consent_call": {"decision": "consent", "called_on": "2026-03-04", "call_note": "10:05 致电代表，同意延期。"},
    "consent_confirm": {"decision": "confirm"},
    "cosigner_view": {"decision": "object", "reason": "事情不复杂。"},
    "cosigner": {"delegate_id": "7"},
    "delegate_replacement": {"delegate_id": "7", "reason": "任期届满"},
    "delivery": {"outcome": "failed", "failure": "号码停机", "next_step": "上门送达"},
}  # fmt: skip


def problems(name: str, values: dict) -> dict[str, str]:
    return forms.validate(form(name), forms.clean(form(name), values), TODAY)


def test_every_form_has_a_good_sample():
    assert {path.stem for path in (FOLDER / "forms").iterdir()} == set(GOOD)


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_good_form_passes(name):
    assert problems(name, GOOD[name]) == {}


@pytest.mark.parametrize("name", sorted(GOOD))
def test_an_empty_form_asks_for_everything_required_in_chinese(name):
    found = problems(name, {})
    always = [field.name for field in forms.fields(form(name)) if field.required and not field.show_when]
    assert set(always) <= set(found)
    assert all(sentence.endswith("。") for sentence in found.values())


BAD = [
    ("registration", {"reporter_name": ""}, "reporter_name", "请填写姓名。"),
    ("registration", {"reporter_name": "李"}, "reporter_name", "至少 2 个字"),
    ("registration", {"reporter_phone": ""}, "reporter_phone", "填表须知2"),
    ("registration", {"reporter_phone": "1380000"}, "phone_checked", "手机号码为11位"),
    ("registration", {"reporter_age": "121"}, "reporter_age", "0至120的整数，或4位出生年份"),
    ("registration", {"reporter_age": "四十"}, "reporter_age", "整数"),
    ("registration", {"summary": "字" * 301}, "summary", "不超过 300 个字，现有 301 个字"),
    ("registration", {"reflected_on": "2026-03-05"}, "reflected_on", "不能晚于今天"),
    ("registration", {"reflected_on": "2010-11-23"}, "reflected_on", "2010-11-24"),
    ("registration", {"reflected_on": "2026-02-30"}, "reflected_on", "有效的日期"),
    ("registration", {"channel": "other"}, "channel_note", "请填写途径注明。"),
    ("registration", {"channel": "network", "reporter_signature": "remark", "reporter_signature_note": "附件"},
     "channel_note", "请填写途径注明。"),
    ("registration", {"channel": "phone"}, "reporter_signature", "填表须知4"),
    ("registration", {"reporter_signature": "remark", "reporter_signature_note": "x"}, "reporter_signature", "填表须知4"),
    ("registration", {"reporter_signature": ""}, "reporter_signature", "请选择反映人签字。"),
    ("registration", {"reporter_signature": "refused"}, "reporter_witness", "请填写见证人。"),
    ("registration", {"settlement": "on_the_spot", "spot_grade": "satisfied"}, "spot_answer", "请填写答复内容。"),
    ("registration", {"settlement": "on_the_spot", "spot_answer": "已告知"}, "spot_grade", "请选择反映人满意度。"),
    ("registration", {"settlement": "both"}, "settlement", "当场答复、转街道组织部门"),
    ("registration", {"delegate_id": "x"}, "delegate_id", "整数"),
    ("amend", {"decision": "void"}, "reason", "请填写理由。"),
    ("amend", {"summary": ""}, "summary", "请填写内容摘要。"),
    ("amend", {"settlement": "on_the_spot", "spot_answer": "已告知"}, "spot_grade", "请选择反映人满意度。"),
    ("sign", {"decision": "return"}, "reason", "请填写退回理由。"),
    ("report", {"decision": "amend"}, "reason", "请填写说明。"),
    ("review", {"unit_id": ""}, "unit_id", "请选择承办单位。"),
    ("review", {"basis": " \u3000 "}, "basis", "请填写管理权限依据。"),
    ("answer", {"result": ""}, "result", "请选择办理结果。"),
    ("answer", {"text": "字" * 601}, "text", "不超过 600 个字"),
    ("answer", {"decision": "decline"}, "reason", "请填写退件理由。"),
    ("feedback_check", {"decision": "return"}, "opinion", "请填写意见。"),
    ("letter", {"proof": ""}, "proof", "请填写签收或邮件号。"),
    ("instruct", {"decision": "unit"}, "unit_id", "请选择承办单位。"),
    ("rating_reporter", {"grade": "unreachable", "remark": ""}, "remark", "请填写说明。"),
    ("rating_reporter", {"method": "in_person"}, "signing", "请选择反映人签名。"),
    ("rating_delegate", {"grade": "unreachable"}, "grade", "非常满意、满意、基本满意、不满意"),
    ("terminate", {"kind": "court"}, "referred_to", "请填写转告的机关。"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "field", "sentence"), BAD)
def test_a_bad_form_is_refused_with_a_sentence(name, change, field, sentence):
    found = problems(name, GOOD[name] | change)
    assert sentence in found[field]
    assert set(found) == {field}


@pytest.mark.parametrize("change", [
    {"reporter_phone": "", "reporter_address": "沙头角街道1号"},
    {"reporter_phone": "0755-25550000"},
    {"reporter_phone": "1380000", "phone_checked": "yes"},
    {"channel": "phone", "reporter_signature": "remark", "reporter_signature_note": "14:10 电话反映，已复述确认"},
    {"channel": "network", "channel_note": "论坛", "reporter_signature": "remark", "reporter_signature_note": "附打印件"},
    {"reporter_signature": "refused", "reporter_witness": "张某"},
    {"settlement": "on_the_spot", "spot_answer": "已告知", "spot_grade": "dissatisfied"},
    {"reporter_naming": "anonymous", "reporter_name": "", "reporter_phone": ""},
    {"reporter_naming": ""},
])  # fmt: skip
def test_other_complete_registrations(change):
    assert problems("registration", REGISTRATION | change) == {}


def test_amendment_has_every_field_of_the_registration_but_the_delegate():
    registration = {field.name: field for field in forms.fields(form("registration"))}
    amendment = {field.name: field for field in forms.fields(form("amend"))}
    assert set(registration) - {"delegate_id"} == set(amendment) - {"decision", "reason"}
    for name in set(registration) - {"delegate_id"}:
        assert amendment[name].show_when == {"decision": ("resubmit",), **registration[name].show_when}
        assert (amendment[name].label, amendment[name].options) == (
            registration[name].label,
            registration[name].options,
        )


def test_labels_of_the_reporter_stand_as_on_the_paper():
    labels = [field.label for field in forms.fields(form("registration")) if field.name.startswith("reporter_")]
    assert labels[1:9] == ["姓名", "性别", "年龄", "电话", "单位", "单位地址", "住址", "住址电话"]
