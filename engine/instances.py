"""Running procedures: one act moves the tokens, and tasks, deadlines, subscriptions and the case's state follow.

Everything here happens inside the caller's transaction with the instance row locked (rule 2). Tasks, deadlines and
subscriptions are projections of the tokens; whoever reads them never has to ask the engine.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from engine import bpmn, catalogue, clock
from engine.bpmn import expressions
from engine.cases.models import Case
from engine.catalogue import facts, pools
from engine.catalogue.act import Act
from engine.catalogue.pools import Pool
from engine.db import Base
from engine.errors import Conflict, Misconfigured, NotFound
from engine.organisation import staffing
from engine.packages import queries as packages
from engine.work import operations as work
from engine.work.models import Deadline, Instance, Subscription, Task, Withdrawal

LIMITS = ("limit", "transit_target")  # roles of timers that are a task's due date
# What an act may change on the case and a 撤回 restores.
RESTORED = (
    "state", "tier", "arrived_on", "sent_street_at", "sent_district_at", "sent_city_at", "instruction", "grade",
    "outcome", "outcome_reason", "closed_at",
)  # fmt: skip


class Host:
    """What a diagram may reach during one act: the clock, facts of the case, named operations."""

    def __init__(self, act: Act) -> None:
        self.act = act
        self.functions: Mapping[str, Callable[..., Any]] = facts.functions(act)

    def now(self) -> datetime:
        """The moment of the act."""
        return self.act.now

    def fact(self, name: str, data: Mapping[str, Any]) -> Any:
        """A case fact; KeyError when there is none of that name."""
        return facts.fact(self.act, name)

    def call(self, operation: str, arguments: Mapping[str, Any], token: bpmn.Token) -> Mapping[str, Any] | None:
        """Run a service of the catalogue at the element that names it."""
        service = catalogue.SERVICES.get(operation)
        if service is None:
            raise Misconfigured(f"“{token.name}”要执行的操作 {operation} 不存在，请管理员在流程图中改正。")
        at_element = replace_place(self.act, token.process_id, token.element_id, token.name, token.extensions)
        try:
            result = service(at_element, **arguments)
        finally:
            merge_place(self.act, at_element)
        return result


def replace_place(act: Act, process_id: str, element_id: str, name: str, extensions: Mapping[str, Any]) -> Act:
    """The same act seen from another element; shares what it collects."""
    return replace(
        act, process_id=process_id, element_id=element_id, element_name=name, role=str(extensions.get("role", ""))
    )


def merge_place(act: Act, other: Act) -> None:
    """Carry back what an operation set on its view of the act."""
    act.recompute = other.recompute or act.recompute
    act.history = act.history or other.history


@dataclass(frozen=True)
class Outcome:
    """What an act led to: the tasks it opened, and whether the procedure ended."""

    opened: tuple[Task, ...]
    ended: bool


def start(
    session: Session, package_id: int, process_id: str, act: Act, data: Mapping[str, Any],
    start_event: str | None = None,
) -> Outcome:  # fmt: skip
    """Start a procedure for `act.case` on exactly this package version, up to its first waits; `start_event`: the timer
    or message start that happened, else the plain one."""
    instance = Instance(package_id=package_id, process_id=process_id, case_id=act.case.id, started_at=clock.now())
    session.add(instance)
    session.flush()
    act.instance_id = instance.id
    with session.no_autoflush:
        package = packages.compiled(session, package_id)
        run = bpmn.start(package, process_id, data, Host(act), start_event=start_event)
        return _save(session, instance, act, run, Projection())


def complete(session: Session, instance: Instance, task: Task, act: Act) -> Outcome:
    """Complete an open task as `act.actor`: its operation runs with the form, then the tokens move on."""
    with session.no_autoflush:
        run = _restore(session, instance, act)
        before = Projection.of(run)
        open_task = before.tasks.pop(task.token, None)
        if open_task is None:
            raise Conflict("这项任务已不在办理中，请刷新页面查看最新情况。")
        memory = _memory(instance, task, act, open_task)
        work.take(session, task.id)
        act.received_at = task.created_at
        here = replace_place(act, task.process_id, task.element_id, task.name, open_task.extensions)
        flags = _submit(here, str(open_task.extensions.get("operation", "")))
        merge_place(act, here)
        act.received_at = None
        if act.history is not None:
            act.history.task_id = task.id
        run.complete(task.token, flags)
        outcome = _save(session, instance, act, run, before)
        _remember(session, instance, act, None if outcome.ended else memory)
    return outcome


def _submit(act: Act, operation: str) -> dict[str, Any]:
    if not operation:
        act.history = act.record("task_done", opinion=str(act.form.get("opinion", "")))
        return {name: value for name, value in act.form.items() if name == "decision"}
    submit = catalogue.SUBMISSIONS.get(operation)
    if submit is None:
        raise Misconfigured(f"“{act.element_name}”要执行的操作 {operation} 不存在，请管理员在流程图中改正。")
    return submit(act) or {}


def fire(session: Session, instance: Instance, deadline: Deadline, act: Act) -> Outcome:
    """A waiting timer that is due fires, with its true due time on everything it writes (R69, R71)."""
    act.due_at = deadline.due_at
    with session.no_autoflush:
        run = _restore(session, instance, act)
        before = Projection.of(run)
        run.fire(deadline.token)
        return _save(session, instance, act, run, before)


def send(session: Session, instance: Instance, message: str, act: Act, *, host_token: str | None = None) -> Outcome:
    """Deliver a message to the event waiting for it (on the task `host_token`, or anywhere in the instance)."""
    with session.no_autoflush:
        run = _restore(session, instance, act)
        before = Projection.of(run)
        waiting = [
            item.token
            for item in before.subscriptions.values()
            if item.name == message and host_token in (None, item.host_token)
        ]
        if not waiting:
            raise Conflict("此件当前的环节不能进行这项操作，请刷新页面查看最新情况。")
        run.send(message, None, waiting[0])
        outcome = _save(session, instance, act, run, before)
        _remember(session, instance, act, None)
    return outcome


def recompute(session: Session, instance: Instance, act: Act, reason: str) -> list[tuple[datetime, datetime]]:
    """Evaluate every waiting timer again (calendar or parameter changed); limits that moved stand in the history."""
    act.recompute = reason
    run = _restore(session, instance, act)
    before = Projection.of(run)
    roles = {timer.token: timer.extensions.get("role") for timer in before.timers.values()}
    moved = []
    for change in run.recompute():
        if roles.get(change.token) in LIMITS:
            days = [clock.local(at - timedelta(seconds=1)).date().isoformat() for at in (change.old, change.new)]
            act.record("deadline_moved", result=" → ".join(days), opinion=reason, data={"old": days[0], "new": days[1]})
        moved.append((change.old, change.new))
    if moved:
        _save(session, instance, act, run, before)
    return moved


def withdraw(session: Session, instance: Instance, memory: Withdrawal, act: Act) -> None:
    """撤回: the state before the act, its task with the same holder and clock, and nothing of its effects (I6)."""
    for step in reversed(memory.undo):
        if "operation" in step:
            catalogue.UNDO[step["operation"]](session, **step["data"])
    act.history = act.record("withdrawn", element_name=memory.task["name"], result=memory.act)
    after = Projection.of(_restore(session, instance, act))
    instance.state = memory.state
    run = _restore(session, instance, act)
    returned = _task_from(memory.task)
    # Nobody signed for the tasks this act opened: they go without a row of their own, as if they had never been.
    after.tasks = {
        token: task for token, task in after.tasks.items() if not _opened_by(session, instance, token, memory)
    }
    session.add(returned)
    session.flush()
    after.tasks[returned.token] = next(task for task in run.tasks() if task.token == returned.token)
    restored = next(step["case"] for step in memory.undo if "case" in step)
    session.delete(memory)
    _save(session, instance, act, run, after)
    for name, value in restored.items():
        setattr(act.case, name, _revive(name, value))


def _opened_by(session: Session, instance: Instance, token: str, memory: Withdrawal) -> bool:
    mine = (Task.instance_id == instance.id, Task.token == token, Task.act_id == memory.history_id)
    return session.scalars(delete(Task).where(*mine).returning(Task.id)).first() is not None


def data_of(session: Session, task: Task, case: Case) -> Mapping[str, Any]:
    """The token data an open task sees (routing flags and decisions); {} when it is gone."""
    instance = session.get_one(Instance, task.instance_id)
    run = _restore(session, instance, Act(session, case, instance.id))
    return next((row.data for row in run.tasks() if row.token == task.token), {})


# ------------------------------------------------------------------------------------------------ projection


@dataclass
class Projection:
    """What the tokens of a run wait for, as the tables show it. The tables are always what the last save projected, so
    the difference between two of these is all there is to write: nothing is read back."""

    tasks: dict[str, bpmn.OpenTask] = field(default_factory=dict)
    timers: dict[tuple[str, int], bpmn.WaitingTimer] = field(default_factory=dict)
    subscriptions: dict[str, bpmn.Subscription] = field(default_factory=dict)

    @classmethod
    def of(cls, run: bpmn.Run) -> "Projection":
        """The waits of a run now."""
        return cls(
            tasks={task.token: task for task in run.tasks()},
            timers={(timer.token, timer.occurrence): timer for timer in run.timers()},
            subscriptions={item.token: item for item in run.subscriptions()},
        )


def _restore(session: Session, instance: Instance, act: Act) -> bpmn.Run:
    if instance.state is None or instance.status != "open":
        raise Conflict("此件已经办结或暂停，不能再办理。")
    return bpmn.restore(packages.compiled(session, instance.package_id), instance.state, Host(act))


def _save(session: Session, instance: Instance, act: Act, run: bpmn.Run, before: Projection) -> Outcome:
    """Write what changed since `before`: first the act's own rows (their ids are needed), then the projections."""
    if act.recompute:
        run.recompute()
    after = Projection.of(run)
    _end_tasks(session, instance, act, before.tasks.keys() - after.tasks.keys())
    session.flush()
    opened = [_task(session, instance, act, task) for token, task in after.tasks.items() if token not in before.tasks]
    session.add_all(opened)
    _project_deadlines(session, instance, before.timers, after.timers)
    _project_subscriptions(session, instance, before.subscriptions, after.subscriptions)
    if not run.ended:
        kept = _rows(session, instance) if act.recompute else []
        _project_due([*kept, *opened], after, act, packages.compiled(session, instance.package_id))
        _project_case(act, after, opened)
    session.flush()
    work.save_instance(session, instance, None if run.ended else run.dump(), clock.now() if run.ended else None)
    return Outcome(tuple(opened), run.ended)


