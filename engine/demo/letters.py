"""Two letters from home that wait in the demo: one at a studio, one where the community's secretary acts as liaison."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from engine import clock, submitting
from engine.attachments.store import Store

# community, hours ago, what was typed
LETTERS = (
    ("440308003006", 20, {
        "name": "何女士", "phone": "13800005678", "address": "盐田区沙头角街道沙头角社区金融路8号楼（演示地址）",
        "content": "金融路8号楼一楼的电动自行车充电棚经常满员，晚上有人把电池拿上楼充电，担心起火。\n"
                   "希望社区协调物业在东门空地再加一个充电棚，并加强夜间巡查。",
    }),
    ("440308004003", 5, {
        "name": "", "phone": "", "email": "resident@example.com", "address": "盐田区海山街道鹏湾社区海景路（演示地址）",
        "content": "海景路公交站的候车亭顶棚破损，下雨天没有地方躲雨，老人和接送孩子的家长很不方便，请安排维修。",
    }),
)  # fmt: skip


def send(session: Session) -> None:
    """Send them as residents do, some hours ago; none carries a file, so nothing is written to the folder of files."""
    nowhere = Store(Path(), 0)
    for code, hours, typed in LETTERS:
        with clock.frozen(clock.now() - timedelta(hours=hours)):
            consent = {"consent": submitting.VERSION}
            submitting.receive(session, nowhere, code, typed | consent, (), f"demo-{code}", f"{code:0>32}")
