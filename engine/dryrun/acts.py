"""The acts of a walk as data: JSON in the database, TOML in the factory's files, words on the page.

    {"do": "start", "form": {"matter": "construction"}}         registration, with what differs from an ordinary opinion
    {"do": "claim", "element": "answer", "name": "…"}           签收
    {"do": "complete", "element": "answer", "form": {…}}        办理 (签收 first where nobody has); `who` = a login
    {"do": "extend", "form": {…}}                               申请延期
    {"do": "cosign"}  {"do": "object", "form": {…}}             添加联名代表 (before the report), 联名代表意见
    {"do": "return", "form": {"reason": "…"}}                   退回补正 by the street
    {"do": "split", "form": {"text_1": "…", "unit_1": "@…"}}    分项转交; {"do": "send_down", "form": {…}} 下转
    {"do": "merge"}  {"do": "separate"}                         并案: another form about the same joins; 拆并
    {"do": "recall", "form": {"reason": "…"}}                   收回改派
    {"do": "parameter", "form": {"name": "…", "value": "…"}}    a parameter of the measures, in the sandbox alone
    {"do": "terminate", "form": {…}}  {"do": "withdraw"}        终止, 撤回
    {"do": "wait", "day": 11}                                   until 09:00 of that working day after the receipt
    {"do": "wait", "date": "2026-03-05"}  {"do": "wait", "days": 5}  {"do": "wait", "event": true}

Where several tasks of one element wait, `of` says which: the number of a sub-item, or "member" for the case that
joined; without it the one that waits longest. Organisations are named by their code in the sandbox ("@street-unit"),
never by an id, because a walk outlives its sandbox; "@today" is the day of the act. With "prefill" the form starts as
the page would show it.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from engine.errors import Invalid
from engine.parameters.rules import RULES

Act = Mapping[str, Any]
KINDS = (
    "start", "claim", "complete", "extend", "cosign", "object", "return", "split", "send_down", "merge", "separate",
    "recall", "parameter", "terminate", "withdraw", "wait",
)  # fmt: skip
MEMBER = "member"  # the case that joined, as `of` names it
MOST = 120  # acts of one walk
LONGEST = 20_000  # characters of one answer
FARTHEST = 400  # working days of one wait


def clean(act: Mapping[str, Any]) -> dict[str, Any]:
    """The act with nothing in it that does not belong there; Invalid when it is none."""
    kind = act.get("do")
    if kind not in KINDS:
        raise Invalid("推演步骤不能识别，请重新操作。")
    kept: dict[str, Any] = {"do": kind}
    for name in ("element", "name", "who", "role", "of", "at", "prefill"):
        if act.get(name):
            kept[name] = str(act[name])[:120]
    form = act.get("form")
    if isinstance(form, Mapping):
        kept["form"] = {str(name)[:60]: str(value)[:LONGEST] for name, value in form.items() if value is not None}
    return kept | (_wait(act) if kind == "wait" else {})


def _wait(act: Mapping[str, Any]) -> dict[str, Any]:
    if act.get("event"):
        return {"event": True}
    if act.get("moment"):
        return {"moment": datetime.fromisoformat(str(act["moment"])).isoformat()}
    if act.get("date"):
        try:
            return {"date": date.fromisoformat(str(act["date"])).isoformat()}
        except ValueError:
            raise Invalid("请填写要推进到的日期。", errors={"date": "请选择一个日期。"}) from None
    for name in ("day", "days"):
        if act.get(name) not in (None, ""):
            return {name: _number(act[name])}
    raise Invalid("请选择要推进到哪一天。", errors={"date": "请选择一个日期。"})


def _number(value: Any) -> int:
    text = str(value)
    if not text.isdigit() or not 1 <= int(text) <= FARTHEST:
        raise Invalid(f"工作日数应为 1 到 {FARTHEST} 的整数。", errors={"day": f"请填写 1 到 {FARTHEST}。"})
    return int(text)


def label(act: Act, names: Mapping[str, str]) -> str:
    """The act in the words of the pages; `names` of the steps by element."""
    name = names.get(str(act.get("element") or act.get("role"))) or act.get("name") or act.get("element") or ""
    if act["do"] == "wait":
        return _waited(act)
    if act["do"] == "parameter":
        return _set(act)
    if act.get("of"):
        name = f"{name}（{of_words(str(act['of']))}）"
    words = {"start": "登记", "claim": f"签收“{name}”", "complete": f"办理“{name}”", "extend": "申请延期",
             "cosign": "添加联名代表", "object": "联名代表反对", "return": "退回补正",
             "split": "分项转交", "send_down": "下转", "merge": "并案", "separate": "拆并", "recall": "收回改派",
             "terminate": "终止", "withdraw": "撤回"}  # fmt: skip
    return words[str(act["do"])]


def of_words(of: str) -> str:
    """Which of several tasks of one element."""
    return "并入件" if of == MEMBER else f"第{of}项"


def _set(act: Act) -> str:
    form = act.get("form") or {}
    rule = RULES.get(str(form.get("name")))
    return f"设定“{rule.label if rule else form.get('name', '')}”为{form.get('value', '')}"


def _waited(act: Act) -> str:
    if act.get("event"):
        return "推进到下一个事件"
    if "date" in act or "moment" in act:
        return f"推进到 {str(act.get('date') or act['moment'])[:10]}"
    return f"推进到第{act['day']}个工作日" if "day" in act else f"推进{act['days']}个工作日"