def _rows(session: Session, instance: Instance) -> list[Task]:
    return list(session.scalars(select(Task).where(Task.instance_id == instance.id)))


def _end_tasks(session: Session, instance: Instance, act: Act, tokens: Collection[str]) -> None:
    """Every task that ends leaves one row, also one that nobody completed (I8)."""
    if not tokens:
        return
    for row in session.scalars(select(Task).where(Task.instance_id == instance.id, Task.token.in_(tokens))):
        act.record(
            "task_ended", process_id=row.process_id, element_id=row.element_id, element_name=row.name,
            received_at=row.created_at, working_days=act.days_used(row.created_at),
        )  # fmt: skip
        session.delete(row)


def _task(session: Session, instance: Instance, act: Act, task: bpmn.OpenTask) -> Task:
    pool = pool_of(session, act, task)
    return Task(
        instance_id=instance.id,
        case_id=instance.case_id,
        token=task.token,
        process_id=task.process_id,
        element_id=task.element_id,
        name=task.name,
        role=str(task.extensions.get("role", "")),
        form=str(task.extensions.get("form", "")),
        organisation_id=pool.organisation_id,
        duty=pool.duty,
        person_id=pool.person_id,
        created_at=act.now,
        act_id=act.history.id if act.history else None,
    )


def _peopled(session: Session, act: Act, pool: Pool) -> Pool:
    """An empty pool goes to the organisation's head and raises an incident, so that no case waits for nobody."""
    if pool.organisation_id is None or staffing.has_members(session, pool.organisation_id, pool.duty):
        return pool
    work.raise_incident(
        session, "empty_pool", f"“{act.element_name}”的办理单位没有经办人员，已转给单位负责人，请管理员补充人员。",
        case_id=act.case.id, instance_id=act.instance_id, process_id=act.process_id, element_id=act.element_id,
    )  # fmt: skip
    return replace(pool, duty="head")


