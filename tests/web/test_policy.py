"""Every page says who may use it, and means it."""

import pytest
from flask import Blueprint, Flask

from engine.access import Verb
from engine.errors import Misconfigured
from tests.web.conftest import Visit, Visitor
from web import policy


def _app_with(view: object) -> Flask:
    app = Flask("test", static_folder=None)
    blueprint = Blueprint("pages", __name__)
    blueprint.add_url_rule("/page", "page", view)  # type: ignore[arg-type]
    app.register_blueprint(blueprint)
    return app


def test_a_route_that_says_nothing_stops_the_start() -> None:
    with pytest.raises(Misconfigured, match=r"pages\.page"):
        policy.check_every_route(_app_with(lambda: ""))


def test_a_verb_or_a_reason_is_enough() -> None:
    policy.check_every_route(_app_with(policy.policy(Verb.CASE_READ)(lambda: "")))
    policy.check_every_route(_app_with(policy.public("why")(lambda: "")))


def test_pages_with_a_verb_send_strangers_to_the_sign_in(app: Flask, stranger: Visitor) -> None:
    asked = 0
    for rule in app.url_map.iter_rules():
        if policy.verb_of(app.view_functions[rule.endpoint]) is None or "GET" not in (rule.methods or ()):
            continue
        with app.test_request_context():
            values = {name: "todo" if name == "box" else 1 for name in rule.arguments}
            _, address = rule.build(values) or ("", "")
        answer = stranger.get(address)
        assert answer.status_code == 302, address
        assert answer.headers["Location"].startswith("/sign-in"), address
        asked += 1
    assert asked >= 10


def test_the_outsider_is_refused_on_every_page_of_work(visit: Visit, make: object) -> None:
    case_id = make("signed", "reported")  # type: ignore[operator]
    outsider = visit("outsider")
    for address in (
        "/inbox/todo",
        "/search",
        "/tasks/1",
        "/tasks/1/why",
        *(f"/cases/{case_id}{end}" for end in ("", "/why", "/diagram.json", "/terminate")),
    ):
        assert outsider.get(address).status_code in (403, 404), address


def test_each_officer_sees_only_her_own_place(visit: Visit, make: object) -> None:
    case_id = make("signed", "reported")  # type: ignore[operator]
    assert visit("street_clerk").get(f"/cases/{case_id}").status_code == 200
    for other in ("second_street_clerk", "far_clerk", "second_street_delegate", "system_administrator"):
        assert visit(other).get(f"/cases/{case_id}").status_code in (403, 404), other
