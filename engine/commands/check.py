"""`lianxin check PATH…`: whether diagrams may be deployed; every fault with its element. With `--draft`: whether they
can at least be tried out by hand."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import click

from engine import definitions
from engine.bpmn import MAX_BYTES, Finding, check_package
from engine.catalogue import FUNCTIONS, OPERATIONS
from engine.errors import LianxinError

SUFFIXES = {".bpmn", ".dmn"}
PARTS = ("forms", "notices")  # a folder with one of these is a procedure, checked as one package
_DEFINED = re.compile(rb"""<(?:[\w.-]{1,50}:)?(?:process|decision)\s[^<>]{0,500}?\bid\s?=\s?["']([^"'<>]{1,200})["']""")
_CALLED = re.compile(rb"""(?:calledElement|lianxin:decision)\s?=\s?["'](?:[\w.-]{1,200}:)?([^"'<>]{1,200})["']""")
_REASONS: dict[type[Exception], str] = {
    FileNotFoundError: "没有这个文件", PermissionError: "没有读取权限", IsADirectoryError: "是一个文件夹",
}  # fmt: skip
Report = tuple[str, list[Finding]]


@click.command()
@click.argument("paths", metavar="PATH…", nargs=-1, required=True)
@click.option("--draft", is_flag=True, help="草稿：没有写操作的环节由人代办，程序规定只提醒。")
@click.option("--json", "as_json", is_flag=True, help="每个文件输出一行 JSON。")
def check(paths: tuple[str, ...], draft: bool, as_json: bool) -> int:
    """检查流程图文件、流程包或整个文件夹能否发布；全部可以发布时退出码为 0，否则为 1。"""
    sound = True
    for path in paths:
        for file, findings in _reports(Path(path), draft):
            ok = not any(finding.severity == "error" for finding in findings)
            sound = sound and ok
            click.echo(_as_json(file, ok, findings) if as_json else "\n".join(_as_text(file, ok, findings)))
    return 0 if sound else 1


def _reports(path: Path, draft: bool) -> Iterator[Report]:
    if path.is_dir():
        yield from _folder(path, draft)
    else:
        yield _shown(path), _alone(path, draft)


def _folder(root: Path, draft: bool) -> Iterator[Report]:
    """Every diagram below a folder; folders that are procedures are checked as packages. Links to folders are not
    followed: they may lead in circles."""
    found = False
    for here, folders, files in os.walk(root):
        folders.sort()
        diagrams = sorted(Path(here, name) for name in files if Path(name).suffix.lower() in SUFFIXES)
        found = found or bool(diagrams)
        if diagrams and (any(part in folders for part in PARTS) or _together(diagrams)):
            folders[:] = [name for name in folders if name not in PARTS]
            yield from _package(Path(here), diagrams, draft)
        else:
            yield from ((_shown(file), _alone(file, draft)) for file in diagrams)
    if not found:
        yield _shown(root), [_fault(root, "file.missing", "这个文件夹里没有 .bpmn 或 .dmn 文件。", "no diagrams here")]


def _package(folder: Path, diagrams: list[Path], draft: bool) -> Iterator[Report]:
    key = folder.resolve().name
    try:
        files = definitions.read_folder(folder)
        forms = [name.removeprefix("forms/").removesuffix(".json") for name in files if name.startswith("forms/")]
        known = forms if (folder / "forms").is_dir() else None
        drawn = {name: data for name, data in files.items() if Path(name).suffix in SUFFIXES and "/" not in name}
        findings = check_package(drawn, FUNCTIONS, OPERATIONS, forms=known, package=key, draft=draft, marked=True)
    except (OSError, LianxinError) as error:
        findings = [_fault(file, "file.unreadable", f"流程包无法读取：{error}。", "unreadable") for file in diagrams]
    by_file: dict[str, list[Finding]] = {file.name: [] for file in diagrams}
    for finding in findings:  # what belongs to no diagram (a faulty form, say) stands with the first one
        by_file.get(finding.file, by_file[diagrams[0].name]).append(finding)
    yield from ((_shown(file), by_file[file.name]) for file in diagrams)


def _together(diagrams: list[Path]) -> bool:
    """Whether the files of a folder are one procedure: one calls a process or a decision of another, and no process
    is drawn twice (as in a collection of exports). A look at the text is enough; the check itself reads properly."""
    try:
        texts = [file.open("rb").read(MAX_BYTES) for file in diagrams]
    except OSError:
        return False
    defined = [set(_DEFINED.findall(text)) for text in texts]
    if sum(map(len, defined)) > len(set().union(*defined)):
        return False
    called = [set(_CALLED.findall(text)) - own for text, own in zip(texts, defined, strict=True)]
    return any(names & set().union(*defined) for names in called)


def _alone(file: Path, draft: bool) -> list[Finding]:
    """The findings on one file by itself: every user task must say its role, forms are not looked for."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        return check_package({file.name: data}, FUNCTIONS, OPERATIONS, draft=draft, marked=True)
    except OSError as error:
        reason = next((zh for kind, zh in _REASONS.items() if isinstance(error, kind)), type(error).__name__)
        return [_fault(file, "file.unreadable", f"文件无法读取（{reason}）。", f"cannot be read: {error.strerror}")]
    except Exception as error:  # noqa: BLE001 - never a traceback: an administrator could do nothing with it
        zh = f"检查这个文件时出现意外（{type(error).__name__}），请把文件发给系统维护人员。"
        return [_fault(file, "check.failed", zh, f"the check itself failed: {type(error).__name__}")]


def _fault(file: Path, code: str, zh: str, en: str) -> Finding:
    return Finding(code, "error", file.name, "", zh, en, 1, 1)


def _shown(path: Path) -> str:
    """A path as it can be printed, whatever bytes its name has."""
    return str(path).encode("utf-8", "replace").decode()


def _as_json(file: str, ok: bool, findings: list[Finding]) -> str:
    rows = [
        {
            "code": item.code, "severity": item.severity, "element": item.element, "message": item.message,
            "message_en": item.message_en, "line": item.line, "column": item.column,
        }
        for item in findings
    ]  # fmt: skip
    text = json.dumps({"file": file, "ok": ok, "findings": rows}, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()


def _as_text(file: str, ok: bool, findings: list[Finding]) -> Iterator[str]:
    yield f"{file}：{'可以发布' if ok else '不能发布'}"
    for item in findings:
        word = "错误" if item.severity == "error" else "提醒"
        yield f"  {word} {item.code}：{item.message}".encode("utf-8", "replace").decode()
