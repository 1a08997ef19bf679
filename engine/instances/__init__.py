"""Running procedures: one act moves the tokens, and tasks, deadlines, subscriptions and the case's state follow.

Everything here happens inside the caller's transaction with the instance row locked (rule 2). Tasks, deadlines and
subscriptions are projections of the tokens; whoever reads them never has to ask the engine.
"""

from engine.instances.host import Host
from engine.instances.intervening import case_of, due_again, follow, restored
from engine.instances.moving import Move, forecast
from engine.instances.projection import LIMITS, Projection, pool_of, recount, shown_state, within
from engine.instances.running import complete, data_of, fire, locked, recompute, send, start
from engine.instances.saving import Outcome
from engine.instances.standing import Crowd, Standing, crowds, inside, standing
from engine.instances.watching import watched
from engine.instances.withdrawing import withdraw

__all__ = [
    "LIMITS", "Crowd", "Host", "Move", "Outcome", "Projection", "Standing", "case_of", "complete", "crowds", "data_of",
    "due_again", "fire", "follow", "forecast", "inside", "locked", "pool_of", "recompute", "recount", "restored",
    "send", "shown_state", "standing", "start", "watched", "withdraw", "within",
]  # fmt: skip
