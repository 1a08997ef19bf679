"""What is wrong with the files of a package that are no drawings: forms and the texts of notices."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from engine import forms
from engine.bpmn import Finding
from engine.errors import Misconfigured

MAX_TEXT = 10_000  # bytes of a notice
_NAMED = re.compile(r"\{([^{}\n]*)\}")
# What the operations of the opinion procedure name by themselves; without it a case would stop in the middle.
OWN_FORMS = ("registration", "extension_request", "terminate")
OWN_NOTICES = (
    "declined", "escalated", "extension_decided", "extension_requested", "feedback_copy", "feedback_copy_reporter",
    "feedback_delivered", "feedback_returned", "filed", "overdue", "rating_invitation", "referral", "registered",
    "reminder", "reported", "supervision", "terminated", "transit_late", "withdrawn",
)  # fmt: skip
NEEDED = {
    "opinion": tuple(f"forms/{name}.json" for name in OWN_FORMS)
    + tuple(f"notices/{name}/{part}.txt" for name in OWN_NOTICES for part in ("subject", "body"))
}


def check_files(key: str, files: Mapping[str, bytes], placeholders: Callable[[str], Collection[str]]) -> list[Finding]:
    """Findings on forms that cannot be shown, notices that cannot be read or name what nobody fills in, and files that
    are missing. `placeholders`: what a kind of notice may name."""
    lost = [path for path in NEEDED.get(key, ()) if path not in files]
    found = [_finding("file.missing", path, f"文件 {path} 办理时要用到，不能删去，请补回。") for path in lost]
    for path, data in sorted(files.items()):
        if path.startswith("forms/"):
            found += _form(path, data)
        elif path.endswith(".txt"):
            found += _text(path, data, placeholders(path.split("/")[-2] if "/" in path else ""))
    return found


def _form(path: str, data: bytes) -> Iterator[Finding]:
    try:
        forms.load(data)
    except Misconfigured as refusal:
        yield _finding("form.invalid", path, str(refusal.fields["reason"]))
    except (RecursionError, AttributeError, TypeError, KeyError):  # a shape no form has
        yield _finding("form.invalid", path, "表单定义的写法不对，请用表单编辑器重新编辑。")


def _text(path: str, data: bytes, placeholders: Collection[str]) -> Iterator[Finding]:
    part = "标题" if path.endswith("/subject.txt") else "正文"
    try:
        text = data.decode().strip()
    except UnicodeDecodeError:
        yield _finding("notice.encoding", path, f"通知的{part}不是 UTF-8 编码，请重新输入。")
        return
    if not text:
        yield _finding("notice.empty", path, f"通知的{part}是空的，请填写。")
    if len(data) > MAX_TEXT or any(ord(sign) < 32 and sign not in "\r\n\t" for sign in text):
        yield _finding("notice.text", path, f"通知的{part}太长，或含有看不见的控制字符，请重新输入。")
    if part == "标题" and "\n" in text:
        yield _finding("notice.subject", path, "通知的标题只能有一行，请把其余文字放到正文里。")
    for name in dict.fromkeys(_NAMED.findall(text)):
        if name not in placeholders:
            yield _finding(
                "notice.placeholder",
                path,
                f"通知的{part}用了没有的占位词 {{{name[:20]}}}，发出时会显示为“—”。请改用编辑页右侧列出的占位词。",
            )


def _finding(code: str, path: str, message: str) -> Finding:
    return Finding(code, "error", path, "", message, f"{path}: {code}", 1, 1)
