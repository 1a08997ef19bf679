"""Who is told what: notices are rows in the act's own transaction, with texts from the package's notices/ (rule 7)."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.cases.models import Case
from engine.catalogue import pools
from engine.catalogue.act import Act
from engine.catalogue.leading import leader
from engine.notices import operations as notices
from engine.notices.models import Notice
from engine.packages import queries as packages
from engine.submissions import queries as submissions
from engine.work.models import Instance

PROCESS = "opinion"
ADDRESSEES = {"reporter": "反映人", "delegate": "市党代表", "studio": "党代表工作室"}
DECISIONS = {"unit": "交市有关部门办理", "department": "交市委组织部", "file": "阅存"}


# what a text may name: its word, and an example for the preview (`_names` fills them)
PLACEHOLDERS: dict[str, tuple[str, str]] = {
    "number": ("编号", "沙头角街道沙头角社区2026001"),
    "summary": ("内容摘要", "小区门口路灯损坏，夜间出行不便"),
    "studio": ("登记的党代表工作室", "沙头角社区党代表工作室"),
    "delegate": ("签名的市党代表", "陈代表"),
    "reporter": ("反映人姓名", "李某"),
    "code": ("查询码", "4821"),
    "department": ("所在层级的组织部门", "沙头角街道党工委组织部门"),
    "unit": ("承办单位", "沙头角街道城管办"),
    "received": ("收到来文之日", "2026年3月4日"),
    "limit": ("办理时限（工作日）", "10"),
    "due": ("截止日", "2026年3月18日"),
    "days": ("剩余或逾期的工作日数", "3"),
    "lead": ("并案的主件编号", "沙头角街道沙头角社区2026001"),
    "reason": ("退回、延期、终止的理由", "需现场勘察"),
    "meeting": ("协商时间", "2026年3月16日14:30"),
    "venue": ("协商地点", "沙头角社区党代表工作室"),
    "topic": ("协商议题或商定事项", "夜间作业时间"),
    "sent": ("来信日期", "3月4日"),
    "receipt": ("网上来信的回执码", "1234-5678-9012"),
    "community": ("来信反映的社区", "沙头角社区"),
}
# written where there is no case yet, or outside its procedure: these names are filled in and no others
NARROW: dict[str, tuple[str, ...]] = {
    "letter_arrived": ("community", "sent"),
    "letter_received": ("sent", "receipt", "studio"),
    "letter_declined": ("sent", "receipt", "studio", "reason"),
    "letter_registered": ("sent", "receipt", "studio", "number", "code"),
    "copy_failed": ("number", "studio", "reason"),
}
OF_LETTERS = ("sent", "receipt", "community")

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def fill(text: str, names: Mapping[str, Any]) -> str:
    """A notice text with its {placeholders} filled: plain names only, because administrators edit the text. What
    this case does not have yet reads as a dash, never as an error."""
    return _PLACEHOLDER.sub(lambda found: str(names.get(found[1], "—")), text.strip())


def placeholders(kind: str) -> dict[str, tuple[str, str]]:
    """What the texts of this kind of notice may name: its word, and an example."""
    names = NARROW.get(kind) or tuple(name for name in PLACEHOLDERS if name not in OF_LETTERS)
    return {name: PLACEHOLDERS[name] for name in names}


def text(session: Session, kind: str, names: Mapping[str, Any], *, case_id: int | None = None) -> tuple[str, str]:
    """(subject, body) of a notice that no step of a case writes: in the words of the version the case runs on, without
    a case of the one it would run on."""
    return _worded(session, version_of(session, case_id), kind, names)


def post(
    session: Session, kind: str, channel: str, address: str, names: Mapping[str, Any], *, case_id: int | None = None
) -> None:
    """Send a `text` out of the house (`channel` sms or mail); nothing without an address."""
    if address:
        notices.post(session, kind, channel, address, *text(session, kind, names, case_id=case_id), case_id=case_id)


def version_of(session: Session, case_id: int | None) -> int:
    """The package whose words count outside the steps of a case."""
    running = select(Instance.package_id).where(Instance.case_id == case_id).order_by(Instance.id.desc()).limit(1)
    known = session.scalars(running).first() if case_id is not None else None
    return known or packages.in_force(session, PROCESS, clock.today()).id


def _worded(session: Session, package_id: int, kind: str, names: Mapping[str, Any]) -> tuple[str, str]:
    subject, body = (
        packages.supplied(session, package_id, f"notices/{kind}/{part}.txt").decode() for part in ("subject", "body")
    )
    return fill(subject, names), fill(body, names)


def _text(act: Act, kind: str) -> tuple[str, str]:
    package_id = act.session.get_one(Instance, act.instance_id).package_id
    return _worded(act.session, package_id, kind, _names(act))


def _names(act: Act) -> dict[str, Any]:
    case, handling = act.case, act.handling
    names: dict[str, Any] = {
        "number": case.number,
        "summary": case.summary,
        "studio": case.studio_name,
        "delegate": leader(act.session, case),
        "reporter": case.reporter_name,
        "code": case.query_code,
        "reason": case.outcome_reason or act.form.get("reason", ""),
        "department": pools.department(act, case.tier if case.tier != "community" else "street").name,
    }
    names |= {name: act.form[name] for name in ("meeting", "venue", "topic") if act.form.get(name)}
    if case.merged_into_id is not None:
        names["lead"] = act.once("lead", lambda: act.session.get_one(Case, case.merged_into_id)).number
    if handling is not None:
        extended = "extended_answer_limit" if handling.extended else "answer_limit"
        due = act.calendar.working_days(handling.received_on, act.parameter(extended))
        left = act.calendar.between(clock.local(act.now).date(), due)
        names |= {
            "unit": act.organisation_name(handling.unit_id),
            "received": f"{handling.received_on.year}年{handling.received_on.month}月{handling.received_on.day}日",
            "due": f"{due.year}年{due.month}月{due.day}日" + ("（暂定）" if due.basis["provisional"] else ""),
            "days": abs(left),
            "limit": act.parameter(extended),
        }
    return names


def organisation(act: Act, kind: str, organisation_id: int | None, duty: str = "") -> None:
    """Tell an organisation, in its messages."""
    subject, body = _text(act, kind)
    notice = notices.tell(
        act.session, kind, subject, body, case_id=act.case.id, organisation_id=organisation_id, duty=duty
    )
    act.notices.append(notice)


def department(act: Act, kind: str) -> None:
    """Tell the organisation department (or committee) of the case's tier."""
    organisation(act, kind, pools.tier_department(act).id)


