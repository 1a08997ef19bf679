"""Tasks, deadlines, subscriptions and the case's state as the tokens say: written, never read back (rule 3)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from engine import bpmn, clock
from engine.batch import Batch
from engine.bpmn import expressions
from engine.cases.models import Case
from engine.catalogue import pools
from engine.catalogue.act import Act
from engine.catalogue.pools import Pool
from engine.feedback import operations as copies
from engine.instances.host import Host, replace_place
from engine.work import operations as work
from engine.work.models import Deadline, Instance, Subscription, Task

LIMITS = ("limit", "transit_target", "measure_limit")  # roles of timers that are a task's due date


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


def open_rows(session: Session, instance: Instance) -> list[Task]:
    """The open tasks of an instance."""
    return list(session.scalars(select(Task).where(Task.instance_id == instance.id)))


def end_tasks(session: Session, instance: Instance, act: Act, tokens: Collection[str]) -> None:
    """Every task that ends leaves one row, also one that nobody completed (I8)."""
    if not tokens:
        return
    for row in session.scalars(select(Task).where(Task.instance_id == instance.id, Task.token.in_(tokens))):
        act.record(
            "task_ended", process_id=row.process_id, element_id=row.element_id, element_name=row.name,
            received_at=row.created_at, working_days=act.days_used(row.created_at),
        )  # fmt: skip
        work.end(act.batch, row)


def pool_of(session: Session, act: Act, task: bpmn.OpenTask) -> Pool:
    """Who may take this open step now; the organisation's head (and an incident) when its people are gone."""
    place = replace_place(act, task.process_id, task.element_id, task.name, task.extensions)
    return peopled(session, place, pools.resolve(str(task.extensions.get("pool", "")), place))


def new_task(session: Session, instance: Instance, act: Act, task: bpmn.OpenTask) -> Task:
    """The row of a step that has just opened, in the pool its diagram names."""
    act.look_at(task.data.get("item"))
    act.keep("measure", task.data.get("measure"))
    pool = pool_of(session, act, task)
    return Task(
        instance_id=instance.id,
        case_id=instance.about_id,
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
        handling_id=act.item,
        within=within(task),
    )


def within(task: bpmn.OpenTask) -> str:
    """The calls and subprocesses around a step as its row keeps them, each between blanks."""
    return "".join(f" {process_id}/{element_id}" for process_id, element_id in task.path) + " "


def columns(task: Task) -> dict[str, Any]:
    """The columns of a task that is not stored yet."""
    return {name: value for name, value in task.__dict__.items() if not name.startswith("_")}


def peopled(session: Session, act: Act, pool: Pool) -> Pool:
    """An empty pool goes to the organisation's head and raises an incident, so that no case waits for nobody."""
    if pool.organisation_id is None or act.anybody(pool.organisation_id, pool.duty):
        return pool
    work.raise_incident(
        session, "empty_pool", f"“{act.element_name}”的办理单位没有经办人员，已转给单位负责人，请管理员补充人员。",
        case_id=act.case.id, instance_id=act.instance_id, process_id=act.process_id, element_id=act.element_id,
    )  # fmt: skip
    return replace(pool, duty="head")


Timers = Mapping[tuple[str, int], bpmn.WaitingTimer]


def project_deadlines(batch: Batch, instance: Instance, before: Timers, after: Timers) -> None:
    """Rows of timers that no longer wait go, new ones come, moved ones move."""
    gone = [key for key in before if key not in after]
    batch.add(_NO_DEADLINE, *({"instance": instance.id, "gone": token, "n": n} for token, n in gone))
    batch.insert(Deadline, [_deadline(instance, timer) for key, timer in after.items() if key not in before])
    for (token, occurrence), timer in after.items():
        old = before.get((token, occurrence))
        if old is not None and (old.due_at, old.basis) != (timer.due_at, timer.basis):
            moved = {"due_at": timer.due_at, "basis": timer.basis}
            batch.add(_MOVED, {"instance": instance.id, "gone": token, "n": occurrence, **moved})


deadlines, subscriptions = cast(Table, Deadline.__table__), cast(Table, Subscription.__table__)
_TIMER = (
    deadlines.c.instance_id == bindparam("instance"),
    deadlines.c.token == bindparam("gone"),
    deadlines.c.occurrence == bindparam("n"),
)
_NO_DEADLINE = delete(deadlines).where(*_TIMER)
_MOVED = update(deadlines).where(*_TIMER).values(due_at=bindparam("due_at"), basis=bindparam("basis"))
_NO_SUBSCRIPTION = delete(subscriptions).where(
    subscriptions.c.instance_id == bindparam("instance"), subscriptions.c.token == bindparam("gone")
)