Timers = Mapping[tuple[str, int], bpmn.WaitingTimer]


def _project_deadlines(session: Session, instance: Instance, before: Timers, after: Timers) -> None:
    gone = {token for token, occurrence in before if (token, occurrence) not in after}
    if gone:
        session.execute(
            delete(Deadline)
            .where(Deadline.instance_id == instance.id, Deadline.token.in_(gone))
            .execution_options(synchronize_session=False)
        )
    for (token, occurrence), timer in after.items():
        old = before.get((token, occurrence))
        if old is None:
            session.add(_deadline(instance, timer))
        elif (old.due_at, old.basis) != (timer.due_at, timer.basis):
            session.execute(
                update(Deadline)
                .where(Deadline.instance_id == instance.id, Deadline.token == token, Deadline.occurrence == occurrence)
                .values(due_at=timer.due_at, basis=timer.basis)
            )


def _deadline(instance: Instance, timer: bpmn.WaitingTimer) -> Deadline:
    return Deadline(
        instance_id=instance.id,
        case_id=instance.case_id,
        token=timer.token,
        host_token=timer.host_token or "",
        process_id=timer.process_id,
        element_id=timer.element_id,
        name=timer.name,
        role=str(timer.extensions.get("role", "")),
        expression=timer.expression,
        due_at=timer.due_at,
        basis=timer.basis,
        occurrence=timer.occurrence,
    )


