"""Pictures of signatures: whoever may read the case may see who signed it."""

from flask import Blueprint, Response, g
from flask.typing import ResponseReturnValue

from engine import casefile
from engine.access import Verb
from web.policy import policy
from web.session import actor

blueprint = Blueprint("signing", __name__, url_prefix="/signatures")


@blueprint.get("/<int:signature_id>.png")
@policy(Verb.CASE_READ)
def picture(signature_id: int) -> ResponseReturnValue:
    """A signature made by hand."""
    answer = Response(casefile.signature(g.session, actor(), signature_id), mimetype="image/png")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