def _deadline(instance: Instance, timer: bpmn.WaitingTimer) -> dict[str, Any]:
    return {
        "instance_id": instance.id,
        "case_id": instance.about_id,
        "token": timer.token,
        "host_token": timer.host_token or "",
        "process_id": timer.process_id,
        "element_id": timer.element_id,
        "name": timer.name,
        "role": str(timer.extensions.get("role", "")),
        "expression": timer.expression,
        "due_at": timer.due_at,
        "basis": timer.basis,
        "occurrence": timer.occurrence,
    }


def project_subscriptions(
    batch: Batch,
    instance: Instance,
    before: Mapping[str, bpmn.Subscription],
    after: Mapping[str, bpmn.Subscription],
) -> None:
    """The same for events waiting for a message."""
    batch.add(_NO_SUBSCRIPTION, *({"instance": instance.id, "gone": token} for token in before if token not in after))
    new = [_subscription(instance, item) for token, item in after.items() if token not in before]
    batch.insert(Subscription, new)


def _subscription(instance: Instance, item: bpmn.Subscription) -> dict[str, Any]:
    return {
        "instance_id": instance.id,
        "case_id": instance.about_id,
        "token": item.token,
        "host_token": item.host_token or "",
        "message": item.name,
        "process_id": item.process_id,
        "element_id": item.element_id,
    }


def project_due(tasks: Iterable[Task], after: Projection, act: Act, package: bpmn.Package) -> None:
    """A task's due date is what its limit timer's expression says, whether that timer still waits or has fired: late
    consent moves the shown date too (§0)."""
    for row in tasks:
        last = limit_of(row, after, act, package)
        if last is None:
            continue
        row.due_on, row.due_at = last, clock.end_of(last)
        row.provisional = bool((getattr(last, "basis", None) or {}).get("provisional"))


def limit_of(row: Task, after: Projection, act: Act, package: bpmn.Package) -> Any:
    """The last day of a task by the expression of its limit, None without one."""
    expression = _limit_expression(package, row.process_id, row.element_id)
    if expression is None:
        return None
    host, data = Host(act), after.tasks[row.token].data

    def name(key: str) -> Any:
        return data[key] if key in data else host.fact(key, data)

    return expressions.compile(expression).evaluate(name, host.functions)


def _limit_expression(package: bpmn.Package, process_id: str, element_id: str) -> str | None:
    for element in package.elements(process_id):
        if element.attached_to == element_id and element.extensions.get("role") in LIMITS and element.timer:
            return element.timer
    return None


def project_case(act: Act, after: Projection, opened: Collection[Task]) -> None:
    """The case's state is what the open steps say (lianxin:state); an unsigned handling step reads 待签收."""
    states = [str(task.extensions["state"]) for task in after.tasks.values() if task.extensions.get("state")]
    states.sort(key=lambda state: state != "handling")  # of several sub-items the slowest says where the case stands
    if states and states[0] == "handling" and any(task.role == "answer" for task in opened):
        act.case.state = "awaiting_receipt"
    elif states:
        act.case.state = shown_state(act.session, act.case, states[0])


def recount(session: Session, case: Case) -> None:
    """A copy of the answer has arrived, or will not: does the case count as answered now (R66)?"""
    case.undelivered = copies.undelivered(session, case.id)
    if case.state == "awaiting_rating":
        case.state = shown_state(session, case, case.state)
    elif case.state == "delivering" and not case.undelivered:
        letter = select(Task.id).where(Task.case_id == case.id, Task.role == "letter")
        if session.scalars(letter.limit(1)).first() is None:
            case.state = "awaiting_rating"


def shown_state(session: Session, case: Case, state: str) -> str:
    """`handling` reads 待签收 until somebody signed, 已延期 after consent."""
    if state == "awaiting_rating" and case.undelivered:
        return "delivering"  # a copy is on its way, or failed and nobody has said what is done next (R66)
    if state != "handling":
        return state
    query = select(Task.assignee_id).where(Task.case_id == case.id, Task.role == "answer")
    if session.scalars(query.limit(1)).first() is None:
        return "awaiting_receipt"
    handling = Act(session, case, 0).handling
    return "extended" if handling is not None and handling.extended else "handling"
