"""异常: what the system could not do by itself, by cause; tried again once the cause is mended; and messages of which
nobody knows whether they left."""

from functools import partial

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import access, db, deadlines, incidents, operate, outbox, starts
from engine.access import Verb
from engine.desk import Page
from engine.errors import Conflict, Invalid
from web.policy import policy, reading
from web.session import actor, house

blueprint = Blueprint("incidents", __name__, url_prefix="/incidents")
CAUSES = {
    "empty_pool": "没有办理人员",
    "not_heard": "没有收到主件答复",
    "timer_failed": "到期未能执行",
    "start_failed": "流程未能开始",
    "stuck": "无人办理",
    "notice_failed": "消息没有送达",
    "channel_missing": "没有配置发送通道",
}
RETRYABLE = ("empty_pool", "timer_failed", "stuck")
AT_ONCE = 100  # incidents of one cause tried in one request


@blueprint.get("")
@policy(Verb.INCIDENT_READ)
def index() -> ResponseReturnValue:
    """Open incidents by cause and one by one, or the closed ones with ?resolved=1."""
    return _page()


def _page(refusal: str = "") -> str:
    resolved, number = "resolved" in request.args, max(request.args.get("page", 1, int), 1)
    found = incidents.incidents(g.session, actor(), resolved=resolved, page=number)
    return render_template(
        "incidents/index.html", page=Page(found.rows, found.total, number, incidents.PER_PAGE), resolved=resolved,
        causes=CAUSES, address=url_for("incidents.index"), retryable=RETRYABLE, refusal=refusal,
        groups=() if resolved else operate.groups(g.session, actor()), uncertain=len(outbox.uncertain(g.session)),
        operates=access.may(actor(), Verb.INSTANCE_OPERATE),
    )  # fmt: skip


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


@blueprint.post("/<int:incident_id>/retry")
@policy(Verb.INSTANCE_OPERATE)
def retry(incident_id: int) -> ResponseReturnValue:
    """Try one again, and say what truly remains."""
    try:
        with g.session.begin_nested():
            tried = operate.retry(g.session, actor(), incident_id, request.form.get("reason", "").strip()[:300])
    except (Invalid, Conflict) as refused:
        return _page(refused.message), 422 if isinstance(refused, Invalid) else 409
    if tried.solved:
        flash("重试成功，异常已消除。")
    else:
        rest = f"此件还有{len(tried.open_incidents)}条异常、{tried.still_due}项到期未执行。"
        flash(f"{tried.problem or '这一条已恢复。'}{rest}")
    return redirect(url_for("incidents.index"))


@blueprint.post("/causes/<cause>/retry")
@policy(Verb.INSTANCE_OPERATE)
@reading
def retry_cause(cause: str) -> ResponseReturnValue:
    """Try all of one cause again, each in a transaction of its own."""
    reason = request.form.get("reason", "").strip()[:300]
    try:
        tried = operate.retry_group(partial(db.transaction, house().engine), actor(), cause, reason, AT_ONCE)
    except Invalid as refused:
        return _page(refused.message), 422
    failed = "；".join(f"{problem}（{number}件）" for problem, number in tried.problems.items())
    told = f"重试{tried.tried}件：{tried.solved}件已恢复"
    if tried.left:
        told += f"，{tried.left}件仍未恢复" + (f"。原因：{failed}" if failed else "，请再次重试")
    flash(f"{told.rstrip('。')}。")
    return redirect(url_for("incidents.index"))


# ------------------------------------------------------------------------------------------------ messages


@blueprint.get("/messages")
@policy(Verb.INCIDENT_READ)
def messages() -> ResponseReturnValue:
    """Messages that may or may not have left: somebody asks the gateway and decides."""
    return _messages()


def _messages(refusal: str = "") -> str:
    rows = outbox.uncertain(g.session)
    return render_template(
        "incidents/messages.html", rows=rows, numbers=outbox.numbers_of(g.session, rows), channels=outbox.CHANNELS,
        refusal=refusal,
    )  # fmt: skip


@blueprint.post("/messages/<int:notice_id>")
@policy(Verb.INCIDENT_READ)
def decide(notice_id: int) -> ResponseReturnValue:
    """已送达 with what proves it, or 重发."""
    remark, word = request.form.get("remark", "").strip(), request.form.get("word", "")
    if not remark or word not in ("arrived", "again"):
        return _messages("请写明依据，例如短信平台的回执，再选已送达或重发。"), 422
    outbox.decide(g.session, notice_id, arrived=word == "arrived", remark=remark, actor=actor())
    flash("已记为送达。" if word == "arrived" else "已重新排队发送。")
    return redirect(url_for("incidents.messages"))
