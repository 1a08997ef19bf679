"""工作台: the landing page with the boxes as tiles and the most urgent work; and the help page."""

from flask import Blueprint, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from engine import access, amending, desk
from engine.access import Verb
from web.policy import policy
from web.session import actor
from web.words import BOXES

URGENT = 8
blueprint = Blueprint("workbench", __name__)


@blueprint.get("/")
@policy(Verb.SESSION_OWN)
def index() -> ResponseReturnValue:
    """Tiles with counts, and what is due first; administrators, who handle no cases, see their own menu, and somebody
    who is nothing but a delegate the page made for the phone."""
    if actor().delegate_id is not None and not actor().posts:
        return redirect(url_for("delegate.index"))
    works = access.may(actor(), Verb.TASK_READ)
    urgent = desk.inbox(g.session, actor(), "todo", per_page=URGENT) if works else None
    unread = desk.messages(g.session, actor(), unread=True, per_page=5)
    missing = amending.missing.years(g.session) if access.may(actor(), Verb.CALENDAR_PROPOSE) else []
    return render_template(
        "workbench/index.html", boxes=BOXES, works=works, urgent=urgent, unread=unread, missing=missing
    )


@blueprint.get("/help")
@policy(Verb.SESSION_OWN)
def help_page() -> ResponseReturnValue:
    """What the words, lamps and boxes mean, and the deadlines of the measures."""
    return render_template("workbench/help.html")
