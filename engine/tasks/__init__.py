"""Working on tasks: look, claim, give back, complete, take back, ask for more time, end a case (I1–I6)."""

from engine.tasks.asking import may_request, request_extension, terminate
from engine.tasks.consenting import (
    Asked,
    Card,
    asked,
    confirm_consent,
    cosigner_view,
    extension_cards,
    record_consent,
    unconfirmed,
)
from engine.tasks.delegates import (
    add_cosigner,
    cosigner_choices,
    replace_delegate,
    replaceable,
    replacement_choices,
)
from engine.tasks.delivering import Delivery, record_delivery, undelivered
from engine.tasks.doing import Completed, checked, claim, complete, complete_as_reporter, release, save_draft
from engine.tasks.filing import FilingView, file_plan, filing_view, register_receipt
from engine.tasks.merging import Choice, Choices, choices, join, may_separate, merge, separate
from engine.tasks.reading import TaskView, beside, form_of, load, options
from engine.tasks.reporting import batch_of, batches, report_batch, waiting_reports
from engine.tasks.returning import return_to_studio
from engine.tasks.reviewing import ReviewDesk, members, review_of
from engine.tasks.routing import MOST_ITEMS, may, send_down, split
from engine.tasks.withdrawing import withdraw, withdrawable

__all__ = [
    "MOST_ITEMS", "Asked", "Card", "Choice", "Choices", "Completed", "Delivery", "FilingView", "ReviewDesk",
    "TaskView", "add_cosigner", "asked", "batch_of", "batches", "beside", "checked", "choices", "claim", "complete",
    "complete_as_reporter", "confirm_consent", "cosigner_choices", "cosigner_view", "extension_cards", "file_plan",
    "filing_view", "form_of", "join", "load", "may", "may_request", "may_separate", "members", "merge", "options",
    "record_consent", "record_delivery", "register_receipt", "release", "replace_delegate", "replaceable",
    "replacement_choices", "report_batch", "request_extension", "return_to_studio", "review_of", "save_draft",
    "send_down", "separate", "split", "terminate", "unconfirmed", "undelivered", "waiting_reports", "withdraw",
    "withdrawable",
]  # fmt: skip
