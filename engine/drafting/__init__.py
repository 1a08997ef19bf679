"""The next version of a procedure while it is drawn: one draft each, one editor at a time, saved as it is typed;
looked over for what breaks the articles, tried out, published (P1 to P5).

editing = drafting.open_draft(session, actor, "opinion")                      # takes the lock when it is free
editing = drafting.save_file(session, actor, "opinion", "handling.bpmn", data, editing.revision)
drafting.findings(session, actor, "opinion")                                  # what would keep it from being published
"""

from engine.drafting.checking import Checked, findings
from engine.drafting.exceptions import approve_exception, open_exceptions, request_exception, withdraw_exception
from engine.drafting.files import MAX_FILE, MAX_PACKAGE, allowed, files, save_file, save_files
from engine.drafting.holding import (
    HOLD,
    Editing,
    Held,
    Stale,
    discard,
    drafts,
    hold,
    look,
    open_draft,
    release,
    start_from,
    take_over,
)
from engine.drafting.publishing import Impact, Played, impact, play, publish

__all__ = [
    "HOLD", "MAX_FILE", "MAX_PACKAGE", "Checked", "Editing", "Held", "Impact", "Played", "Stale", "allowed",
    "approve_exception", "discard", "drafts", "files", "findings", "hold", "impact", "look", "open_draft",
    "open_exceptions", "play", "publish", "release", "request_exception", "save_file", "save_files", "start_from",
    "take_over", "withdraw_exception",
]  # fmt: skip
