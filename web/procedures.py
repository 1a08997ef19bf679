"""流程: the procedures and their versions: look at one, base a draft on it, restore it, delete an unused one."""

from datetime import date

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import access, bpmn, clock, definitions, drafting
from engine.access import Verb
from engine.definitions import Version
from engine.errors import Conflict, Invalid, NotFound
from web.policy import policy, verb_of
from web.session import actor

blueprint = Blueprint("procedures", __name__, url_prefix="/procedures")
TABS = (
    ("procedures.show", "版本"), ("editor.show", "草稿"), ("draft_files.index", "文件"), ("dryrun.index", "推演"),
    ("migration.index", "换版"),
)  # fmt: skip


@blueprint.app_template_global("procedure_tabs")
def tabs(key: str) -> list[tuple[str, str, str]]:
    """(blueprint, label, address) of the pages of a procedure that exist and this person may open."""
    views = current_app.view_functions
    usable = [
        (endpoint, label) for endpoint, label in TABS
        if endpoint in views and (verb := verb_of(views[endpoint])) is not None and access.may(actor(), verb)
    ]  # fmt: skip
    return [(endpoint.partition(".")[0], label, url_for(endpoint, key=key)) for endpoint, label in usable]


@blueprint.get("")
@policy(Verb.DEFINITION_READ)
def index() -> ResponseReturnValue:
    """Every procedure: the version in force, the next one, open cases, who has the draft."""
    rows = definitions.procedures(g.session, actor())
    return render_template("procedures/index.html", rows=rows, drafts=drafting.drafts(g.session, actor()))


@blueprint.get("/<key>")
@policy(Verb.DEFINITION_READ)
def show(key: str) -> ResponseReturnValue:
    """The versions of a procedure, newest first, and its draft."""
    versions = definitions.versions(g.session, actor(), key)
    granted = definitions.exceptions(g.session, actor(), [version.package.id for version in versions])
    return render_template(
        "procedures/show.html", key=key, name=definitions.name(g.session, versions[0].package.id), versions=versions,
        draft=drafting.look(g.session, actor(), key), exceptions={row.package_id for row in granted},
        current=next((version for version in versions if version.current), None), may_edit=may_edit(),
    )  # fmt: skip


@blueprint.get("/<key>/versions/<int:package_id>")
@policy(Verb.DEFINITION_READ)
def version(key: str, package_id: int) -> ResponseReturnValue:
    """One version: its drawings, its files, what two persons let pass."""
    return _page(key, package_id)


@blueprint.get("/<key>/versions/<int:package_id>/diagram.json")
@policy(Verb.DEFINITION_READ)
def diagram(key: str, package_id: int) -> ResponseReturnValue:
    """One drawing of a version for the viewer, ?process=… (the first one without): {xml, links}."""
    found = _version(key, package_id)
    package = definitions.compiled(g.session, package_id)
    process = request.args.get("process", "") or next(iter(package.diagrams))
    if process not in package.diagrams:
        raise NotFound
    links = {
        element.id: url_for("procedures.version", key=key, package_id=found.package.id, process=element.called)
        for element in package.elements(process)
        if element.called in package.diagrams
    }
    xml = definitions.file(g.session, package_id, package.diagrams[process]).decode()
    return {"xml": xml, "current": [], "done": [], "links": links}


@blueprint.post("/<key>/versions/<int:package_id>/draft")
@policy(Verb.DEFINITION_PUBLISH)
def start_from(key: str, package_id: int) -> ResponseReturnValue:
    """以此版为底稿: a draft with the files of this version."""
    found = _version(key, package_id)
    try:
        with g.session.begin_nested():
            drafting.start_from(g.session, actor(), package_id)
    except Conflict as refusal:
        return _page(key, package_id, refusal=refusal.message), 409
    flash(f"已用第{found.package.version}版的文件新建草稿。")
    return redirect(draft_address(key))


