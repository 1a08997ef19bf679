"""Papers of a case on screen, for the printer and as PDF: one address per kind and row (words.md, printed papers)."""

from flask import Blueprint, Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import printing
from engine.access import Verb
from engine.errors import Conflict
from engine.printing import Paper, jobs
from web.downloads import download
from web.policy import policy, public
from web.session import actor, house

blueprint = Blueprint("papers", __name__, url_prefix="/papers")


@blueprint.get("/style.css")
@public("the style sheet of printed papers says nothing about any case")
def style() -> ResponseReturnValue:
    """The style sheet the PDF is made with."""
    return Response(printing.style(), mimetype="text/css")


@blueprint.get("/cases/<int:case_id>")
@policy(Verb.CASE_READ)
def of_case(case_id: int) -> ResponseReturnValue:
    """Everything there is to print of a case."""
    number, listed = printing.of_case(g.session, actor(), case_id)
    return render_template("papers/of_case.html", case_id=case_id, number=number, listed=listed)


@blueprint.get("/<kind>/<int:row_id>")
@policy(Verb.CASE_READ)
def show(kind: str, row_id: int) -> ResponseReturnValue:
    """The paper as it will be printed."""
    paper = _paper(kind, row_id)
    return render_template("papers/show.html", paper=paper, kind=kind, row_id=row_id, back=_back(kind, paper))


@blueprint.get("/<form>/<int:row_id>.pdf")
@policy(Verb.CASE_READ)
def pdf(form: str, row_id: int) -> ResponseReturnValue:
    """The paper as a file; `form` is the kind of paper."""
    paper = _paper(form, row_id)
    try:
        content = printing.pdf(paper, jobs.fonts(house().settings))
    except OSError as problem:
        raise Conflict("PDF 没有生成，请稍后重试，或直接打印本页；如仍出现，请联系系统管理员。") from problem
    return download(content, f"{paper.filename}.pdf", "application/pdf")


def _paper(kind: str, row_id: int) -> Paper:
    return printing.paper(g.session, actor(), kind, row_id, request.url_root)


def _back(kind: str, paper: Paper) -> str:
    if paper.case_id is None:
        return url_for("workbench.index")
    if kind == "annex2":
        return url_for("ledger.of_case", case_id=paper.case_id)
    return url_for("cases.show", case_id=paper.case_id)
