"""定时: everything that waits for its time, why that time, and asking it again with old → new first."""

from datetime import date

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import operate
from engine.access import Verb
from engine.catalogue.labels import ROLES
from engine.desk import Page
from engine.errors import Invalid
from engine.operate.timers import PER_PAGE, Recomputed
from web.operations.desk import blueprint
from web.policy import policy
from web.session import actor, is_fragment

KINDS = {
    "": "全部", "limit": "办理时限", "reminder": "催办", "supervision": "督办", "transit": "转办期限", "other": "其他",
    "start": "流程开始",
}  # fmt: skip
UNTIL = {"": "不限", "overdue": "已到期未执行", "today": "今天以前", "week": "七天以内"}


@blueprint.get("/timers")
@policy(Verb.INSTANCE_OPERATE)
def timers() -> ResponseReturnValue:
    """Waiting timers by due time."""
    return _list()


def _list(refusal: str = "") -> str:
    kind, until = request.values.get("kind", ""), request.values.get("until", "")
    kind, until = kind if kind in KINDS else "", until if until in UNTIL else ""
    on, number = _day(request.values.get("on", "")), max(request.values.get("page", 1, int), 1)
    found = operate.timers(g.session, actor(), kind, until, on, number)
    query = {"kind": kind, "until": until, "on": on.isoformat() if on else ""}
    return render_template(
        "operations/timers.html", found=found, page=Page(found.rows, found.total, number, PER_PAGE), kinds=KINDS,
        untils=UNTIL, kind=kind, until=until, on=query["on"], roles=ROLES, refusal=refusal,
        query={name: value for name, value in query.items() if value}, address=url_for("operations.timers"),
    )  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


@blueprint.get("/timers/<int:deadline_id>/why")
@policy(Verb.INSTANCE_OPERATE)
def timer_why(deadline_id: int) -> ResponseReturnValue:
    """Why a timer is due on its day, day by day."""
    why = operate.timer_why(g.session, actor(), deadline_id)
    template = "operations/_why.html" if is_fragment() else "operations/why.html"
    return render_template(template, why=why, roles=ROLES)


@blueprint.post("/timers/recompute")
@policy(Verb.INSTANCE_OPERATE)
def recompute() -> ResponseReturnValue:
    """Without `confirmed`: what would move. With it: moved, with a row in each case's history."""
    chosen = [int(text) for text in request.form.getlist("instance") if text.isdigit()][:PER_PAGE]
    if not chosen:
        return _list("请先勾选要重算的定时。"), 422
    reason = request.form.get("reason", "").strip()[:300]
    if "confirmed" not in request.form:
        return _recompute(operate.look_again(g.session, actor(), chosen), reason)
    try:
        with g.session.begin_nested():
            done = operate.recompute(g.session, actor(), chosen, reason)
    except Invalid as refused:
        return _recompute(operate.look_again(g.session, actor(), chosen), reason, refused.message), 422
    moved, kept = sum(bool(row.moves) for row in done), [row for row in done if row.problem]
    flash(
        f"重算{len(done)}件：{moved}件有变化" + (f"，{len(kept)}件未能重算（{kept[0].problem}）" if kept else "") + "。"
    )
    return redirect(url_for("operations.timers"))


def _recompute(rows: list[Recomputed], reason: str, refusal: str = "") -> str:
    return render_template("operations/recompute.html", rows=rows, reason=reason, refusal=refusal)
