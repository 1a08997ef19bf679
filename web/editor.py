"""编辑流程图: the diagram editor of a draft. The page is a modeler in the browser; everything it asks and saves goes
through the small JSON addresses here, and what a diagram may be is decided by engine.bpmn alone (P1, P2, P7)."""

from collections.abc import Callable
from functools import wraps
from pathlib import PurePosixPath
from typing import Any

from flask import Blueprint, current_app, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import access, bpmn, catalogue, clock, drafting
from engine.access import Verb
from engine.drafting import Checked, Editing
from engine.errors import Invalid, LianxinError, NotFound
from web.errors import status_of
from web.policy import policy, reading
from web.session import actor
from web.vocabulary import named_elements, plain, vocabulary

blueprint = Blueprint("editor", __name__, url_prefix="/procedures/<key>/edit")

# What somebody can put right in the editor after an import; everything else is refused before it gets there.
MENDABLE = ("article.", "condition.missing", "decision.", "explore.", "form.missing", "form.unknown",
            "gateway.no_default", "lane.", "operation.missing", "task.", "wait.")  # fmt: skip
SHOWN = 3
KINDS = {"condition": "expression", "expression": "expression", "timer": "expression", "script": "script"}


def told(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Refusals as JSON: the page shows the sentence beside the drawing, which stays as it is."""

    @wraps(view)
    def answer(*arguments: Any, **named: Any) -> ResponseReturnValue:
        try:
            return view(*arguments, **named)
        except LianxinError as refusal:
            kind = type(refusal).__name__.lower()
            return {"message": refusal.message, "kind": kind, "holder": refusal.fields.get("holder", "")}, status_of(
                refusal
            )

    return answer


@blueprint.get("")
@policy(Verb.DEFINITION_READ)
def show(key: str) -> ResponseReturnValue:
    """The page: one diagram of the draft, ?file=handling.bpmn; the first one when none is named. `element` is selected
    at once."""
    files = drafting.files(g.session, actor(), key)
    diagrams = _diagrams(files, key)
    if not diagrams:
        raise NotFound
    wanted = request.args.get("file", "")
    if wanted and wanted not in files:
        raise NotFound
    current = wanted if wanted in diagrams else next(iter(diagrams))
    return render_template(
        "editor/show.html", key=key, diagrams=diagrams, current=current, editing=drafting.look(g.session, actor(), key),
        may_edit=access.may(actor(), Verb.DEFINITION_PUBLISH), address=url_for("editor.show", key=key),
        element=request.args.get("element", ""), links=_links(key),
    )  # fmt: skip


def _links(key: str) -> dict[str, str]:
    """Where the page leads: publishing (the page of the procedure where there is none of its own), and the files beside
    the diagrams, if those pages are there."""
    known = current_app.view_functions
    publish = "procedures.publish" if "procedures.publish" in known else "procedures.show"
    files = {"files": url_for("draft_files.edit", key=key)} if "draft_files.edit" in known else {}
    return {"publish": url_for(publish, key=key), **files}


def _diagrams(files: dict[str, bytes], key: str) -> dict[str, str]:
    """File → what it is called: the name of its first process; the diagram everything starts in comes first."""
    names: dict[str, str] = {}
    for one in named_elements(files, ".bpmn", "process"):
        names.setdefault(one["file"], one["label"])
    for path in sorted(files):
        if path.endswith(".bpmn"):
            names.setdefault(path, PurePosixPath(path).stem)
    return dict(sorted(names.items(), key=lambda one: PurePosixPath(one[0]).stem != key))


@blueprint.get("/vocabulary.json")
@policy(Verb.DEFINITION_READ)
@told
def words(key: str) -> ResponseReturnValue:
    """Everything a diagram of this draft may name, in Chinese."""
    return vocabulary(g.session, drafting.files(g.session, actor(), key))


@blueprint.get("/diagram.json")
@policy(Verb.DEFINITION_READ)
@told
def diagram(key: str) -> ResponseReturnValue:
    """One diagram (the first when none is named) as it is saved, with the state of the draft; `editing` is null without
    a draft."""
    editing = drafting.look(g.session, actor(), key)
    return {"content": _file(key, request.args.get("file", "")), "editing": editing and _editing(editing)}


@blueprint.post("/open")
@policy(Verb.DEFINITION_PUBLISH)
@told
def start(key: str) -> ResponseReturnValue:
    """Open the draft for editing; `mine` is false when somebody else has it."""
    editing = drafting.open_draft(g.session, actor(), key)
    return {"content": _file(key, str(_asked().get("file", ""))), "editing": _editing(editing)}


@blueprint.put("")
@policy(Verb.DEFINITION_PUBLISH)
@told
def save(key: str) -> ResponseReturnValue:
    """Keep a diagram as it is drawn now: {file, content, revision}."""
    path, content = _drawn()
    revision = _asked().get("revision")
    if not isinstance(revision, int):
        raise Invalid("没有说明保存在哪一次之上，请刷新页面。")
    return {"editing": _editing(drafting.save_file(g.session, actor(), key, path, content, revision))}


@blueprint.post("/hold")
@policy(Verb.DEFINITION_PUBLISH)
@told
def hold(key: str) -> ResponseReturnValue:
    """A sign of life of the page."""
    return {"editing": _editing(drafting.hold(g.session, actor(), key))}


@blueprint.post("/take-over")
@policy(Verb.DEFINITION_PUBLISH)
@told
def take_over(key: str) -> ResponseReturnValue:
    """接手编辑 from whoever has the draft."""
    editing = drafting.take_over(g.session, actor(), key)
    return {"content": _file(key, str(_asked().get("file", ""))), "editing": _editing(editing)}


@blueprint.post("/release")
@policy(Verb.DEFINITION_PUBLISH)
@told
def release(key: str) -> ResponseReturnValue:
    """The page is closed."""
    drafting.release(g.session, actor(), key)
    return {}


@blueprint.post("/findings")
@policy(Verb.DEFINITION_READ)
@reading
@told
def findings(key: str) -> ResponseReturnValue:
    """What is wrong with the draft when one diagram is as it is drawn now: {file, content}."""
    path, content = _drawn()
    return {"findings": [_finding(one) for one in drafting.findings(g.session, actor(), key, {path: content})]}


@blueprint.post("/expression")
@policy(Verb.DEFINITION_READ)
@reading
@told
def expression(key: str) -> ResponseReturnValue:
    """What is wrong with one text: {source, kind: condition | timer | expression | script}."""
    drafting.look(g.session, actor(), key)
    asked = _asked()
    source, kind = str(asked.get("source", "")), KINDS.get(str(asked.get("kind")), "expression")
    if not source.strip():
        return {"problems": []}
    problems = bpmn.check(source, catalogue.FUNCTIONS, kind="script" if kind == "script" else "expression")
    return {"problems": [{"line": one.line, "column": one.column, "message": one.message} for one in problems]}


@blueprint.post("/import")
@policy(Verb.DEFINITION_PUBLISH)
@reading
@told
def check_import(key: str) -> ResponseReturnValue:
    """May this file (`upload`, as it lies on a disk) take the place of an open diagram (`file`)? 422 names what
    is wrong with it. Nothing is stored: the page shows it, and it is saved like everything drawn."""
    path, content = _brought()
    before = {_place(one) for one in drafting.findings(g.session, actor(), key)}
    found = drafting.findings(g.session, actor(), key, {path: content})
    wrong = [one for one in found if _forbids(one) and _place(one) not in before]
    own = [one for one in wrong if one.finding.file == path]
    if wrong and not own:
        raise Invalid("没有导入，原图没有改动。别的流程图要调用现在这一张，文件里的却是另一张流程。")
    if own:
        wrong = own
        said = " ".join(plain(one.finding.message) for one in wrong[:SHOWN])
        more = f" 另有{len(wrong) - SHOWN}处问题。" if len(wrong) > SHOWN else ""
        raise Invalid(f"没有导入，原图没有改动。{said}{more}")
    if b"BPMNShape" not in content:
        raise Invalid("没有导入，原图没有改动。文件里只有流程、没有图形的位置，请用流程图编辑器打开并保存后再导入。")
    try:
        return {"content": content.decode("utf-8-sig")}
    except UnicodeDecodeError as error:
        raise Invalid("没有导入，原图没有改动。文件的文字编码读不出来，请用流程图编辑器重新导出后再导入。") from error


def _forbids(one: Checked) -> bool:
    return one.finding.severity == "error" and not one.finding.code.startswith(MENDABLE)


def _place(one: Checked) -> tuple[str, str, str]:
    return one.finding.code, one.finding.file, one.finding.element


@blueprint.post("/exception")
@policy(Verb.DEFINITION_PUBLISH)
@told
def ask_exception(key: str) -> ResponseReturnValue:
    """申请例外 for one finding of the saved draft that cites an article: {code, element, mark, reason}."""
    asked = {name: str(value) for name, value in _asked().items()}
    drafting.request_exception(
        g.session, actor(), key, asked.get("code", ""), asked.get("element", ""), asked.get("reason", ""),
        asked.get("mark", ""),
    )  # fmt: skip
    return {"message": "例外已申请，须由另一名流程管理员批准后才能发布。"}


# ------------------------------------------------------------------------------------------------------------- inside


def _asked() -> dict[str, Any]:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def _drawn() -> tuple[str, bytes]:
    """The diagram somebody sent: its file and its bytes; Invalid for anything that is not a diagram, or too large."""
    path, content = str(_asked().get("file", "")), _asked().get("content")
    if not path.endswith(".bpmn") or not drafting.allowed(path) or not isinstance(content, str):
        raise Invalid("没有收到流程图，请刷新页面后重试。")
    data = content.encode("utf-8", "replace")
    if len(data) > drafting.MAX_FILE:
        raise Invalid(f"流程图有 {len(data)} 字节，超过 {drafting.MAX_FILE} 字节，请拆成几张图。")
    return path, data


def _brought() -> tuple[str, bytes]:
    path, upload = request.form.get("file", ""), request.files.get("upload")
    if upload is None or not path.endswith(".bpmn") or not drafting.allowed(path):
        raise Invalid("没有收到文件，请重新选择。")
    data = upload.stream.read(drafting.MAX_FILE + 1)
    if len(data) > drafting.MAX_FILE:
        raise Invalid(f"没有导入，原图没有改动。文件超过 {drafting.MAX_FILE} 字节，请拆成几张图。")
    return path, data


def _file(key: str, path: str) -> str:
    files = drafting.files(g.session, actor(), key)
    path = path or next((one for one in sorted(files) if one.endswith(".bpmn")), "")
    found = files.get(path)
    if found is None or not path.endswith(".bpmn"):
        raise NotFound
    return found.decode("utf-8", "replace")


def _editing(editing: Editing) -> dict[str, Any]:
    return {
        "revision": editing.revision,
        "mine": editing.mine,
        "editor": editing.editor_name,
        "changed": editing.changed,
        "saved_at": f"{clock.local(editing.updated_at):%H:%M}",
        "saved_by": editing.updated_by_name,
        "version": editing.based_on.version,
    }


def _finding(one: Checked) -> dict[str, Any]:
    """A finding as the page shows it; `asked` says who asked for an exception, and whether it was granted."""
    found, asked = one.finding, one.exception
    return {
        "code": found.code,
        "severity": found.severity,
        "file": found.file,
        "element": found.element,
        "message": plain(found.message),
        "article": one.article,
        "mark": one.mark,
        "blocks": one.blocks,
        "asked": asked.requested_by_name if asked else "",
        "excepted": one.excepted,
    }
