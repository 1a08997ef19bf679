"""Which limits of a running procedure would move, or move now, because the calendar or a parameter changed (R72)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from engine import bpmn, clock
from engine.catalogue.act import Act
from engine.instances.projection import LIMITS, Projection, limit_of, open_rows
from engine.instances.saving import restore
from engine.packages import queries as packages
from engine.work.models import Instance


@dataclass(frozen=True)
class Move:
    """One moment that moves. `limit`: a due date people see, not a reminder; `task_id`: the open step it is of."""

    element_id: str
    name: str
    role: str
    old: datetime
    new: datetime
    limit: bool
    task_id: int | None


def forecast(session: Session, instance: Instance, act: Act) -> list[Move]:
    """What `recompute` would move, with whatever calendar and parameters `act` was given; nothing is written."""
    run = restore(session, instance, act)
    return moves_of(session, instance, act, run, Projection.of(run))[0]


def moves_of(
    session: Session, instance: Instance, act: Act, run: bpmn.Run, before: Projection
) -> tuple[list[Move], bool]:
    """Ask the timers of `run` again: the moments that differ, limits of steps first; and whether anything else about
    them changed (a provisional date became firm)."""
    rows = {row.token: row for row in open_rows(session, instance)}
    package = packages.compiled(session, instance.package_id)
    timers = {timer.token: timer for timer in before.timers.values()}
    changes = run.recompute()
    moves: list[Move] = []
    firm = any(change.old == change.new for change in changes)
    for token, row in rows.items():
        last = limit_of(row, before, act, package) if token in before.tasks else None
        if last is None or row.due_at is None:
            continue
        new = clock.end_of(last)
        if new != row.due_at:
            moves.append(Move(row.element_id, row.name, row.role, row.due_at, new, True, row.id))
        firm = firm or row.provisional != bool((getattr(last, "basis", None) or {}).get("provisional"))
    shown = {(move.task_id, move.old) for move in moves}
    for change in changes:
        timer = timers[change.token]
        role = str(timer.extensions.get("role", ""))
        host = rows.get(timer.host_token or "")
        if change.old == change.new or (role in LIMITS and host is not None and (host.id, change.old) in shown):
            continue
        limit = role in LIMITS
        moves.append(Move(timer.element_id, timer.name, role, change.old, change.new, limit, host.id if host else None))
    return moves, firm
