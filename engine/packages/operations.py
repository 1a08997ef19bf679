"""Publishing package versions."""

import hashlib
from collections.abc import Mapping
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock
from engine.packages.models import Package, PackageFile


def checksum(files: Mapping[str, bytes]) -> str:
    """SHA-256 over the sorted paths and contents; equal files give an equal checksum."""
    digest = hashlib.sha256()
    for path in sorted(files):
        for part in (path.encode(), files[path]):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def publish(
    session: Session,
    key: str,
    files: Mapping[str, bytes],
    *,
    reason: str,
    author_id: int | None = None,
    effective_from: date | None = None,
) -> Package:
    """Store `files` as the next version of procedure `key`; older versions stay, running instances keep theirs."""
    last = session.scalar(select(func.max(Package.version)).where(Package.key == key)) or 0
    package = Package(
        key=key,
        version=last + 1,
        checksum=checksum(files),
        author_id=author_id,
        reason=reason,
        effective_from=effective_from or clock.today(),
        published_at=clock.now(),
    )
    session.add(package)
    session.flush()
    session.add_all(PackageFile(package_id=package.id, path=path, content=data) for path, data in files.items())
    session.flush()
    return package
