"""Carrying running cases over to another version of their procedure: look first, then in a batch, with a way back.

What waits stays as it is: a deadline keeps its due time unless its own text changed, a task its id, its holder and the
draft on it (engine.bpmn.migrate has the rules). Each instance goes in a transaction of its own or stays, with the
element and the reason written down. (The schema of the database is engine.migrations.)
"""

from engine.migration.batch import forget, prepare, run, undo, undo_batch
from engine.migration.planning import Forecast, Plan, Waiting, forecast, plan

__all__ = ["Forecast", "Plan", "Waiting", "forecast", "forget", "plan", "prepare", "run", "undo", "undo_batch"]
