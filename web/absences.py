"""代理: who stands in for an absent person, from–to; and 交接 of what a leaver has claimed (I14)."""

from datetime import date

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import clock, deputies
from engine.access import Verb
from engine.errors import Conflict, Invalid
from engine.organisation.absences import PERSONAL, AbsenceForm
from web.policy import policy
from web.session import actor

blueprint = Blueprint("absences", __name__)


@blueprint.get("/absences")
@policy(Verb.DEPUTY_SET)
def index() -> ResponseReturnValue:
    """Own deputies, or with ?person= those of somebody one answers for."""
    return _page(request.args.get("person", type=int))


@blueprint.post("/absences")
@policy(Verb.DEPUTY_SET)
def add() -> ResponseReturnValue:
    """设置代理; what was typed comes back with the sentences."""
    person_id = request.form.get("person_id", type=int) or actor().person_id
    typed = request.form.to_dict()
    try:
        with g.session.begin_nested():
            form = AbsenceForm(
                person_id, request.form.get("deputy_id", 0, int), _day("starts_on", "开始日期"),
                _day("ends_on", "结束日期"), request.form.get("reason", ""),
            )  # fmt: skip
            deputies.set_deputy(g.session, actor(), form)
    except (Invalid, Conflict) as refusal:
        return _page(person_id, typed, refusal), 422 if isinstance(refusal, Invalid) else 409
    flash("代理已设置，到期自动结束。")
    own = person_id == actor().person_id
    return redirect(url_for("absences.index", person=None if own else person_id))


@blueprint.post("/absences/<int:absence_id>/end")
@policy(Verb.DEPUTY_SET)
def end(absence_id: int) -> ResponseReturnValue:
    """结束代理 before its last day."""
    deputies.end(g.session, actor(), absence_id)
    flash("代理已结束，事项由本人办理。")
    return redirect(url_for("absences.index"))


def _day(name: str, label: str) -> date:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        raise Invalid(f"请填写{label}，例如 {clock.today():%Y-%m-%d}。", {name: f"请填写{label}。"}) from None


def _page(person_id: int | None, typed: dict[str, str] | None = None, refusal: Invalid | Conflict | None = None) -> str:
    view = deputies.page(g.session, actor(), person_id)
    return render_template(
        "absences/index.html", view=view, own=view.person.id == actor().person_id, typed=typed or {}, refusal=refusal,
        errors=getattr(refusal, "errors", {}), today=clock.today(), personal=PERSONAL,
    )  # fmt: skip


@blueprint.get("/people/<int:person_id>/hand-over")
@policy(Verb.TASK_HAND_OVER)
def handing(person_id: int) -> ResponseReturnValue:
    """What the person has claimed, and who could take it."""
    return _handing(person_id)


@blueprint.post("/people/<int:person_id>/hand-over")
@policy(Verb.TASK_HAND_OVER)
def hand_over(person_id: int) -> ResponseReturnValue:
    """交接: all of it in one act; the answer lists what became of each."""
    chosen = request.form.getlist("to", int)
    try:
        with g.session.begin_nested():
            done = deputies.hand_over(g.session, actor(), person_id, chosen)
    except Invalid as refusal:
        return _handing(person_id, refusal), 422
    person = deputies.leaver(g.session, actor(), person_id).person
    return render_template("absences/handed.html", person=person, done=done)


def _handing(person_id: int, refusal: Invalid | None = None) -> str:
    view = deputies.leaver(g.session, actor(), person_id)
    return render_template("absences/hand_over.html", view=view, refusal=refusal)
