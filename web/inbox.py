"""One box as a list with filter and pages; the list stays while a task is worked on beside it."""

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import desk
from engine.access import Verb
from web.policy import policy
from web.session import actor, is_fragment
from web.words import BOXES, EMPTY

blueprint = Blueprint("inbox", __name__)


@blueprint.get("/inbox/<box>")
@policy(Verb.TASK_READ)
def show(box: str) -> ResponseReturnValue:
    """The box, or only its list when htmx asks for it."""
    text = request.args.get("text", "").strip()
    page = desk.inbox(g.session, actor(), box, request.args.get("page", 1, int), text=text)
    template = "inbox/_again.html" if is_fragment() else "inbox/show.html"
    address = url_for("inbox.show", box=box)
    return render_template(
        template, box=box, label=BOXES[box], boxes=BOXES, page=page, text=text, nothing=EMPTY[box], address=address
    )
