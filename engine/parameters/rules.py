"""What a parameter may be: its word, its bounds, the article that sets them, how values stand to each other."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One parameter. `least` and `most` in its own unit (working days); `basis` says where the bound comes from."""

    label: str
    group: str
    meaning: str
    least: int
    most: int
    basis: str


_LIMITS, _REMINDERS, _SUPERVISION, _TARGETS = "办理时限", "催办", "督办", "工作目标"
_ARTICLE_11 = "第十一条：“在10个工作日内答复，遇特殊情况经商市党代表同意，可在30个工作日内答复”"
_OPEN = "《办法》没有规定，由市委组织部确定"
_RECALL = "承办单位逾期后多少个工作日，可以收回改派；0为不收回"

RULES: Mapping[str, Rule] = {
    "answer_limit": Rule("办理时限", _LIMITS, "自收到来文之日起，多少个工作日内答复", 1, 10, _ARTICLE_11),
    "extended_answer_limit": Rule(
        "延期后办理时限", _LIMITS, "经商市党代表同意延期后，自同一收到之日起多少个工作日内答复", 1, 30, _ARTICLE_11
    ),
    "first_reminder": Rule("首次催办", _REMINDERS, "截止日前多少个工作日", 1, 9, _OPEN),
    "second_reminder": Rule("再次催办", _REMINDERS, "截止日前多少个工作日", 0, 8, _OPEN),
    "second_supervision": Rule("二次督办", _SUPERVISION, "逾期后多少个工作日升级到上一级组织部门", 1, 60, _OPEN),
    "third_supervision": Rule("三次督办", _SUPERVISION, "逾期后多少个工作日升级到再上一级", 2, 90, _OPEN),
    **{
        f"recall_{tier}": Rule(f"收回改派（{name}）", _SUPERVISION, f"{name}{_RECALL}", 0, 60, _OPEN)
        for tier, name in (("street", "街道"), ("district", "区"), ("city", "市"))
    },
    "transit_target": Rule(
        "转办期限", _TARGETS, "组织部门收到后多少个工作日内转交或上报；第十条只要求“及时”", 1, 10, _OPEN
    ),
    "decline_target": Rule("退件期限", _TARGETS, "承办单位收到后多少个工作日内可以退件", 1, 5, _OPEN),
    "sign_target": Rule("签收期限", _TARGETS, "承办单位收到后多少个工作日内签收；超过只提醒负责人", 1, 5, _OPEN),
    "plan_target": Rule("方案期限", _TARGETS, "承办单位收到后多少个工作日内填报办理方案和人员", 1, 9, _OPEN),
}

# (smaller, larger, the sentence when it is not so)
ORDER = (
    ("answer_limit", "extended_answer_limit", "延期后办理时限应长于办理时限"),
    ("second_reminder", "first_reminder", "再次催办应晚于首次催办，离截止日的工作日应更少"),
    ("first_reminder", "answer_limit", "首次催办应在收到之后，天数应少于办理时限"),
    ("second_supervision", "third_supervision", "三次督办应晚于二次督办"),
)


def fault(name: str, value: int, values: Mapping[str, int]) -> str:
    """Why `value` cannot be the value of `name` beside the other `values` in force that day; "" when it can."""
    rule = RULES[name]
    if value > rule.most or value < rule.least:
        return f"{rule.label}只能是{rule.least}至{rule.most}个工作日（{rule.basis}）。"
    new = {**values, name: value}
    for smaller, larger, sentence in ORDER:
        if name in (smaller, larger) and new[smaller] >= new[larger]:
            return f"{sentence}：{RULES[smaller].label}{new[smaller]}，{RULES[larger].label}{new[larger]}。"
    return ""
