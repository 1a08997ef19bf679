"""Signing in, staying in, and one request as one transaction."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask, g
from sqlalchemy import Engine, select

from engine import clock, db
from engine.access import Verb
from engine.organisation.models import Person
from tests import people
from tests.web.conftest import Visit, Visitor
from web.policy import policy, public


def test_right_password_leads_to_the_workbench_or_the_page_wanted(stranger: Visitor) -> None:
    assert stranger.sign_in("unit_clerk").headers["Location"] == "/"
    assert stranger.get("/").status_code == 200


def test_the_page_wanted_must_be_ours(app: Flask) -> None:
    for wanted, location in (
        ("/inbox/todo", "/inbox/todo"),
        ("https://example.org/", "/"),
        ("//example.org/", "/"),
        ("/\\example.org", "/"),
        ("/a\nb", "/"),
    ):
        assert Visitor(app.test_client()).sign_in("unit_clerk", wanted=wanted).headers["Location"] == location


def test_wrong_passwords_are_counted_although_the_answer_is_a_refusal(stranger: Visitor, database: Engine) -> None:
    for _ in range(5):
        answer = stranger.sign_in("unit_clerk", "wrong-password")
        assert answer.status_code == 422
        assert "登录名或密码不正确" in answer.text
    assert stranger.sign_in("unit_clerk").status_code == 422  # locked now, even with the right one
    with db.reading(database) as session:
        person = session.scalars(select(Person).where(Person.login == "unit_clerk")).one()
        assert person.locked_until == clock.now() + timedelta(minutes=15)


def test_a_raised_stamp_ends_the_session(visit: Visit, database: Engine) -> None:
    visitor = visit("unit_clerk")
    with db.transaction(database) as session:
        session.scalars(select(Person).where(Person.login == "unit_clerk")).one().session_stamp += 1
    assert visitor.get("/").status_code == 302


def test_own_password(visit: Visit, app: Flask) -> None:
    visitor, other = visit("unit_clerk"), visit("unit_clerk")
    wrong = visitor.post("/me/password", {"old": "no", "new": "a-longer-secret-1", "again": "a-longer-secret-1"})
    assert (wrong.status_code, "原密码不正确" in wrong.text) == (422, True)
    differ = visitor.post("/me/password", {"old": people.PASSWORD, "new": "a-longer-secret-1", "again": "other"})
    assert "两次输入的新密码不一致" in differ.text
    done = visitor.post(
        "/me/password", {"old": people.PASSWORD, "new": "a-longer-secret-1", "again": "a-longer-secret-1"}
    )
    assert done.status_code == 302
    assert visitor.get("/").status_code == 200
    assert other.get("/").status_code == 302  # signed out elsewhere
    assert Visitor(app.test_client()).sign_in("unit_clerk", "a-longer-secret-1").status_code == 302


def test_signing_out(visit: Visit) -> None:
    visitor = visit("unit_clerk")
    assert visitor.post("/sign-out").status_code == 302
    assert visitor.get("/").headers["Location"].startswith("/sign-in")


def test_a_form_from_elsewhere_is_refused_and_writes_nothing(visit: Visit) -> None:
    answer = visit("unit_clerk").client.post("/me/password", data={"old": "x"})
    assert answer.status_code == 400
    assert "为安全起见没有提交" in answer.text


def test_cookie_and_headers(stranger: Visitor) -> None:
    answer = stranger.sign_in("unit_clerk")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    policy_header = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy_header
    assert "unsafe" not in policy_header
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_no_page_carries_script_or_style_of_its_own(visit: Visit, make: Callable[..., int]) -> None:
    case_id = make("signed", "reported", "referred")
    visitor = visit("unit_clerk")
    for address in (
        "/",
        "/inbox/todo",
        f"/cases/{case_id}",
        f"/cases/{case_id}?tab=log",
        "/help",
        "/messages",
        "/search",
    ):
        text = visitor.get(address).text
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick=" not in text
        assert text.count("<script") == text.count("<script src=")


def _with_view(app: Flask, method: str, view: Any) -> None:
    app._got_first_request = False
    app.add_url_rule("/try", "try", view, methods=[method])


def _rename() -> None:
    g.session.scalars(select(Person).where(Person.login == "outsider")).one().name = "改名"
    g.session.flush()


def _name(database: Engine) -> str:
    with db.reading(database) as session:
        return session.scalars(select(Person).where(Person.login == "outsider")).one().name


def test_a_success_is_committed_and_a_refusal_changes_nothing(app: Flask, database: Engine, stranger: Visitor) -> None:
    status = 200

    @public("a test")
    def view() -> tuple[str, int]:
        _rename()
        return "", status

    _with_view(app, "POST", view)
    for status in (422, 409, 500):
        assert stranger.post("/try").status_code == status
        assert _name(database) == "魏外人"
    status = 200
    stranger.post("/try")
    assert _name(database) == "改名"


def test_looking_never_writes(app: Flask, database: Engine, visit: Visit) -> None:
    @policy(Verb.SESSION_OWN)
    def view() -> str:
        _rename()
        return ""

    _with_view(app, "GET", view)
    visit("unit_clerk").get("/try")
    assert _name(database) == "魏外人"


def test_health_asks_the_database(stranger: Visitor) -> None:
    assert stranger.get("/health").json == {"status": "ok"}
