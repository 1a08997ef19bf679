"""查看联系方式: the reporter's telephone and address in full, for a reason that is kept (R99)."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from engine import casefile
from engine.access import Verb
from engine.errors import Invalid
from web.policy import policy
from web.session import actor, is_fragment

blueprint = Blueprint("reveal", __name__, url_prefix="/cases/<int:case_id>/contact")


@blueprint.post("")
@policy(Verb.CONTACT_REVEAL)
def show(case_id: int) -> ResponseReturnValue:
    """The contact, on this answer only; it is in no page that can be opened again."""
    reason = request.form.get("reason", "")
    template = "reveal/_answer.html" if is_fragment() else "reveal/show.html"
    try:
        with g.session.begin_nested():
            case, contact = casefile.reveal(g.session, actor(), case_id, reason)
    except Invalid as refusal:
        file = casefile.load(g.session, actor(), case_id)
        refused = {"case": file.case, "contact": None, "refusal": refusal, "reason": reason, "file": file}
        return render_template(template, **refused), 422
    return render_template(template, case=case, contact=contact, reason=reason.strip(), refusal=None)
