"""What is printed and handed out: papers of a case, the ledger of a studio and a year (article 12, R78, R94–R116)."""

from engine.printing.annex2 import Annex2, Signed, annex2
from engine.printing.binding import pdf
from engine.printing.book import Book, Shelf, book, shelves
from engine.printing.papers import KINDS, Listed, of_case, paper
from engine.printing.render import Paper, style
from engine.printing.sheet import COLUMNS, csv, xlsx

__all__ = [
    "COLUMNS",
    "KINDS",
    "Annex2",
    "Book",
    "Listed",
    "Paper",
    "Shelf",
    "Signed",
    "annex2",
    "book",
    "csv",
    "of_case",
    "paper",
    "pdf",
    "shelves",
    "style",
    "xlsx",
]
