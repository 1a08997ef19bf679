"""A browser without a screen: the real application over a test database, signed in as one of the cast."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from engine import config, db
from tests import factories, people
from web.app import create_app
from web.session import House

Visit = Callable[[str], "Visitor"]


class Visitor:
    """One person at a browser: `get` and `post` as the pages would send them, the CSRF token taken from the page."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, address: str, *, fragment: bool = False) -> TestResponse:
        return self.client.get(address, headers={"HX-Request": "true"} if fragment else {})

    def post(self, address: str, data: dict[str, Any] | None = None, *, fragment: bool = False) -> TestResponse:
        headers = {"X-CSRFToken": self.token(), "HX-Request": "true"} if fragment else {}
        body = dict(data or {}) | ({} if fragment else {"csrf_token": self.token()})
        return self.client.post(address, data=body, headers=headers)

    def token(self) -> str:
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.client.get("/help", follow_redirects=True).text)
        assert found
        return found[1]

    def sign_in(self, login: str, password: str = people.PASSWORD, wanted: str = "") -> TestResponse:
        return self.post("/sign-in", {"login": login, "password": password, "next": wanted})


@pytest.fixture
def database(sqlite: Engine) -> Engine:
    """Pages are tried on SQLite; what they call is tried on both databases in tests/engine."""
    return sqlite


@pytest.fixture
def cast(database: Engine, at: Callable[[str], Any]) -> people.Cast:
    """The installed house on Monday 2026-03-02, 09:00."""
    at("2026-03-02 09:00")
    return factories.prepared(database)


@pytest.fixture(scope="session")
def _doors() -> list[Flask]:
    """The application of this process: its routes and templates are read once."""
    return []


@pytest.fixture
def app(
    database: Engine, cast: people.Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, _doors: list[Flask]
) -> Iterator[Flask]:
    """The web door, this time in front of the test's own database and files. A test that adds a view spoils it for the
    others: they get a new one."""
    monkeypatch.setenv("LIANXIN_DATA", str(tmp_path))
    monkeypatch.delenv("LIANXIN_DEMO", raising=False)
    settings = replace(config.load(), database_url=database.url.render_as_string(hide_password=False))
    if not _doors:
        _doors.append(create_app(settings))
    made = _doors[0]
    views = dict(made.view_functions)
    made.extensions["lianxin"] = House(settings, db.connect(settings.database_url))
    yield made
    made.extensions["lianxin"].engine.dispose()
    if made.view_functions != views:
        _doors.clear()


@pytest.fixture
def stranger(app: Flask) -> Visitor:
    """Somebody who has not signed in."""
    return Visitor(app.test_client())


@pytest.fixture
def visit(app: Flask) -> Visit:
    """`visit("street_clerk")` is that person, signed in."""

    def signed_in(role: str) -> Visitor:
        visitor = Visitor(app.test_client())
        assert visitor.sign_in(role).status_code == 302
        return visitor

    return signed_in


@pytest.fixture
def make(database: Engine, cast: people.Cast) -> Callable[..., int]:
    """`make("signed", "reported")` registers a case and takes it that far; returns its id."""

    def made(*steps: str, **changes: str) -> int:
        with db.transaction(database) as session:
            here = replace(cast, session=session)
            case = factories.registered(session, here, **{"reflected_on": "2026-03-02"} | changes)
            for name in steps:
                factories.step(session, here, case, name)
            return case.id

    return made


@pytest.fixture
def task_of(database: Engine) -> Callable[[int, str], int]:
    """`task_of(case_id, "answer")` is the id of the open task of that role."""

    def found(case_id: int, role: str) -> int:
        with db.reading(database) as session:
            case = session.get_one(factories.Case, case_id)
            return factories.open_task(session, case, role).id

    return found
