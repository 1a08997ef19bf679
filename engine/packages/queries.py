"""Reading package versions; compiled diagrams are cached per process, because a version never changes."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import bpmn, config
from engine.errors import NotFound
from engine.packages.models import Package, PackageFile

_contents: dict[str, dict[str, bytes]] = {}  # by checksum: a version never changes, and neither does its content
_compiled: dict[str, bpmn.Package] = {}


def in_force(session: Session, key: str, on: date) -> Package:
    """The version new cases start with on `on`; NotFound when nothing was published."""
    query = select(Package).where(Package.key == key, Package.effective_from <= on).order_by(Package.version.desc())
    package = session.scalars(query.limit(1)).first()
    if package is None:
        raise NotFound()
    return package


def _checksum(session: Session, package_id: int) -> str:
    known: dict[int, str] = session.info.setdefault("package_checksums", {})
    if package_id not in known:
        package = session.get(Package, package_id)
        if package is None:
            raise NotFound()
        known[package_id] = package.checksum
    return known[package_id]


def known(session: Session, package_id: int, checksum: str) -> None:
    """Spare the question for a version's checksum: the caller has just read it beside something else."""
    session.info.setdefault("package_checksums", {})[package_id] = checksum


def files(session: Session, package_id: int) -> Mapping[str, bytes]:
    """Every file of a version by path."""
    checksum = _checksum(session, package_id)
    if checksum not in _contents:
        query = select(PackageFile.path, PackageFile.content).where(PackageFile.package_id == package_id)
        _contents[checksum] = {row.path: row.content for row in session.execute(query)}
    return _contents[checksum]


def compiled(session: Session, package_id: int) -> bpmn.Package:
    """The executable diagrams of a version."""
    checksum = _checksum(session, package_id)
    if checksum not in _compiled:
        _compiled[checksum] = bpmn.compile_package(diagrams(files(session, package_id)))
    return _compiled[checksum]


def lay_out(checksum: str, all_files: Mapping[str, bytes], package: bpmn.Package) -> None:
    """Let rows with this checksum stand for these files and diagrams, compiled elsewhere: a draft in a dry run. The
    checksum is no published version's."""
    _contents[checksum], _compiled[checksum] = dict(all_files), package


def forget(checksum: str) -> None:
    """Drop what `lay_out` keeps under this checksum."""
    _contents.pop(checksum, None)
    _compiled.pop(checksum, None)


def diagrams(all_files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The diagrams and decision tables among a package's files."""
    return {path: data for path, data in all_files.items() if path.endswith((".bpmn", ".dmn"))}


def supplied(session: Session, package_id: int, path: str) -> bytes:
    """As `file`; what a version does not have because it is older than the act that asks, comes from the factory
    edition on disk. NotFound when that has none either."""
    found = files(session, package_id).get(path)
    if found is not None:
        return found
    key = session.get_one(Package, package_id).key
    factory = config.ROOT / "processes" / key / path
    if not factory.is_file():
        raise NotFound()
    return factory.read_bytes()


def file(session: Session, package_id: int, path: str) -> bytes:
    """One file of a version; NotFound when it has none of that name."""
    found = files(session, package_id)
    if path not in found:
        raise NotFound()
    return found[path]
