"""Working on tasks: look, claim, give back, complete, take back, ask for more time, end a case (I1–I6)."""

from engine.tasks.asking import request_extension, terminate
from engine.tasks.consenting import Asked, asked, confirm_consent, cosigner_view, record_consent, unconfirmed
from engine.tasks.delegates import (
    add_cosigner,
    cosigner_choices,
    replace_delegate,
    replaceable,
    replacement_choices,
)
from engine.tasks.delivering import Delivery, record_delivery, undelivered
from engine.tasks.doing import Completed, checked, claim, complete, complete_as_reporter, release, save_draft
from engine.tasks.filing import file_plan, register_receipt
from engine.tasks.merging import Choice, Choices, choices, join, may_separate, merge, separate
from engine.tasks.reading import TaskView, beside, form_of, load, options
from engine.tasks.reviewing import ReviewDesk, members, review_of
from engine.tasks.routing import MOST_ITEMS, send_down, split
from engine.tasks.withdrawing import withdraw, withdrawable

__all__ = [
    "MOST_ITEMS", "Choice", "Choices", "ReviewDesk", "choices", "join", "may_separate", "members", "merge", "review_of",
    "send_down", "separate", "split",
    "Asked", "Completed", "Delivery", "TaskView", "add_cosigner", "asked", "beside", "checked", "claim", "complete",
    "complete_as_reporter", "confirm_consent", "cosigner_choices", "cosigner_view", "file_plan", "form_of", "load",
    "options", "record_consent", "record_delivery", "register_receipt", "release", "replace_delegate", "replaceable",
    "replacement_choices", "request_extension", "save_draft", "terminate", "unconfirmed", "undelivered", "withdraw",
    "withdrawable",
]  # fmt: skip
