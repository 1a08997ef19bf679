"""The page of a task: what it is about and its form; 签收, 退还, 暂存, submit, 申请延期.

The same address serves a whole page, and for htmx the pane beside the list.
"""

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import casefile, clock, tasks
from engine.access import Verb
from engine.errors import Invalid, TaskTaken
from web.forms import Filled, filled
from web.policy import policy
from web.session import actor, is_fragment

EXTENSION = "extension_request"
blueprint = Blueprint("tasks", __name__, url_prefix="/tasks/<int:task_id>")


@blueprint.get("")
@policy(Verb.TASK_READ)
def show(task_id: int) -> ResponseReturnValue:
    """The task with its form, as far as this person may work on it."""
    try:
        view = tasks.load(g.session, actor(), task_id)
    except TaskTaken as refusal:
        return _page("tasks/gone.html", refusal=refusal.message), 409
    return _work(view)


@blueprint.post("/claim")
@policy(Verb.TASK_CLAIM)
def claim(task_id: int) -> ResponseReturnValue:
    """签收; the button 签收并申请延期 goes on to the form of the request."""
    tasks.claim(g.session, actor(), task_id)
    g.session.flush()
    if "extension" in request.form:
        address = url_for("tasks.extension", task_id=task_id)
        return _changed(make_response(_requesting(task_id))) if is_fragment() else redirect(address)
    if is_fragment():
        return _changed(make_response(_work(tasks.load(g.session, actor(), task_id))))
    return redirect(url_for("tasks.show", task_id=task_id))


@blueprint.post("/release")
@policy(Verb.TASK_RELEASE)
def release(task_id: int) -> ResponseReturnValue:
    """退还: back to the pool."""
    tasks.release(g.session, actor(), task_id)
    g.session.flush()
    if is_fragment():
        return _changed(make_response(_work(tasks.load(g.session, actor(), task_id))))
    flash("已退还，其他人可以签收。")
    return redirect(url_for("inbox.show", box="receipt"))


@blueprint.post("/draft")
@policy(Verb.TASK_COMPLETE)
def draft(task_id: int) -> ResponseReturnValue:
    """暂存: what stands in the form is kept on the server."""
    tasks.save_draft(g.session, actor(), task_id, _typed())
    if is_fragment():
        return f"已暂存 {clock.local(clock.now()):%H:%M:%S}"
    flash("已暂存，可从草稿箱继续填写。")
    return redirect(url_for("tasks.show", task_id=task_id))


@blueprint.post("")
@policy(Verb.TASK_COMPLETE)
def complete(task_id: int) -> ResponseReturnValue:
    """Submit the form; wrong fields come back beside what was typed."""
    typed = _typed()
    try:
        done = tasks.complete(g.session, actor(), task_id, typed)
    except Invalid as refusal:
        g.session.rollback()  # no savepoint: the hottest act would pay for it each time, and nothing came before it
        view = tasks.load(g.session, actor(), task_id)
        return _work(view, filled(view, typed, refusal)), 422
    except TaskTaken as refusal:
        g.session.rollback()
        return _page("tasks/gone.html", refusal=refusal.message, typed=typed), 409
    if is_fragment():
        return _changed(make_response(render_template("tasks/_done.html", done=done)))
    for sentence in done.next or ["已提交。"]:  # consent and a grade send nothing on, and yet were heard
        flash(sentence)
    return redirect(url_for("cases.show", case_id=done.case_id))


@blueprint.get("/extension")
@policy(Verb.EXTENSION_REQUEST)
def extension(task_id: int) -> ResponseReturnValue:
    """The form of 申请延期; refused at once where it cannot be asked for."""
    return _requesting(task_id)


@blueprint.post("/extension")
@policy(Verb.EXTENSION_REQUEST)
def request_extension(task_id: int) -> ResponseReturnValue:
    """申请延期: the signing delegate is asked; the limit runs on until he consents (R61, R62)."""
    typed = _typed()
    try:
        with g.session.begin_nested():
            sentence = tasks.request_extension(g.session, actor(), task_id, typed)
    except Invalid as refusal:
        view = tasks.load(g.session, actor(), task_id)
        return _page("tasks/extension.html", view=view, filled=_extension(view, typed, refusal)), 422
    flash(sentence)
    address = url_for("tasks.show", task_id=task_id)
    if is_fragment():
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address)


@blueprint.get("/why")
@policy(Verb.TASK_READ)
def why(task_id: int) -> ResponseReturnValue:
    """Each day counted or skipped up to the due date, and why."""
    reason = casefile.why(g.session, actor(), task_id)
    return render_template("cases/_why.html" if is_fragment() else "cases/why.html", why=reason)


def _typed() -> dict[str, str]:
    return {name: value for name, value in request.form.items() if name != "csrf_token"}


def _work(view: tasks.TaskView, form: Filled | None = None) -> str:
    file = casefile.load(g.session, actor(), view.case.id)
    review = tasks.review_of(g.session, actor(), view.task, view.case) if view.may_complete else None
    return _page("tasks/work.html", view=view, file=file, filled=form or filled(view), review=review)


def _requesting(task_id: int) -> str:
    view = tasks.load(g.session, actor(), task_id)
    tasks.may_request(g.session, actor(), task_id)
    return _page("tasks/extension.html", view=view, filled=_extension(view))


def _extension(view: tasks.TaskView, typed: dict[str, str] | None = None, refusal: Invalid | None = None) -> Filled:
    form = tasks.form_of(g.session, view.task.instance_id, EXTENSION)
    return Filled(form, typed or {}, refusal)


def _page(template: str, **values: object) -> str:
    """A page in the frame, or for htmx only the part that stands in the pane."""
    frame = "pane.html" if is_fragment() else "base.html"
    return render_template(template, frame=frame, **values)


def _changed(answer: Response) -> Response:
    """Tell the list that its rows and counts are old."""
    answer.headers["HX-Trigger"] = "inbox-changed"
    return answer
