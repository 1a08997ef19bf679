"""The drawing of one version, for the page that shows two of them side by side."""

from typing import Any

from sqlalchemy.orm import Session

from engine.access import Actor, Verb, require
from engine.errors import NotFound
from engine.packages import queries as packages
from engine.packages.models import Package


def drawing(session: Session, actor: Actor, key: str, package_id: int, process_id: str) -> dict[str, Any]:
    """{xml} of one process of a version of the procedure; NotFound when there is none."""
    require(actor, Verb.INSTANCE_MIGRATE)
    version = session.get(Package, package_id)
    if version is None or version.key != key:
        raise NotFound
    package = packages.compiled(session, package_id)
    if process_id not in package.processes:
        raise NotFound
    return {"xml": packages.file(session, package_id, package.diagrams[process_id]).decode()}