def _project_subscriptions(
    session: Session,
    instance: Instance,
    before: Mapping[str, bpmn.Subscription],
    after: Mapping[str, bpmn.Subscription],
) -> None:
    gone = before.keys() - after.keys()
    if gone:
        session.execute(
            delete(Subscription)
            .where(Subscription.instance_id == instance.id, Subscription.token.in_(gone))
            .execution_options(synchronize_session=False)
        )
    session.add_all(
        Subscription(
            instance_id=instance.id,
            case_id=instance.case_id,
            token=item.token,
            host_token=item.host_token or "",
            message=item.name,
            process_id=item.process_id,
            element_id=item.element_id,
        )
        for token, item in after.items()
        if token not in before
    )


def _project_due(tasks: Iterable[Task], after: Projection, act: Act, package: bpmn.Package) -> None:
    """A task's due date is what its limit timer's expression says, whether that timer still waits or has fired: late
    consent moves the shown date too (§0)."""
    host = Host(act)
    for row in tasks:
        expression = _limit_expression(package, row.process_id, row.element_id)
        if expression is None:
            continue
        data = after.tasks[row.token].data

        def name(key: str, data: Mapping[str, Any] = data) -> Any:
            return data[key] if key in data else host.fact(key, data)

        last = expressions.compile(expression).evaluate(name, host.functions)
        row.due_on, row.due_at = last, clock.end_of(last)
        row.provisional = bool((getattr(last, "basis", None) or {}).get("provisional"))


def _limit_expression(package: bpmn.Package, process_id: str, element_id: str) -> str | None:
    for element in package.elements(process_id):
        if element.attached_to == element_id and element.extensions.get("role") in LIMITS and element.timer:
            return element.timer
    return None


def _project_case(act: Act, after: Projection, opened: Collection[Task]) -> None:
    """The case's state is what the open steps say (lianxin:state); an unsigned handling step reads 待签收."""
    states = [str(task.extensions["state"]) for task in after.tasks.values() if task.extensions.get("state")]
    if states and states[0] == "handling" and any(task.role == "answer" for task in opened):
        act.case.state = "awaiting_receipt"
    elif states:
        act.case.state = shown_state(act.session, act.case, states[0])


def shown_state(session: Session, case: Case, state: str) -> str:
    """`handling` reads 待签收 until somebody signed, 已延期 after consent."""
    if state != "handling":
        return state
    query = select(Task.assignee_id).where(Task.case_id == case.id, Task.role == "answer")
    if session.scalars(query.limit(1)).first() is None:
        return "awaiting_receipt"
    handling = Act(session, case, 0).handling
    return "extended" if handling is not None and handling.extended else "handling"


# ------------------------------------------------------------------------------------------------ 撤回


def _row(task: Task) -> dict[str, Any]:
    values = {column.key: getattr(task, column.key) for column in Task.__table__.columns}
    return {key: _plain(value) for key, value in values.items()}


