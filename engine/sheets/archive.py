"""A package as one ZIP file, out and in. What comes in is anybody's: names, sizes and contents are looked at before a
byte is kept, every refusal has its sentence, nothing is unpacked to a disk and nothing fetched."""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from engine.bpmn import MAX_BYTES, Refused
from engine.bpmn.guard import load as guard
from engine.errors import Invalid, LianxinError
from engine.forms.schema import load as load_form
from engine.sheets.listing import kind_of

MAX_UPLOAD = 1_200_000  # bytes of one upload: the preview carries it along
MAX_ENTRIES, MAX_TOTAL = 300, 10_000_000
MAX_TEXT = 20_000
SKIPPED = ("__MACOSX/", ".DS_Store", "Thumbs.db", "README.md")
_DAY = (2010, 11, 24, 0, 0, 0)  # equal files make an equal archive


class Brought(NamedTuple):
    """One file as it came: its name there, the path it would have in the package ("" when refused), its bytes."""

    name: str
    path: str
    content: bytes
    refusal: str = ""


@dataclass(frozen=True)
class Change:
    """What taking the files would do to one path: new, changed, same, removed or refused (with the sentence)."""

    path: str
    outcome: str
    size: int
    sentence: str = ""


def packed(files: Mapping[str, bytes], folder: str) -> bytes:
    """The files as a ZIP with one folder of that name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            info = zipfile.ZipInfo(f"{folder}/{path}", _DAY)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, files[path])
    return out.getvalue()


def brought(uploads: Iterable[tuple[str, bytes]]) -> list[Brought]:
    """Every file of an upload of ZIP and single files, each taken or refused; Invalid when nothing can be looked at."""
    given = [(name, data) for name, data in uploads if name or data]
    if not given:
        raise Invalid("请选择要导入的文件。", {"files": "请选择文件。"})
    if sum(len(data) for _, data in given) > MAX_UPLOAD:
        raise Invalid(f"一次最多导入 {MAX_UPLOAD // 1000} KB，请分几次。", {"files": "文件太大。"})
    found: list[Brought] = []
    for name, data in given:
        found += _unpacked(data) if name.lower().endswith(".zip") else [_single(name, data)]
    return _once(found)


def changes(files: Mapping[str, bytes], incoming: Iterable[Brought], whole: bool) -> list[Change]:
    """What taking these files would do; `whole`: the package becomes exactly what came."""
    listed = list(incoming)
    found = [
        Change(one.name, "refused", len(one.content), one.refusal) if one.refusal
        else Change(one.path, _outcome(files.get(one.path), one.content), len(one.content))
        for one in listed
    ]  # fmt: skip
    if whole:
        there = {one.path for one in listed}
        found += [Change(path, "removed", len(data)) for path, data in files.items() if path not in there]
    order = ("refused", "removed", "changed", "new", "same")
    return sorted(found, key=lambda one: (order.index(one.outcome), one.path))


def to_save(files: Mapping[str, bytes], incoming: Iterable[Brought], whole: bool) -> dict[str, bytes | None]:
    """What to save for the files to be taken, refused ones left out. Invalid when nothing would change."""
    taken = {one.path: one.content for one in incoming if not one.refusal}
    saving: dict[str, bytes | None] = {path: data for path, data in taken.items() if files.get(path) != data}
    if whole and taken:
        saving |= dict.fromkeys(path for path in files if path not in taken)
    if not saving:
        raise Invalid("没有可以导入的改动：这些文件与草稿相同，或者都不能使用。", {"files": "没有改动。"})
    return saving


def _outcome(before: bytes | None, after: bytes) -> str:
    return "new" if before is None else "same" if before == after else "changed"


def _once(found: list[Brought]) -> list[Brought]:
    seen: set[str] = set()
    result = []
    for one in found:
        twice = one.path and one.path in seen
        result.append(one._replace(path="", refusal="同名的文件来了两次，请只留一个。") if twice else one)
        seen.add(one.path)
    return result


def _single(name: str, data: bytes) -> Brought:
    plain = name.replace("\\", "/").rpartition("/")[2]
    path = f"forms/{plain}" if plain.endswith(".json") else plain
    if plain.endswith(".txt"):
        return Brought(name[:80], "", b"", "通知文字请连同文件夹打包成 ZIP 导入，或在通知里直接填写。")
    return _looked(name[:80], path, data)


def _looked(name: str, path: str, data: bytes) -> Brought:
    refusal = _place(path) or content_fault(path, data)
    return Brought(name, "" if refusal else path, data, refusal)


def _place(path: str) -> str:
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or ":" in path or ".." in parts or "\0" in path:
        return "文件名指向别的地方，不能使用。"
    folder = parts[0] if len(parts) > 1 else ""
    fits = {
        "": len(parts) == 1 and kind_of(path) in ("diagram", "table"),
        "forms": len(parts) == 2 and kind_of(path) == "form",
        "notices": len(parts) == 3 and parts[2] in ("subject.txt", "body.txt"),
    }
    stem = parts[1] if folder == "notices" and len(parts) > 1 else parts[-1].rpartition(".")[0]
    if not fits.get(folder, False) or not stem.replace("-", "_").isidentifier() or len(stem) > 50:
        return "只接受 .bpmn、.dmn、forms/代号.json 和 notices/代号/subject.txt、body.txt，代号只用字母、数字和下划线。"
    return ""


def content_fault(path: str, data: bytes) -> str:
    """Why a file of a package cannot be kept, as a sentence; "" when it can. Diagrams pass the guard only: what else is
    wrong with them is told where they are edited."""
    if len(data) > MAX_BYTES:
        return f"文件有 {len(data)} 字节，超过 {MAX_BYTES} 字节。"
    try:
        if path.endswith((".bpmn", ".dmn")):
            guard(data, path)
        elif path.endswith(".json"):
            load_form(data)
        elif len(data) > MAX_TEXT:
            return f"通知文字超过 {MAX_TEXT} 字节。"
        else:
            data.decode("utf-8")
            return "文字里有不能使用的字符。" if b"\0" in data else ""
    except UnicodeDecodeError:
        return "文字不是 UTF-8 编码，请另存为 UTF-8 后再导入。"
    except Refused as refused:
        return refused.findings[0].message
    except LianxinError as error:
        return str(error.fields.get("reason") or error.message)
    return ""


# ------------------------------------------------------------------------------------------------ ZIP


def _unpacked(data: bytes) -> Iterator[Brought]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from _entries(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError, UnicodeDecodeError):
        raise Invalid("ZIP 文件打不开或不完整，请重新打包。", {"files": "ZIP 打不开。"}) from None


def _entries(archive: zipfile.ZipFile) -> Iterator[Brought]:
    infos = [info for info in archive.infolist() if not info.is_dir() and not _skipped(info.filename)]
    if len(infos) > MAX_ENTRIES:
        raise Invalid(f"ZIP 里有 {len(infos)} 个文件，最多 {MAX_ENTRIES} 个。", {"files": "文件太多。"})
    if sum(info.file_size for info in infos) > MAX_TOTAL:
        raise Invalid(f"ZIP 解开后超过 {MAX_TOTAL // 1_000_000} MB，没有解开。", {"files": "解开后太大。"})
    top, left = _common_folder([info.filename for info in infos]), MAX_TOTAL
    for info in infos:
        one = _entry(archive, info, info.filename[len(top) :], left)
        left -= len(one.content)
        yield one


def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str, left: int) -> Brought:
    name = info.filename[:80]
    if stat.S_ISLNK(info.external_attr >> 16):
        return Brought(name, "", b"", "是指向别处的链接，不能使用。")
    if info.flag_bits & 0x1:
        return Brought(name, "", b"", "有密码，打不开。")
    refusal = _place(path)
    if refusal or info.file_size > MAX_BYTES:
        return Brought(name, "", b"", refusal or f"解开后有 {info.file_size} 字节，超过 {MAX_BYTES} 字节。")
    with archive.open(info) as file:  # never more than was promised, whatever the compressed data say
        data = file.read(min(MAX_BYTES, left) + 1)
    return _looked(name, path, data)


def _skipped(name: str) -> bool:
    return name.startswith(SKIPPED[0]) or name.rpartition("/")[2] in SKIPPED


def _common_folder(names: list[str]) -> str:
    """The folder everything lies in, if it is none of the package's own: `opinion/` of our own export."""
    first = {name.partition("/")[0] for name in names}
    inside = all("/" in name for name in names)
    return f"{first.pop()}/" if inside and len(first) == 1 and not first & {"forms", "notices"} else ""
