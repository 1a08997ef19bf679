"""补录: paper cases of the time before the studio began with this system, under their numbers and dates (§0, R89)."""

import secrets
from collections.abc import Mapping

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import access, clock, intake
from engine.access import Verb
from engine.attachments import queries as attachments
from engine.cases.models import Draft
from engine.errors import Invalid
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation
from web.forms import Filled
from web.policy import policy
from web.registration import keep_files, keep_typed, page_key, typed
from web.session import actor

blueprint = Blueprint("backfill", __name__, url_prefix="/registration/<int:studio_id>/backfill")


@blueprint.get("")
@policy(Verb.CASE_REGISTER)
def new(studio_id: int) -> ResponseReturnValue:
    """The two forms on one page, what the paper says of itself and the registration form; with ?draft= that draft."""
    draft = intake.draft_of(g.session, actor(), request.args["draft"]) if "draft" in request.args else None
    return _page(studio_id, dict(draft.data) if draft else {"reporter_signature": "handwritten"}, draft)


@blueprint.post("")
@policy(Verb.CASE_REGISTER)
def add(studio_id: int) -> ResponseReturnValue:
    """Check and enter; wrong fields come back beside what was typed, the draft stays."""
    values, key = typed(), page_key()
    try:
        with g.session.begin_nested():
            keep_files(studio_id, values, key)
            case = intake.backfill(g.session, actor(), studio_id, values, key)
    except Invalid as refusal:
        return _page(studio_id, values, keep_typed(studio_id, refusal), refusal), 422
    flash(f"已补录{case.number}。")
    return redirect(url_for("cases.show", case_id=case.id))


def _page(
    studio_id: int, values: Mapping[str, str], draft: Draft | None, refusal: Invalid | None = None
) -> str:  # fmt: skip
    access.require(actor(), Verb.CASE_REGISTER, organisation.organisation_scope(g.session, studio_id))
    delegates = intake.delegates_for(g.session, studio_id)
    usual = intake.usual_delegate(g.session, studio_id, [value for value, _label in delegates])
    sources = {"delegates": delegates, "units": intake.units_for(g.session, studio_id)}
    parts = [
        Filled(form, {"delegate_id": usual, **values}, refusal, lambda source: sources.get(source, ()))
        for form in (intake.paper_form(), intake.registration_form(g.session))
    ]
    return render_template(
        "backfill/new.html", studio=g.session.get_one(Organisation, studio_id), parts=parts, refusal=refusal,
        draft=draft, key=draft.key if draft else secrets.token_urlsafe(12), studio_id=studio_id,
        attached=attachments.of_draft(g.session, draft.id) if draft else (),
        wrong=refusal.errors.get("files", "") if refusal else "", today=clock.today(),
    )  # fmt: skip
