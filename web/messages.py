"""消息: what the system told this person, unread first."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import desk
from engine.access import Verb
from web.policy import policy
from web.session import actor, is_fragment

blueprint = Blueprint("messages", __name__)


@blueprint.get("/messages")
@policy(Verb.SESSION_OWN)
def index() -> ResponseReturnValue:
    """Unread messages, or the read ones with ?read=1."""
    unread = "read" not in request.args
    page = desk.messages(g.session, actor(), unread=unread, page=request.args.get("page", 1, int))
    return render_template("messages/index.html", page=page, unread=unread, address=url_for("messages.index"))


@blueprint.post("/messages/<int:notice_id>/read")
@policy(Verb.SESSION_OWN)
def read(notice_id: int) -> ResponseReturnValue:
    """Mark one as read; in the list it turns grey, on a page the case opens."""
    notice = desk.read_message(g.session, actor(), notice_id)
    if is_fragment():
        return render_template("messages/_one.html", notice=notice)
    if notice.case_id and request.form.get("open"):
        return redirect(url_for("cases.show", case_id=notice.case_id))
    return redirect(url_for("messages.index"))


@blueprint.post("/messages/read")
@policy(Verb.SESSION_OWN)
def read_all() -> ResponseReturnValue:
    """Mark all as read."""
    desk.read_all_messages(g.session, actor())
    return redirect(url_for("messages.index"))
