"""Carrying running cases over to another version of their procedure: look first, then in a batch, with a way back.

What waits stays as it is: a deadline keeps its due time unless its own text changed, a task its id, its holder and the
draft on it (engine.bpmn.migrate has the rules). Each instance goes in a transaction of its own or stays, with the
element and the reason written down. (The schema of the database is engine.migrations.)
"""

from engine.migration.batch import Undone, forget, prepare, run, undo, undo_batch, undo_some
from engine.migration.drawing import drawing
from engine.migration.fitting import Fit, chosen, fits
from engine.migration.looking import PER_PAGE, BatchView, ResultView, batch, batches, results
from engine.migration.planning import Forecast, Plan, Waiting, forecast, plan

__all__ = [
    "PER_PAGE", "BatchView", "Fit", "Forecast", "Plan", "ResultView", "Undone", "Waiting", "batch", "batches", "chosen",
    "drawing", "fits", "forecast", "forget", "plan", "prepare", "results", "run", "undo", "undo_batch", "undo_some",
]  # fmt: skip
