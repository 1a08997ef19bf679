"""登记表三联: how each copy came to its keeper, and scans of signed forms on their way back to their cases (R44)."""

from dataclasses import dataclass

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import custody, filing
from engine.access import Verb
from engine.attachments import inspecting
from engine.attachments.naming import told
from engine.cases.copies import METHODS
from engine.errors import Invalid, LianxinError
from web.attachments import store
from web.policy import policy
from web.session import actor

blueprint = Blueprint("copies", __name__, url_prefix="/registration")
MOST = 10  # files of one upload


@dataclass(frozen=True)
class Filed:
    """What became of one scan: the case it went to, or a sentence."""

    name: str
    case_id: int | None = None
    number: str = ""
    by_code: bool = False
    refusal: str = ""


@blueprint.get("/cases/<int:case_id>/copies")
@policy(Verb.CASE_REGISTER)
def show(case_id: int) -> ResponseReturnValue:
    """The three copies of a case, and the form for each that is to be handed over."""
    return _page(case_id)


@blueprint.post("/cases/<int:case_id>/copies/<int:mark>")
@policy(Verb.CASE_REGISTER)
def hand_over(case_id: int, mark: int) -> ResponseReturnValue:
    """登记交付."""
    typed = {name: request.form.get(name, "") for name in ("method", "proof")}
    try:
        with g.session.begin_nested():
            custody.hand_over(g.session, actor(), case_id, mark, **typed)
    except Invalid as refusal:
        return _page(case_id, mark, typed, refusal), 422
    flash("已登记交付。")
    return redirect(url_for("copies.show", case_id=case_id))


@blueprint.get("/scans")
@policy(Verb.CASE_REGISTER)
def scans() -> ResponseReturnValue:
    """扫描件归档: the page to upload signed forms."""
    return render_template("copies/scans.html", results=(), number="")


@blueprint.post("/scans")
@policy(Verb.CASE_REGISTER)
def take() -> ResponseReturnValue:
    """Each file goes to the case its QR code names, else to the number typed; one that does not holds up no other."""
    number = request.form.get("number", "")
    files = [file for file in request.files.getlist("files") if file.filename]
    wrong = "" if files else "请先选择扫描件。"
    if len(files) > MOST:
        wrong = f"一次最多上传 {MOST} 个文件。"
    results = (
        [] if wrong else [_take(file.filename or "", file.stream.read(store().limit + 1), number) for file in files]
    )
    page = render_template("copies/scans.html", results=results, number=number, wrong=wrong)
    return page, 422 if wrong or all(result.refusal for result in results) else 200


def _take(filename: str, data: bytes, number: str) -> Filed:
    name = told(filename)
    try:
        with g.session.begin_nested():
            found = custody.find(g.session, actor(), name, data, _kind(name, data), number)
            filing.keep(g.session, actor(), store(), found.case.id, "signed_form", filename, data)
            custody.filed(g.session, actor(), found, name)
    except LianxinError as refused:
        return Filed(name, refusal=refused.message)
    return Filed(name, found.case.id, found.case.number, found.by_code)


def _kind(name: str, data: bytes) -> str:
    try:
        kind = inspecting.media_type(data)
    except Invalid as refused:
        raise Invalid(f"“{name}”没有归档：{refused.message}。") from refused
    if kind != "application/pdf" and not kind.startswith("image/"):
        raise Invalid(f"“{name}”没有归档：扫描件应为图片或 PDF。")
    return kind


def _page(case_id: int, mark: int = 0, typed: dict[str, str] | None = None, refusal: Invalid | None = None) -> str:
    copies = custody.copies_of(g.session, actor(), case_id)
    case = custody.own_case(g.session, actor(), case_id)
    methods = {code: METHODS[code] for code in custody.BY_HAND}
    return render_template(
        "copies/show.html", case=case, copies=copies, methods=methods, wrong_mark=mark, typed=typed or {},
        errors=refusal.errors if refusal else {}, refusal=refusal.message if refusal else "",
        scan_missing=bool(custody.scan_missing(g.session, [case])),
    )  # fmt: skip
