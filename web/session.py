"""One request is one transaction, and the person behind it.

GET reads a consistent view, every other method is one human act: committed when the answer is a success, rolled back
otherwise. A view finds the database session in `g.session` and the person in `actor()`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine import access, db, rehearsal
from engine.access import Actor, Verb
from engine.config import Settings
from engine.errors import Invalid, NotFound
from engine.organisation import passwords
from engine.organisation import queries as organisation
from engine.organisation.models import Person
from web import typed
from web.policy import only_reads, policy, public, verb_of

READING = frozenset({"GET", "HEAD", "OPTIONS"})
blueprint = Blueprint("session", __name__)


@dataclass(frozen=True)
class House:
    """What one installation of the web door knows: its settings and its database."""

    settings: Settings
    engine: Engine


class SignedIn(UserMixin):
    """The person in the session cookie; the stamp ends all sessions of somebody whose password changed."""

    def __init__(self, person: Person | organisation.Account) -> None:
        self.id = f"{person.id}.{person.session_stamp}"
        self.person = person


def house() -> House:
    """Settings and database of this application."""
    return cast(House, current_app.extensions["lianxin"])


@contextmanager
def opened(*, writing: bool) -> Iterator[Session]:
    """A transaction or a reading as `g.session`; the demo's clock is set first."""
    door = db.transaction if writing else db.reading
    with door(house().engine) as session:
        if house().settings.demo:
            rehearsal.apply(session)
        g.session = session
        try:
            yield session
        finally:
            for name in ("session", "actor", "boxes", "submissions", "_login_user"):
                g.pop(name, None)


def actor() -> Actor:
    """The signed-in person with the posts held today."""
    if "actor" not in g:
        g.actor = organisation.actor(g.session, current_user.person.id)
    return cast(Actor, g.actor)


def keep_writes() -> None:
    """Commit although the answer is a refusal: a failed sign-in is counted."""
    g.keep_writes = True


class Application(Flask):
    """Flask, with the transaction and the policy around every view."""

    def dispatch_request(self) -> Response:
        """Open the database, ask the policy, call the view; an answer of 400 and more changes nothing."""
        view = self.view_functions.get(request.endpoint or "")
        if view is None or request.endpoint == "static":
            return self.make_response(super().dispatch_request())
        typed.check_address()
        writing = request.method not in READING and not only_reads(view)
        with opened(writing=writing) as session:
            try:
                answer = self.make_response(_unless_signed_out(view) or super().dispatch_request())
            except (DBAPIError, OverflowError) as error:
                raise typed.refusal(error) or error from error
            if writing and answer.status_code < 400:
                typed.check_kept(view)
            if answer.status_code >= 400 and not g.pop("keep_writes", False):
                session.rollback()
            return answer


def _unless_signed_out(view: Any) -> ResponseReturnValue | None:
    verb = verb_of(view)
    if verb is None:
        return None
    if not current_user.is_authenticated:
        return _to_sign_in()
    access.require(actor(), verb)
    return None


def _to_sign_in() -> ResponseReturnValue:
    wanted = request.full_path.rstrip("?") if request.method == "GET" and not is_fragment() else ""
    address = url_for("session.sign_in", next=wanted or None)
    if is_fragment():
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def is_fragment() -> bool:
    """Did htmx ask, wanting a part of a page?"""
    return request.headers.get("HX-Request") == "true"


def _load(cookie_id: str) -> SignedIn | None:
    person_id, _, stamp = cookie_id.partition(".")
    if "session" not in g or not (person_id.isdigit() and stamp.isdigit()):
        return None
    try:
        person, found = organisation.account_and_actor(g.session, int(person_id))
    except NotFound:  # unknown, or disabled
        return None
    if person.session_stamp != int(stamp):
        return None
    g.actor = found
    return SignedIn(person)


def set_up(app: Flask) -> None:
    """Session cookies of this application."""
    manager = LoginManager(app)
    manager.session_protection = None  # people change networks; the stamp ends sessions
    manager.user_loader(_load)


def sign_in_as(person: Person) -> None:
    """Start a session for somebody who has proved who he is (password, one-time link, the demo's switch)."""
    g.pop("actor", None)  # whoever was signed in until now
    login_user(SignedIn(person))


@blueprint.get("/health")
@public("load balancers and supervisors ask without an account")
def health() -> ResponseReturnValue:
    """Is the database there?"""
    g.session.execute(text("SELECT 1"))
    return {"status": "ok"}


@blueprint.get("/sign-in")
@public("one cannot be signed in before")
def sign_in() -> ResponseReturnValue:
    """The sign-in page."""
    if current_user.is_authenticated:
        return redirect(url_for("workbench.index"))
    return render_template("session/sign_in.html", login="", wanted=_local(request.args.get("next", "")))


@blueprint.post("/sign-in")
@public("one cannot be signed in before")
def enter() -> ResponseReturnValue:
    """Check login and password; failures are counted in the database and lock for a while."""
    login, wanted = request.form.get("login", "").strip(), _local(request.form.get("next", ""))
    answer = passwords.sign_in(g.session, login, request.form.get("password", ""))
    if answer.person is None:
        keep_writes()
        return render_template("session/sign_in.html", login=login, wanted=wanted, refusal=answer.message), 422
    sign_in_as(answer.person)
    return redirect(wanted or url_for("workbench.index"))


@blueprint.post("/sign-out")
@policy(Verb.SESSION_OWN)
def leave() -> ResponseReturnValue:
    """End this session."""
    logout_user()
    return redirect(url_for("session.sign_in"))


@blueprint.get("/me/password")
@policy(Verb.SESSION_OWN)
def own_password() -> ResponseReturnValue:
    """The page to change one's own password."""
    return render_template("session/password.html", errors={})


@blueprint.post("/me/password")
@policy(Verb.SESSION_OWN)
def change_password() -> ResponseReturnValue:
    """Set a new password; all other sessions of this person end."""
    new, again = request.form.get("new", ""), request.form.get("again", "")
    try:
        if new != again:
            raise Invalid("两次输入的新密码不一致。", {"again": "与上面的新密码不一致，请重新输入。"})
        person = passwords.change_password(g.session, actor().person_id, request.form.get("old", ""), new)
    except Invalid as refusal:
        errors = {"new": refusal.errors.get("password", ""), **refusal.errors}
        return render_template("session/password.html", errors=errors, refusal=refusal.message), 422
    sign_in_as(person)
    flash("密码已修改，其他设备上的登录已失效。")
    return redirect(url_for("workbench.index"))


def _local(address: str) -> str:
    """Only an address of this house: one slash at the start, so nobody is sent elsewhere after signing in."""
    plain = address.startswith("/") and not address.startswith(("//", "/\\")) and "\n" not in address
    return address if plain else ""
