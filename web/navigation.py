"""The two-level menu on the left. A module of pages adds one Item here; it shows to those who hold its verb."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from flask import Flask, current_app, g, request, url_for
from flask_login import current_user

from engine import access, clock, desk, submitting
from engine.access import Verb
from engine.organisation.labels import DUTIES
from web.session import actor, house
from web.words import BOXES


@dataclass(frozen=True)
class Item:
    """One line of the menu; `box` names the count shown beside it."""

    label: str
    endpoint: str
    verb: Verb
    icon: str
    values: Mapping[str, str] = field(default_factory=dict)
    box: str = ""


@dataclass(frozen=True)
class Group:
    """A first-level entry with its items."""

    label: str
    items: tuple[Item, ...]


BOX_ICONS = {
    "todo": "inbox",
    "receipt": "mail",
    "in_hand": "pencil",
    "done": "checklist",
    "unread": "copy",
    "read": "mail-opened",
    "registered": "clipboard-text",
    "drafts": "note",
    "supervision": "flag",
    "due_soon": "clock-exclamation",
    "overdue": "alert-triangle",
}

MENU: tuple[Group, ...] = (
    Group(
        "工作台",
        (
            Item("工作台", "workbench.index", Verb.TASK_READ, "home"),
            Item("我的履职", "delegate.index", Verb.EXTENSION_CONSENT, "user-check"),
            Item("登记", "registration.new", Verb.CASE_REGISTER, "clipboard-text"),
            Item("汇总上报", "reports.index", Verb.CASE_REGISTER, "send"),
            Item("扫描件归档", "copies.scans", Verb.CASE_REGISTER, "archive"),
            Item("代理", "absences.index", Verb.DEPUTY_SET, "users"),
        ),
    ),
    Group(
        "我的办理",
        (
            *(
                Item(label, "inbox.show", Verb.TASK_READ, BOX_ICONS[box], {"box": box}, box)
                for box, label in BOXES.items()
            ),
            Item("网上来信", "submissions.index", Verb.SUBMISSION_HANDLE, "mail-opened", box="submissions"),
        ),
    ),
    Group(
        "查询",
        (
            Item("意见建议查询", "search.index", Verb.CASE_SEARCH, "search"),
            Item("跟踪明细帐", "ledger.index", Verb.LEDGER_READ, "book"),
            Item("评议情况", "ratings.index", Verb.LEDGER_READ, "star"),
            Item("消息", "messages.index", Verb.SESSION_OWN, "bell"),
        ),
    ),
    Group(
        "流程管理",
        (
            Item("流程", "procedures.index", Verb.DEFINITION_READ, "sitemap"),
            Item("运行监控", "operations.index", Verb.INSTANCE_OPERATE, "adjustments"),
            Item("定时", "operations.timers", Verb.INSTANCE_OPERATE, "clock-play"),
            Item("工作日历", "workdays.index", Verb.CALENDAR_READ, "calendar"),
            Item("办法参数", "parameters.index", Verb.PARAMETERS_READ, "adjustments"),
            Item("办法条文", "articles.index", Verb.ARTICLES_READ, "book"),
        ),
    ),
    Group(
        "系统管理",
        (
            Item("人员管理", "people.index", Verb.PEOPLE_MANAGE, "users"),
            Item("机构管理", "organisations.index", Verb.ORGANISATION_MANAGE, "building-community"),
            Item("打印字体", "fonts.index", Verb.FONTS_MANAGE, "printer"),
            Item("消息发送", "notices.index", Verb.NOTICES_READ, "send"),
            Item("异常", "incidents.index", Verb.INCIDENT_READ, "alert-triangle"),
        ),
    ),
)


class Shell:
    """What the frame of a page shows; computed only when a template asks, once per request."""

    @property
    def signed_in(self) -> bool:
        """Is there a person?"""
        return "session" in g and current_user.is_authenticated

    @property
    def name(self) -> str:
        """The person's name."""
        return str(current_user.person.name)

    @property
    def places(self) -> list[str]:
        """「机构 · 职务」 of each post held today."""
        held = [f"{name} · {DUTIES.get(duty, duty)}" for name, duty in desk.posts(g.session, actor())]
        return held + [f"代理 {row.name}" for row in actor().absent]

    @property
    def boxes(self) -> Mapping[str, int]:
        """Counts of all boxes, counted once per request."""
        if "boxes" not in g:
            g.boxes = desk.boxes(g.session, actor())
        counts: Mapping[str, int] = g.boxes
        return counts

    @property
    def submissions(self) -> int:
        """Letters from home that wait for this liaison, counted once per request."""
        if "submissions" not in g:
            g.submissions = submitting.waiting(g.session, actor())
        return int(g.submissions)

    @property
    def unread(self) -> int:
        """Unread messages."""
        return desk.unread_messages(g.session, actor())

    @property
    def menu(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """Groups with the items this person may use and that exist; marked the one this page belongs to."""
        groups = ((group.label, [self._line(item) for item in group.items if _usable(item)]) for group in MENU)
        found = [(label, lines) for label, lines in groups if lines]
        above = [line for _, lines in found for line in lines if f"{request.path}/".startswith(f"{line['address']}/")]
        if above:
            here = max(above, key=lambda line: len(line["address"]))
            here["here"] = "page" if here["address"] == request.path else "true"
        return found

    def _line(self, item: Item) -> dict[str, Any]:
        address = url_for(item.endpoint, **cast(dict[str, Any], item.values))
        count = self.submissions if item.box == "submissions" else self.boxes.get(item.box) if item.box else None
        return {"item": item, "address": address, "count": count, "here": ""}

    @property
    def login(self) -> str:
        """The name the person signs in with."""
        return str(current_user.person.login)

    @property
    def demo(self) -> bool:
        """Is this a demo installation?"""
        return house().settings.demo

    @property
    def demo_link(self) -> str:
        """Where one switches person, if those pages are there."""
        return url_for("demo.people") if "demo.people" in current_app.view_functions else ""

    @property
    def now(self) -> str:
        """The clock of the house, for people."""
        moment = clock.local(clock.now())
        return f"{moment.year}年{moment.month}月{moment.day}日 星期{'一二三四五六日'[moment.weekday()]}"


def _usable(item: Item) -> bool:
    return item.endpoint in current_app.view_functions and access.may(actor(), item.verb)


def set_up(app: Flask) -> None:
    """Make the frame known to every template."""
    app.context_processor(lambda: {"shell": Shell()})
