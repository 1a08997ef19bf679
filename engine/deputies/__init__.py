"""代理 of an absent person and 交接 of a leaver's tasks: who may arrange it, and what it leads to (I14)."""

from engine.deputies.absence import DeputyPage, end, page, set_deputy
from engine.deputies.handover import Handed, Held, Leaver, hand_over, leaver

__all__ = ["DeputyPage", "Handed", "Held", "Leaver", "end", "hand_over", "leaver", "page", "set_deputy"]
