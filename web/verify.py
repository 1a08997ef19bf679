"""核验登记表: anybody who holds a printed form asks whether it is what was recorded; nothing of its content is told."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import verifying
from web.policy import public

blueprint = Blueprint("verify", __name__, url_prefix="/verify")
OPEN_TO_ALL = "whoever holds a copy of the form may check it, and learns nothing else"


@blueprint.get("")
@public(OPEN_TO_ALL)
def index() -> ResponseReturnValue:
    """By number and code, as they are printed; the answer on the same page."""
    number, code = request.args.get("number", "")[:80], request.args.get("code", "")[:80]
    verdict = verifying.verify(g.session, number, code) if number and code else None
    return render_template("verify/index.html", number=number, code=code, verdict=verdict)


@blueprint.get("/<token>")
@public(OPEN_TO_ALL)
def scanned(token: str) -> ResponseReturnValue:
    """By the QR code."""
    number, code = verifying.parse(token) or ("", "")
    return render_template(
        "verify/index.html", number=number, code=code, verdict=verifying.verify(g.session, number, code)
    )
