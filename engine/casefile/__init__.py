"""One case as its page shows it: facts, path, tracked items, history, live diagram, and why a date is that date."""

from engine.casefile.beside import HandlingActs, handling_acts
from engine.casefile.board import Board, board
from engine.casefile.diagram import diagram
from engine.casefile.file import CaseFile, load, mark_copies_read
from engine.casefile.reading import signature
from engine.casefile.revealing import reveal
from engine.casefile.why import Why, why, why_of_case

__all__ = [
    "Board", "CaseFile", "HandlingActs", "Why", "board", "diagram", "handling_acts", "load", "mark_copies_read",
    "reveal", "signature", "why", "why_of_case",
]  # fmt: skip
