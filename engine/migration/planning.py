"""Looking before leaping: what a migration needs, and what it would do to each running instance."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import bpmn, instances
from engine.access import Actor, Verb, require
from engine.cases.models import Case
from engine.catalogue.act import Act
from engine.errors import Invalid, LianxinError, NotFound
from engine.packages import queries as packages
from engine.packages.models import Package
from engine.work.models import Deadline, Instance, Subscription, Task


@dataclass(frozen=True)
class Waiting:
    """An element at which running instances wait and which the new version lacks (after the mapping)."""

    process_id: str
    element_id: str
    name: str
    count: int


@dataclass(frozen=True)
class Plan:
    """Two versions side by side: how many cases run on the old one, what must be mapped for them to go over, and the
    mapping that the rest of an element suggests (`process/element` → id)."""

    running: int
    missing: tuple[Waiting, ...]
    proposals: Mapping[str, str]


@dataclass(frozen=True)
class Forecast:
    """What would become of one instance: refusals, or what happens to each deadline."""

    instance_id: int
    case_number: str
    refusals: tuple[bpmn.Refusal, ...]
    deadlines: tuple[bpmn.TimerFate, ...]

    @property
    def moves(self) -> bool:
        """Whether it can go over."""
        return not self.refusals


def plan(session: Session, actor: Actor, from_id: int, to_id: int, mapping: Mapping[str, str] | None = None) -> Plan:
    """What carrying the running cases of one version over to another would need. Invalid for versions of two
    procedures."""
    old, new = versions(session, actor, from_id, to_id)
    count = session.scalar(select(func.count()).select_from(Instance).where(*running(from_id))) or 0
    missing = (one for one in _waiting(session, from_id) if not _there(new, one, mapping or {}))
    return Plan(count, tuple(missing), bpmn.proposals(old, new))


def versions(session: Session, actor: Actor, from_id: int, to_id: int) -> tuple[bpmn.Package, bpmn.Package]:
    """The two compiled versions; Forbidden, NotFound, or Invalid for two procedures."""
    require(actor, Verb.INSTANCE_MIGRATE)
    old, new = session.get(Package, from_id), session.get(Package, to_id)
    if old is None or new is None:
        raise NotFound
    if old.key != new.key or old.id == new.id:
        raise Invalid("只能在同一流程的两个不同版本之间换用。")
    return packages.compiled(session, from_id), packages.compiled(session, to_id)


def running(package_id: int) -> tuple[Any, Any]:
    """The conditions for the instances that still run on a version."""
    return Instance.package_id == package_id, Instance.status != "ended"


def _waiting(session: Session, package_id: int) -> Iterator[Waiting]:
    """Where the tokens are, as the projections show it."""
    found: Counter[tuple[str, str, str]] = Counter()
    tables: list[tuple[Any, Any, Any]] = [
        (Task, Task.name, Task.instance_id == Instance.id),
        (Deadline, Deadline.name, Deadline.host_token == ""),
        (Subscription, Subscription.element_id, Subscription.host_token == ""),
    ]
    for table, name, alone in tables:
        query = select(table.process_id, table.element_id, func.max(name).label("name"), func.count().label("number"))
        query = query.join(Instance, Instance.id == table.instance_id).where(*running(package_id), alone)
        for row in session.execute(query.group_by(table.process_id, table.element_id)):
            found[row.process_id, row.element_id, row.name] += row.number
    for (process_id, element_id, label), count in sorted(found.items()):
        yield Waiting(process_id, element_id, label, count)


def _there(new: bpmn.Package, one: Waiting, mapping: Mapping[str, str]) -> bool:
    target = mapping.get(f"{one.process_id}/{one.element_id}", mapping.get(one.element_id, one.element_id))
    return one.process_id in new.processes and target in {element.id for element in new.elements(one.process_id)}


def forecast(
    session: Session, actor: Actor, from_id: int, to_id: int, mapping: Mapping[str, str] | None = None,
    only: Collection[int] | None = None, *, after: int = 0, limit: int | None = None,
) -> list[Forecast]:  # fmt: skip
    """Per running instance what would happen; nothing is written and nothing locked. `after` an instance and at most
    `limit`: for pages that ask piece by piece."""
    versions(session, actor, from_id, to_id)
    query = select(Instance, Case.number).outerjoin(Case, Case.id == Instance.case_id).where(*running(from_id))
    query = query.where(Instance.id > after).limit(limit)
    if only is not None:
        query = query.where(Instance.id.in_(only))
    with session.no_autoflush:
        return [
            _forecast(session, row.Instance, row.number or "", to_id, mapping or {})
            for row in session.execute(query.order_by(Instance.id)).all()
        ]


def _forecast(session: Session, instance: Instance, number: str, to_id: int, mapping: Mapping[str, str]) -> Forecast:
    act = Act(session, instances.case_of(session, instance), instance.id)
    carried = carry(session, instance, act, to_id, mapping)
    return Forecast(instance.id, number, tuple(carried.refusals), tuple(carried.timers))


def carry(session: Session, instance: Instance, act: Act, to_id: int, mapping: Mapping[str, str]) -> bpmn.Migrated:
    """The instance on the other version, in memory only; what cannot be asked is a refusal."""
    began = select(Task.token, Task.created_at).where(Task.instance_id == instance.id)
    entered = {row.token: row.created_at for row in session.execute(began)}
    old, new = packages.compiled(session, instance.package_id), packages.compiled(session, to_id)
    try:
        return bpmn.migrate(old, new, instance.state or b"", instances.Host(act), mapping, entered)
    except LianxinError as problem:  # a timer that cannot be asked for this case
        return bpmn.Migrated(refusals=[bpmn.Refusal(instance.process_id, "", "", problem.message)])
