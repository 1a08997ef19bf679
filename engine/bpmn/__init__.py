"""BPMN: the only room that imports SpiffWorkflow and lxml. This gate is all the rest of the house may import from it.

package = compile_package({"handling.bpmn": b"..."}, functions, operations)    # once per version, shared
run = start(package, "handling", {"case": 7}, host)                            # host: clock, facts, operations
run.complete(run.tasks()[0].token, {"accepted": True})
blob = run.dump()                                                              # a few KB, whatever its age
run = restore(package, blob, host)
"""

from engine.bpmn.codec import clean
from engine.bpmn.decisions import AmbiguousDecision
from engine.bpmn.explore import Explored
from engine.bpmn.expressions import ExpressionError, Problem, check
from engine.bpmn.expressions import compile as compile_expression
from engine.bpmn.findings import Finding, Refused
from engine.bpmn.gate import Run, next_start, restore, start
from engine.bpmn.guard import MAX_BYTES
from engine.bpmn.lint import check as check_package  # not `lint`: that name is the room
from engine.bpmn.migrate import Migrated, Refusal, TimerFate, migrate
from engine.bpmn.model import (
    BadState,
    BadValue,
    BpmnError,
    Element,
    Host,
    NotDue,
    NotWaiting,
    NoWay,
    OpenTask,
    Step,
    StepBudgetExceeded,
    Subscription,
    TimerChange,
    Token,
    WaitingTimer,
)
from engine.bpmn.moving import (
    CannotMove,
    Effects,
    Position,
    Target,
    Waits,
    cancel,
    effects,
    go_back,
    move,
    positions,
    targets,
    waits,
)
from engine.bpmn.package import Package, compile_package
from engine.bpmn.proposing import proposals

__all__ = [
    "MAX_BYTES",
    "AmbiguousDecision",
    "BadState",
    "BadValue",
    "BpmnError",
    "CannotMove",
    "Effects",
    "Element",
    "Explored",
    "ExpressionError",
    "Finding",
    "Host",
    "Migrated",
    "NoWay",
    "NotDue",
    "NotWaiting",
    "OpenTask",
    "Package",
    "Position",
    "Problem",
    "Refusal",
    "Refused",
    "Run",
    "Step",
    "StepBudgetExceeded",
    "Subscription",
    "Target",
    "TimerChange",
    "TimerFate",
    "Token",
    "WaitingTimer",
    "Waits",
    "cancel",
    "check",
    "check_package",
    "clean",
    "compile_expression",
    "compile_package",
    "effects",
    "go_back",
    "migrate",
    "move",
    "next_start",
    "positions",
    "proposals",
    "restore",
    "start",
    "targets",
    "waits",
]
