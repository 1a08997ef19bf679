"""The web door: `create_app()` puts settings, database, session, policy, errors and the modules of pages together."""

from typing import Any

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from engine import config, db
from engine.config import Settings
from web import (
    absences,
    articles,
    assets,
    attachments,
    backfill,
    cases,
    comparing,
    consultations,
    copies,
    delegate,
    demo,
    draft_files,
    dryrun,
    editor,
    errors,
    filters,
    fonts,
    handling,
    inbox,
    incidents,
    intake,
    ledger,
    logs,
    messages,
    migration,
    navigation,
    notices,
    numbering,
    operations,
    organisations,
    papers,
    parameters,
    people,
    procedures,
    publishing,
    ratings,
    registration,
    reports,
    reveal,
    reviews,
    scenarios,
    search,
    session,
    setup_page,
    signing,
    submissions,
    supervision,
    tasks,
    tracking,
    verify,
    workbench,
    workdays,
)
from web import policy as policies
from web.session import Application, House

# A module of pages is one file with a `blueprint`, and a folder of templates of the same name.
MODULES = (
    session, setup_page, workbench, delegate, supervision, absences, registration, attachments, backfill,
    numbering, signing, copies, reports, verify, inbox, tasks, reviews, handling, cases, search, ledger,
    papers, fonts, messages, people, organisations, incidents, operations, migration, procedures, comparing,
    publishing, editor,
    draft_files, dryrun, scenarios, tracking, intake, submissions, reveal, notices, workdays, parameters,
    articles, ratings, consultations,
)  # fmt: skip

SECURITY = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'self'",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def create_app(settings: Settings | None = None) -> Flask:
    """The application of one process; gunicorn starts `web.app:create_app()`.

    Raises Misconfigured when a route does not say who may use it.
    """
    settings = settings or config.load()
    logs.set_up(settings)
    app = Application("web")
    app.config.update(_flask_settings(settings))
    app.extensions["lianxin"] = House(settings, db.connect(settings.database_url))
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    CSRFProtect(app)
    for part in (session, errors, assets, navigation, filters):
        part.set_up(app)
    for module in MODULES:
        app.register_blueprint(module.blueprint)
    demo.set_up(app)
    policies.public("styles, scripts and pictures of the pages themselves")(app.view_functions["static"])
    if settings.proxies:  # else everybody behind the proxy would share one address, and one lock-out
        trusted = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, trusted, trusted, trusted)  # type: ignore[method-assign]
    app.after_request(_headers)
    policies.check_every_route(app)
    return app


def _flask_settings(settings: Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SESSION_COOKIE_NAME": "lianxin",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: a form may lie open over lunch
        "MAX_CONTENT_LENGTH": 20 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
    }


def _headers(answer: Response) -> Response:
    for name, value in SECURITY.items():  # a page may be stricter (attachments)
        answer.headers.setdefault(name, value)
    if assets.is_hashed(request.path) and answer.status_code == 200:
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif request.endpoint != "static":
        answer.headers["Cache-Control"] = "no-store"
        answer.vary.add("HX-Request")
    return answer
