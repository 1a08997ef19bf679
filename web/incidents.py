"""异常: what the system could not do by itself; an administrator mends the cause and closes it."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import deadlines, incidents, starts
from engine.access import Verb
from engine.desk import Page
from web.policy import policy
from web.session import actor

blueprint = Blueprint("incidents", __name__, url_prefix="/incidents")
CAUSES = {
    "empty_pool": "没有办理人员",
    "timer_failed": "到期未能执行",
    "start_failed": "流程未能开始",
    "act_failed": "办理时出错",
    "stuck": "无人办理",
}


@blueprint.get("")
@policy(Verb.INCIDENT_READ)
def index() -> ResponseReturnValue:
    """Open incidents, or the closed ones with ?resolved=1."""
    resolved, number = "resolved" in request.args, max(request.args.get("page", 1, int), 1)
    found = incidents.incidents(g.session, actor(), resolved=resolved, page=number)
    page = Page(found.rows, found.total, number, incidents.PER_PAGE)
    return render_template(
        "incidents/index.html", page=page, resolved=resolved, causes=CAUSES, address=url_for("incidents.index")
    )


@blueprint.post("/<int:incident_id>/resolve")
@policy(Verb.INCIDENT_READ)
def resolve(incident_id: int) -> ResponseReturnValue:
    """Close it; a deadline that failed is tried again at the next sweep."""
    incident = incidents.resolve(g.session, actor(), incident_id)
    if incident.cause == "timer_failed" and incident.instance_id is not None:
        deadlines.retry_now(g.session, incident.instance_id)
    if incident.cause == "start_failed":
        starts.retry_now(g.session, incident.process_id, incident.element_id)
    flash("异常已处理。" + ("到期事项会马上重新执行。" if incident.cause == "timer_failed" else ""))
    return redirect(url_for("incidents.index"))
