"""What changed between two versions of a package, file by file, in words: diagrams, decision tables, forms, notices."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from engine import forms
from engine.bpmn.change import Change
from engine.bpmn.difference import diagram_changes
from engine.bpmn.rules_difference import rule_changes
from engine.errors import Misconfigured

WIDGETS = {
    "text": "单行文字", "textarea": "多行文字", "select": "下拉选择", "radio": "单选", "checkbox": "勾选",
    "date": "日期", "phone": "电话", "hidden": "隐藏", "unit": "单位", "signature": "手写签名",
}  # fmt: skip
KEYS = {
    "maxLength": "最多字数", "minLength": "最少字数", "description": "说明", "pattern": "格式", "x-widget": "填写方式",
    "type": "类型", "x-show-when": "显示条件", "x-options": "选项来源", "default": "默认值",
}  # fmt: skip
CONDITIONAL = ("allOf", "if", "then", "else")


def differences(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[Change]:
    """All changes between the files of two versions: diagrams first, then decision tables, forms, notices, the rest."""
    found = [*diagram_changes(old, new), *rule_changes(old, new)]
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path), new.get(path)
        if before == after or path.endswith((".bpmn", ".dmn")):
            continue
        if path.startswith("forms/"):
            found += _form(path, before, after)
        elif path.startswith("notices/"):
            found.append(_notice(path, before, after))
        else:
            found.append(Change("file", path, path, None, None, f"文件 {path} {_verb(before, after)}。"))
    return found


def _verb(before: bytes | None, after: bytes | None) -> str:
    return "是新增的" if before is None else "已删去" if after is None else "有改动"


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8", "replace").strip()


def _notice(path: str, before: bytes | None, after: bytes | None) -> Change:
    name = path.split("/")[1] if path.count("/") > 1 else path
    part = {"subject.txt": "标题", "body.txt": "正文"}.get(path.rpartition("/")[2], "文字")
    texts = _text(before), _text(after)
    sentence = f"通知 {name} 的{part}{_verb(before, after)}。"
    if part == "标题" and None not in texts:
        sentence = f"通知 {name} 的标题由“{texts[0]}”改为“{texts[1]}”。"
    return Change("notice", name, path, *texts, sentence)


def _usable(data: bytes | None) -> bool:
    """Whether a form can be compared field by field; a draft may hold anything."""
    try:
        return data is None or bool(forms.load(data))
    except (Misconfigured, RecursionError, AttributeError, TypeError, KeyError):
        return False


def _schema(data: bytes | None) -> dict[str, Any]:
    schema = json.loads(data or b"{}")
    return schema if isinstance(schema, dict) else {}


def _form(path: str, before: bytes | None, after: bytes | None) -> Iterator[Change]:
    if not (_usable(before) and _usable(after)):
        yield Change(
            "form_text", path, path, None, None, f"表单文件 {path} {_verb(before, after)}，其中有一版不能使用。"
        )
        return
    old, new = _schema(before), _schema(after)
    title = new.get("title") or old.get("title") or path
    if before is None or after is None:
        kind = f"{'新增' if before is None else '删去'}表单“{title}”。"
        yield Change("form_text", path, path, old.get("title"), new.get("title"), kind)
        return
    fields = old.get("properties", {}), new.get("properties", {})
    for name, field in fields[1].items():
        if name not in fields[0]:
            must = "，必填" if name in new.get("required", ()) else ""
            sentence = f"表单“{title}”新增栏目“{_label(name, field)}”{must}。"
            yield Change("field", name, path, None, _label(name, field), sentence)
        else:
            yield from _field(path, title, name, (fields[0][name], field), (old, new))
    for name, field in fields[0].items():
        if name not in fields[1]:
            sentence = f"表单“{title}”删去栏目“{_label(name, field)}”。"
            yield Change("field", name, path, _label(name, field), None, sentence)
    yield from _whole(path, title, old, new)


def _label(name: str, field: Mapping[str, Any]) -> str:
    return str(field.get("title") or name)


def _field(
    path: str, title: str, name: str, field: tuple[Mapping[str, Any], Mapping[str, Any]],
    schema: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> Iterator[Change]:  # fmt: skip
    old, new = field
    where = f"表单“{title}”的栏目“{_label(name, new)}”"
    if _label(name, old) != _label(name, new):
        sentence = f"表单“{title}”的栏目“{_label(name, old)}”改名为“{_label(name, new)}”。"
        yield Change("field", name, path, _label(name, old), _label(name, new), sentence)
    must = ["必填" if name in one.get("required", ()) else "选填" for one in schema]
    if must[0] != must[1]:
        yield Change("field", name, path, must[0], must[1], f"{where}由{must[0]}改为{must[1]}。")
    choices = [{str(item.get("const")): str(item.get("title")) for item in one.get("oneOf", ())} for one in field]
    if choices[0] != choices[1]:
        texts = ["、".join(one.values()) for one in choices]
        yield Change("field", name, path, texts[0], texts[1], f"{where}的选项由“{texts[0]}”改为“{texts[1]}”。")
    for key, word in KEYS.items():
        if old.get(key) != new.get(key):
            before, after = (_shown(key, one.get(key)) for one in field)
            sentence = f"{where}的{word}由“{before or '无'}”改为“{after or '无'}”。"
            yield Change("field", name, path, before, after, sentence)


def _shown(key: str, value: Any) -> str | None:
    if value is None:
        return None
    if key == "x-widget":
        return WIDGETS.get(value, str(value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _whole(path: str, title: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    if old.get("title") != new.get("title"):
        sentence = f"表单“{old.get('title')}”改名为“{new.get('title')}”。"
        yield Change("form_text", path, path, old.get("title"), new.get("title"), sentence)
    if old.get("x-submit") != new.get("x-submit"):
        sentence = f"表单“{title}”的按钮由“{old.get('x-submit')}”改为“{new.get('x-submit')}”。"
        yield Change("form_text", path, path, old.get("x-submit"), new.get("x-submit"), sentence)
    rules = [json.dumps([one.get(key) for key in CONDITIONAL], ensure_ascii=False) for one in (old, new)]
    if rules[0] != rules[1]:
        yield Change("field", path, path, rules[0], rules[1], f"表单“{title}”按情况必填的规定有改动。")
    kept = [name for name in old.get("properties", {}) if name in new.get("properties", {})]
    now = [name for name in new.get("properties", {}) if name in old.get("properties", {})]
    if kept != now:
        yield Change("form_text", path, path, "、".join(kept), "、".join(now), f"表单“{title}”的栏目换了次序。")
