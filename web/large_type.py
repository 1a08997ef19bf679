"""大字版: the pages of residents in larger letters, by a link and a cookie of our own; works without script."""

from flask import Blueprint, Response, request

from web.session import house

COOKIE = "large"
YEAR = 365 * 24 * 3600


def chosen() -> bool:
    """Did the visitor ask for large letters, on this page or before?"""
    return request.args.get(COOKIE, request.cookies.get(COOKIE, "")) == "1"


def offer(blueprint: Blueprint) -> None:
    """Every page of the blueprint knows `large`, and keeps the choice that was made on it."""
    blueprint.context_processor(lambda: {"large": chosen()})
    blueprint.after_request(_keep)


def _keep(answer: Response) -> Response:
    if request.args.get(COOKIE) in ("0", "1"):
        secure = house().settings.secure_cookies
        answer.set_cookie(COOKIE, request.args[COOKIE], YEAR, secure=secure, httponly=True, samesite="Lax")
    return answer
