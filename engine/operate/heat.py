"""The drawing of a version with what stands where: counts, how long, how many overdue."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from engine import bpmn, clock, instances
from engine.access import Actor, Verb, require
from engine.errors import NotFound
from engine.instances import Crowd
from engine.operate.dossier import drawings
from engine.packages import queries as packages
from engine.packages.models import Package
from engine.workdays.queries import calendar

WARM, HOT = 4, 11  # working days standing, on average, from which a step is 偏久 or 过久


@dataclass(frozen=True)
class Place:
    """One element of the drawing with its tokens; `days` is the average number of working days they stand there,
    `heat` 0, 1 or 2 with its `word`."""

    element_id: str
    name: str
    count: int
    overdue: int
    days: float
    longest: int
    heat: int
    word: str


@dataclass(frozen=True)
class Heat:
    """One drawing: which others there are, where tokens stand, and what is linked."""

    package: Package
    process_id: str
    processes: list[tuple[str, str, int]]  # process, name, tokens
    places: list[Place]
    links: dict[str, str]
    xml: str


def heat(session: Session, actor: Actor, package_id: int, process_id: str = "") -> Heat:
    """What stands where in one process of a version; without `process_id` the outermost. NotFound."""
    require(actor, Verb.INSTANCE_OPERATE)
    version = session.get(Package, package_id)
    if version is None:
        raise NotFound
    package = packages.compiled(session, package_id)
    process_id = process_id or outermost(version, package)
    if process_id not in package.processes:
        raise NotFound
    found = instances.crowds(session, package_id, process_id)
    elements = package.elements(process_id)
    calls = {(name, element.id) for name in package.processes for element in package.elements(name) if element.called}
    own = {name: sum(crowd.count for place, crowd in found.items() if place[0] == name and place not in calls)
           for name in package.processes}  # fmt: skip
    all_drawings = drawings(package, outermost(version, package))
    return Heat(
        version, process_id, [(name, title, own[name]) for name, title in all_drawings],
        [_place(session, element.id, element.name, found[process_id, element.id])
         for element in elements if (process_id, element.id) in found],
        {element.id: element.called for element in elements if element.called in package.processes},
        packages.file(session, package_id, package.diagrams[process_id]).decode(),
    )  # fmt: skip


def outermost(version: Package, package: bpmn.Package) -> str:
    """The process a procedure begins with: it carries the procedure's key."""
    return version.key if version.key in package.processes else package.processes[0]


def _place(session: Session, element_id: str, name: str, crowd: Crowd) -> Place:
    days, today = calendar(session), clock.today()
    stood: list[tuple[int, int]] = [(days.between(day, today), number) for day, number in crowd.since.items()]
    total = sum(number for _, number in stood)
    average = sum(length * number for length, number in stood) / total if total else 0.0
    level = 2 if average >= HOT else 1 if average >= WARM else 0
    word = ("不久", "偏久", "过久")[level]
    longest = max((length for length, _ in stood), default=0)
    return Place(element_id, name or element_id, crowd.count, crowd.overdue, average, longest, level, word)


def legend() -> list[tuple[int, str, str]]:
    """(heat, word, meaning)."""
    return [
        (0, "不久", f"平均停留不足{WARM}个工作日"),
        (1, "偏久", f"平均停留{WARM}到{HOT - 1}个工作日"),
        (2, "过久", f"平均停留{HOT}个工作日以上"),
    ]
