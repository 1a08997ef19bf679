"""Running procedures: one act moves the tokens, and tasks, deadlines, subscriptions and the case's state follow.

Everything here happens inside the caller's transaction with the instance row locked (rule 2). Tasks, deadlines and
subscriptions are projections of the tokens; whoever reads them never has to ask the engine.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine import bpmn, catalogue, clock
from engine.bpmn import expressions
from engine.cases.models import Case
from engine.catalogue import facts, pools
from engine.catalogue.act import Act
from engine.catalogue.pools import Pool
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


def start(session: Session, package_id: int, process_id: str, act: Act, data: Mapping[str, Any]) -> Outcome:
    """Start a procedure for `act.case` on exactly this package version, up to its first waits."""
    instance = Instance(package_id=package_id, process_id=process_id, case_id=act.case.id, started_at=clock.now())
    session.add(instance)
    session.flush()
    act.instance_id = instance.id
    run = bpmn.start(packages.compiled(session, package_id), process_id, data, Host(act))
    return _save(session, instance, act, run, package_id)


def complete(session: Session, instance: Instance, task: Task, act: Act) -> Outcome:
    """Complete an open task as `act.actor`: its operation runs with the form, then the tokens move on."""
    before = {name: getattr(act.case, name) for name in RESTORED}
    saved, state = _row(task), instance.state
    package = packages.compiled(session, instance.package_id)
    run = _restore(package, instance, act)
    open_task = next((row for row in run.tasks() if row.token == task.token), None)
    if open_task is None:
        raise Conflict("这项任务已不在办理中，请刷新页面查看最新情况。")
    work.take(session, task.id)
    act.received_at = task.created_at
    here = replace_place(act, task.process_id, task.element_id, task.name, open_task.extensions)
    flags = _submit(here, str(open_task.extensions.get("operation", "")))
    merge_place(act, here)
    act.received_at = None
    run.complete(task.token, flags)
    outcome = _save(session, instance, act, run, instance.package_id)
    withdrawable = open_task.extensions.get("withdrawable") == "true" and not outcome.ended and act.actor is not None
    session.execute(delete(Withdrawal).where(Withdrawal.instance_id == instance.id))
    if withdrawable and act.history is not None and state is not None:
        undo = [{"case": _changed(before, act.case)}, *act.undo, {"notices": act.notice_ids}]
        _remember(session, instance, act, saved, state, undo)
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
    run = _restore(packages.compiled(session, instance.package_id), instance, act)
    run.fire(deadline.token)
    return _save(session, instance, act, run, instance.package_id)


def send(session: Session, instance: Instance, message: str, act: Act, *, host_token: str | None = None) -> Outcome:
    """Deliver a message to the event waiting for it (on the task `host_token`, or anywhere in the instance)."""
    query = select(Subscription).where(Subscription.instance_id == instance.id, Subscription.message == message)
    if host_token is not None:
        query = query.where(Subscription.host_token == host_token)
    waiting = session.scalars(query.limit(1)).first()
    if waiting is None:
        raise Conflict("此件当前的环节不能进行这项操作，请刷新页面查看最新情况。")
    run = _restore(packages.compiled(session, instance.package_id), instance, act)
    run.send(message, None, waiting.token)
    session.execute(delete(Withdrawal).where(Withdrawal.instance_id == instance.id))
    return _save(session, instance, act, run, instance.package_id)


def recompute(session: Session, instance: Instance, act: Act, reason: str) -> list[tuple[datetime, datetime]]:
    """Evaluate every waiting timer again (calendar or parameter changed); limits that moved stand in the history."""
    act.recompute = reason
    known = {row.token: row for row in _rows(session, Deadline, instance.id)}
    run = _restore(packages.compiled(session, instance.package_id), instance, act)
    moved = []
    for change in run.recompute():
        row = known.get(change.token)
        if row is not None and row.role in LIMITS:
            days = [clock.local(at - timedelta(seconds=1)).date().isoformat() for at in (change.old, change.new)]
            act.record("deadline_moved", result=" → ".join(days), opinion=reason, data={"old": days[0], "new": days[1]})
        moved.append((change.old, change.new))
    if moved:
        _save(session, instance, act, run, instance.package_id)
    return moved


def withdraw(session: Session, instance: Instance, memory: Withdrawal, act: Act) -> None:
    """撤回: the state before the act, its task with the same holder and clock, and nothing of its effects (I6)."""
    for step in reversed(memory.undo):
        if "operation" in step:
            catalogue.UNDO[step["operation"]](session, **step["data"])
    act.history = act.record("withdrawn", element_name=memory.task["name"], result=memory.act)
    session.flush()
    session.add(_task_from(memory.task))
    session.flush()
    instance.state = memory.state
    run = _restore(packages.compiled(session, instance.package_id), instance, act)
    restored = next(step["case"] for step in memory.undo if "case" in step)
    session.delete(memory)
    _save(session, instance, act, run, instance.package_id, withdrawn=True)
    for name, value in restored.items():
        setattr(act.case, name, _revive(name, value))


def data_of(session: Session, task: Task, case: Case) -> Mapping[str, Any]:
    """The token data an open task sees (routing flags and decisions); {} when it is gone."""
    instance = session.get_one(Instance, task.instance_id)
    run = _restore(packages.compiled(session, instance.package_id), instance, Act(session, case, instance.id))
    return next((row.data for row in run.tasks() if row.token == task.token), {})


# ------------------------------------------------------------------------------------------------ projection


def _restore(package: bpmn.Package, instance: Instance, act: Act) -> bpmn.Run:
    if instance.state is None or instance.status != "open":
        raise Conflict("此件已经办结或暂停，不能再办理。")
    return bpmn.restore(package, instance.state, Host(act))


def _save(
    session: Session,
    instance: Instance,
    act: Act,
    run: bpmn.Run,
    package_id: int,
    *,
    withdrawn: bool = False,
) -> Outcome:
    if act.recompute:
        run.recompute()
    ended_at = clock.now() if run.ended else None
    kept, opened = _project_tasks(session, instance, act, run, withdrawn=withdrawn)
    _project_deadlines(session, instance, run)
    _project_subscriptions(session, instance, run)
    if not run.ended:
        _project_due([*kept, *opened], act, run, packages.compiled(session, package_id))
        _project_case(act, run, session)
    work.save_instance(session, instance, None if run.ended else run.dump(), ended_at)
    return Outcome(tuple(opened), run.ended)


def _rows(session: Session, table: Any, instance_id: int) -> list[Any]:
    return list(session.scalars(select(table).where(table.instance_id == instance_id)))


def _project_tasks(
    session: Session, instance: Instance, act: Act, run: bpmn.Run, *, withdrawn: bool
) -> tuple[list[Task], list[Task]]:
    """The tasks that stay open and those that are new."""
    wanted = {task.token: task for task in run.tasks()}
    known = {row.token: row for row in _rows(session, Task, instance.id)}
    for token, row in known.items():
        if token not in wanted:
            if not withdrawn:  # every task that ends leaves one row (I8)
                act.record(
                    "task_ended", process_id=row.process_id, element_id=row.element_id, element_name=row.name,
                    received_at=row.created_at, working_days=act.days_used(row.created_at),
                )  # fmt: skip
            session.delete(row)
    if act.history is not None:
        session.flush()
    opened = [_task(session, instance, act, wanted[token]) for token in wanted if token not in known]
    session.add_all(opened)
    session.flush()
    return [row for token, row in known.items() if token in wanted], opened


def _task(session: Session, instance: Instance, act: Act, task: bpmn.OpenTask) -> Task:
    place = replace_place(act, task.process_id, task.element_id, task.name, task.extensions)
    pool = _peopled(session, place, pools.resolve(str(task.extensions.get("pool", "")), place))
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


def _project_deadlines(session: Session, instance: Instance, run: bpmn.Run) -> None:
    known = {(row.token, row.occurrence): row for row in _rows(session, Deadline, instance.id)}
    wanted = {(timer.token, timer.occurrence): timer for timer in run.timers()}
    for key, row in known.items():
        if key not in wanted:
            session.delete(row)
        elif (row.due_at, row.basis) != (wanted[key].due_at, wanted[key].basis):
            row.due_at, row.basis = wanted[key].due_at, wanted[key].basis
    session.add_all(
        Deadline(
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
        for key, timer in wanted.items()
        if key not in known
    )


def _project_subscriptions(session: Session, instance: Instance, run: bpmn.Run) -> None:
    known = {row.token: row for row in _rows(session, Subscription, instance.id)}
    wanted = {item.token: item for item in run.subscriptions()}
    for token, row in known.items():
        if token not in wanted:
            session.delete(row)
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
        for token, item in wanted.items()
        if token not in known
    )


def _project_due(tasks: Iterable[Task], act: Act, run: bpmn.Run, package: bpmn.Package) -> None:
    """A task's due date is what its limit timer's expression says, whether that timer still waits or has fired: late
    consent moves the shown date too (§0)."""
    rows = {row.token: row for row in tasks}
    host = Host(act)
    for task in run.tasks():
        row = rows.get(task.token)
        if row is None or (row.due_at is not None and not act.recompute):
            continue
        expression = _limit_expression(package, task.process_id, task.element_id)
        if expression is None:
            continue

        def name(key: str, data: Mapping[str, Any] = task.data) -> Any:
            return data[key] if key in data else host.fact(key, data)

        last = expressions.compile(expression).evaluate(name, host.functions)
        row.due_on, row.due_at = last, clock.end_of(last)
        row.provisional = bool((getattr(last, "basis", None) or {}).get("provisional"))


def _limit_expression(package: bpmn.Package, process_id: str, element_id: str) -> str | None:
    for element in package.elements(process_id):
        if element.attached_to == element_id and element.extensions.get("role") in LIMITS and element.timer:
            return element.timer
    return None


def _project_case(act: Act, run: bpmn.Run, session: Session) -> None:
    """The case's state is what the open steps say (lianxin:state); an unsigned handling step reads 待签收."""
    states = [str(task.extensions["state"]) for task in run.tasks() if task.extensions.get("state")]
    if states:
        act.case.state = shown_state(session, act.case, states[0])


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


def _remember(
    session: Session, instance: Instance, act: Act, task: dict[str, Any], state: bytes, undo: list[dict[str, Any]]
) -> None:
    history = act.history
    if history is None or act.actor is None:
        return
    session.flush()
    session.add(
        Withdrawal(
            instance_id=instance.id,
            case_id=instance.case_id,
            actor_id=act.actor.person_id,
            history_id=history.id,
            act=history.act,
            revision=instance.revision,
            state=state,
            task=task,
            undo=undo,
            at=act.now,
        )
    )


def locked(session: Session, instance_id: int) -> Instance:
    """The instance, locked for this act; NotFound when there is none."""
    instance = work.lock_instance(session, instance_id)
    if instance is None:
        raise NotFound()
    return instance
