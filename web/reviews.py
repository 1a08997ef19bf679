"""What a department does with a review beside its form: 分项转交, 并案, 拆并, 下转 (article 10; R57, R58)."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import casefile, tasks
from engine.access import Verb
from engine.errors import Conflict, Invalid, NotFound
from web.policy import policy
from web.session import actor

FIRST_ROWS = 2
WAYS = {"reviews/down.html": "send_down", "reviews/return.html": "return", "reviews/split.html": "split"}
blueprint = Blueprint("reviews", __name__)


@blueprint.get("/tasks/<int:task_id>/down")
@policy(Verb.TASK_COMPLETE)
def down(task_id: int) -> ResponseReturnValue:
    """The form of 下转."""
    return _page("reviews/down.html", task_id)


@blueprint.post("/tasks/<int:task_id>/down")
@policy(Verb.TASK_COMPLETE)
def send_down(task_id: int) -> ResponseReturnValue:
    """下转: to the tier below, with its reason."""
    try:
        with g.session.begin_nested():
            done = tasks.send_down(g.session, actor(), task_id, request.form)
    except Invalid as refusal:
        return _page("reviews/down.html", task_id, refusal), 422
    return _done(done)


@blueprint.get("/tasks/<int:task_id>/return")
@policy(Verb.TASK_COMPLETE)
def back(task_id: int) -> ResponseReturnValue:
    """The form of 退回补正."""
    return _page("reviews/return.html", task_id)


@blueprint.post("/tasks/<int:task_id>/return")
@policy(Verb.TASK_COMPLETE)
def return_to_studio(task_id: int) -> ResponseReturnValue:
    """退回补正: to the studio that registered it, with what has to be corrected."""
    try:
        with g.session.begin_nested():
            done = tasks.return_to_studio(g.session, actor(), task_id, request.form)
    except Invalid as refusal:
        return _page("reviews/return.html", task_id, refusal), 422
    return _done(done)


@blueprint.get("/tasks/<int:task_id>/split")
@policy(Verb.TASK_COMPLETE)
def items(task_id: int) -> ResponseReturnValue:
    """The editor of sub-items."""
    return _page("reviews/split.html", task_id, rows=FIRST_ROWS)


@blueprint.post("/tasks/<int:task_id>/split")
@policy(Verb.TASK_COMPLETE)
def split(task_id: int) -> ResponseReturnValue:
    """分项转交; the button 添加一项 only shows one more row, with what was typed."""
    rows = max((number for number in range(1, tasks.MOST_ITEMS + 1) if f"text_{number}" in request.form), default=0)
    if "more" in request.form:
        return _page("reviews/split.html", task_id, rows=min(rows + 1, tasks.MOST_ITEMS))
    try:
        with g.session.begin_nested():
            done = tasks.split(g.session, actor(), task_id, request.form)
    except Invalid as refusal:
        return _page("reviews/split.html", task_id, refusal, rows=max(rows, FIRST_ROWS)), 422
    return _done(done)


@blueprint.get("/tasks/<int:task_id>/merge")
@policy(Verb.TASK_COMPLETE)
def choices(task_id: int) -> ResponseReturnValue:
    """What this case may be joined with."""
    return _merging(task_id)


@blueprint.post("/tasks/<int:task_id>/merge")
@policy(Verb.TASK_COMPLETE)
def merge(task_id: int) -> ResponseReturnValue:
    """并案: others join this case, or this case joins one that is handled already."""
    reason, lead_id = request.form.get("reason", ""), request.form.get("lead_id", type=int)
    try:
        with g.session.begin_nested():
            if lead_id:
                return _done(tasks.join(g.session, actor(), task_id, lead_id, reason))
            joined = tasks.merge(g.session, actor(), task_id, request.form.getlist("members", type=int), reason)
    except (Invalid, Conflict) as refusal:
        g.session.expire_all()
        return _merging(task_id, refusal), 422 if isinstance(refusal, Invalid) else 409
    flash(f"已并案：{len(joined)}件并入本件，承办单位答复一次，每位反映人各自收到答复。请继续办理本件。")
    return redirect(url_for("tasks.show", task_id=task_id))


@blueprint.get("/cases/<int:case_id>/separate")
@policy(Verb.TASK_COMPLETE)
def separation(case_id: int) -> ResponseReturnValue:
    """The form of 拆并."""
    return _separation(case_id)


@blueprint.post("/cases/<int:case_id>/separate")
@policy(Verb.TASK_COMPLETE)
def separate(case_id: int) -> ResponseReturnValue:
    """拆并, until the leading case is answered."""
    try:
        with g.session.begin_nested():
            tasks.separate(g.session, actor(), case_id, request.form.get("reason", ""))
    except Invalid as refusal:
        return _separation(case_id, refusal), 422
    flash("已拆并，本件回到受理审查。")
    return redirect(url_for("cases.show", case_id=case_id))


def _done(done: tasks.Completed) -> ResponseReturnValue:
    for sentence in done.next or ("已并案，等待主件答复。",):
        flash(sentence)
    return redirect(url_for("cases.show", case_id=done.case_id))


def _page(template: str, task_id: int, refusal: Invalid | None = None, **values: Any) -> str:
    """A page about a review the actor holds, with what was typed; refused where the case cannot go this way."""
    view = tasks.load(g.session, actor(), task_id)
    tasks.may(g.session, actor(), task_id, WAYS[template])
    desk = tasks.review_of(g.session, actor(), view.task, view.case)
    if desk is None:
        raise NotFound
    file = casefile.load(g.session, actor(), view.case.id)
    return render_template(
        template, view=view, case=view.case, file=file, desk=desk, refusal=refusal, typed=_typed(), **values
    )


def _merging(task_id: int, refusal: Invalid | Conflict | None = None) -> str:
    view = tasks.load(g.session, actor(), task_id)
    wanted = request.args.get("wanted", "")
    tasks.may(g.session, actor(), task_id, "merge")
    found = tasks.choices(g.session, actor(), task_id, wanted)
    return render_template(
        "reviews/merge.html", view=view, case=view.case, found=found, wanted=wanted, refusal=refusal, typed=_typed(),
        members=set(request.form.getlist("members", type=int)), lead_id=request.form.get("lead_id", type=int),
    )  # fmt: skip


def _separation(case_id: int, refusal: Invalid | None = None) -> str:
    file = casefile.load(g.session, actor(), case_id)
    if not tasks.may_separate(g.session, actor(), file.case):
        raise NotFound
    return render_template("reviews/separate.html", file=file, case=file.case, refusal=refusal, typed=_typed())


def _typed() -> Mapping[str, str]:
    return {name: value for name, value in request.form.items() if name != "csrf_token"}
