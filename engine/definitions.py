"""Procedures as data: the factory edition in processes/, published versions, their compiled diagrams."""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import bpmn, catalogue, clock
from engine.errors import Misconfigured
from engine.packages import operations, queries
from engine.packages.models import Package
from engine.packages.queries import compiled, file, files, in_force

__all__ = ["check", "compiled", "file", "files", "import_factory", "in_force", "package", "publish", "read_folder"]

SUFFIXES = {".bpmn", ".dmn", ".json", ".txt", ".toml"}


def read_folder(folder: Path) -> dict[str, bytes]:
    """The files of one procedure by path relative to its folder, README files left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in SUFFIXES and path.is_file()
    }


def check(key: str, folder_files: Mapping[str, bytes], draft: bool = False) -> list[bpmn.Finding]:
    """Everything wrong with a package, errors first: structure, texts, forms, operations, and the articles that bind
    the procedure `key`; a draft may lack what a person can do instead."""
    forms = [path.removeprefix("forms/").removesuffix(".json") for path in folder_files if path.startswith("forms/")]
    return bpmn.check_package(
        queries.diagrams(folder_files), catalogue.FUNCTIONS, catalogue.OPERATIONS, forms=forms, package=key, draft=draft
    )


def publish(session: Session, key: str, folder_files: Mapping[str, bytes], reason: str) -> Package:
    """Check and store a package as the next version; Refused names every element that cannot run or breaks an
    article."""
    findings = check(key, folder_files)
    if any(finding.severity == "error" for finding in findings):
        raise bpmn.Refused(findings)
    return operations.publish(session, key, folder_files, reason=reason)


def import_factory(session: Session, processes: Path) -> list[Package]:
    """Publish every procedure folder that has no version yet as version 1 (author: nobody, reason: 出厂版本); what
    administrators published since is never touched."""
    imported: list[Package] = []
    for folder in sorted(path.parent for path in processes.glob("*/*.bpmn")):
        known = session.scalars(select(Package.id).where(Package.key == folder.name).limit(1)).first()
        if known is None and folder.name not in {package.key for package in imported}:
            package = publish(session, folder.name, read_folder(folder), "出厂版本")
            # Article 14: the measures are in force from 2010-11-24; old paper cases are entered with their own dates.
            package.effective_from = clock.MEASURES_IN_FORCE
            imported.append(package)
    if not imported and session.scalars(select(Package.id).limit(1)).first() is None:
        raise Misconfigured(f"{processes} 里没有流程图，无法建立流程。")
    session.flush()
    return imported


def package(session: Session, key: str) -> Package:
    """The version of procedure `key` that new cases start with today."""
    return in_force(session, key, clock.today())
