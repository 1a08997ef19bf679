"""Everything a diagram may call: one explicit table of named operations, and nothing else.

A diagram names an operation (`lianxin:operation`), a pool (`lianxin:pool`) and facts; what is not in these tables does
not exist for it. Side effects of a procedure happen only here, inside the transaction of the act.
"""

from collections.abc import Callable
from typing import Any

from engine.catalogue import case_operations as case
from engine.catalogue import (
    consultation_operations,
    extension_operations,
    facts,
    feedback_operations,
    handling_operations,
    merging,
    pools,
    rating_operations,
    receipt_operations,
    review_operations,
    supervision_operations,
    undoing,
)
from engine.catalogue.act import Act
from engine.catalogue.staff import staffed

Operation = Callable[..., dict[str, Any] | None]

# Operations of service and send tasks: run when the token passes.
SERVICES: dict[str, Operation] = {
    "ledger.record": case.record_in_ledger,
    "case.close_on_the_spot": case.close_on_the_spot,
    "case.report": case.report,
    "case.escalate": case.escalate,
    "case.void": case.void,
    "case.terminate": case.terminate,
    "case.close": case.close,
    "case.file": case.file,
    "handling.open": review_operations.open_handling,
    "handling.open_items": review_operations.open_items,
    "case.send_down": review_operations.send_down,
    "case.return_to_studio": review_operations.return_to_studio,
    "case.separate": merging.separate,
    "case.adopt": merging.adopt,
    "handling.decline": handling_operations.decline,
    "handling.sign_late": receipt_operations.sign_late,
    "handling.plan_late": receipt_operations.plan_late,
    "handling.close": handling_operations.close_handling,
    "handling.recall": supervision_operations.recall,
    "supervision.remind": handling_operations.remind,
    "supervision.raise": handling_operations.raise_supervision,
    "supervision.transit_late": review_operations.transit_late,
    "feedback.deliver": feedback_operations.deliver,
    "feedback.return": feedback_operations.give_back,
    "feedback.copy": feedback_operations.copy,
    "rating.conclude": rating_operations.conclude,
    "rating.redo": rating_operations.redo,
    "consultation.invite": consultation_operations.invite,
    "consultation.measure_late": consultation_operations.measure_late,
}

# Operations of user tasks: run with the submitted form; what they return are the routing flags of the token.
SUBMISSIONS: dict[str, Operation] = {
    "case.sign": case.sign,
    "case.amend": case.amend,
    "case.decide_report": case.decide_report,
    "review.decide": review_operations.decide_review,
    "answer.submit": feedback_operations.submit_answer,
    "extension.decide": extension_operations.decide,
    "extension.arbitrate": extension_operations.arbitrate,
    "supervision.note": supervision_operations.note,
    "feedback.check": feedback_operations.check,
    "letter.confirm": feedback_operations.confirm_letter,
    "committee.instruct": case.instruct,
    "rating.record": rating_operations.record,
    "rating.agree": rating_operations.agree,
    "rating.decide_redo": rating_operations.decide_redo,
    "consultation.close": consultation_operations.close,
    "consultation.fulfil": consultation_operations.fulfil,
}

OPERATIONS = frozenset(SERVICES) | frozenset(SUBMISSIONS)
FUNCTIONS = facts.FUNCTIONS
FACTS = facts.FACTS
POOLS = pools.POOLS
UNDO = undoing.UNDO

__all__ = [
    "FACTS",
    "FUNCTIONS",
    "OPERATIONS",
    "POOLS",
    "SERVICES",
    "SUBMISSIONS",
    "UNDO",
    "Act",
    "Operation",
    "facts",
    "pools",
    "staffed",
]
