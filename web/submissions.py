"""网上来信 at the studio: read, register (a draft of the registration form), or decline with a reason."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import submitting
from engine.access import Verb
from engine.catalogue import letters
from engine.desk import Page
from engine.errors import Invalid
from engine.organisation.models import Organisation, Place
from engine.submitting.deciding import PER_PAGE
from web.attachments import served, store
from web.policy import policy
from web.session import actor

blueprint = Blueprint("submissions", __name__, url_prefix="/submissions")


@blueprint.get("")
@policy(Verb.SUBMISSION_HANDLE)
def index() -> ResponseReturnValue:
    """Letters that wait, the oldest first; or those decided with ?decided=1."""
    waiting, number = "decided" not in request.args, max(request.args.get("page", 1, int), 1)
    inbox = submitting.inbox(g.session, actor(), waiting=waiting, page=number)
    page = Page(inbox.rows, inbox.total, number, PER_PAGE)
    return render_template(
        "submissions/index.html", page=page, studios=inbox.studios, undecided=waiting,
        address=url_for("submissions.index"),
    )  # fmt: skip


@blueprint.get("/<int:submission_id>")
@policy(Verb.SUBMISSION_HANDLE)
def show(submission_id: int) -> ResponseReturnValue:
    """One letter."""
    return _page(submission_id)


@blueprint.post("/<int:submission_id>/take")
@policy(Verb.SUBMISSION_HANDLE)
def take(submission_id: int) -> ResponseReturnValue:
    """办理登记: the registration form, filled in as far as the letter goes."""
    key = submitting.take(g.session, actor(), store(), submission_id)
    row, _files = submitting.read(g.session, actor(), submission_id)
    return redirect(url_for("registration.new", studio=row.studio_id, draft=key))


@blueprint.post("/<int:submission_id>/decline")
@policy(Verb.SUBMISSION_HANDLE)
def decline(submission_id: int) -> ResponseReturnValue:
    """不予登记 with the reason its sender will read."""
    reason = request.form.get("reason", "")
    try:
        with g.session.begin_nested():
            submitting.decline(g.session, actor(), submission_id, reason)
    except Invalid as refusal:
        return _page(submission_id, refusal, reason), 422
    flash("已记为不予登记，来信人凭回执码可以看到理由。")
    return redirect(url_for("submissions.index"))


@blueprint.get("/files/<int:file_id>")
@policy(Verb.SUBMISSION_HANDLE)
def file(file_id: int) -> ResponseReturnValue:
    """A file of a letter, under the same locks as every attachment."""
    return served(submitting.file_of(g.session, actor(), file_id))


def _page(submission_id: int, refusal: Invalid | None = None, reason: str = "") -> str:
    row, files = submitting.read(g.session, actor(), submission_id)
    return render_template(
        "submissions/show.html", row=row, code=letters.shown(row.code), files=files, refusal=refusal, reason=reason,
        studio=g.session.get_one(Organisation, row.studio_id).name,
        community=g.session.get_one(Place, row.community_id).name,
    )  # fmt: skip
