"""Messages that leave the house: an attempt is committed before, an outcome after, and doubt goes to a person."""

import json
import threading
from collections.abc import Callable, Mapping
from contextvars import copy_context
from dataclasses import replace
from datetime import timedelta
from email import message_from_string
from email.policy import default
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from engine import clock, config, db, outbox
from engine.errors import Conflict, Misconfigured
from engine.feedback.models import Copy
from engine.notices import delivery, operations
from engine.notices.delivery import Adapter, FileAdapter, Later, Message, SmtpAdapter
from engine.notices.models import Notice
from engine.work.models import Incident
from tests import factories
from tests.engine import mailserver

Clock = Callable[[str], object]


def queue(database: Engine, channel: str = "sms", address: str = "13800001234", subject: str = "答复") -> int:
    with db.transaction(database) as session:
        queued = operations.post(session, "feedback_copy", channel, address, subject, "正文", case_id=None)
    return queued.id


def send(database: Engine, adapters: Mapping[str, Adapter | None]) -> outbox.Sent:
    return outbox.send_due(partial(db.transaction, database), adapters)


def notice(database: Engine, notice_id: int) -> Notice:
    with db.transaction(database) as session:
        return session.get_one(Notice, notice_id)


class Unplugged:
    """An adapter whose other side does not answer."""

    def __init__(self) -> None:
        self.calls = 0

    def send(self, message: Message) -> str:
        self.calls += 1
        raise Later("没有应答")


class Killed:
    """The process ends while the message is under way."""

    def send(self, message: Message) -> str:
        raise SystemExit


def test_a_message_is_sent_once_with_its_proof(database: Engine, at: Clock, tmp_path: Path) -> None:
    at("2026-03-02 09:00")
    number = queue(database)
    file = FileAdapter(tmp_path / "sms.jsonl")
    assert send(database, {"sms": file}) == outbox.Sent(1, 0, 0, 0)
    assert send(database, {"sms": file}) == outbox.Sent(0, 0, 0, 0)
    (line,) = (tmp_path / "sms.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "at": "2026-03-02T09:00:00+08:00", "key": f"notice-{number}", "address": "13800001234", "subject": "答复",
        "body": "正文",
    }  # fmt: skip
    assert (tmp_path / "sms.jsonl").stat().st_mode & 0o077 == 0
    sent = notice(database, number)
    assert (sent.state, sent.attempts, sent.sent_at, sent.error) == ("sent", 1, clock.now(), "")


