"""附件: showing and taking files; whoever may read the case may read its files. They are never pages of ours."""

from flask import Blueprint, Response, flash, g, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from engine import filing
from engine.access import Verb
from engine.attachments.models import Attachment
from engine.attachments.store import Store
from engine.errors import Invalid, NotFound
from engine.submissions.models import SubmissionFile
from web.policy import policy
from web.session import actor, house

blueprint = Blueprint("attachments", __name__, url_prefix="/attachments")
# what a browser shows in its window; everything else is saved as a file
SHOWN = ("image/jpeg", "image/png", "image/webp", "application/pdf")
LOCKED = "default-src 'none'; frame-ancestors 'none'"


def store() -> Store:
    """The files of this house."""
    return Store.of(house().settings)


def keep_uploaded(
    case_id: int | None, purpose: str, field: str = "files", *, draft_id: int | None = None
) -> list[Attachment]:
    """Keep every file the request sent in `field`; Invalid with one sentence per refused file, the others are kept.
    The row of that purpose (a feedback) is set afterwards: `row.subject_id = feedback.id`."""
    kept, refused = [], []
    for file in request.files.getlist(field):
        if not file.filename and not file.content_length and not file.stream.read(1):
            continue  # an empty file field
        file.stream.seek(0)
        data = file.stream.read(store().limit + 1)
        try:
            kept.append(
                filing.keep(g.session, actor(), store(), case_id, purpose, file.filename or "", data, draft_id=draft_id)
            )
        except Invalid as problem:
            refused.append(problem.message)
    if refused:
        raise Invalid(" ".join(refused), errors={field: " ".join(refused)})
    return kept


@blueprint.get("/<int:attachment_id>")
@policy(Verb.CASE_READ)
def show(attachment_id: int) -> ResponseReturnValue:
    """A file of a case, for whoever may read the case."""
    return served(filing.read(g.session, actor(), attachment_id))


def served(row: Attachment | SubmissionFile) -> Response:
    """A file as it was sent: pictures and PDF in the window, everything else to be saved; nothing in it may run.
    NotFound when it is not in the store."""
    file = store().path(row.sha256)
    if not file.exists():
        raise NotFound
    shown = row.media_type in SHOWN
    answer: Response = send_file(
        file, row.media_type if shown else "application/octet-stream", as_attachment=not shown,
        download_name=row.filename.replace("/", "_").replace("\\", "_"), conditional=False, etag=False,
    )  # fmt: skip
    # A sandboxed PDF would not open; it cannot run anything under its own type either.
    pdf = row.media_type == "application/pdf"
    answer.headers["Content-Security-Policy"] = LOCKED if pdf else f"{LOCKED}; sandbox"
    return answer


@blueprint.post("/cases/<int:case_id>")
@policy(Verb.CASE_READ)
def add(case_id: int) -> ResponseReturnValue:
    """补充材料 of a registered case, by its studio or whoever holds a step of it."""
    try:
        with g.session.begin_nested():
            kept = keep_uploaded(case_id, "supplement")
            if not kept:
                raise Invalid("请先选择文件。")
            filing.told_in_history(g.session, actor(), case_id, kept)
    except Invalid as refused:
        flash(refused.message)
    else:
        flash(f"已补充{len(kept)}个附件。")
    return redirect(url_for("cases.show", case_id=case_id, tab="files"))
