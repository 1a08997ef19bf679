"""Incidents: which causes there are, and trying again once the cause is mended."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock, instances
from engine.access import Actor, Verb, require
from engine.catalogue.act import Act
from engine.db import Begin
from engine.errors import Conflict, Invalid, LianxinError, NotFound
from engine.operate.intervention import begin
from engine.work.models import Deadline, Incident, Instance, Subscription, Task

MOST_AT_ONCE = 100  # deadlines one retry fires


@dataclass(frozen=True)
class Place:
    """An element at which a cause was met, and how often."""

    process_id: str
    element_id: str
    count: int


@dataclass(frozen=True)
class Group:
    """Open incidents of one cause; `message` is the latest sentence."""

    cause: str
    count: int
    cases: int
    places: tuple[Place, ...]
    first_seen: datetime
    last_seen: datetime
    message: str


@dataclass(frozen=True)
class Retried:
    """What a retry achieved: deadlines fired, the sentence that still stops it ("" when nothing does), and what truly
    remains: the open incidents of the same instance, and its deadlines that are due and have not fired."""

    fired: int
    problem: str
    open_incidents: Sequence[Incident]
    still_due: int

    @property
    def solved(self) -> bool:
        """Whether nothing is left."""
        return not self.problem and not self.open_incidents and not self.still_due


def groups(session: Session, actor: Actor) -> list[Group]:
    """The open incidents by cause, most frequent first."""
    require(actor, Verb.INCIDENT_READ)
    still_open = Incident.resolved_at.is_(None)
    places: dict[str, list[Place]] = {}
    columns = (Incident.cause, Incident.process_id, Incident.element_id)
    query = select(*columns, func.count().label("number")).where(still_open).group_by(*columns)
    for row in session.execute(query.order_by(func.count().desc(), *columns)):
        places.setdefault(row.cause, []).append(Place(row.process_id, row.element_id, row.number))
    totals = select(
        Incident.cause, func.count().label("number"), func.count(Incident.case_id.distinct()).label("cases"),
        func.min(Incident.created_at).label("first"), func.max(Incident.created_at).label("last"),
        func.max(Incident.id).label("latest"),
    ).where(still_open).group_by(Incident.cause)  # fmt: skip
    rows = session.execute(totals.order_by(func.count().desc(), Incident.cause)).all()
    latest = select(Incident.id, Incident.message).where(Incident.id.in_([row.latest for row in rows]))
    messages = {row.id: row.message for row in session.execute(latest)}
    return [
        Group(row.cause, row.number, row.cases, tuple(places[row.cause]), row.first, row.last, messages[row.latest])
        for row in rows
    ]


def retry(session: Session, actor: Actor, incident_id: int, reason: str) -> Retried:
    """Try again what an incident stopped, now and in this transaction: a failed deadline fires, an empty pool is looked
    up again, a stuck case is looked at again. What fails again leaves nothing behind but the newer sentence. An
    incident that is over leaves the list with a history row."""
    require(actor, Verb.INSTANCE_OPERATE)
    incident = session.get(Incident, incident_id)
    if incident is None:
        raise NotFound
    attempt = ATTEMPTS.get(incident.cause)
    if incident.resolved_at is not None or incident.instance_id is None or attempt is None:
        raise Conflict("这条异常不能重试：已经处理过，或者需要先在流程或人员设置中改正，再关闭这条异常。")
    instance, act = begin(session, actor, incident.instance_id, reason)
    if instance.status != "open":
        raise Conflict("此件已经办结或挂起，不能重试。")
    fired, problem = attempt(session, instance, act, incident)
    if problem:
        incident.message = problem
    else:
        _resolve(session, act, incident, reason)
    session.flush()
    rest = select(Incident).where(Incident.instance_id == instance.id, Incident.resolved_at.is_(None))
    return Retried(fired, problem, session.scalars(rest.order_by(Incident.id)).all(), _due(session, instance))


@dataclass(frozen=True)
class GroupRetried:
    """What retrying a whole cause achieved: how many were tried and solved, the sentences of those that failed again
    with how often, and how many of the cause are open now."""

    tried: int
    solved: int
    problems: Mapping[str, int]
    left: int


def retry_group(begin_transaction: Begin, actor: Actor, cause: str, reason: str, limit: int = 100) -> GroupRetried:
    """`retry` for at most `limit` open incidents of a cause, longest open first, each in a transaction of its own.
    Invalid without a reason."""
    with begin_transaction() as session:
        require(actor, Verb.INSTANCE_OPERATE)
        if not reason.strip():
            raise Invalid("请写明理由，理由会记入办理过程。", errors={"reason": "请写明理由。"})
        query = select(Incident.id).where(Incident.cause == cause, Incident.resolved_at.is_(None))
        waiting = session.scalars(query.order_by(Incident.id).limit(limit)).all()
    solved, problems = 0, Counter[str]()
    for incident_id in waiting:
        problem = _try(begin_transaction, actor, incident_id, reason)
        solved += not problem
        problems.update([problem] if problem else [])
    with begin_transaction() as session:
        still = select(func.count()).select_from(Incident).where(Incident.cause == cause)
        return GroupRetried(
            len(waiting), solved, problems, session.scalar(still.where(Incident.resolved_at.is_(None))) or 0
        )


def _try(begin_transaction: Begin, actor: Actor, incident_id: int, reason: str) -> str:
    try:
        with begin_transaction() as session:
            incident = session.get(Incident, incident_id)
            if incident is None or incident.resolved_at is not None:
                return ""  # an earlier one of the same case took it along
            return retry(session, actor, incident_id, reason).problem
    except LianxinError as refused:
        return refused.message


def _resolve(session: Session, act: Act, incident: Incident, reason: str) -> None:
    same = select(Incident).where(
        Incident.instance_id == incident.instance_id, Incident.cause == incident.cause, Incident.resolved_at.is_(None)
    )
    for row in session.scalars(same).all():
        row.resolved_at = act.now
    act.record(
        "incident", process_id=incident.process_id, element_id=incident.element_id, result="异常已处理", opinion=reason,
        data={"incident_id": incident.id, "cause": incident.cause},
    )  # fmt: skip


def _due(session: Session, instance: Instance) -> int:
    query = select(func.count()).select_from(Deadline)
    due = query.where(Deadline.instance_id == instance.id, Deadline.due_at <= clock.now())
    return session.scalar(due) or 0 if instance.status == "open" else 0


def _fire(session: Session, instance: Instance, _act: Act, _incident: Incident) -> tuple[int, str]:
    """Every due deadline of the instance in its order, until one fails."""
    fired = 0
    while fired < MOST_AT_ONCE:
        query = select(Deadline).where(Deadline.instance_id == instance.id, Deadline.due_at <= clock.now())
        deadline = session.scalars(query.order_by(Deadline.due_at, Deadline.id).limit(1)).first()
        if deadline is None or instance.status != "open":
            break
        problem = _fire_one(session, instance, deadline)
        if problem:
            return fired, problem
        fired += 1
    return fired, ""


def _fire_one(session: Session, instance: Instance, deadline: Deadline) -> str:
    name, deadline_id = deadline.name, deadline.id
    act = Act(
        session, instances.case_of(session, instance), instance.id, process_id=deadline.process_id,
        element_id=deadline.element_id, element_name=deadline.name, role=deadline.role,
    )  # fmt: skip
    try:
        with session.begin_nested():
            instances.fire(session, instance, deadline, act)
    except Exception as failure:  # noqa: BLE001 - whatever a diagram or an operation raises is what is reported
        session.expire_all()
        failed = session.get(Deadline, deadline_id)
        if failed is not None:
            failed.failures += 1
        reason = failure.message if isinstance(failure, LianxinError) else f"{type(failure).__name__}: {failure}"
        return f"“{name}”到期后未能执行：{reason}"
    return ""


def _fill(session: Session, instance: Instance, act: Act, incident: Incident) -> tuple[int, str]:
    """The open steps of the element go to whoever is in their pool now."""
    run = instances.restored(session, instance, act)
    waiting = {task.token: task for task in run.tasks() if task.element_id == incident.element_id}
    incident.resolved_at = act.now  # so that a pool that is still empty speaks up anew
    session.flush()
    query = select(Task).where(Task.instance_id == instance.id, Task.token.in_(waiting))
    for row in session.scalars(query).all():
        if row.assignee_id is None:
            pool = instances.pool_of(session, act, waiting[row.token])
            row.organisation_id, row.duty, row.person_id = pool.organisation_id, pool.duty, pool.person_id
    session.flush()
    again = session.scalars(
        select(Incident).where(
            Incident.instance_id == instance.id,
            Incident.cause == incident.cause,
            Incident.resolved_at.is_(None),
            Incident.element_id == incident.element_id,
        )
    ).first()
    incident.resolved_at = None
    if again is None:
        return 0, ""
    session.delete(again)  # the older row stays, so that it shows since when
    return 0, again.message


def _look(session: Session, instance: Instance, _act: Act, incident: Incident) -> tuple[int, str]:
    """Whether anything waits again."""
    for table in (Task, Deadline, Subscription):
        if session.scalars(select(table.id).where(table.instance_id == instance.id).limit(1)).first() is not None:
            return 0, ""
    return 0, incident.message


Attempt = Callable[[Session, Instance, Act, Incident], tuple[int, str]]
ATTEMPTS: dict[str, Attempt] = {"timer_failed": _fire, "empty_pool": _fill, "stuck": _look}
