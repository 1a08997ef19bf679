"""流程: the procedures, their versions and drafts; what changed, publishing, restoring, exceptions to the articles."""

from flask import Blueprint, current_app, g, render_template, url_for
from flask.typing import ResponseReturnValue

from engine import access, definitions, drafting
from engine.access import Verb
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
    """The versions of a procedure, newest first."""
    versions = definitions.versions(g.session, actor(), key)
    return render_template(
        "procedures/show.html", key=key, name=definitions.name(g.session, versions[0].package.id), versions=versions,
        draft=drafting.look(g.session, actor(), key),
    )  # fmt: skip
