"""评议 beside its steps: tries to reach the reporter, residents heard, the locked page and its correction; and how the
units of an area were rated (article 12, R79–R84, R116)."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import casefile, clock, rating
from engine.access import Verb
from engine.errors import Invalid
from web.policy import policy
from web.session import actor

blueprint = Blueprint("ratings", __name__)
FIRST_YEAR = 2010


@blueprint.app_context_processor
def _beside() -> dict[str, Any]:
    """`rating_of(case_id)` in the pages of a case and of its rating's steps."""
    return {
        "rating_of": lambda case_id: rating.standing(g.session, actor(), case_id),
        "rating_roles": rating.OPEN_ROLES,
        "contact_methods": rating.METHODS,
    }


@blueprint.get("/ratings")
@policy(Verb.LEDGER_READ)
def index() -> ResponseReturnValue:
    """The grades registered in a year, by the unit that led the handling."""
    this_year = clock.today().year
    year = min(max(request.args.get("year", this_year, int), FIRST_YEAR), this_year)
    units = rating.by_lead_unit(g.session, actor(), year)
    return render_template("ratings/index.html", units=units, year=year, years=range(this_year, FIRST_YEAR - 1, -1))


@blueprint.get("/cases/<int:case_id>/rating")
@policy(Verb.CASE_READ)
def show(case_id: int) -> ResponseReturnValue:
    """The rating of a case: every round with its opinions and hands."""
    return _page(case_id)


def _page(case_id: int, part: str = "", typed: Mapping[str, str] | None = None, refusal: Invalid | None = None) -> str:
    standing = rating.standing(g.session, actor(), case_id)
    file = casefile.load(g.session, actor(), case_id)
    return render_template(
        "ratings/show.html", standing=standing, file=file, part=part, typed=typed or {}, refusal=refusal
    )


@blueprint.post("/cases/<int:case_id>/rating/tries")
@policy(Verb.RATING_RECORD)
def note_try(case_id: int) -> ResponseReturnValue:
    """登记联系经过: today somebody tried to reach the reporter."""
    form = request.form
    return _act(case_id, "try", "已登记今天的联系经过。", lambda: rating.note_try(
        g.session, actor(), case_id, form.get("method", ""), form.get("note", "")
    ))  # fmt: skip


@blueprint.post("/cases/<int:case_id>/rating/residents")
@policy(Verb.RATING_RECORD)
def hear(case_id: int) -> ResponseReturnValue:
    """听取群众意见: recorded, without a vote."""
    form = request.form
    return _act(case_id, "resident", "已记录群众意见，作为评议参考。", lambda: rating.hear_resident(
        g.session, actor(), case_id, form.get("name", ""), form.get("opinion", "")
    ))  # fmt: skip


@blueprint.post("/cases/<int:case_id>/rating/correction")
@policy(Verb.RATING_CORRECT)
def correct(case_id: int) -> ResponseReturnValue:
    """更正评定等级: a new version of the locked page, with its reason."""
    form = request.form
    return _act(case_id, "correction", "已更正，更正前的评定等级仍然保留。", lambda: rating.correct(
        g.session, actor(), case_id, form.get("grade", ""), form.get("reason", "")
    ))  # fmt: skip


def _act(case_id: int, part: str, told: str, act: Callable[[], object]) -> ResponseReturnValue:
    try:
        with g.session.begin_nested():
            act()
    except Invalid as refusal:
        return _page(case_id, part, request.form, refusal), 422
    flash(told)
    return redirect(url_for("ratings.show", case_id=case_id))
