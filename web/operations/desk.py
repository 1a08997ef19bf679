"""The blueprint of the operating desk and what its pages share."""

from flask import Blueprint

blueprint = Blueprint("operations", __name__, url_prefix="/operations")
STATES = {
    "": "全部在办", "running": "在办", "suspended": "已挂起", "overdue": "已逾期", "ended": "已结束",
}  # fmt: skip
STATUS = {"open": "在办", "suspended": "已挂起", "ended": "已结束"}
CHANNELS = {"inbox": "系统内消息", "sms": "短信", "mail": "邮件"}