def _task_from(saved: Mapping[str, Any]) -> Task:
    return Task(**{key: _revive(key, value) for key, value in saved.items()})


def _changed(before: Mapping[str, Any], case: Case) -> dict[str, Any]:
    return {name: _plain(value) for name, value in before.items() if getattr(case, name) != value}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _revive(name: str, value: Any) -> Any:
    if value is None or not isinstance(value, str):
        return value
    if name.endswith("_at"):
        return datetime.fromisoformat(value)
    return datetime.fromisoformat(value).date() if name.endswith("_on") else value


def _memory(instance: Instance, task: Task, act: Act, open_task: bpmn.OpenTask) -> dict[str, Any] | None:
    """What a 撤回 of this act will need, taken before anything changed; None when the step cannot be taken back."""
    if open_task.extensions.get("withdrawable") != "true" or act.actor is None:
        return None
    return {
        "state": instance.state,
        "task": _row(task),
        "case": {name: getattr(act.case, name) for name in RESTORED},
    }


def _remember(session: Session, instance: Instance, act: Act, memory: dict[str, Any] | None) -> None:
    """Keep the way back of the last act only: a new act of the instance replaces or ends it."""
    if memory is None or act.history is None or act.actor is None:
        session.execute(delete(Withdrawal).where(Withdrawal.instance_id == instance.id))
        return
    effects = [
        {"operation": step["operation"], "data": {key: _identity(value) for key, value in step["data"].items()}}
        for step in act.undo
    ]
    values = {
        "case_id": instance.case_id,
        "actor_id": act.actor.person_id,
        "history_id": act.history.id,
        "act": act.history.act,
        "revision": instance.revision,
        "state": memory["state"],
        "task": memory["task"],
        "undo": [
            {"case": _changed(memory["case"], act.case)}, *effects, {"notices": [row.id for row in act.notices]},
        ],
        "at": act.now,
    }  # fmt: skip
    make = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    row = make(Withdrawal).values(instance_id=instance.id, **values)
    session.execute(row.on_conflict_do_update(index_elements=["instance_id"], set_=values))


def _identity(value: Any) -> Any:
    return getattr(value, "id") if isinstance(value, Base) else value  # noqa: B009 - every table of ours has one


def locked(session: Session, instance_id: int) -> Instance:
    """The instance, locked for this act; NotFound when there is none."""
    instance = work.lock_instance(session, instance_id)
    if instance is None:
        raise NotFound()
    return instance


# ------------------------------------------------------------------------------------------------ from outside


def case_of(session: Session, instance: Instance) -> Case:
    """The case of an instance. A procedure that no case started (by the clock, by a message) gets an empty one that is
    never stored: its acts have neither tier nor state."""
    if instance.case_id is None:
        return Case(tier="", state="")
    return session.get_one(Case, instance.case_id)


def restored(session: Session, instance: Instance, act: Act, *, suspended: bool = False) -> bpmn.Run:
    """The running instance, to be changed and then given to `follow`; Conflict when it ended, or is suspended and
    `suspended` does not allow that."""
    if instance.state is not None and suspended and instance.status == "suspended":
        return bpmn.restore(packages.compiled(session, instance.package_id), instance.state, Host(act))
    return _restore(session, instance, act)


def follow(session: Session, instance: Instance, act: Act, run: bpmn.Run, before: Projection) -> Outcome:
    """Write what an intervention changed: as after any act, and nothing before it can be taken back (撤回) any more."""
    with session.no_autoflush:
        outcome = _save(session, instance, act, run, before)
        _remember(session, instance, act, None)
    return outcome


def due_again(session: Session, instance: Instance, act: Act, run: bpmn.Run, tasks: Collection[Task]) -> None:
    """Ask the limit expressions of these open tasks again; without one a task has no due date."""
    for task in tasks:
        task.due_on, task.due_at, task.provisional = None, None, False
    _project_due(tasks, Projection.of(run), act, packages.compiled(session, instance.package_id))


def pool_of(session: Session, act: Act, task: bpmn.OpenTask) -> Pool:
    """Who may take this open step now; the organisation's head (and an incident) when its people are gone."""
    place = replace_place(act, task.process_id, task.element_id, task.name, task.extensions)
    return _peopled(session, place, pools.resolve(str(task.extensions.get("pool", "")), place))
