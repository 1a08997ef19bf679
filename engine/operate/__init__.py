"""What procedure administrators may do to a running case when the diagram alone does not get it on: suspend, resume,
cancel, move, skip, send back, deliver messages, retry. Each is one act with actor, reason and history row, inside the
caller's transaction; none of them shows what the case says.
"""

from engine.operate.control import cancel, resume, suspend
from engine.operate.dossier import Dossier, dossier, drawing, kind_of
from engine.operate.heat import Heat, heat, legend
from engine.operate.looking import Found, Line, Wanted, cases, running_versions
from engine.operate.messages import Delivered, message, signal
from engine.operate.outlook import Outlook, outlook
from engine.operate.path import go_back, move, places, rehearse, skip, tokens
from engine.operate.timers import look_again, recompute, timer_why, timers
from engine.operate.trouble import Group, GroupRetried, Retried, groups, retry, retry_group

__all__ = [
    "Delivered", "Dossier", "Found", "Group", "GroupRetried", "Heat", "Line", "Outlook", "Retried", "Wanted", "cancel",
    "cases", "dossier", "drawing", "go_back", "groups", "heat", "kind_of", "legend", "look_again", "message", "move",
    "outlook", "places", "recompute", "rehearse", "resume", "retry", "retry_group", "running_versions", "signal",
    "skip", "suspend", "timer_why", "timers", "tokens",
]  # fmt: skip
