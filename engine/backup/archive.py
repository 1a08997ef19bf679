"""The file of a backup: a zip with the parts and a manifest of their checksums and rows."""

import hashlib
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from engine import clock
from engine.errors import Invalid

FORMAT = 1
MANIFEST = "manifest.json"
FILES = "files/"  # parts that are attachments, each named by its own SHA-256
HASH = re.compile(r"[0-9a-f]{64}")
CHUNK = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: `parts` file name → SHA-256, `rows` table → number of rows, in the order to load them."""

    database: str  # sqlite | postgresql
    revision: str
    at: str
    rows: Mapping[str, int]
    parts: Mapping[str, str]
    format: int = FORMAT
    program: str = "lianxin"

    @property
    def files(self) -> int:
        """How many attachments it holds."""
        return sum(name.startswith(FILES) for name in self.parts)

    @property
    def total(self) -> int:
        """Rows of all tables."""
        return sum(self.rows.values())


@dataclass
class Writer:
    """Collects the parts and writes the manifest last, so that a broken backup has none."""

    target: zipfile.ZipFile
    parts: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator["Summed"]:
        """A part to write to, in pieces of any size."""
        with self.target.open(name, "w", force_zip64=True) as stream:
            summed = Summed(stream)
            yield summed
        self.parts[name] = summed.digest.hexdigest()

    def add_files(self, folder: Path | None) -> None:
        """The attachments: one part per content. Their rows came first, and a row never lacks its file."""
        for file in sorted(folder.glob("??/*")) if folder is not None else ():
            if HASH.fullmatch(file.name):
                with self.part(f"{FILES}{file.name}") as part, file.open("rb") as stream:
                    while chunk := stream.read(CHUNK):
                        part.write(chunk)

    def finish(self, database: str, revision: str) -> None:
        """The manifest."""
        at = clock.local(clock.now()).isoformat(timespec="seconds")
        manifest = Manifest(database, revision, at, self.rows, self.parts)
        self.target.writestr(MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1))


class Summed:
    """A stream that adds up what is written to it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.digest = hashlib.sha256()

    def write(self, data: bytes | memoryview) -> None:
        """Append."""
        self.digest.update(data)
        self.stream.write(data)


@contextmanager
def writing(file: Path) -> Iterator[Writer]:
    """A new archive, readable by its owner only: it holds everything about everybody."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as raw:
        with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as target:
            yield Writer(target)
        raw.flush()
        os.fsync(raw.fileno())


@contextmanager
def reading(file: Path) -> Iterator[zipfile.ZipFile]:
    """An archive to read; Invalid when it is none."""
    try:
        with zipfile.ZipFile(file) as source:
            yield source
    except FileNotFoundError as problem:
        raise Invalid(f"没有找到文件“{file}”，请检查路径。") from problem
    except IsADirectoryError as problem:
        raise Invalid(f"“{file}”是文件夹，请指明备份文件。") from problem
    except (zipfile.BadZipFile, EOFError, zlib.error) as problem:
        raise Invalid(f"文件“{file}”不是完整的备份，不能使用。") from problem


def read_manifest(source: zipfile.ZipFile) -> Manifest:
    """The manifest; Invalid for a file that is no backup of ours or of a newer format."""
    try:
        found = json.loads(source.read(MANIFEST))
        manifest = Manifest(**found)
    except (KeyError, ValueError, TypeError) as problem:
        raise Invalid("这不是连心的备份文件（没有清单），不能使用。") from problem
    if manifest.program != "lianxin" or manifest.format != FORMAT:
        raise Invalid(f"备份格式 {manifest.format} 由较新的程序写成，请用较新的程序恢复。")
    return manifest


def check(source: zipfile.ZipFile, manifest: Manifest) -> None:
    """Every part is there and has its checksum; Invalid names the part."""
    names = set(source.namelist()) - {MANIFEST}
    if names != set(manifest.parts):
        raise Invalid(f"备份不完整，缺少或多出：{'、'.join(sorted(names ^ set(manifest.parts)))}。")
    for name, expected in manifest.parts.items():
        digest = hashlib.sha256()
        with source.open(name) as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
        if digest.hexdigest() != expected or (name.startswith(FILES) and name != f"{FILES}{expected}"):
            raise Invalid(f"备份已损坏：{name} 的校验值不符，不能使用。")


def restore_files(source: zipfile.ZipFile, manifest: Manifest, folder: Path) -> None:
    """Put the attachments back, each under its hash; one that is there already stays."""
    for name in manifest.parts:
        sha256 = name.removeprefix(FILES)
        target = folder / sha256[:2] / sha256
        if not name.startswith(FILES) or not HASH.fullmatch(sha256) or target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".new-{sha256}")
        with source.open(name) as packed, unfinished.open("wb") as stream:
            while chunk := packed.read(CHUNK):
                stream.write(chunk)
        unfinished.replace(target)
