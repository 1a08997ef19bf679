"""Adapters that carry a message out of the house: SMTP, and a file where nothing real is connected.

An adapter returns its proof, or raises Refused (never try again), Later (try again) or Unsure (it may have arrived:
a person decides). It is handed plain values and never sees the database.
"""

import json
import os
import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.header import Header
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from engine import clock
from engine.config import Settings
from engine.errors import Misconfigured

TIMEOUT = 15.0
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
TEMPORARY = 400  # SMTP replies: 4xx may work later, 5xx will not
PERMANENT = 500
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")  # one, and nothing else


@dataclass(frozen=True)
class Message:
    """One message as it leaves: `key` is the same at every attempt, so that a receiver can tell a repetition."""

    key: str
    address: str
    subject: str
    body: str


class Refused(Exception):  # outcomes, not errors of the user
    """The other side will never take it."""


class Later(Exception):
    """It did not leave; another attempt may work."""


class Unsure(Exception):
    """The connection broke after the text was handed over."""


class Adapter(Protocol):
    """Carries messages of one channel."""

    def send(self, message: Message) -> str:
        """Hand the message over; the proof for the file, at most 300 characters."""
        ...


@dataclass(frozen=True)
class FileAdapter:
    """Appends each message as a JSON line: what a local or demo installation would have sent."""

    file: Path

    def send(self, message: Message) -> str:
        """One line, written and flushed to disk in one go; readable by the owner only (it holds phone numbers)."""
        line = {"at": clock.local(clock.now()).isoformat(timespec="seconds"), **vars(message)}
        try:
            text = (json.dumps(line, ensure_ascii=False) + "\n").encode()
        except UnicodeEncodeError as problem:
            raise Refused(f"内容不能发送：{problem.reason}") from problem
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            target = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(target, text)
                os.fsync(target)
            finally:
                os.close(target)
        except OSError as problem:
            raise Later(f"无法写入 {self.file.name}：{problem}") from problem
        return f"已写入 {self.file.name}（演示，未真正发出）"


class SmtpAdapter:
    """Mail through SMTP_URL: smtp://, smtp+starttls:// or smtps://user:password@host:port?from=address."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise Misconfigured("SMTP_URL 应写作 smtps://用户:密码@主机:端口?from=发件地址。")
        self.parts = parts
        self.user = unquote(parts.username or "")
        self.sender = parse_qs(parts.query).get("from", [self.user or f"lianxin@{parts.hostname}"])[0]

    def send(self, message: Message) -> str:
        """Deliver to the mail server; its reply is the proof."""
        text = self._text(message)
        server = self._connect(self.parts)
        try:
            self._hand_over(server, message)
            return _data(server, text)
        finally:
            server.close()

    def _text(self, message: Message) -> bytes:
        if not ADDRESS.fullmatch(message.address):
            raise Refused("没有邮件地址" if not message.address.strip() else "不是一个可以使用的邮件地址")
        mail = EmailMessage()
        try:
            mail["From"], mail["To"] = self.sender, message.address
            mail["Subject"] = " ".join(message.subject.split())  # a line break would start another header
            mail["Date"] = format_datetime(clock.local(clock.now()))
            mail["Message-ID"] = f"<{message.key}@{self.sender.rpartition('@')[2]}>"
            mail.set_content(message.body, cte="base64")  # not every server takes eight bits
            return _subject(message.subject) + mail.as_bytes()
        except (MessageError, ValueError, IndexError) as problem:
            raise Refused(f"地址或内容不能作为邮件发送：{problem}") from problem

    def _connect(self, parts: SplitResult) -> smtplib.SMTP:
        host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
        try:
            if parts.scheme == "smtps":
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    host, port, timeout=TIMEOUT, context=ssl.create_default_context()
                )
            else:
                server = smtplib.SMTP(host, port, timeout=TIMEOUT)
            if parts.scheme == "smtp+starttls":
                server.starttls(context=ssl.create_default_context())
            server.ehlo_or_helo_if_needed()
            if self.user:
                server.login(self.user, unquote(parts.password or ""))
        except (OSError, smtplib.SMTPException) as problem:
            raise Later(f"无法连接邮件服务器：{problem}") from problem
        return server

    def _hand_over(self, server: smtplib.SMTP, message: Message) -> None:
        try:
            for code, reply in (server.mail(self.sender), server.rcpt(message.address)):
                _check(code, reply)
        except (OSError, smtplib.SMTPException) as problem:
            raise Later(f"邮件服务器中断：{problem}") from problem


def _subject(text: str) -> bytes:
    """The first header, always encoded: a line break (become a blank) starts no other header, and what looks like an
    encoded word stays what it looks like."""
    return f"Subject: {Header(' '.join(text.splitlines()), 'utf-8', header_name='Subject').encode()}\n".encode()


def _data(server: smtplib.SMTP, text: bytes) -> str:
    try:
        code, reply = server.data(text)
    except smtplib.SMTPDataError as problem:  # refused before any text
        _check(problem.smtp_code, problem.smtp_error)
        raise Later(str(problem)) from problem
    except (OSError, smtplib.SMTPException) as problem:
        raise Unsure(f"内容已交出，未收到邮件服务器的答复：{problem}") from problem
    _check(code, reply)
    return f"邮件服务器已接收：{code} {_plain(reply)}"[:300]


def _check(code: int, reply: bytes | str) -> None:
    if code >= PERMANENT:
        raise Refused(f"邮件服务器拒收：{code} {_plain(reply)}")
    if code >= TEMPORARY:
        raise Later(f"邮件服务器暂不接收：{code} {_plain(reply)}")


def _plain(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply


def adapters(settings: Settings) -> Mapping[str, Adapter | None]:
    """The adapter of each channel; None where production has none configured, so that its messages wait."""
    stand_in = None if settings.production else settings.data_dir
    return {
        "sms": FileAdapter(stand_in / "sms-outbox.jsonl") if stand_in else None,
        "mail": (
            SmtpAdapter(settings.smtp_url)
            if settings.smtp_url
            else FileAdapter(stand_in / "mail-outbox.jsonl")
            if stand_in
            else None
        ),
    }
