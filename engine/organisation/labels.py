"""The Chinese words of tiers, kinds and duties (words.md), and back again for imports."""

TIERS = {"community": "社区", "street": "街道", "district": "区", "city": "市", "committee": "市委"}

KINDS = {
    "studio": "党代表工作室",
    "department": "组织部门",
    "unit": "承办单位",
    "committee": "市委",
    "administration": "系统管理",
}

DUTIES = {
    "head": "负责人",
    "staff": "经办人",
    "liaison": "联络员",
    "secretary": "书记",
    "deputy": "副书记",
    "system_administrator": "系统管理员",
    "procedure_administrator": "流程管理员",
    "auditor": "审计员",
}

DUTIES_OF_KIND = {
    "studio": ("liaison", "secretary", "deputy"),
    "department": ("head", "staff"),
    "unit": ("head", "staff"),
    "committee": ("head", "staff"),
    "administration": ("system_administrator", "procedure_administrator", "auditor"),
}
