"""登记表三联: how each copy came to its keeper, and scans of signed forms on their way back to their cases (R44)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import custody, filing
from engine.access import Verb
from engine.attachments import inspecting, scanning
from engine.attachments.naming import told
from engine.attachments.queries import SIGNED
from engine.cases.copies import METHODS
from engine.errors import Invalid, LianxinError
from web.attachments import store
from web.policy import policy
from web.session import actor

blueprint = Blueprint("copies", __name__, url_prefix="/registration")
MOST = 10  # files of one upload


@dataclass(frozen=True)
class Filed:
    """What became of one scan, or of some pages of it: the case it went to, a sentence, or neither: it waits."""

    name: str
    case_id: int | None = None
    number: str = ""
    by_code: bool = False
    refusal: str = ""
    pages: int = 0


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
    """扫描件归档: the page to upload signed forms, and those that wait for a number."""
    return _scans()


@blueprint.post("/scans")
@policy(Verb.CASE_REGISTER)
def take() -> ResponseReturnValue:
    """Each form goes to the case its QR code names, else to the number typed; one that does not holds up no other."""
    number = request.form.get("number", "")
    files = [file for file in request.files.getlist("files") if file.filename]
    wrong = "" if files else "请先选择扫描件。"
    if len(files) > MOST:
        wrong = f"一次最多上传 {MOST} 个文件。"
    results: list[Filed] = []
    for file in [] if wrong else files:
        left = custody.MOST_PAGES - sum(result.pages for result in results)
        results += _take(file.filename or "", file.stream.read(store().limit + 1), number, left)
    refused = wrong or all(result.refusal for result in results)
    return _scans(results, number, wrong), 422 if refused else 200


@blueprint.post("/scans/<int:attachment_id>")
@policy(Verb.CASE_REGISTER)
def assign(attachment_id: int) -> ResponseReturnValue:
    """归档 of a scan without a readable code, by the number typed."""
    typed = request.form.get("number", "")
    try:
        with g.session.begin_nested():
            case = custody.assign(g.session, actor(), attachment_id, typed)
    except Invalid as refused:
        return _scans(wrong_row=attachment_id, refusal=refused.message, typed=typed), 422
    flash(f"已归档到 {case.number}。")
    return redirect(url_for("copies.scans"))


@blueprint.post("/scans/<int:attachment_id>/remove")
@policy(Verb.CASE_REGISTER)
def remove(attachment_id: int) -> ResponseReturnValue:
    """删除 of a scan that belongs to no case: the reverse of a form, a page too many."""
    filing.remove(g.session, actor(), attachment_id)
    flash("已删除，没有归档。")
    return redirect(url_for("copies.scans"))


def _scans(results: Sequence[Filed] = (), number: str = "", wrong: str = "", **by_hand: Any) -> str:
    """`by_hand`: which of the waiting scans was refused, why, and what had been typed."""
    loose = custody.loose(g.session, actor())
    asked = {"wrong_row": 0, "refusal": "", "typed": ""} | by_hand
    return render_template("copies/scans.html", results=results, number=number, wrong=wrong, loose=loose, **asked)


def _take(filename: str, data: bytes, number: str, left: int) -> list[Filed]:
    """What became of each part of a file; `left`: how many pages may still be read at once."""
    name = told(filename)
    try:
        if len(data) > store().limit:
            raise Invalid(f"“{name}”超过 {store().limit // 1_000_000} 兆，请压缩后上传。")
        kind = _kind(name, data)
        pages = scanning.length(data, kind)
        if pages > left:
            raise Invalid(f"“{name}”有 {pages} 页，没有归档：一次最多识别 {custody.MOST_PAGES} 页，请分几次上传。")
    except Invalid as refused:
        return [Filed(name, refusal=refused.message)]
    done = [_file(part, kind, number) for part in custody.parts(name, data, kind)]
    return [replace(done[0], pages=pages), *done[1:]]


def _file(part: custody.Part, kind: str, number: str) -> Filed:
    try:
        with g.session.begin_nested():
            if not part.number and (part.pages or not number.strip()):
                custody.hold(g.session, actor(), store(), part, kind)
                return Filed(part.name)
            found = custody.find(g.session, actor(), part, number)
            filing.keep(g.session, actor(), store(), found.case.id, SIGNED, part.name, part.data)
            custody.filed(g.session, actor(), found, part.name)
    except LianxinError as refused:
        return Filed(part.name, refusal=refused.message)
    return Filed(part.name, found.case.id, found.case.number, found.by_code)


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
