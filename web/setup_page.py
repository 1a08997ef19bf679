"""Getting in by a one-time link: the first system administrator, a first or forgotten password."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import Conflict, Invalid
from engine.organisation import tokens
from engine.organisation.operations import PersonForm
from engine.setup import administration
from web.policy import public
from web.session import sign_in_as

blueprint = Blueprint("setup_page", __name__)
BY_LINK = "the one-time link is the proof; it is used up by the first success"


@blueprint.get("/first-administrator/<secret>")
@public(BY_LINK)
def first(secret: str) -> ResponseReturnValue:
    """The form of the first system administrator, while the link is good."""
    try:
        tokens.peek(g.session, tokens.FIRST_ADMINISTRATOR, secret)
    except Invalid as refusal:
        return _spent(refusal.message)
    return render_template("setup_page/first.html", secret=secret, form=PersonForm("", ""), errors={})


@blueprint.post("/first-administrator/<secret>")
@public(BY_LINK)
def create(secret: str) -> ResponseReturnValue:
    """Create the person, use the link up, sign in."""
    form = person_form()
    try:
        person = administration.create_first_administrator(g.session, secret, form, _password())
    except Conflict as refusal:
        return _spent(refusal.message)
    except Invalid as refusal:
        if refusal.message == tokens.SPENT:
            return _spent(refusal.message)
        errors = refusal.errors
        return render_template(
            "setup_page/first.html", secret=secret, form=form, errors=errors, refusal=refusal.message
        ), 422
    sign_in_as(person)
    flash("系统管理员已建立。接下来请在“人员管理”中添加其他人员。")
    return redirect(url_for("workbench.index"))


@blueprint.get("/password/<secret>")
@public(BY_LINK)
def password(secret: str) -> ResponseReturnValue:
    """The form for a new password, while the link is good."""
    try:
        tokens.peek(g.session, tokens.PASSWORD, secret)
    except Invalid as refusal:
        return _spent(refusal.message)
    return render_template("setup_page/password.html", secret=secret, errors={})


@blueprint.post("/password/<secret>")
@public(BY_LINK)
def set_password(secret: str) -> ResponseReturnValue:
    """Set it, use the link up, sign in."""
    try:
        person = administration.set_password_by_link(g.session, secret, _password())
    except Conflict as refusal:
        return _spent(refusal.message)
    except Invalid as refusal:
        if refusal.message == tokens.SPENT:
            return _spent(refusal.message)
        return render_template(
            "setup_page/password.html", secret=secret, errors=refusal.errors, refusal=refusal.message
        ), 422
    sign_in_as(person)
    flash("密码已设置。")
    return redirect(url_for("workbench.index"))


def person_form() -> PersonForm:
    """What was typed about a person."""
    return PersonForm(*(request.form.get(name, "").strip() for name in ("login", "name", "phone", "email")))


def _password() -> str:
    typed = request.form.get("password", "")
    if typed != request.form.get("again", ""):
        raise Invalid("两次输入的密码不一致。", {"again": "与上面的密码不一致，请重新输入。"})
    return typed


def _spent(sentence: str) -> ResponseReturnValue:
    return render_template("setup_page/spent.html", sentence=sentence), 422
