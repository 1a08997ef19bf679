"""The folder of files: one file per content, named by its SHA-256; written whole or not at all."""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.config import Settings

HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Store:
    """Where the files of an installation lie; `limit` is the most bytes one may have. Several web processes on several
    hosts need one common folder."""

    folder: Path
    limit: int

    @classmethod
    def of(cls, settings: Settings) -> "Store":
        """The store of an installation."""
        return cls(settings.data_dir / "files", settings.attachment_limit)

    def path(self, sha256: str) -> Path:
        """Where the file of that content lies, or would lie. ValueError for anything but a hash."""
        if not HASH.fullmatch(sha256):
            raise ValueError("not a SHA-256")
        return self.folder / sha256[:2] / sha256

    def write(self, data: bytes) -> str:
        """Keep the content; returns its hash. Written before the row is committed: a row never lacks its file, a file
        whose row was rolled back is swept (`forget`)."""
        sha256 = hashlib.sha256(data).hexdigest()
        target = self.path(sha256)
        if target.exists():
            os.utime(target)  # young again: not to be swept while its new row is not committed yet
            return sha256
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return sha256

    def untouched(self, seconds: int) -> Iterator[str]:
        """The contents last written longer ago than that, by the clock of the file system itself: the house's may be
        moved, and another host's may be late."""
        if not self.folder.exists():
            return
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".now-") as probe:
            since = Path(probe.name).stat().st_mtime - seconds
        for sha256 in self.hashes():
            if self.path(sha256).stat().st_mtime < since:
                yield sha256

    def forget(self, sha256: str) -> None:
        """Remove a content that no row names."""
        self.path(sha256).unlink(missing_ok=True)

    def hashes(self) -> Iterator[str]:
        """The contents kept, in the order of their hashes."""
        for file in sorted(self.folder.glob("??/*")):
            if HASH.fullmatch(file.name):
                yield file.name
