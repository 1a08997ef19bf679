"""What leaves the house arrives as it was written, and texts of a procedure name nothing that nobody fills in."""

from email import message_from_string
from email.policy import default
from pathlib import Path

import pytest

from engine import definitions
from engine.catalogue.telling import placeholders
from engine.config import ROOT
from engine.notices.delivery import FileAdapter, Message, Refused, SmtpAdapter
from engine.packages.checking import check_files
from tests.engine import mailserver

HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
}  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("答复\r\nBcc: all@example.cn", "第一行\n\n.\n..点开头\nFrom 这里"),
        ("\u202etxt.exe 答复", "右起\u202e文字\u2066隔离\u2069 零宽\u200b连接\u200d"),
        ("=?utf-8?b?5pS7?=", "=1+1\n<script>alert(1)</script> {reason} %s 𠮷䶮㙍"),
        ("  两个  空格" + "很长的标题" * 12, ""),
        ("控制\x1b[31m符", "响铃\x07与转义\x1b[0m"),
        ("x" * 3000, "一行很长" * 2000 + "x" * 5000),
        ("答复\x0bX-A: 1\x85X-B: 2\u2028X-C: 3\nX-D: 4", "\x00\x0b\x85\u2028 👨\u200d👩\u200d👧 王㐂 陈𬎆 e\u0301"),
    ],
)
def test_hostile_text_goes_through_mail_as_it_is_and_opens_no_header(subject: str, body: str) -> None:
    """A subject is one line: its breaks become blanks. Bodies arrive exactly."""
    with mailserver.running() as server:
        SmtpAdapter(server.url).send(Message("notice-1", "chen@example.cn", subject, body))
        (mail,) = (message_from_string(text, policy=default) for text in server.mails)
    assert mail.get_content() == body + "\n"
    assert str(mail["Subject"]) == " ".join(subject.splitlines())
    assert set(mail.keys()) <= HEADERS
    assert mail["To"] == "chen@example.cn"
    assert max(map(len, server.mails[0].splitlines())) < 998, "what a mail server takes"


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("c@example.cn", "半个\ud800字"), ("c@example.cn\r\nBcc: all@example.cn", ""), ("c@example.cn, d@example.cn", ""),
        ("c@example.cn> NOTIFY=NEVER <", ""), ("c@example.cn\x00", ""), ("陈@example.cn", ""), ("陈 <c@example.cn>", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_to_one_address_as_it_is_is_refused_for_good(
    address: str, body: str, tmp_path: Path
) -> None:
    """Refused before anything is said to a server: not retried, and never in doubt."""
    message = Message("notice-1", address, "答复", body)
    with pytest.raises(Refused):
        SmtpAdapter("smtp://127.0.0.1:9?from=l@example.cn").send(message)
    if body:
        with pytest.raises(Refused):
            FileAdapter(tmp_path / "sms.jsonl").send(message)


def test_a_placeholder_nobody_fills_in_keeps_a_version_from_being_published() -> None:
    """Texts are files beside the diagram; what is not known where one is written would be sent as a dash."""
    files = definitions.read_folder(ROOT / "processes" / "opinion")
    assert not [finding for finding in check_files("opinion", files, placeholders) if finding.severity == "error"]
    unknown = {
        "referral/subject": "deadline", "referral/body": "receipt", "letter_received/body": "unit",
        "letter_declined/subject": "reason.__class__",
    }  # fmt: skip
    for text, name in unknown.items():
        files[f"notices/{text}.txt"] = files[f"notices/{text}.txt"].rstrip() + f"{{studio}} {{{name}}}".encode()
    found = [finding for finding in definitions.check("opinion", files) if finding.severity == "error"]
    assert {finding.file: finding.code for finding in found} == {
        f"notices/{text}.txt": "notice.placeholder" for text in unknown
    }
    assert all(any(f"{{{name}}}" in finding.message for finding in found) for name in unknown.values())
