"""The words on screen for codes in the database: one word per thing, as in docs/glossary.md."""

from engine.attachments.labels import KINDS as FILE_KINDS
from engine.attachments.labels import PURPOSES
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
STATES = {
    "draft": "草稿",
    "awaiting_signature": "待登记",
    "awaiting_report": "待登记",
    "awaiting_referral": "待转交",
    "awaiting_receipt": "待签收",
    "handling": "办理中",
    "extended": "已延期",
    "awaiting_check": "待反馈",
    "answered": "已反馈",
    "awaiting_rating": "待评议",
    "rating_disagreed": "评议分歧",
    "closed": "已办结",
    "filed": "已办结",
    "archived": "已归档",
    "void": "作废",
    "terminated": "终止",
}
GRADES = {
    "very_satisfied": "非常满意",
    "satisfied": "满意",
    "fairly_satisfied": "基本满意",
    "dissatisfied": "不满意",
    "unreachable": "无法联系",
}
RESULTS = {
    "solved": "已解决",
    "partly": "部分解决",
    "planned": "列入计划",
    "explained": "解释说明",
    "declined": "不予采纳",
}
CHANNELS = {"visit": "来访", "home_visit": "入户走访", "phone": "电话", "network": "网络", "other": "其他"}
MATTERS = {
    "environment": "环境卫生与市容",
    "traffic": "交通出行",
    "housing": "住房与物业",
    "education": "教育",
    "health": "医疗卫生",
    "security": "治安消防",
    "employment": "就业与社会保障",
    "construction": "城市建设与规划",
    "culture": "文体与社区服务",
    "business": "企业经营",
    "party": "党建与代表履职",
    "other": "其他",
}
SETTLEMENTS = {"on_the_spot": "当场答复", "street": "转街道组织部门"}
GENDERS = {"male": "男", "female": "女", "男": "男", "女": "女"}
PARTIES = {"reporter": "反映人", "delegate": "党代表", "department": "组织部门", "studio": "党代表工作室"}
COPY_CHANNELS = {"inbox": "系统内送达", "sms": "短信", "letter": "纸质答复"}
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
    "late_request": "逾期提出，仅作记录",
}
TABLES = {
    "act": ACTS,
    "box": BOXES,
    "channel": CHANNELS,
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
    "settlement": SETTLEMENTS,
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
