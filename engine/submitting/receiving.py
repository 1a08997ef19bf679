"""A resident without account sends an opinion from home and asks what became of it, by the code of the receipt.

Nothing here needs another party: what is too much is counted in the database, and one field is left empty by people.
"""

import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock, forms
from engine.attachments import inspecting, naming
from engine.attachments.store import Store
from engine.cases import attempts
from engine.cases.models import Case
from engine.catalogue import letters
from engine.errors import Conflict, Invalid
from engine.organisation import queries as organisation
from engine.organisation.models import Place
from engine.submissions import queries
from engine.submissions.models import Submission, SubmissionFile
from engine.submitting import places
from engine.submitting.privacy import VERSION

CODE_LENGTH = 12  # digits: easy to read out and to type; too many to try, ten wrong ones lock
MOST_CONTENT = 3000
MOST_FILES = 5
MOST_FROM_ONE_ADDRESS = 10  # within HOUR; a community's computer room shares one
MOST_OPEN = 300  # of one studio: a flood from many addresses does not bury what people wrote
MOST_ASKED = 10
HOUR = timedelta(hours=1)
LOCKED_FOR = timedelta(minutes=15)
TRAP = "website"  # a field that people never see
PHONE = re.compile(r"1[3-9]\d{9}|(0\d{2,3}-?)?[2-9]\d{6,7}(-\d{1,6})?")
LIMITS = {"name": 30, "phone": 30, "email": 120, "address": 200, "content": MOST_CONTENT}
MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
REFUSED = "没有查到相符的来信。请核对回执码；连续多次不符的，15分钟内不能查询。"


@dataclass(frozen=True)
class Upload:
    """A file as the browser sent it."""

    filename: str
    data: bytes


@dataclass(frozen=True)
class Sent:
    """What the sender is told: the code to keep."""

    code: str
    community: str
    studio: str
    at: datetime


@dataclass(frozen=True)
class Answer:
    """What became of it, for whoever has the code: `state` open | taken | registered | declined."""

    code: str
    at: datetime
    community: str
    studio: str
    state: str
    reason: str
    number: str


def receive(
    session: Session, store: Store, community_code: str, typed: Mapping[str, str], files: Sequence[Upload],
    address: str, once: str,
) -> Sent:  # fmt: skip
    """Keep an opinion sent from home and tell the studio's liaison (or whoever acts as one, R12). `typed`: name, phone,
    address, content, consent; `once`: of the form, so that a second click is the same letter.

    Raises Invalid with a sentence per wrong field; Conflict when too many came from one address."""
    place, found = places.community(session, community_code)
    studio = organisation.studio_of(session, place.id)
    counter = attempts.counters(session, (attempts.digest("submission", address),))[0]
    known = queries.by_once(session, once)
    if known is not None:
        return Sent(known.code, found.name, studio.name, known.at)
    if attempts.locked(counter):
        raise Conflict("从这个网络来的来信太多了，请一小时后再发，或直接联系社区党代表工作室。")
    if queries.waiting(session, [studio.id]) >= MOST_OPEN:
        raise Conflict(f"{studio.name}待处理的来信已满，请到工作室当面反映，或打电话联系。")
    data = _checked(typed, files, store)
    row = Submission(
        code=_code(session), once=once, studio_id=studio.id, community_id=place.id, consent=VERSION, at=clock.now(),
        **data,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _keep(session, store, row, files)
    attempts.count(counter, MOST_FROM_ONE_ADDRESS, HOUR)
    letters.received(session, row, studio.name, found.name)
    return Sent(row.code, found.name, studio.name, row.at)


def _checked(typed: Mapping[str, str], files: Sequence[Upload], store: Store) -> dict[str, str]:
    """The fields as they will be stored; every wrong one has its sentence."""
    data = {name: typed.get(name, "").replace("\r\n", "\n").strip() for name in LIMITS}
    for name in ("phone", "email"):
        data[name] = unicodedata.normalize("NFKC", data[name]).replace(" ", "")
    errors = _wrong(data)
    if typed.get("consent") != VERSION:
        errors["consent"] = "请先阅读个人信息说明，并勾选同意。"
    if typed.get(TRAP):
        errors[TRAP] = "此栏请留空。"
    if sentence := _wrong_files(files, store):
        errors["files"] = sentence
    if errors:
        raise Invalid(f"有 {len(errors)} 处需要修改，请看下面的说明。", errors=errors)
    return data


def _wrong(data: Mapping[str, str]) -> dict[str, str]:
    errors = {
        name: f"最多 {most} 个字，现有 {len(data[name])} 个字。"
        for name, most in LIMITS.items()
        if len(data[name]) > most
    }
    for name, text in data.items():
        if forms.stray(text) is not None:
            errors[name] = "有看不见的控制字符，请删去后重新输入。"
    if not data["content"]:
        errors["content"] = "请写明您要反映的情况。"
    if not data["phone"] and not data["address"]:
        errors["phone"] = "电话和住址至少填写一项，否则无法答复您。"
    elif data["phone"] and not PHONE.fullmatch(data["phone"]):
        errors["phone"] = "请填写11位手机号码，或固定电话（如 0755-25550000）。"
    if data["email"] and not MAIL.fullmatch(data["email"]):
        errors["email"] = "请填写正确的电子邮箱，例如 name@example.cn。"
    return errors


def _wrong_files(files: Sequence[Upload], store: Store) -> str:
    """One sentence per file that cannot be taken, naming it; "" when all can."""
    sentences = [f"最多 {MOST_FILES} 个附件，现有 {len(files)} 个。"] if len(files) > MOST_FILES else []
    for file in files:
        name = naming.told(file.filename)
        if len(file.data) > store.limit:
            sentences.append(f"“{name}”超过 {store.limit // 1_000_000} 兆，请压缩后上传。")
            continue
        try:
            inspecting.media_type(file.data)
        except Invalid as refused:
            sentences.append(f"“{name}”不能上传：{refused.message}。")
    return " ".join(sentences)


def _keep(session: Session, store: Store, row: Submission, files: Sequence[Upload]) -> None:
    session.add_all(
        SubmissionFile(
            submission_id=row.id, filename=naming.told(file.filename), media_type=inspecting.media_type(file.data),
            size=len(file.data), sha256=store.write(file.data),
        )
        for file in files
    )  # fmt: skip
    session.flush()


def _code(session: Session) -> str:
    while True:
        code = "".join(secrets.choice("0123456789") for _ in range(CODE_LENGTH))
        if queries.by_code(session, code) is None:
            return code


# ------------------------------------------------------------------------------------------------ the receipt


def find(session: Session, code: str, address: str) -> Answer | None:
    """What became of the letter with that receipt, or None; wrong codes are counted per address (the caller commits in
    both cases) and lock it for 15 minutes."""
    code = "".join(char for char in unicodedata.normalize("NFKC", code[:60]) if char.isdigit())
    counter = attempts.counters(session, (attempts.digest("receipt", address),))[0]
    row = queries.by_code(session, code)
    if attempts.locked(counter):
        return None
    if row is None:
        attempts.count(counter, MOST_ASKED, LOCKED_FOR)
        return None
    return _answer(session, row)


def _answer(session: Session, row: Submission) -> Answer:
    number = session.scalar(select(Case.number).where(Case.id == row.case_id)) if row.case_id else None
    return Answer(
        code=row.code,
        at=row.at,
        community=session.get_one(Place, row.community_id).name,
        studio=organisation.studio_of(session, row.community_id).name,
        state="taken" if row.state == "open" and row.draft_key else row.state,
        reason=row.reason,
        number=number or "",
    )