def delegate(act: Act, kind: str) -> None:
    """Tell the signing delegate."""
    subject, body = _text(act, kind)
    notice = notices.tell(act.session, kind, subject, body, case_id=act.case.id, person_id=act.case.delegate_person_id)
    act.notices.append(notice)


def person(act: Act, kind: str, person_id: int) -> None:
    """Tell one person, in the person's messages."""
    subject, body = _text(act, kind)
    act.notices.append(notices.tell(act.session, kind, subject, body, case_id=act.case.id, person_id=person_id))


def mobile(phone: str) -> str:
    """The number a text message goes to, "" when it is no mobile."""
    phone = phone.replace(" ", "").replace("-", "")
    return phone if phone.isdigit() and len(phone) == 11 and phone.startswith("1") else ""


def reporter(act: Act, kind: str) -> Notice | None:
    """Send the reporter a text message; who gave no mobile number with a letter from home but an address, a mail. None
    when there is neither, so that paper must do (R66)."""
    channel, address = "sms", mobile(act.case.reporter_phone)
    if not address and act.case.channel == "network":
        channel, address = "mail", submissions.mail_of(act.session, act.case.id)
    if not address:
        return None
    subject, body = _text(act, kind)
    notice = notices.post(act.session, kind, channel, address, subject, body, case_id=act.case.id)
    act.notices.append(notice)
    return notice


def parties(act: Act, kind: str) -> None:
    """Tell everybody concerned that the case ended another way: reporter, delegate, studio."""
    reporter(act, kind)
    delegate(act, kind)
    organisation(act, kind, act.case.studio_id)


def withdraw(session: Session, notice_ids: list[int]) -> None:
    """Take back the notices of a withdrawn act that nobody has read yet."""
    notices.withdraw(session, notice_ids)
