"""The files of a package in words: what each is, what the draft changed, who uses it; what may go and be renamed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from engine.bpmn.references import Reference, defined, references, titles
from engine.bpmn.sheets import new_table
from engine.catalogue import labels
from engine.catalogue.telling import PLACEHOLDERS
from engine.errors import Conflict, Invalid, LianxinError
from engine.forms.rows import new_form
from engine.forms.schema import load

KINDS = {"diagram": "流程图", "table": "决策表", "form": "表单", "notice": "通知"}
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
# opened by pages of the house beside or before the steps of a diagram
FORMS_OF_PAGES = {
    "registration": "登记", "extension_request": "申请延期", "terminate": "终止", "receipt": "登记收文",
    "plan": "填报办理方案", "delivery": "登记送达", "consent_call": "记录电话答复", "consent_confirm": "确认电话答复",
    "cosigner": "添加联名代表", "cosigner_view": "联名代表意见", "delegate_replacement": "指定替代代表",
}  # fmt: skip
# written by acts of the house that no operation of a diagram stands for
PROCESSES_OF_PAGES = {"opinion": "登记", "consultation": "召集三方协商"}  # started by a page of the house
NOTICES_OF_ACTS = {
    "registered": "登记", "extension_requested": "申请延期", "withdrawn": "撤回", "copy_relay": "转送答复",
    "cosign_asked": "申请延期", "delegate_replaced": "指定替代代表", "extension_denied": "确认电话答复",
    "extension_objected": "联名代表意见", "extension_phone": "记录电话答复", "opined": "提出督办意见",
    "supervision_replied": "回复督办", "urged": "催办", "copy_failed": "登记送达失败",
    "letter_arrived": "收到网上来信", "letter_received": "收到网上来信", "letter_declined": "网上来信不予登记",
    "letter_registered": "登记网上来信",
}  # fmt: skip
PARTS = ("subject.txt", "body.txt")
PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Entry:
    """One file, or the two texts of one notice. `code` is its path (for a notice its folder); `size` in bytes; `state`
    against the version it was copied from: "", new, changed, removed; `users`: who uses it, in words."""

    code: str
    kind: str
    title: str
    size: int
    state: str
    users: tuple[str, ...]
    to: str = ""  # to whom a notice goes

    @property
    def name(self) -> str:
        """The name inside its folder, without suffix."""
        return self.code.rpartition("/")[2].partition(".")[0]


def entries(files: Mapping[str, bytes], base: Mapping[str, bytes]) -> list[Entry]:
    """All files of a draft, diagrams first, those it removed included; `base` is the version it was copied from."""
    known, before, used = titles(files), titles(base), references(files)
    found = [
        _entry(code, files if _paths(code, files) else base, base, files, known | {**before, **known}, used)
        for code in sorted({_code(path) for path in {*files, *base}} - {""})
    ]
    return sorted(found, key=lambda entry: (list(KINDS).index(entry.kind), entry.state == "removed", entry.code))


def kind_of(code: str) -> str:
    """diagram, table, form, notice; "" for a file of no kind we know."""
    if code.startswith("forms/") and code.endswith(".json"):
        return "form"
    if re.fullmatch(r"notices/[^/]+", code):
        return "notice"
    return {"bpmn": "diagram", "dmn": "table"}.get(code.rpartition(".")[2], "") if "/" not in code else ""


def removed(files: Mapping[str, bytes], code: str) -> dict[str, bytes | None]:
    """What to save for this file to be gone; Conflict naming who still uses it."""
    _refuse_used(files, code, "删除")
    return dict.fromkeys(_paths(code, files))


def renamed(files: Mapping[str, bytes], code: str, name: str) -> dict[str, bytes | None]:
    """What to save for this file to have another name; Conflict naming who uses the old one, Invalid for a name that
    cannot be used or is taken."""
    _refuse_used(files, code, "改名")
    target = free_code(files, kind_of(code), name)
    old = _paths(code, files)
    return dict.fromkeys(old) | {path.replace(code, target, 1): files[path] for path in old}


def created(files: Mapping[str, bytes], kind: str, name: str, title: str) -> tuple[str, dict[str, bytes | None]]:
    """(code, what to save) for a new form, notice or decision table."""
    code = free_code(files, kind, name)
    if not title.strip():
        raise Invalid("请填写名称。", {"title": "请填写名称。"})
    if kind == "form":
        return code, {code: new_form(title.strip())}
    if kind == "table":
        return code, {code: new_table(name, title.strip())}
    return code, {f"{code}/{part}": f"{title.strip()}\n".encode() for part in PARTS}


def proposed_name(files: Mapping[str, bytes], kind: str) -> str:
    """A name nobody has, for a new file."""
    taken = {_code(path) for path in files}
    return next(name for number in range(1, 1000) if _placed(kind, name := f"{kind}_{number}") not in taken)


def free_code(files: Mapping[str, bytes], kind: str, name: str) -> str:
    """The code of a new file of that name; Invalid when it cannot be used or is taken."""
    if not NAME.fullmatch(name):
        raise Invalid("代号只能用小写字母、数字和下划线，以字母开头，最多40个字。", {"name": "代号不合规。"})
    code = _placed(kind, name)
    if code in {_code(path) for path in files}:
        raise Invalid(f"代号 {name} 已经有了，请换一个。", {"name": "已经有了。"})
    return code


def _placed(kind: str, name: str) -> str:
    return {"form": f"forms/{name}.json", "notice": f"notices/{name}", "table": f"{name}.dmn"}.get(kind, f"{name}.bpmn")


def _code(path: str) -> str:
    code = path.rpartition("/")[0] if path.startswith("notices/") else path
    return code if kind_of(code) else ""


def _paths(code: str, files: Mapping[str, bytes]) -> list[str]:
    return [path for path in files if path == code or path.startswith(f"{code}/")]


def _entry(
    code: str, there: Mapping[str, bytes], base: Mapping[str, bytes], files: Mapping[str, bytes],
    known: Mapping[str, str], used: list[Reference],
) -> Entry:  # fmt: skip
    now, before = ({path: all_files[path] for path in _paths(code, all_files)} for all_files in (files, base))
    state = "removed" if not now else "new" if not before else "changed" if now != before else ""
    kind = kind_of(code)
    title = known.get(code) or _title(code, kind, there)
    to = "；".join(one.to for told in labels.NOTICES.values() for one in told if code == f"notices/{one.kind}")
    return Entry(code, kind, title, sum(map(len, (now or before).values())), state, users(files, code, used), to)


def _title(code: str, kind: str, files: Mapping[str, bytes]) -> str:
    if kind == "notice":
        subject = files.get(f"{code}/{PARTS[0]}", b"").decode("utf-8", "replace").strip()
        return PLACEHOLDER.sub(lambda found: _told(found[1]), subject) or code
    try:
        return load(files[code]).title or code
    except LianxinError:
        return code


def _told(placeholder: str) -> str:
    """A placeholder as a reader would say it."""
    return f"〔{PLACEHOLDERS[placeholder][0]}〕" if placeholder in PLACEHOLDERS else "〔？〕"


def users(files: Mapping[str, bytes], code: str, used: list[Reference] | None = None) -> tuple[str, ...]:
    """Who uses a file, in words: steps of diagrams, pages and operations of the house."""
    name, kind = code.rpartition("/")[2].partition(".")[0], kind_of(code)
    found = references(files) if used is None else used
    if kind == "form":
        page = (f"系统页面“{FORMS_OF_PAGES[name]}”",) if name in FORMS_OF_PAGES else ()
        return (*_steps(found, "form", {name}), *page)
    if kind == "notice":
        acts = [f"系统操作“{NOTICES_OF_ACTS[name]}”"] if name in NOTICES_OF_ACTS else []
        acts += [
            f"系统操作“{labels.OPERATIONS[operation].label}”"
            for operation, told in labels.NOTICES.items() if name in {one.kind for one in told}
        ]  # fmt: skip
        return (*acts, *_steps(found, "argument", {f"'{name}'", f'"{name}"'}))
    own = set(defined({code: files[code]}).get(code, [])) if code in files else set()
    pages = [f"系统页面“{PROCESSES_OF_PAGES[one]}”" for one in own if kind == "diagram" and one in PROCESSES_OF_PAGES]
    return (*_steps(found, "decision" if kind == "table" else "process", own), *pages)


def _steps(found: list[Reference], kind: str, targets: set[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"“{one.name}”" for one in found if one.kind == kind and one.target in targets))


def _refuse_used(files: Mapping[str, bytes], code: str, act: str) -> None:
    using = users(files, code)
    if using:
        raise Conflict(f"被{'、'.join(using[:5])}使用，不能{act}。请先在流程图里改用别的。")
    if kind_of(code) == "diagram" and sum(path.endswith(".bpmn") for path in files) == 1:
        raise Conflict(f"这是唯一的流程图，不能{act}。")
