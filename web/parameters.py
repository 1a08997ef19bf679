"""办法参数: limits, reminders, supervision and targets from a day on; two people change them (R88)."""

from datetime import timedelta

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import access, amending, clock
from engine.access import Verb
from engine.errors import Invalid
from engine.parameters.rules import RULES
from web.people import day_of
from web.policy import policy
from web.session import actor

blueprint = Blueprint("parameters", __name__, url_prefix="/parameters")


@blueprint.get("")
@policy(Verb.PARAMETERS_READ)
def index() -> ResponseReturnValue:
    """What is in force, what comes, and every change so far."""
    return _page({"name": request.args.get("name", ""), "effective_from": (clock.today() + timedelta(1)).isoformat()})


def _page(form: dict[str, str], refusal: Invalid | None = None) -> str:
    values, planned = amending.desk.values(g.session, actor())
    return render_template(
        "parameters/index.html", rules=RULES, values=values, planned=planned, form=form, refusal=refusal,
        amendments=amending.desk.amendments(g.session, actor(), "parameter"),
        may_change=access.may(actor(), Verb.PARAMETERS_CHANGE),
    )  # fmt: skip


@blueprint.post("")
@policy(Verb.PARAMETERS_CHANGE)
def propose() -> ResponseReturnValue:
    """A new value from a day on, as a proposal; somebody else releases it."""
    form = {name: request.form.get(name, "").strip() for name in ("name", "value", "effective_from", "reason")}
    try:
        with g.session.begin_nested():
            if not (form["value"].isascii() and form["value"].isdigit() and len(form["value"]) < 4):
                raise Invalid("请填写数值。", {"value": "请填写整数，单位为工作日。"})
            since = day_of("effective_from", "生效日期")
            proposed = amending.propose_parameter(
                g.session, actor(), form["name"], int(form["value"]), since, form["reason"]
            )
    except Invalid as refusal:
        return _page(form, refusal), 422
    flash("草案已保存。请核对影响，由另一人发布。")
    return redirect(url_for("workdays.show", amendment_id=proposed.id))
