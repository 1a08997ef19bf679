"""起始编号: a studio that begins mid-year; administrators set its next number once a year (§0)."""

from collections.abc import Mapping

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import intake
from engine.access import Verb
from engine.errors import Invalid
from web.policy import policy
from web.session import actor

blueprint = Blueprint("numbering", __name__, url_prefix="/organisations/<int:studio_id>/numbering")


@blueprint.get("")
@policy(Verb.ORGANISATION_MANAGE)
def show(studio_id: int) -> ResponseReturnValue:
    """How far the studio's numbers of this year have come, and the form that sets the next one."""
    return _page(studio_id, {})


@blueprint.post("")
@policy(Verb.ORGANISATION_MANAGE)
def start(studio_id: int) -> ResponseReturnValue:
    """Set it; who, when and why stay on the page."""
    typed = {name: request.form.get(name, "").strip() for name in ("following", "reason")}
    try:
        with g.session.begin_nested():
            row = intake.start_numbering(g.session, actor(), studio_id, typed["following"], typed["reason"])
    except Invalid as refusal:
        return _page(studio_id, typed, refusal), 422
    flash(f"已设置：{row.year}年下一号为{row.following:03d}。")
    return redirect(url_for("numbering.show", studio_id=studio_id))


def _page(studio_id: int, typed: Mapping[str, str], refusal: Invalid | None = None) -> str:
    found = intake.numbering_of(g.session, actor(), studio_id)
    return render_template("numbering/show.html", found=found, typed=typed, refusal=refusal)
