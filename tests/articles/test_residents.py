"""What residents see and are sent: the own case by number and code (R92), the answer as a message (R66), in words an
administrator wrote (words.md); masking (R99) is tried on the pages, in tests/web/test_reveal.py."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from email import message_from_string
from email.policy import default
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from engine import casefile, clock, db, definitions, outbox, tracking
from engine.cases.models import Case
from engine.catalogue import letters, telling
from engine.config import ROOT
from engine.errors import Forbidden, NotFound
from engine.feedback.models import Copy
from engine.notices import operations as notices
from engine.notices.delivery import FileAdapter, Later, Message, SmtpAdapter
from engine.notices.models import Notice
from engine.packages import operations as packages
from engine.submissions.models import Submission
from engine.work.models import History
from tests import factories
from tests.engine import mailserver
from tests.people import Cast

HOME, NEIGHBOUR = "192.0.2.1", "192.0.2.2"


def test_r92_number_and_digits_show_state_holder_date_and_feedback(session: Session, cast: Cast) -> None:
    """「right → state, current holder tier, due date, feedback」."""
    case = factories.handled(session, cast)
    assert tracking.find(session, case.number, "1234", HOME) == case.id
    seen = tracking.view(session, case.id)
    assert (seen.holder, seen.due_on) == ("沙头角街道城管科", case_due(session, case))
    assert [rung.name for rung in seen.rungs if rung.here] == ["沙头角街道"]
    factories.step(session, cast, case, "answered")
    assert tracking.view(session, case.id).answers == [], "not before it is accepted"
    factories.step(session, cast, case, "accepted")
    assert "密闭压缩箱" in tracking.view(session, case.id).answers[0].text


def case_due(session: Session, case: Case) -> object:
    due = session.scalars(
        select(factories.Task.due_at).where(factories.Task.case_id == case.id, factories.Task.role == "answer")
    ).one()
    return (clock.local(due) - timedelta(seconds=1)).date()


def test_r92_wrong_unknown_and_locked_are_answered_alike(session: Session, cast: Cast) -> None:
    """「response never says whether number exists」: the same words after the same statements."""
    case = factories.registered(session, cast)
    session.flush()
    asked: list[list[str]] = []
    listen = partial(_note, asked)
    event.listen(session.get_bind(), "before_cursor_execute", listen)
    try:
        for number, code in ((case.number, "0000"), ("没有这个编号2026001", "0000"), (case.number, "")):
            asked.append([])
            assert tracking.find(session, number, code, f"198.51.100.{len(asked)}") is None
            session.flush()
    finally:
        event.remove(session.get_bind(), "before_cursor_execute", listen)
    assert asked[0] == asked[1] == asked[2]
    assert len(asked[0]) > 3


def _note(asked: list[list[str]], _connection: object, _cursor: object, statement: str, *_: object) -> None:
    asked[-1].append(statement)


def test_r92_five_wrong_ones_lock_for_fifteen_minutes(
    session: Session, cast: Cast, at: Callable[[str], object]
) -> None:
    case = factories.registered(session, cast)
    for _ in range(5):
        assert tracking.find(session, case.number, "0000", HOME) is None
    assert tracking.find(session, case.number, "1234", NEIGHBOUR) is None, "the number is locked, from wherever"
    at("2026-02-13 10:14")
    assert tracking.find(session, case.number, "1234", HOME) is None
    at("2026-02-13 10:16")
    assert tracking.find(session, case.number, "1234", HOME) == case.id


def test_r99_masked_for_roles_without_right_in_full_by_right(session: Session, cast: Cast) -> None:
    """「masked 138****0000 for roles without right」: who must reach the reporter has it; a reveal is a row."""
    case = factories.handled(session, cast, reporter_phone="13800000000")
    seen = {
        who: casefile.load(session, cast.actor(who), case.id).contact
        for who in ("liaison", "delegate", "unit_clerk", "street_clerk", "city_clerk")
    }
    assert {who: contact.phone for who, contact in seen.items()} == {
        "liaison": "13800000000", "delegate": "13800000000", "unit_clerk": "13800000000",
        "street_clerk": "138****0000", "city_clerk": "138****0000",
    }  # fmt: skip
    assert seen["street_clerk"].address.endswith("****")
    _case, contact = casefile.reveal(session, cast.actor("street_clerk"), case.id, "约定评议时间")
    session.flush()
    row = session.scalars(select(History).where(History.act == "contact_revealed")).one()
    assert (contact.phone, row.actor_name, row.opinion) == ("13800000000", "王经办", "约定评议时间")
    for who in ("unit_clerk", "system_administrator", "procedure_administrator", "auditor", "far_clerk"):
        with pytest.raises((Forbidden, NotFound)):
            casefile.reveal(session, cast.actor(who), case.id, "约定评议时间")


KINDS = ("feedback_copy_reporter", "letter_received", "letter_declined", "letter_registered")


def post(session: Session, number: int) -> None:
    """Message `number`, mail and text message by turns, of every kind a resident gets."""
    channel, address = (("mail", f"r{number}@example.cn"), ("sms", f"138000000{number:02}"))[number % 2]
    notices.post(session, KINDS[number // 2 % 4], channel, address, f"答复{number}", "正文", case_id=None)


class Away:
    """A text message gateway that does not answer."""

    def send(self, message: Message) -> str:
        raise Later("没有应答")


def test_r66_mail_server_and_gateway_are_down_for_an_hour_and_everything_arrives_once(
    database: Engine, at: Callable[[str], object], tmp_path: Path
) -> None:
    """Rows first, sent after commit, retried: nothing is lost, nothing is sent twice (rule 7)."""
    at("2026-03-02 09:00")
    with db.transaction(database) as session:
        for number in range(12):
            post(session, number)
    begin = partial(db.transaction, database)
    with mailserver.running() as server:
        away, url = SmtpAdapter("smtp://127.0.0.1:9?from=lianxin@example.cn"), server.url
        for minute in range(0, 60, 5):
            at(f"2026-03-02 09:{minute:02}")
            assert outbox.send_due(begin, {"mail": away, "sms": Away()}).sent == 0
        for minute in range(0, 59, 20):
            at(f"2026-03-02 10:{minute:02}")
            outbox.send_due(begin, {"mail": SmtpAdapter(url), "sms": FileAdapter(tmp_path / "sms.jsonl")})
        got = sorted(str(message_from_string(text, policy=default)["To"]) for text in server.mails)
    assert got == sorted(f"r{number}@example.cn" for number in range(0, 12, 2))
    sent = sorted(json.loads(line)["address"] for line in (tmp_path / "sms.jsonl").read_text("utf-8").splitlines())
    assert sent == [f"138000000{number:02}" for number in range(1, 12, 2)]
    with db.reading(database) as session:
        assert set(session.scalars(select(Notice.state))) == {"sent"}


class Dies:
    """A worker that is killed while every third message is under way, after the gateway took it."""

    def __init__(self, file: Path) -> None:
        self.file, self.calls = FileAdapter(file), 0

    def send(self, message: Message) -> str:
        self.calls += 1
        proof = self.file.send(message)
        if self.calls % 3 == 0:
            raise SystemExit
        return proof


def test_r66_a_worker_killed_while_sending_sends_none_twice_and_the_uncertain_are_listed(
    database: Engine, at: Callable[[str], object], tmp_path: Path
) -> None:
    at("2026-03-02 09:00")
    with db.transaction(database) as session:
        for number in range(9):
            post(session, number)
    dies, begin = Dies(tmp_path / "sent.jsonl"), partial(db.transaction, database)
    for _ in range(3):
        with pytest.raises(SystemExit):
            outbox.send_due(begin, {"sms": dies, "mail": dies})
    at("2026-03-02 09:11")
    assert outbox.send_due(begin, {"sms": dies, "mail": dies}).uncertain == 3
    lines = (tmp_path / "sent.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len({json.loads(line)["key"] for line in lines}) == 9
    with db.reading(database) as session:
        listed = [(row.subject, row.channel) for row in outbox.uncertain(session)]
    assert listed == [("答复2", "mail"), ("答复5", "sms"), ("答复8", "mail")]


def test_r66_the_reporters_copy_is_a_delivery_row_with_its_proof(
    database: Engine, at: Callable[[str], object], tmp_path: Path
) -> None:
    """「同时抄送反映人」: by text message where there is a mobile; the row says when and with what proof."""
    at("2026-03-02 09:00")
    cast = factories.prepared(database)
    with db.transaction(database) as session:
        here = replace(cast, session=session)
        case = factories.handled(session, here)
        for name in ("answered", "accepted"):
            factories.step(session, here, case, name)
    outbox.send_due(partial(db.transaction, database), {"sms": FileAdapter(tmp_path / "sms.jsonl")})
    with db.reading(database) as session:
        copy = session.scalars(select(Copy).where(Copy.addressee == "reporter")).one()
        assert (copy.channel, copy.state, copy.delivered_at) == ("sms", "delivered", clock.now())
        assert "sms.jsonl" in copy.proof


def letter(session: Session, cast: Cast, case: Case | None = None, **changes: str) -> Submission:
    """A letter from home, registered as `case` if there is one."""
    row = Submission(
        code="123456789012", once="0" * 32, studio_id=cast.studio.id, community_id=cast.studio.place_id, content="来信",
        consent="1", at=clock.now(), state="registered" if case else "open", case_id=case.id if case else None,
        **({"email": "he@example.cn"} | changes),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def test_r66_who_wrote_from_home_without_a_mobile_is_answered_by_mail(
    session: Session, cast: Cast, tmp_path: Path
) -> None:
    """「citizen without phone/e-mail → printed letter」: with an address no paper is needed, and the row has its proof."""
    case = factories.handled(session, cast, reporter_phone="0755-25550000")
    case.channel = "network"
    letter(session, cast, case)
    for name in ("answered", "accepted"):
        factories.step(session, cast, case, name)
    session.flush()
    copy = session.scalars(select(Copy).where(Copy.addressee == "reporter")).one()
    assert (copy.channel, copy.state) == ("mail", "pending")
    assert session.scalars(select(factories.Task).where(factories.Task.role == "letter")).all() == []
    file = tmp_path / "mail.jsonl"
    outbox.send_due(lambda: nullcontext(session), {"mail": FileAdapter(file)})
    assert (copy.state, copy.proof.startswith("邮件 he@example.cn：")) == ("delivered", True)
    assert f"查询码 {case.query_code}" in file.read_text(encoding="utf-8")


def test_r66_what_a_letter_is_answered_with_is_the_text_of_the_version(session: Session, cast: Cast) -> None:
    """Texts stand beside the diagram: a new version has its own, a running case keeps those it began with, and a value
    that looks like a placeholder stays what was typed."""
    case = factories.registered(session, cast)
    files = definitions.read_folder(ROOT / "processes" / "opinion")
    files["notices/letter_declined/body.txt"] = "{studio}｜{reason}｜{receipt}\n".encode()
    new = packages.publish(session, "opinion", files, reason="改信")
    assert telling.version_of(session, None) == new.id != telling.version_of(session, case.id)
    hostile = "{studio} {0.__class__} %s {{7*7}} <b>"
    letters.declined(session, letter(session, cast, phone="13900005678", reason=f"{hostile}。"), "甲{reason}")
    session.flush()
    rows = session.scalars(select(Notice).where(Notice.kind == "letter_declined").order_by(Notice.id)).all()
    assert [row.channel for row in rows] == ["mail", "sms"]
    assert {row.body for row in rows} == {f"甲{{reason}}｜{hostile}｜1234-5678-9012"}
