"""What a dry run is played on: the files of a version or a draft, made executable, in a world of its own."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.orm import Session

from engine import bpmn, catalogue, definitions
from engine.dryrun import world
from engine.dryrun.world import World
from engine.packages import operations as packages
from engine.packages import queries

KEPT = 12  # compiled sets of files per process


@dataclass(frozen=True)
class Laid:
    """Files ready to run. `checksum` is the sandbox's own name for them; `findings` is what forbids to publish them."""

    key: str
    checksum: str
    files: Mapping[str, bytes]
    package: bpmn.Package
    findings: tuple[bpmn.Finding, ...]

    @cached_property
    def names(self) -> dict[str, str]:
        """The names of the steps by element id, and of tasks by their role."""
        every = [item for process in self.package.processes for item in self.package.elements(process) if item.name]
        roles = {str(item.extensions.get("role", "")): item.name for item in reversed(every) if item.kind == "userTask"}
        return roles | {item.id: item.name for item in every}


@dataclass(frozen=True)
class Stage:
    """Files in a world."""

    laid: Laid
    world: World

    @property
    def key(self) -> str:
        """The procedure."""
        return self.laid.key

    @property
    def name(self) -> str:
        """Two stages of the same name play every walk alike."""
        return f"{self.laid.checksum}-{self.world.key}"


_laid: OrderedDict[str, Laid] = OrderedDict()
_lock = threading.Lock()


def stage(live: Session, key: str, files: Mapping[str, bytes]) -> Stage:
    """These files in the world of the live calendar. Refused, with every finding, when not even a draft of them can
    run."""
    return Stage(lay(key, files), world.of(live))


def lay(key: str, files: Mapping[str, bytes]) -> Laid:
    """Compile the files, strictly or else as a draft, and tell the records where to find them."""
    checksum = "dry-" + hashlib.sha256(f"{key} {packages.checksum(files)}".encode()).hexdigest()[:60]
    with _lock:
        found = _laid.get(checksum)
        if found is not None:
            _laid.move_to_end(checksum)
    if found is None:
        findings = tuple(item for item in definitions.check(key, files) if item.severity == "error")
        found = Laid(key, checksum, dict(files), _compiled(files), findings)
        _keep(found)
    queries.lay_out(checksum, found.files, found.package)
    return found


def _keep(laid: Laid) -> None:
    with _lock:
        _laid[laid.checksum] = laid
        while len(_laid) > KEPT:
            queries.forget(_laid.popitem(last=False)[0])


def _compiled(files: Mapping[str, bytes]) -> bpmn.Package:
    diagrams = queries.diagrams(files)
    try:
        return bpmn.compile_package(diagrams, catalogue.FUNCTIONS, catalogue.OPERATIONS)
    except bpmn.Refused:
        return bpmn.compile_package(diagrams, catalogue.FUNCTIONS, catalogue.OPERATIONS, draft=True)
