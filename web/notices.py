"""消息发送: what left the house, what waits, what failed; without what it says and to whom exactly."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import access, posted
from engine.access import Verb
from engine.desk import Page
from engine.errors import Conflict, Invalid
from engine.notices.labels import CHANNELS, KINDS, STATES
from web.policy import policy
from web.session import actor

blueprint = Blueprint("notices", __name__, url_prefix="/notices")


@blueprint.get("")
@policy(Verb.NOTICES_READ)
def index() -> ResponseReturnValue:
    """Messages that leave the house, or those of one channel, state, kind or case."""
    return _page()


@blueprint.post("/<int:notice_id>/again")
@policy(Verb.INCIDENT_READ)
def again(notice_id: int) -> ResponseReturnValue:
    """A message that was given up goes out once more."""
    try:
        with g.session.begin_nested():
            posted.send_again(g.session, actor(), notice_id, request.form.get("reason", ""))
    except (Invalid, Conflict) as refused:
        return _page(refused.message), 422 if isinstance(refused, Invalid) else 409
    flash("已重新排队发送。")
    return redirect(url_for("notices.index"))


def _page(refusal: str = "") -> str:
    wanted = posted.Filter(
        state=_one_of(request.args.get("state", ""), STATES),
        channel=_one_of(request.args.get("channel", ""), CHANNELS),
        kind=_one_of(request.args.get("kind", ""), KINDS),
        number=request.args.get("number", "").strip()[:80],
    )
    number = max(request.args.get("page", 1, int), 1)
    found = posted.overview(g.session, actor(), wanted, number)
    return render_template(
        "notices/index.html", page=Page(found.lines, found.total, number, posted.PER_PAGE), wanted=wanted,
        counts=found.counts, states=STATES, channels=CHANNELS, kinds=KINDS, refusal=refusal,
        address=url_for("notices.index"), may_send=access.may(actor(), Verb.INCIDENT_READ),
    )  # fmt: skip


def _one_of(value: str, known: dict[str, str]) -> str:
    return value if value in known else ""
