"""The words on screen for codes in the database: one word per thing, as in docs/glossary.md."""

from engine.attachments.labels import KINDS as FILE_KINDS
from engine.attachments.labels import PURPOSES
from engine.cases import labels
from engine.cases.copies import METHODS as COPY_METHODS
from engine.cases.signing import METHODS as SIGNING
from engine.organisation.labels import DUTIES, TIERS
from engine.work.acts import LABELS as ACTS

BOXES = {
    "todo": "待办",
    "receipt": "待签收",
    "in_hand": "在办",
    "done": "已办",
    "unread": "待阅",
    "read": "已阅",
    "registered": "我登记的",
    "drafts": "草稿箱",
    "supervision": "督办",
    "due_soon": "临期",
    "overdue": "逾期",
}
# what an empty box says: why it is empty is good news, and where work comes from
EMPTY = {
    "todo": "手头没有待办事项。新的来文会自动出现在这里。",
    "receipt": "没有等待签收的来文。",
    "in_hand": "没有正在办理的事项。可到“待签收”签收来文。",
    "done": "还没有办理过的事项。",
    "unread": "没有待阅的抄送件。",
    "read": "没有已阅的抄送件。",
    "registered": "还没有登记过意见建议。",
    "drafts": "没有未提交的草稿。填写表单时内容会自动暂存到这里。",
    "supervision": "没有督办中的事项。",
    "due_soon": "三个工作日内没有到期的事项。",
    "overdue": "没有逾期的事项。",
}
STATES = labels.STATES
GRADES = labels.GRADES
RESULTS = labels.RESULTS
CHANNELS = labels.CHANNELS
MATTERS = labels.MATTERS
SETTLEMENTS = labels.SETTLEMENTS
GENDERS = labels.GENDERS
PARTIES = {
    "reporter": "反映人",
    "delegate": "党代表",
    "department": "组织部门",
    "studio": "党代表工作室",
    "unit": "承办单位",
    "convener": "召集单位",
}
CONSULTATIONS = {"called": "待协商", "held": "已协商", "cancelled": "已取消"}
COPY_CHANNELS = {
    "main": "书面送达", "inbox": "系统内送达", "sms": "短信", "mail": "电子邮件", "letter": "纸质答复",
    "relay": "组织部门转送",
}  # fmt: skip
DELIVERY = {
    "pending": "待送达",
    "sending": "发送中",
    "sent": "已发送",
    "delivered": "已送达",
    "failed": "送达失败",
    "uncertain": "待人工核实",
}
FEEDBACK_STATES = {"written": "待审核", "delivered": "待审核", "accepted": "审核通过", "returned": "退回重办"}
EXTENSION_DECISIONS = {
    "": "等待党代表答复",
    "consented": "同意延期",
    "refused": "不同意延期",
    "disputed": "代表意见不一致，待协调",
    "settled_yes": "协调后延期",
    "settled_no": "协调后不延期",
    "denied": "代表否认，延期无效",
    "late_request": "逾期提出，仅作记录",
}
SLIPS = {"urge": "催办通知", "order": "督办通知单", "opinion": "督办意见"}
SLIP_COLOURS = {"blue": "蓝色督办", "yellow": "黄色督办", "red": "红色督办"}
ABSENCES = {"planned": "未开始", "running": "代理中", "over": "已结束", "cut_short": "已提前结束"}
TABLES = {
    "absence": ABSENCES,
    "act": ACTS,
    "box": BOXES,
    "channel": CHANNELS,
    "consultation": CONSULTATIONS,
    "copy_channel": COPY_CHANNELS,
    "delivery": DELIVERY,
    "duty": DUTIES,
    "extension": EXTENSION_DECISIONS,
    "feedback": FEEDBACK_STATES,
    "file_kind": FILE_KINDS,
    "gender": GENDERS,
    "grade": GRADES,
    "matter": MATTERS,
    "party": PARTIES,
    "purpose": PURPOSES,
    "result": RESULTS,
    "form_copy": COPY_METHODS,
    "settlement": SETTLEMENTS,
    "signing": SIGNING,
    "slip": SLIPS,
    "slip_colour": SLIP_COLOURS,
    "state": STATES,
    "tier": TIERS,
}


def word(code: object, table: str) -> str:
    """The Chinese word of a code; a code nobody named yet reads 未知, so that no English reaches the screen.

    `act_or_text` is for columns that hold a code or a Chinese text: the code's word, else the text as it is.
    """
    if table == "act_or_text":
        return ACTS.get(str(code or ""), str(code or ""))
    if code in (None, ""):
        return TABLES[table].get("", "")
    return TABLES[table].get(str(code), "未知")
