"""One change between two versions, and the words for it."""

import re
from dataclasses import dataclass

KINDS = {
    "userTask": "办理环节", "manualTask": "人工环节", "task": "环节", "serviceTask": "自动步骤", "sendTask": "发送步骤",
    "receiveTask": "等待消息", "scriptTask": "计算步骤", "businessRuleTask": "决策步骤", "callActivity": "调用活动",
    "subProcess": "子流程", "transaction": "事务子流程", "startEvent": "开始事件", "endEvent": "结束事件",
    "boundaryEvent": "边界事件", "intermediateCatchEvent": "等待事件", "intermediateThrowEvent": "抛出事件",
    "exclusiveGateway": "独占网关", "parallelGateway": "并行网关", "inclusiveGateway": "包容网关",
    "eventBasedGateway": "事件网关",
}  # fmt: skip
# our attributes: kind of change, word
OWN = {
    "role": ("role", "在办法中的角色"), "pool": ("pool", "办理人员"), "form": ("form", "表单"),
    "operation": ("operation", "执行的操作"), "decision": ("decision", "决策表"), "state": ("state", "对应的状态"),
    "article": ("article", "依据的条款"), "withdrawable": ("withdrawable", "能否撤回"),
}  # fmt: skip
PEOPLE = {
    "studio": "党代表工作室联络员", "delegate": "签名的市党代表本人", "tier_department": "所在层级的组织部门",
    "street_department": "街道组织部门", "street_department_head": "街道组织部门负责人",
    "handling_department": "承办单位的同级组织部门", "handling_unit": "承办单位", "supervisor_0": "督办：同级",
    "supervisor_1": "督办：上一级", "supervisor_2": "督办：再上一级", "committee": "市委",
}  # fmt: skip
LIMITS = ("limit", "transit_target", "supervision_limit", "reminder")
PARAMETERS = {
    "answer_limit": "办理时限", "extended_answer_limit": "延期后办理时限", "first_reminder": "首次催办",
    "second_reminder": "再次催办", "transit_target": "转办期限", "decline_target": "退件期限",
    "second_supervision": "二次督办", "third_supervision": "三次督办",
}  # fmt: skip
_LIMIT = re.compile(r"working_days\(received_on,\s*(?:(\w+) if extended else )?(\w+)\)")
_TOKEN = re.compile(r"'[^']*'|\"[^\"]*\"|\d+|[^\W\d]\w*|\S")
_PERIODS = {"D": "天", "W": "周", "M": "个月", "Y": "年", "H": "小时"}
_PERIOD = re.compile(r"P(T?)(\d+)([DWMYH])")


@dataclass(frozen=True)
class Change:
    """One change. `kind`: added, removed, renamed, identifier, kind, moved, limit, timer, role, pool, form, operation,
    decision, state, article, withdrawable, argument, condition, default, message, lane, script, repeat, called,
    interrupting, text, rule, table, field, form_text, notice, file. `element` is an id (a field, a rule, a notice);
    `before` and `after` are the plain values, None where there was none; `sentence` says it in Chinese. `also`: further
    elements the sentence is about; `formerly`: the element's id in the old drawing, where it is another."""

    kind: str
    element: str
    file: str
    before: str | None
    after: str | None
    sentence: str
    also: tuple[str, ...] = ()
    formerly: str = ""


def counted(before: str, after: str) -> str:
    """How a time changed: '由 10 个工作日改为 8 个工作日' where one number did, else the two texts."""
    periods = [_period(text) for text in (before, after)]
    if None not in periods:
        return f"由 {periods[0]}改为 {periods[1]}"
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    differing = [(a, b) for a, b in zip(old, new, strict=False) if a != b]
    if len(old) == len(new) and len(differing) == 1 and "working_days" in old:
        days = [
            f"{text} 个" if text.isdecimal() else f"参数“{PARAMETERS.get(text, text)}”规定的" for text in differing[0]
        ]
        if all(text.isidentifier() or text.isdecimal() for text in differing[0]):
            return f"由 {days[0]}工作日改为 {days[1]}工作日"
    limits = [_limit(text) for text in (before, after)]
    if None not in limits:
        return f"由 {limits[0]}改为 {limits[1]}"
    return f"由“{before}”改为“{after}”"


def _limit(text: str) -> str | None:
    """A count of working days from the day of receipt, in words; None when it is anything else."""
    match = _LIMIT.fullmatch(text.strip())
    if match is None:
        return None
    extended = f"（延期后 {_days(match[1])}）" if match[1] else ""
    return f"{_days(match[2])}{extended}"


def _days(text: str) -> str:
    return f"{text} 个工作日" if text.isdecimal() else f"参数“{PARAMETERS.get(text, text)}”规定的工作日"


def _period(text: str) -> str | None:
    match = _PERIOD.fullmatch(text)
    if match is None:
        return None
    return f"{match[2]} {'分钟' if match[1] and match[3] == 'M' else _PERIODS[match[3]]}"
