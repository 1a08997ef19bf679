"""补录: paper cases of the time before the studio began with this system, under their numbers and dates (§0, R89)."""

from collections.abc import Mapping

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import access, intake
from engine.access import Verb
from engine.errors import Invalid
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation
from web.forms import Filled
from web.policy import policy
from web.session import actor

blueprint = Blueprint("backfill", __name__, url_prefix="/registration/<int:studio_id>/backfill")


@blueprint.get("")
@policy(Verb.CASE_REGISTER)
def new(studio_id: int) -> ResponseReturnValue:
    """The two forms on one page: what the paper says of itself, and the registration form."""
    return _page(studio_id, {"reporter_signature": "handwritten"})


@blueprint.post("")
@policy(Verb.CASE_REGISTER)
def add(studio_id: int) -> ResponseReturnValue:
    """Check and enter; wrong fields come back beside what was typed."""
    typed = {name: value for name, value in request.form.items() if name != "csrf_token"}
    try:
        with g.session.begin_nested():
            case = intake.backfill(g.session, actor(), studio_id, typed)
    except Invalid as refusal:
        return _page(studio_id, typed, refusal), 422
    flash(f"已补录{case.number}。")
    return redirect(url_for("cases.show", case_id=case.id))


def _page(studio_id: int, values: Mapping[str, str], refusal: Invalid | None = None) -> str:
    access.require(actor(), Verb.CASE_REGISTER, organisation.organisation_scope(g.session, studio_id))
    delegates = intake.delegates_for(g.session, studio_id)
    usual = intake.usual_delegate(g.session, studio_id, [value for value, _label in delegates])
    sources = {"delegates": delegates, "units": intake.units_for(g.session, studio_id)}
    parts = [
        Filled(form, {"delegate_id": usual, **values}, refusal, lambda source: sources.get(source, ()))
        for form in (intake.paper_form(), intake.registration_form(g.session))
    ]
    studio = g.session.get_one(Organisation, studio_id)
    return render_template("backfill/new.html", studio=studio, parts=parts, refusal=refusal)
