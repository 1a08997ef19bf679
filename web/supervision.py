"""催办, 督办通知单, replies and 收回改派 on the page of a case (article 12)."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import casefile, supervising, tasks
from engine.access import Verb
from engine.errors import Conflict, Invalid
from web.forms import Filled
from web.policy import policy
from web.session import actor

blueprint = Blueprint("supervision", __name__)


@blueprint.app_context_processor
def _board() -> dict[str, Any]:
    """`board_of(file)` in every template that shows a case."""
    known: dict[int, casefile.Board] = {}  # a page asks twice: for its buttons and for its list

    def board_of(file: casefile.CaseFile) -> casefile.Board:
        if file.case.id not in known:
            known[file.case.id] = casefile.board(g.session, actor(), file)
        return known[file.case.id]

    return {"board_of": board_of}


@blueprint.post("/cases/<int:case_id>/urge")
@policy(Verb.CASE_URGE)
def urge(case_id: int) -> ResponseReturnValue:
    """催办: the unit is told, and it is counted."""
    try:
        with g.session.begin_nested():
            supervising.urge(g.session, actor(), case_id, request.form.get("text", ""))
    except (Invalid, Conflict) as refusal:
        flash(refusal.message)
        return redirect(url_for("cases.show", case_id=case_id))
    flash("已催办，承办单位已收到消息。")
    return redirect(url_for("cases.show", case_id=case_id))


@blueprint.get("/cases/<int:case_id>/supervise")
@policy(Verb.SUPERVISION_ISSUE)
def ordering(case_id: int) -> ResponseReturnValue:
    """The form of a 督办通知单; who has a 督办 of the ladder on this case issues it there."""
    own = supervising.own_task(g.session, actor(), case_id)
    if own is not None:
        return redirect(url_for("tasks.show", task_id=own.id))
    return _ordering(case_id)


@blueprint.post("/cases/<int:case_id>/supervise")
@policy(Verb.SUPERVISION_ISSUE)
def order(case_id: int) -> ResponseReturnValue:
    """督办: a slip with its document number goes to the unit."""
    typed = {name: value for name, value in request.form.items() if name != "csrf_token"}
    try:
        with g.session.begin_nested():
            own = supervising.own_task(g.session, actor(), case_id)
            if own is not None:
                return _of_task(own.id, typed)
            slip = supervising.order(g.session, actor(), case_id, typed)
    except Invalid as refusal:
        return _ordering(case_id, typed, refusal), 422
    flash(f"已下发督办通知单，文号 {slip.number}。")
    return redirect(url_for("cases.show", case_id=case_id))


def _of_task(task_id: int, typed: Mapping[str, str]) -> ResponseReturnValue:
    """The slip of the ladder's own task, which is done with it."""
    tasks.claim(g.session, actor(), task_id)
    done = tasks.complete(g.session, actor(), task_id, typed)
    flash("".join(done.next) + "这项督办待办已办理完毕。")
    return redirect(url_for("cases.show", case_id=done.case_id))


def _ordering(case_id: int, typed: Mapping[str, str] | None = None, refusal: Invalid | None = None) -> str:
    schema = supervising.form(g.session, actor(), case_id)
    file = casefile.load(g.session, actor(), case_id)
    return render_template("supervision/order.html", file=file, filled=Filled(schema, typed or {}, refusal))


@blueprint.get("/slips/<int:slip_id>")
@policy(Verb.CASE_READ)
def slip(slip_id: int) -> ResponseReturnValue:
    """A slip, and for the unit the field for its reply."""
    return _slip(slip_id)


@blueprint.post("/slips/<int:slip_id>/reply")
@policy(Verb.SUPERVISION_REPLY)
def reply(slip_id: int) -> ResponseReturnValue:
    """回复督办."""
    text = request.form.get("text", "")
    try:
        with g.session.begin_nested():
            answered = supervising.reply(g.session, actor(), slip_id, text)
    except (Invalid, Conflict) as refusal:
        return _slip(slip_id, text, refusal), 422 if isinstance(refusal, Invalid) else 409
    flash("已回复督办。")
    return redirect(url_for("cases.show", case_id=answered.case_id))


def _slip(slip_id: int, typed: str = "", refusal: Invalid | Conflict | None = None) -> str:
    view = supervising.view(g.session, actor(), slip_id)
    return render_template("supervision/slip.html", view=view, typed=typed, refusal=refusal)


@blueprint.get("/cases/<int:case_id>/recall")
@policy(Verb.HANDLING_RECALL)
def recalling(case_id: int) -> ResponseReturnValue:
    """The form of 收回改派; refused at once where the tier does not allow it, or not yet."""
    supervising.recallable(g.session, actor(), case_id)
    return _recalling(case_id)


@blueprint.post("/cases/<int:case_id>/recall")
@policy(Verb.HANDLING_RECALL)
def recall(case_id: int) -> ResponseReturnValue:
    """收回改派: the unit's handling ends, the review is open again."""
    typed = request.form.get("text", "")
    try:
        with g.session.begin_nested():
            supervising.recall(g.session, actor(), case_id, typed)
    except (Invalid, Conflict) as refusal:
        return _recalling(case_id, typed, refusal), 422 if isinstance(refusal, Invalid) else 409
    flash("已收回。请重新转交承办单位，时限自新的收到之日起算。")
    return redirect(url_for("cases.show", case_id=case_id))


def _recalling(case_id: int, typed: str = "", refusal: Invalid | Conflict | None = None) -> str:
    file = casefile.load(g.session, actor(), case_id)
    return render_template("supervision/recall.html", file=file, typed=typed, refusal=refusal)
