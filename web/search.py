"""意见建议查询: number, name or content, among the cases one may read."""

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import desk
from engine.access import Verb
from web.policy import policy
from web.session import actor, is_fragment

blueprint = Blueprint("search", __name__)


@blueprint.get("/search")
@policy(Verb.CASE_SEARCH)
def index() -> ResponseReturnValue:
    """The search card and what it found."""
    text = request.args.get("text", "").strip()
    page = desk.search(g.session, actor(), text, request.args.get("page", 1, int))
    template = "search/_list.html" if is_fragment() else "search/index.html"
    return render_template(template, text=text, page=page, address=url_for("search.index"))
