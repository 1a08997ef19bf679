"""Reading package versions; compiled diagrams are cached per process, because a version never changes."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import bpmn
from engine.errors import NotFound
from engine.packages.models import Package, PackageFile

_compiled: dict[str, bpmn.Package] = {}


def in_force(session: Session, key: str, on: date) -> Package:
    """The version new cases start with on `on`; NotFound when nothing was published."""
    query = select(Package).where(Package.key == key, Package.effective_from <= on).order_by(Package.version.desc())
    package = session.scalars(query.limit(1)).first()
    if package is None:
        raise NotFound()
    return package


def files(session: Session, package_id: int) -> dict[str, bytes]:
    """Every file of a version by path."""
    rows = session.execute(select(PackageFile.path, PackageFile.content).where(PackageFile.package_id == package_id))
    return {row.path: row.content for row in rows}


def compiled(session: Session, package_id: int) -> bpmn.Package:
    """The executable diagrams of a version."""
    checksum = session.scalar(select(Package.checksum).where(Package.id == package_id))
    if checksum is None:
        raise NotFound()
    package = _compiled.get(checksum)
    if package is None:
        package = _compiled.setdefault(checksum, bpmn.compile_package(diagrams(files(session, package_id))))
    return package


def diagrams(all_files: dict[str, bytes]) -> dict[str, bytes]:
    """The diagrams and decision tables among a package's files."""
    return {path: data for path, data in all_files.items() if path.endswith((".bpmn", ".dmn"))}


def file(session: Session, package_id: int, path: str) -> bytes:
    """One file of a version; NotFound when it has none of that name."""
    query = select(PackageFile.content).where(PackageFile.package_id == package_id, PackageFile.path == path)
    content = session.scalar(query)
    if content is None:
        raise NotFound()
    return content
