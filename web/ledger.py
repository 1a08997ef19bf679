"""跟踪明细帐: the ledgers of studios and years, on paper (annex 2) and as tables (article 12, R78, R115)."""

from flask import Blueprint, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from engine import printing
from engine.access import Verb
from engine.desk import Page
from engine.printing import jobs
from engine.printing.book import PER_PAGE, Book
from web.downloads import download
from web.policy import policy
from web.session import actor, house, is_fragment
from web.words import word

blueprint = Blueprint("ledger", __name__, url_prefix="/ledger")

TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
LINES = 100  # of a ledger on one page of the list


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
    number = max(request.args.get("page", 1, int), 1)
    found = printing.book(g.session, actor(), studio_id, year, (number - 1) * LINES, LINES)
    page = Page(found.pages, found.total, number, LINES)
    orders = jobs.mine(g.session, actor(), studio_id, year)
    address = url_for("ledger.book", studio_id=studio_id, year=year)
    return render_template("ledger/book.html", book=found, page=page, orders=orders, address=address)


@blueprint.post("/<int:studio_id>/<int:year>/pdf")
@policy(Verb.LEDGER_READ)
def order(studio_id: int, year: int) -> ResponseReturnValue:
    """Ask for the whole book: cover, index, a page of annex 2 per number; printed in the background (R115)."""
    job = jobs.order(g.session, actor(), studio_id, year)
    return redirect(url_for("ledger.job", job_id=job.id))


@blueprint.get("/jobs/<int:job_id>")
@policy(Verb.LEDGER_READ)
def job(job_id: int) -> ResponseReturnValue:
    """How far a book is; htmx asks again until it is done."""
    found = jobs.read(g.session, actor(), job_id)
    template = "ledger/_job.html" if is_fragment() else "ledger/job.html"
    back = url_for("ledger.book", studio_id=found.studio_id, year=found.year)
    return render_template(template, job=found, back=back)


@blueprint.get("/jobs/<int:job_id>/file")
@policy(Verb.LEDGER_READ)
def file(job_id: int) -> ResponseReturnValue:
    """The finished book."""
    found = jobs.read(g.session, actor(), job_id)
    path = jobs.finished(house().settings, found)
    return send_file(path, "application/pdf", as_attachment=True, download_name=f"{found.title}.pdf")


@blueprint.get("/<int:studio_id>/<int:year>/table.xlsx")
@policy(Verb.LEDGER_READ)
def sheet(studio_id: int, year: int) -> ResponseReturnValue:
    """The ledger as an XLSX file."""
    found = _whole(studio_id, year)
    return _file(found, printing.xlsx(found, word), "xlsx")


@blueprint.get("/<int:studio_id>/<int:year>/table.csv")
@policy(Verb.LEDGER_READ)
def commas(studio_id: int, year: int) -> ResponseReturnValue:
    """The ledger as a CSV file."""
    found = _whole(studio_id, year)
    return _file(found, printing.csv(found, word), "csv")


@blueprint.get("/cases/<int:case_id>")
@policy(Verb.LEDGER_READ)
def of_case(case_id: int) -> ResponseReturnValue:
    """The ledger a case stands in."""
    case = printing.annex2(g.session, actor(), case_id).case
    return redirect(url_for("ledger.book", studio_id=case.studio_id, year=case.year))


def _whole(studio_id: int, year: int) -> Book:
    return printing.book(g.session, actor(), studio_id, year)


def _file(found: Book, content: bytes, kind: str) -> ResponseReturnValue:
    return download(content, f"跟踪明细帐-{found.studio}-{found.year}.{kind}", TYPES[kind])
