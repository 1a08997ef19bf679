"""What is printed and handed out: annex 2, the ledger of a studio and a year (article 12, R78, R94–R116)."""

from engine.printing.annex2 import Annex2, Signed, annex2
from engine.printing.book import Book, Shelf, book, shelves
from engine.printing.sheet import COLUMNS, csv, xlsx

__all__ = ["COLUMNS", "Annex2", "Book", "Shelf", "Signed", "annex2", "book", "csv", "shelves", "xlsx"]
