"""汇总上报: several signed forms to the street in one act, a result for each, and the cover list (article 10, R48)."""

from collections.abc import Sequence

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import custody, tasks
from engine.access import Verb
from engine.errors import Conflict, Invalid
from engine.organisation.models import Organisation
from web.policy import policy
from web.session import actor

blueprint = Blueprint("reports", __name__, url_prefix="/reports")


@blueprint.get("")
@policy(Verb.CASE_REGISTER)
def index() -> ResponseReturnValue:
    """What waits to be reported, and the reports of the studio so far."""
    return _page(_chosen(request.args.get("studio", "")))


@blueprint.post("/<int:studio_id>")
@policy(Verb.CASE_REGISTER)
def report(studio_id: int) -> ResponseReturnValue:
    """Report the forms that were picked."""
    picked = [int(part) for part in request.form.getlist("case") if part.isdecimal() and len(part) < 12]
    try:
        with g.session.begin_nested():
            batch = tasks.report_batch(g.session, actor(), studio_id, picked)
    except (Invalid, Conflict) as refusal:
        return _page(g.session.get(Organisation, studio_id), refusal.message, picked), 422
    flash(f"已汇总上报{batch.receiver_name}，{batch.number}。")
    return redirect(url_for("reports.show", report_id=batch.id))


@blueprint.get("/<int:report_id>")
@policy(Verb.CASE_REGISTER)
def show(report_id: int) -> ResponseReturnValue:
    """The result for each form: the rows of the cover list, and what stayed behind and why."""
    batch, rows = tasks.batch_of(g.session, actor(), report_id)
    return render_template(
        "reports/show.html", batch=batch, carried=[row for row in rows if row.item.position],
        behind=[row for row in rows if not row.item.position],
    )  # fmt: skip


def _studios() -> list[Organisation]:
    ids = [post.organisation_id for post in actor().posts if post.duty == "liaison" and post.kind == "studio"]
    return [g.session.get_one(Organisation, studio_id) for studio_id in dict.fromkeys(ids)]


def _chosen(wanted: str) -> Organisation | None:
    studios = _studios()
    return next((studio for studio in studios if str(studio.id) == wanted), studios[0] if studios else None)


def _page(studio: Organisation | None, refusal: str = "", picked: Sequence[int] | None = None) -> str:
    waiting = tasks.waiting_reports(g.session, actor(), studio.id) if studio else []
    return render_template(
        "reports/index.html", studio=studio, studios=_studios(), forms=waiting, refusal=refusal, picked=picked,
        scans=custody.scan_missing(g.session, [row.case for row in waiting]),
        batches=tasks.batches(g.session, actor(), studio.id) if studio else (),
    )  # fmt: skip
