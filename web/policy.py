"""Every route says who may use it: `@policy(Verb.X)` or `@public("why")`; a route that says nothing stops the start."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask

from engine.access import Verb
from engine.errors import Misconfigured

View = TypeVar("View", bound=Callable[..., Any])


def policy(verb: Verb) -> Callable[[View], View]:
    """Only signed-in people who hold `verb`; on which subjects is decided by the use case that loads them."""

    def mark(view: View) -> View:
        view.lianxin_verb = verb  # type: ignore[attr-defined]
        return view

    return mark


def public(reason: str) -> Callable[[View], View]:
    """Anybody, also without signing in; `reason` says why that is right."""

    def mark(view: View) -> View:
        view.lianxin_public = reason  # type: ignore[attr-defined]
        return view

    return mark


def reading(view: View) -> View:
    """A view that is asked with POST because its question is too long for an address, and writes nothing: it reads a
    consistent state beside the writers and is never committed. Also one that works through a batch, each item in a
    transaction of its own, and reads beside them."""
    view.lianxin_reading = True  # type: ignore[attr-defined]
    return view


def raw(view: View) -> View:
    """A view that keeps what was typed as it is and says itself which characters cannot stay."""
    view.lianxin_raw = True  # type: ignore[attr-defined]
    return view


def reads_raw(view: object) -> bool:
    """Whether a view said that it looks at characters itself."""
    return bool(getattr(view, "lianxin_raw", False))


def only_reads(view: Callable[..., Any]) -> bool:
    """Whether a view said that it writes nothing."""
    return bool(getattr(view, "lianxin_reading", False))


def verb_of(view: Callable[..., Any]) -> Verb | None:
    """The verb a view asks for, None when it is public."""
    return getattr(view, "lianxin_verb", None)


def public_reason(view: Callable[..., Any]) -> str:
    """Why a view is public, "" when it is not."""
    return str(getattr(view, "lianxin_public", ""))


def check_every_route(app: Flask) -> None:
    """Raise Misconfigured naming each route that has neither a verb nor a reason to be public."""
    silent = sorted(
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if verb_of(app.view_functions[rule.endpoint]) is None and not public_reason(app.view_functions[rule.endpoint])
    )
    if silent:
        raise Misconfigured(f"这些页面没有写明谁可以使用：{'、'.join(silent)}。")