@blueprint.post("/<key>/versions/<int:package_id>/restore")
@policy(Verb.DEFINITION_PUBLISH)
def restore(key: str, package_id: int) -> ResponseReturnValue:
    """恢复: publish the files of this version again as a new one."""
    old = _version(key, package_id)
    try:
        with g.session.begin_nested():
            new = definitions.restore(
                g.session, actor(), package_id, request.form.get("reason", ""), effective_from=effective_day()
            )
    except (Invalid, Conflict, bpmn.Refused) as refusal:
        errors = refusal.errors if isinstance(refusal, Invalid) else {}
        status = 409 if isinstance(refusal, Conflict) else 422
        return _page(key, package_id, refusal=refusal.message, errors=errors), status
    flash(f"第{old.package.version}版已恢复，成为第{new.version}版，{new.effective_from:%Y-%m-%d}起用于新件。")
    return redirect(url_for("procedures.show", key=key))


@blueprint.post("/<key>/versions/<int:package_id>/delete")
@policy(Verb.DEFINITION_PUBLISH)
def delete(key: str, package_id: int) -> ResponseReturnValue:
    """删除: a version nothing ever used."""
    number = _version(key, package_id).package.version
    try:
        with g.session.begin_nested():
            definitions.delete_version(g.session, actor(), package_id)
    except Conflict as refusal:
        return _page(key, package_id, refusal=refusal.message), 409
    flash(f"第{number}版已删除。")
    return redirect(url_for("procedures.show", key=key))


@blueprint.post("/<key>/draft")
@policy(Verb.DEFINITION_PUBLISH)
def open_draft(key: str) -> ResponseReturnValue:
    """新建草稿 from the newest version, or open the one that is there."""
    drafting.open_draft(g.session, actor(), key)
    return redirect(draft_address(key))


@blueprint.post("/<key>/draft/discard")
@policy(Verb.DEFINITION_PUBLISH)
def discard(key: str) -> ResponseReturnValue:
    """放弃草稿."""
    drafting.discard(g.session, actor(), key, request.form.get("revision", None, int))
    flash("草稿已放弃，各版本没有变化。")
    return redirect(url_for("procedures.show", key=key))


def draft_address(key: str) -> str:
    """Where a draft is worked on."""
    there = "editor.show" if "editor.show" in current_app.view_functions else "procedures.show"
    return url_for(there, key=key)


def may_edit() -> bool:
    """Whether the reader may change procedures; auditors only look."""
    return access.may(actor(), Verb.DEFINITION_PUBLISH)


def effective_day() -> date | None:
    """The day the form says, None for today; Invalid for what is no day."""
    text = request.form.get("effective_from", "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        example = f"请填写生效日，例如 {clock.today():%Y-%m-%d}。"
        raise Invalid(example, {"effective_from": example}) from None


def _version(key: str, package_id: int) -> Version:
    found = definitions.versions(g.session, actor(), key)
    one = next((version for version in found if version.package.id == package_id), None)
    if one is None:
        raise NotFound
    return one


def _page(key: str, package_id: int, refusal: str = "", errors: dict[str, str] | None = None) -> str:
    found = _version(key, package_id)
    package = definitions.compiled(g.session, package_id)
    drawings = dict(sorted(package.names.items(), key=lambda one: one[0] != key))  # where everything starts, first
    process = request.args.get("process", "") or next(iter(drawings))
    if process not in package.diagrams:
        raise NotFound
    return render_template(
        "procedures/version.html", key=key, version=found, name=definitions.name(g.session, package_id),
        drawings=drawings, process=process, files=sorted(definitions.files(g.session, package_id)),
        exceptions=definitions.exceptions(g.session, actor(), [package_id]), may_edit=may_edit(), refusal=refusal,
        errors=errors or {}, today=clock.today(), draft=drafting.look(g.session, actor(), key),
        newest=definitions.newest(g.session, key),
    )  # fmt: skip
