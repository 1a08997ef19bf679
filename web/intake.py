"""网上来信: a resident without account writes from home and asks with the receipt what became of the letter."""

import secrets
from datetime import datetime
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from engine import submitting
from engine.catalogue import letters
from engine.errors import Conflict, Invalid
from engine.submitting import Upload
from web import large_type
from web.attachments import store
from web.policy import public
from web.session import keep_writes

blueprint = Blueprint("intake", __name__, url_prefix="/intake")
OPEN_TO_ALL = "residents send an opinion from home without an account"
large_type.offer(blueprint)


@blueprint.get("")
@public(OPEN_TO_ALL)
def index() -> ResponseReturnValue:
    """Which community: by name, or district by district."""
    text, district = request.args.get("text", "").strip(), request.args.get("district", "")
    return render_template(
        "intake/index.html", text=text, found=submitting.search(g.session, text), chosen=district,
        districts=submitting.districts(g.session), streets=submitting.streets(g.session, district) if district else {},
    )  # fmt: skip


@blueprint.get("/<code>")
@public(OPEN_TO_ALL)
def write(code: str) -> ResponseReturnValue:
    """The letter's form for one community."""
    return _form(code)


@blueprint.post("/<code>")
@public(OPEN_TO_ALL)
def send(code: str) -> ResponseReturnValue:
    """Keep the letter; wrong fields come back beside what was typed. A second click gets the same receipt."""
    typed = {name: value for name, value in request.form.items() if name != "csrf_token"}
    try:
        with g.session.begin_nested():
            sent = submitting.receive(
                g.session, store(), code, typed, _files(), request.remote_addr or "", _once(typed)
            )
    except Invalid as refusal:
        return _form(code, typed, refusal.message, refusal.errors), 422
    except Conflict as refusal:
        return _form(code, typed, refusal.message), 409
    session["receipt"] = [sent.code, sent.community, sent.studio, sent.at.isoformat()]
    return redirect(url_for("intake.receipt"))


@blueprint.get("/receipt")
@public(OPEN_TO_ALL)
def receipt() -> ResponseReturnValue:
    """The code to keep; only in the browser that sent the letter."""
    kept = session.get("receipt")
    if not kept:
        return redirect(url_for("intake.index"))
    code, community, studio, at = kept
    return render_template(
        "intake/receipt.html",
        code=letters.shown(code),
        community=community,
        studio=studio,
        at=datetime.fromisoformat(at),
    )


@blueprint.get("/status")
@public(OPEN_TO_ALL)
def status() -> ResponseReturnValue:
    """One field: the code of the receipt."""
    return render_template("intake/status.html", code=request.args.get("code", ""), answer=None)


@blueprint.post("/status")
@public(OPEN_TO_ALL)
def ask() -> ResponseReturnValue:
    """What became of the letter; wrong codes are counted in the database although nothing else happens."""
    code = request.form.get("code", "")
    answer = submitting.find(g.session, code, request.remote_addr or "")
    if answer is None:
        keep_writes()
        return render_template("intake/status.html", code=code, answer=None, refusal=submitting.REFUSED), 422
    return render_template("intake/status.html", code=letters.shown(answer.code), answer=answer)


def _form(
    code: str, typed: dict[str, str] | None = None, refusal: str = "", errors: dict[str, str] | None = None
) -> str:
    _place, community = submitting.community(g.session, code)
    values: dict[str, Any] = dict(typed or {})
    return render_template(
        "intake/write.html", community=community, typed=values, refusal=refusal, errors=errors or {},
        once=_once(values), notice=submitting.NOTICE, version=submitting.VERSION, trap=submitting.TRAP,
        most=submitting.MOST_CONTENT, most_files=submitting.MOST_FILES,
    )  # fmt: skip


def _files() -> list[Upload]:
    sent = [file for file in request.files.getlist("files") if file.filename]
    return [Upload(file.filename or "", file.stream.read(store().limit + 1)) for file in sent]


def _once(typed: dict[str, str]) -> str:
    given = typed.get("once", "")
    return given if len(given) == 32 and given.isalnum() else secrets.token_hex(16)
