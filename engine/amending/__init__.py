"""Amending what limits are counted from: notices about working days and parameters of the measures (R72, R73, R88).

One person proposes, everybody concerned sees what would move, another person releases; then the running limits are
asked again. Finished cases are never touched.
"""

from collections.abc import Callable

from engine.amending import desk, examining, missing, reading, releasing
from engine.amending.checking import Draft, Remark
from engine.amending.proposing import check_notice, propose_notice, propose_parameter, withdraw
from engine.amending.releasing import release
from engine.db import Begin

__all__ = [
    "Draft", "Remark", "check_notice", "desk", "missing", "propose_notice", "propose_parameter", "reading", "release",
    "tend", "withdraw",
]  # fmt: skip


def tend(begin: Begin, more: Callable[[], bool]) -> int:
    """Continue previews and recomputations while `more()`; ask for a missing year. How many were looked at."""
    with begin() as session:
        done = missing.look(session)
    for step in (releasing.step, lambda begin: examining.step(begin, 0)):
        while more() and (some := step(begin)):
            done += some
    return done
