"""One case as its page shows it: facts, path, tracked items, history, live diagram, and why a date is that date."""

from engine.casefile.diagram import diagram
from engine.casefile.file import CaseFile, load, mark_copies_read
from engine.casefile.why import Why, why, why_of_case

__all__ = ["CaseFile", "Why", "diagram", "load", "mark_copies_read", "why", "why_of_case"]