def test_many_senders_at_once_send_each_message_once(database: Engine, tmp_path: Path) -> None:
    numbers = [queue(database) for _ in range(30)]
    file = FileAdapter(tmp_path / "sms.jsonl")
    counts: list[int] = []
    threads = [
        threading.Thread(target=copy_context().run, args=(lambda: counts.append(send(database, {"sms": file}).sent),))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keys = [json.loads(line)["key"] for line in (tmp_path / "sms.jsonl").read_text().splitlines()]
    assert sorted(keys) == sorted(f"notice-{number}" for number in numbers)
    assert sum(counts) == 30


def test_a_failed_attempt_waits_longer_each_time_and_ends_as_an_incident(database: Engine, at: Clock) -> None:
    at("2026-03-02 09:00")
    number = queue(database)
    line = Unplugged()
    pauses = []
    for _ in range(outbox.MOST_ATTEMPTS):
        send(database, {"sms": line})
        send(database, {"sms": line})  # at once again: nothing is due
        row = notice(database, number)
        if row.next_attempt_at:
            pauses.append(int((row.next_attempt_at - clock.now()) / timedelta(minutes=1)))
            at(row.next_attempt_at)  # type: ignore[arg-type]
    assert pauses == [1, 2, 4, 8, 16, 32, 64]
    assert line.calls == outbox.MOST_ATTEMPTS
    row = notice(database, number)
    assert (row.state, row.error) == ("failed", "没有应答")
    with db.transaction(database) as session:
        assert "没有送达：没有应答" in session.scalars(select(Incident)).one().message


def test_a_sender_that_was_killed_leaves_a_question_not_a_second_message(database: Engine, at: Clock) -> None:
    at("2026-03-02 09:00")
    number = queue(database)
    with pytest.raises(SystemExit):
        send(database, {"sms": Killed()})
    assert notice(database, number).state == "sending"
    line = Unplugged()
    assert send(database, {"sms": line}).uncertain == 0  # it may still be under way
    at("2026-03-02 09:10")
    assert send(database, {"sms": line}).uncertain == 1
    assert line.calls == 0
    with db.transaction(database) as session:
        (row,) = outbox.uncertain(session)
        outbox.decide(session, row.id, arrived=False, remark="平台查无此条")
    with db.transaction(database) as session, pytest.raises(Conflict):
        outbox.decide(session, number, arrived=True, remark="")
    assert notice(database, number).state == "pending"


def test_a_person_may_say_that_it_arrived(database: Engine, at: Clock) -> None:
    at("2026-03-02 09:00")
    number = queue(database)
    with pytest.raises(SystemExit):
        send(database, {"sms": Killed()})
    at("2026-03-02 09:10")
    send(database, {"sms": Unplugged()})
    with db.transaction(database) as session:
        outbox.decide(session, number, arrived=True, remark="平台回执 881")
    assert (notice(database, number).state, notice(database, number).sent_at) == ("sent", clock.now())


def test_without_a_gateway_messages_wait_and_one_incident_tells(database: Engine, at: Clock) -> None:
    at("2026-03-02 09:00")
    numbers = [queue(database) for _ in range(3)]
    for _ in range(3):
        assert send(database, {"sms": None}).waiting == 3
    assert {notice(database, number).state for number in numbers} == {"pending"}
    with db.transaction(database) as session:
        incident = session.scalars(select(Incident)).one()
    assert incident.message == "没有配置短信通道，3条短信等待发送。请管理员配置后自动发出。"


def test_the_reporters_copy_is_delivered_when_the_message_left(database: Engine, at: Clock, tmp_path: Path) -> None:
    """Article 11: 抄送反映人, with its proof (R66, D5)."""
    at("2026-03-02 09:00")
    cast = factories.prepared(database)
    with db.transaction(database) as session:
        cast = replace(cast, session=session)
        case = factories.handled(session, cast)
        factories.step(session, cast, case, "answered")
        factories.step(session, cast, case, "accepted")
        copy = session.scalars(select(Copy).where(Copy.addressee == "reporter")).one()
        assert copy.state == "pending"
    send(database, {"sms": FileAdapter(tmp_path / "sms.jsonl")})
    with db.transaction(database) as session:
        copy = session.scalars(select(Copy).where(Copy.addressee == "reporter")).one()
    assert (copy.state, copy.delivered_at) == ("delivered", clock.now())
    assert copy.proof.startswith("短信 13800001234：")


# ------------------------------------------------------------------------------------------------ adapters


def mail(address: str, subject: str = "关于转运点的答复") -> Message:
    return Message("notice-7", address, subject, "您好：\n已调整作业时间。")


def test_mail_arrives_whole_and_names_itself_the_same_each_time() -> None:
    with mailserver.running() as server:
        proof = SmtpAdapter(server.url).send(mail("chen@example.cn", "答复\r\nBcc: all@example.cn"))
        SmtpAdapter(server.url).send(mail("chen@example.cn"))
        first, second = (message_from_string(text, policy=default) for text in server.mails)
    assert proof == "邮件服务器已接收：250 queued as 4711"
    assert first["Subject"] == "答复 Bcc: all@example.cn"
    assert first["Bcc"] is None
    assert (first["From"], first["To"]) == ("lianxin@example.cn", "chen@example.cn")
    assert "已调整作业时间" in first.get_content()
    assert first["Message-ID"] == second["Message-ID"] == "<notice-7@example.cn>"


@pytest.mark.parametrize(
    ("address", "state"),
    [("chen@example.cn", "sent"), ("refused@example.cn", "failed"), ("later@example.cn", "pending"),
     ("vanish@example.cn", "uncertain"), ("a b@\nexample", "failed"), ("", "failed")],
)  # fmt: skip
def test_what_the_mail_server_says_decides(database: Engine, address: str, state: str) -> None:
    number = queue(database, "mail", address)
    with mailserver.running() as server:
        send(database, {"mail": SmtpAdapter(server.url)})
    assert notice(database, number).state == state


def test_an_unreachable_mail_server_means_later() -> None:
    with mailserver.running() as server:
        url = server.url
    with pytest.raises(Later, match="无法连接"):
        SmtpAdapter(url).send(mail("chen@example.cn"))


def test_a_wrong_smtp_url_is_told_at_the_start() -> None:
    with pytest.raises(Misconfigured, match="SMTP_URL"):
        SmtpAdapter("mail.example.cn:25")


def test_production_without_channels_sends_nothing_into_files(tmp_path: Path) -> None:
    local = replace(config.load(), environment="local", data_dir=tmp_path, smtp_url="")
    assert {type(adapter) for adapter in delivery.adapters(local).values()} == {FileAdapter}
    assert delivery.adapters(replace(local, environment="production")) == {"sms": None, "mail": None}
    real = delivery.adapters(replace(local, environment="production", smtp_url="smtps://u:p@mail.example.cn"))
    assert isinstance(real["mail"], SmtpAdapter)
