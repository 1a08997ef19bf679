"""核验登记表: anybody who holds a printed form asks whether it is what was recorded; nothing of its content is told."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import verifying
from web.policy import public
from web.session import keep_writes

blueprint = Blueprint("verify", __name__, url_prefix="/verify")
OPEN_TO_ALL = "whoever holds a copy of the form may check it, and learns nothing else"


@blueprint.get("")
@public(OPEN_TO_ALL)
def index() -> ResponseReturnValue:
    """The two fields."""
    return render_template("verify/index.html", number="", code="", verdict=None)


@blueprint.post("")
@public(OPEN_TO_ALL)
def check() -> ResponseReturnValue:
    """By number and code, as they are printed; what does not agree is counted, as on the tracking page."""
    number, code = request.form.get("number", "")[:80], request.form.get("code", "")[:80]
    verdict = verifying.check(g.session, number, code, request.remote_addr or "")
    keep_writes()
    return _told(number, code, verdict)


@blueprint.get("/<token>")
@public(OPEN_TO_ALL)
def scanned(token: str) -> ResponseReturnValue:
    """By the QR code: too long to guess, so that looking counts nothing; but a locked address is locked here too."""
    number, code = verifying.parse(token) or ("", "")
    return _told(number, code, verifying.scanned(g.session, number, code, request.remote_addr or ""))


def _told(number: str, code: str, verdict: verifying.Verdict) -> ResponseReturnValue:
    status = 429 if verdict == verifying.Verdict.LOCKED else 200
    return render_template("verify/index.html", number=number, code=code, verdict=verdict), status
