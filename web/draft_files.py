"""流程文件: the files of a procedure's draft; decision tables, forms and notices edited as tables, packages in and out
(P1, P7). Every page reads without a draft; writing needs the draft to be one's own (engine.drafting)."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import access, definitions, drafting
from engine.access import Verb
from engine.drafting import Editing
from engine.errors import Conflict, Invalid, NotFound
from engine.sheets import archive, listing
from web import sheets
from web.downloads import download
from web.policy import policy, raw, reading
from web.session import actor

blueprint = Blueprint("draft_files", __name__, url_prefix="/procedures/<key>/files")
OUTCOMES = {"refused": "不能用", "removed": "删去", "changed": "替换", "new": "新增", "same": "相同"}
STATES = {"new": "新增", "changed": "已改", "removed": "已删去"}


@blueprint.app_template_global("procedure_page")
def there(endpoint: str) -> bool:
    """Whether a page of a procedure exists in this house."""
    return endpoint in current_app.view_functions


@blueprint.get("")
@policy(Verb.DEFINITION_READ)
def index(key: str) -> ResponseReturnValue:
    """All files in words: what the draft changed, what is wrong, who uses them."""
    return _index(key)


def _index(key: str, refusal: str = "", typed: Mapping[str, str] | None = None) -> str:
    files, editing = _files(key)
    base = definitions.files(g.session, editing.based_on.id) if editing else files
    rows = listing.entries(files, base)
    proposals = {kind: listing.proposed_name(files, kind) for kind in ("form", "notice", "table")}
    return render_template(
        "draft_files/index.html", **_frame(key, editing), rows=rows, kinds=listing.KINDS, states=STATES,
        faults=_faults(key), refusal=refusal, typed=typed or {}, proposals=proposals,
    )  # fmt: skip


def _faults(key: str) -> dict[str, int]:
    """File → how many findings publishing would have."""
    found: dict[str, int] = {}
    for one in drafting.findings(g.session, actor(), key):
        code = one.finding.file.rpartition("/")[0] if one.finding.file.startswith("notices/") else one.finding.file
        found[code] = found.get(code, 0) + 1
    return found


@blueprint.post("/open")
@policy(Verb.DEFINITION_PUBLISH)
def open_draft(key: str) -> ResponseReturnValue:
    """开始编辑: the draft is there from now on, and mine unless somebody else has it."""
    drafting.open_draft(g.session, actor(), key)
    return _back(key)


@blueprint.post("/take-over")
@policy(Verb.DEFINITION_PUBLISH)
def take_over(key: str) -> ResponseReturnValue:
    """接手编辑 from whoever has the draft."""
    drafting.take_over(g.session, actor(), key)
    flash("草稿现在由您编辑。")
    return _back(key)


@blueprint.post("/new")
@policy(Verb.DEFINITION_PUBLISH)
def add(key: str) -> ResponseReturnValue:
    """新建 a form, a notice or a decision table."""
    kind, name, title = (request.form.get(part, "").strip() for part in ("kind", "name", "title"))
    files, _ = _files(key)
    try:
        with g.session.begin_nested():
            if kind not in ("form", "notice", "table"):
                raise Invalid("请选择新建哪一种。")
            code, content = listing.created(files, kind, name, title)
            _save(key, content)
    except (Invalid, Conflict) as refusal:
        return _index(key, refusal.message, request.form), 422
    flash(f"已新建{listing.KINDS[kind]}“{title}”。")
    return redirect(url_for("draft_files.edit", key=key, file=code))


@blueprint.post("/remove")
@policy(Verb.DEFINITION_PUBLISH)
def remove(key: str) -> ResponseReturnValue:
    """删除 a file nobody uses."""
    files, _ = _files(key)
    return _change(key, listing.removed, "已从草稿中删去。", files, _code(files, request.form.get("file", "")))


@blueprint.post("/rename")
@policy(Verb.DEFINITION_PUBLISH)
def rename(key: str) -> ResponseReturnValue:
    """改名: another code for a file nobody uses."""
    files, _ = _files(key)
    code, name = _code(files, request.form.get("file", "")), request.form.get("name", "").strip()
    return _change(key, listing.renamed, "代号已改。", files, code, name)


def _change(key: str, act: Any, said: str, *arguments: Any) -> ResponseReturnValue:
    try:
        with g.session.begin_nested():
            _save(key, act(*arguments))
    except (Invalid, Conflict) as refusal:
        return _index(key, refusal.message), 409
    flash(said)
    return redirect(url_for("draft_files.index", key=key))


# ------------------------------------------------------------------------------------------------ one file


@blueprint.get("/edit")
@policy(Verb.DEFINITION_READ)
def edit(key: str) -> ResponseReturnValue:
    """A decision table, a form or a notice as a table; ?file= is its path, for a notice its folder."""
    files, editing = _files(key)
    code = _code(files, request.args.get("file", "") or _first(files))
    return _edit_page(key, editing, sheets.open_sheet(files, _base(key, editing), code))


@blueprint.post("/edit")
@policy(Verb.DEFINITION_PUBLISH)
@raw
def save(key: str) -> ResponseReturnValue:
    """Keep what stands in the table; `op` first does one act on it (a row up, a column away). Scripts get JSON."""
    files, editing = _files(key)
    code = _code(files, request.form.get("file", ""))
    sheet = sheets.open_sheet(files, _base(key, editing), code)
    saved, problem = "", None
    try:
        with g.session.begin_nested():
            sheet = sheet.typed(request.form)
            content = sheet.content()
            if content is not None:
                editing = _save(key, content)
                saved = sheets.clock_time()
    except (Invalid, Conflict) as refusal:
        problem = refusal
    answer = {
        "revision": editing.revision if editing else 0, "saved": saved,
        "message": problem.message if problem else sheet.waiting, "stopped": isinstance(problem, Conflict),
        "holder": str(problem.fields.get("holder", "")) if problem else "", **sheet.answer(),
    }  # fmt: skip
    if request.form.get("op"):
        answer["body"] = render_template(f"draft_files/_{sheet.kind}.html", sheet=sheet, editable=True)
    status = 409 if isinstance(problem, Conflict) else 200
    if request.accept_mimetypes.best == "application/json":
        return answer, status
    return _edit_page(key, editing, sheet, answer["message"]), status


def _edit_page(key: str, editing: Editing | None, sheet: sheets.Open, said: str = "") -> str:
    return render_template(
        "draft_files/edit.html", **_frame(key, editing), sheet=sheet, editable=bool(editing and editing.mine), said=said
    )


@blueprint.get("/text")
@policy(Verb.DEFINITION_READ)
def text(key: str) -> ResponseReturnValue:
    """A file as it is stored, to be read."""
    files, editing = _files(key)
    path = request.args.get("file", "") or _first(files)
    if path not in files:
        raise NotFound
    return render_template(
        "draft_files/text.html", **_frame(key, editing), path=path, content=files[path].decode("utf-8", "replace")
    )


# ------------------------------------------------------------------------------------------------ in and out


@blueprint.get("/export")
@policy(Verb.DEFINITION_READ)
def export(key: str) -> ResponseReturnValue:
    """The draft (the newest version without one) as ZIP, or one file of it as it is."""
    files, _ = _files(key)
    path = request.args.get("file", "")
    if path and path not in files:
        raise NotFound
    name = path.rpartition("/")[2] if path else f"{key}.zip"
    return download(files[path] if path else archive.packed(files, key), name)


@blueprint.get("/import")
@policy(Verb.DEFINITION_READ)
def bring(key: str) -> ResponseReturnValue:
    """Choose what to import."""
    return render_template("draft_files/import.html", **_frame(key, _files(key)[1]), changes=None, refusal="")


@blueprint.post("/import")
@policy(Verb.DEFINITION_PUBLISH)
@reading
def preview(key: str) -> ResponseReturnValue:
    """What the import would change; nothing is kept yet."""
    files, editing = _files(key)
    whole = "whole" in request.form
    uploads = [
        (file.filename or "", file.read(archive.MAX_UPLOAD + 1)) for file in request.files.getlist("files")[:100]
    ]
    frame = _frame(key, editing)
    try:
        incoming = archive.brought(uploads)
    except Invalid as refusal:
        return render_template("draft_files/import.html", **frame, changes=None, refusal=refusal.message), 422
    taken = {one.path: one.content for one in incoming if not one.refusal}
    carried = base64.b64encode(archive.packed(taken, key)).decode() if taken else ""
    found = archive.changes(files, incoming, whole)
    useful = any(one.outcome in ("new", "changed", "removed") for one in found) and bool(taken)
    return render_template(
        "draft_files/import.html", **frame, changes=found, refusal="", outcomes=OUTCOMES, carried=carried, whole=whole,
        useful=useful,
    )  # fmt: skip


@blueprint.post("/import/take")
@policy(Verb.DEFINITION_PUBLISH)
def take(key: str) -> ResponseReturnValue:
    """Take what the preview showed into the draft; everything is looked at again."""
    files, editing = _files(key)
    try:
        with g.session.begin_nested():
            data = base64.b64decode(request.form.get("carried", ""), validate=True)
            incoming = archive.brought([("files.zip", data)])
            saving = archive.to_save(files, incoming, "whole" in request.form)
            _save(key, saving)
    except (Invalid, Conflict, binascii.Error) as refusal:
        said = refusal.message if isinstance(refusal, Invalid | Conflict) else "请重新选择文件。"
        return render_template("draft_files/import.html", **_frame(key, editing), changes=None, refusal=said), 422
    flash(f"已导入 {len(saving)} 处改动，只进了草稿；发布以后才生效。")
    return redirect(url_for("draft_files.index", key=key))


# ------------------------------------------------------------------------------------------------ inside


def _files(key: str) -> tuple[dict[str, bytes], Editing | None]:
    return drafting.files(g.session, actor(), key), drafting.look(g.session, actor(), key)


def _base(key: str, editing: Editing | None) -> Mapping[str, bytes]:
    if editing is None:
        return drafting.files(g.session, actor(), key)
    return definitions.files(g.session, editing.based_on.id)


def _frame(key: str, editing: Editing | None) -> dict[str, Any]:
    newest = definitions.newest(g.session, key)
    return {
        "key": key, "name": definitions.name(g.session, newest.id), "editing": editing,
        "may_edit": access.may(actor(), Verb.DEFINITION_PUBLISH), "mine": bool(editing and editing.mine),
        "here": request.full_path.rstrip("?") if request.method == "GET" else url_for("draft_files.index", key=key),
    }  # fmt: skip


def _code(files: Mapping[str, bytes], code: str) -> str:
    """The code of a file that is there; NotFound for anything else."""
    if not listing.kind_of(code) or not any(path == code or path.startswith(f"{code}/") for path in files):
        raise NotFound
    return code


def _first(files: Mapping[str, bytes]) -> str:
    return next((path for path in sorted(files) if listing.kind_of(path) in ("table", "form")), "")


def _save(key: str, content: Mapping[str, bytes | None]) -> Editing:
    """Into the draft at the revision the page showed (without one: as it is now)."""
    wanted = request.form.get("revision", -1, int)
    now = drafting.look(g.session, actor(), key)
    if now is None:
        raise Conflict("还没有草稿，请先点“开始编辑”。")
    return drafting.save_files(g.session, actor(), key, content, wanted if wanted >= 0 else now.revision)


def _back(key: str) -> ResponseReturnValue:
    code = request.form.get("file", "")
    if code:
        return redirect(url_for("draft_files.edit", key=key, file=code))
    return redirect(url_for("draft_files.index", key=key))
