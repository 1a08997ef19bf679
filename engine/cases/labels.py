"""The words of a case and its outcome for the codes in the tables: one word per thing, as in docs/glossary.md."""

STATES = {
    "draft": "草稿",
    "awaiting_signature": "待登记",
    "awaiting_report": "待登记",
    "awaiting_referral": "待转交",
    "merged": "已并案",
    "awaiting_receipt": "待签收",
    "handling": "办理中",
    "extended": "已延期",
    "awaiting_check": "待反馈",
    "answered": "已反馈",
    "delivering": "待反馈",
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
CHANNELS = {"visit": "来访", "home_visit": "入户走访", "network": "网络", "phone": "电话", "other": "其他"}
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
GENDERS = {"male": "男", "female": "女", "unsaid": "未说明", "男": "男", "女": "女"}
