"""Working on tasks: look, claim, give back, complete, take back, ask for more time, end a case (I1–I6)."""

from engine.tasks.asking import request_extension, terminate
from engine.tasks.doing import Completed, checked, claim, complete, complete_as_reporter, release, save_draft
from engine.tasks.reading import TaskView, form_of, load, options
from engine.tasks.withdrawing import withdraw, withdrawable

__all__ = [
    "Completed", "TaskView", "checked", "claim", "complete", "complete_as_reporter", "form_of", "load", "options",
    "release", "request_extension", "save_draft", "terminate", "withdraw", "withdrawable",
]  # fmt: skip
