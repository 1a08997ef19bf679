"""发布: what a draft changes, what stands in its way, exceptions to the articles by two persons, and the act itself."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import access, bpmn, clock, db, definitions, drafting
from engine.access import Verb
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from web.policy import policy, reading
from web.procedures import effective_day
from web.session import actor, house

blueprint = Blueprint("publishing", __name__, url_prefix="/procedures/<key>/publish")


@blueprint.get("")
@policy(Verb.DEFINITION_READ)
def show(key: str) -> ResponseReturnValue:
    """Everything a person should know before publishing; auditors read it without buttons."""
    return _page(key)


@blueprint.get("/scenarios")
@policy(Verb.DEFINITION_READ)
def scenarios(key: str) -> ResponseReturnValue:
    """The scenarios the draft breaks, fetched by the page when it is there: to play them takes seconds."""
    found = drafting.play(g.session, actor(), key).failures
    return render_template("publishing/_scenarios.html", key=key, failures=found, pending=False, may_edit=_may())


@blueprint.post("")
@policy(Verb.DEFINITION_PUBLISH)
@reading
def publish(key: str) -> ResponseReturnValue:
    """发布 the draft as it was shown; what was saved or published since is asked about again. The scenarios are played
    first, beside the writers; the act itself is a transaction of its own."""
    reason = request.form.get("reason", "")
    played = drafting.play(g.session, actor(), key)
    g.session.rollback()  # a refusal shows what is there by then
    try:
        with db.transaction(house().engine) as session:
            package = drafting.publish(
                session, actor(), key, reason, effective_day(), request.form.get("revision", None, int),
                request.form.get("newest", None, int), played,
            )  # fmt: skip
            version, starts = package.version, package.effective_from
    except (Invalid, bpmn.Refused) as refusal:
        return _page(key, refusal=refusal.message, errors=getattr(refusal, "errors", {})), 422
    except Conflict as refusal:
        return _page(key, refusal=refusal.message), 409
    flash(f"已发布第{version}版，{starts:%Y-%m-%d}起用于新件；在办件仍按原版本办理。")
    return redirect(url_for("procedures.show", key=key))


@blueprint.post("/exceptions")
@policy(Verb.DEFINITION_PUBLISH)
def ask(key: str) -> ResponseReturnValue:
    """申请例外 for one finding."""
    form = request.form
    try:
        with g.session.begin_nested():
            drafting.request_exception(
                g.session, actor(), key, form.get("code", ""), form.get("element", ""), form.get("reason", ""),
                form.get("mark", ""),
            )  # fmt: skip
    except Invalid as refusal:
        return _page(key, refusal=refusal.message, asked=form.get("mark", "")), 422
    except (Conflict, Forbidden, NotFound) as refusal:
        sentence = "草稿已经改动，没有这个问题了。" if isinstance(refusal, NotFound) else refusal.message
        return _page(key, refusal=sentence), 409
    flash("已申请例外，请另一名流程管理员批准。")
    return redirect(url_for("publishing.show", key=key))


@blueprint.post("/exceptions/<int:exception_id>/approve")
@policy(Verb.DEFINITION_PUBLISH)
def approve(key: str, exception_id: int) -> ResponseReturnValue:
    """批准例外, by a second person."""
    try:
        with g.session.begin_nested():
            drafting.approve_exception(g.session, actor(), exception_id)
    except Conflict as refusal:
        return _page(key, refusal=refusal.message), 409
    flash("例外已批准，随这一版记录在案。")
    return redirect(url_for("publishing.show", key=key))


@blueprint.post("/exceptions/<int:exception_id>/withdraw")
@policy(Verb.DEFINITION_PUBLISH)
def withdraw(key: str, exception_id: int) -> ResponseReturnValue:
    """撤销例外."""
    try:
        with g.session.begin_nested():
            drafting.withdraw_exception(g.session, actor(), exception_id)
    except Conflict as refusal:
        return _page(key, refusal=refusal.message), 409
    flash("例外已撤销，条文的要求重新生效。")
    return redirect(url_for("publishing.show", key=key))


def _page(key: str, refusal: str = "", errors: dict[str, str] | None = None, asked: str = "") -> str:
    newest = definitions.newest(g.session, key)
    if drafting.look(g.session, actor(), key) is None:
        name = definitions.name(g.session, newest.id)
        return render_template("publishing/none.html", key=key, name=name, refusal=refusal, may_edit=_may())
    seen = drafting.impact(g.session, actor(), key)
    return render_template(
        "publishing/show.html", key=key, impact=seen, editing=seen.editing, newest=newest, refusal=refusal,
        errors=errors or {}, asked=asked, may_edit=_may(), reasons=_reasons(seen), sentence=_sentence(seen),
        me=actor().person_id, today=clock.today(),
    )  # fmt: skip


def _may() -> bool:
    return access.may(actor(), Verb.DEFINITION_PUBLISH)


def _sentence(seen: drafting.Impact) -> str:
    """12件留在第3版，新件用第4版。"""
    stay = "，".join(f"{number}件留在第{package.version}版" for package, number in seen.running)
    return f"{stay or '现在没有在办件'}，新件用第{seen.next_version}版。"


def _reasons(seen: drafting.Impact) -> list[str]:
    """Why it cannot be published now, in words; empty when it can."""
    found = []
    if not seen.editing.changed:
        found.append("草稿与底稿完全相同，没有可发布的改动。")
    if seen.blocking:
        found.append(f"还有 {len(seen.blocking)} 处错误，请先改正；其中违反条文的，可以申请例外。")
    if seen.editing.editor_name and not seen.editing.mine:
        found.append(f"草稿现由{seen.editing.editor_name}编辑，请等待保存结束，或接手编辑后再发布。")
    return found
