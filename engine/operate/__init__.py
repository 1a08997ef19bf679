"""What procedure administrators may do to a running case when the diagram alone does not get it on: suspend, resume,
cancel, move, skip, send back, deliver messages, retry. Each is one act with actor, reason and history row, inside the
caller's transaction; none of them shows what the case says.
"""

from engine.operate.control import cancel, resume, suspend
from engine.operate.messages import Delivered, message, signal
from engine.operate.path import go_back, move, places, rehearse, skip, tokens
from engine.operate.trouble import Group, Retried, groups, retry

__all__ = [
    "Delivered", "Group", "Retried", "cancel", "go_back", "groups", "message", "move", "places", "rehearse", "resume",
    "retry", "signal", "skip", "suspend", "tokens",
]  # fmt: skip
