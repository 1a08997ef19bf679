"""跟踪明细帐: the ledgers of studios and years, on paper (annex 2) and as tables (article 12, R78, R115)."""

from flask import Blueprint, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import printing
from engine.access import Verb
from engine.desk import Page
from engine.printing.book import PER_PAGE, Book
from web.policy import policy
from web.session import actor
from web.words import GRADES, word

blueprint = Blueprint("ledger", __name__, url_prefix="/ledger")

TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
BOXES = {code: label for code, label in GRADES.items() if code != "unreachable"}


@blueprint.get("")
@policy(Verb.LEDGER_READ)
def index() -> ResponseReturnValue:
    """The ledgers within reach."""
    text, number = request.args.get("text", "").strip(), max(request.args.get("page", 1, int), 1)
    found, total = printing.shelves(g.session, actor(), text, number)
    page = Page(found, total, number, PER_PAGE)
    return render_template("ledger/index.html", page=page, text=text, address=url_for("ledger.index"))


@blueprint.get("/<int:studio_id>/<int:year>")
@policy(Verb.LEDGER_READ)
def book(studio_id: int, year: int) -> ResponseReturnValue:
    """One ledger as a list: a line per number, void ones too."""
    return render_template("ledger/book.html", book=_book(studio_id, year))


@blueprint.get("/<int:studio_id>/<int:year>/print")
@policy(Verb.LEDGER_READ)
def bound(studio_id: int, year: int) -> ResponseReturnValue:
    """The ledger as a book for the printer: cover, index, a page of annex 2 per number."""
    found = _book(studio_id, year)
    back = url_for("ledger.book", studio_id=studio_id, year=year)
    return render_template("ledger/print.html", book=found, pages=found.pages, grades=BOXES, back=back)


@blueprint.get("/<int:studio_id>/<int:year>/table.xlsx")
@policy(Verb.LEDGER_READ)
def sheet(studio_id: int, year: int) -> ResponseReturnValue:
    """The ledger as an XLSX file."""
    found = _book(studio_id, year)
    return _file(found, printing.xlsx(found, word), "xlsx")


@blueprint.get("/<int:studio_id>/<int:year>/table.csv")
@policy(Verb.LEDGER_READ)
def commas(studio_id: int, year: int) -> ResponseReturnValue:
    """The ledger as a CSV file."""
    found = _book(studio_id, year)
    return _file(found, printing.csv(found, word), "csv")


@blueprint.get("/cases/<int:case_id>")
@policy(Verb.LEDGER_READ)
def annex2(case_id: int) -> ResponseReturnValue:
    """The page of one case (R94)."""
    page = printing.annex2(g.session, actor(), case_id)
    back = url_for("ledger.book", studio_id=page.case.studio_id, year=page.case.year)
    return render_template("ledger/print.html", book=None, pages=[page], grades=BOXES, back=back)


def _book(studio_id: int, year: int) -> Book:
    return printing.book(g.session, actor(), studio_id, year)


def _file(found: Book, content: bytes, kind: str) -> ResponseReturnValue:
    answer = make_response(content)
    answer.headers["Content-Type"] = TYPES[kind]
    answer.headers.set("Content-Disposition", "attachment", filename=f"跟踪明细帐-{found.studio}-{found.year}.{kind}")
    return answer
