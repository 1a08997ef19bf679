"""人员管理: find, add, change, disable people, give and end duties, send a link for a password."""

from datetime import date

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import clock
from engine.access import Verb
from engine.desk import Page
from engine.errors import Conflict, Invalid
from engine.organisation.labels import DUTIES_OF_KIND
from engine.organisation.operations import PersonForm
from engine.setup import administration
from web.policy import policy
from web.session import actor
from web.setup_page import person_form

blueprint = Blueprint("people", __name__, url_prefix="/people")
MATCHES = 12  # organisations offered for a new duty


@blueprint.get("")
@policy(Verb.PEOPLE_MANAGE)
def index() -> ResponseReturnValue:
    """One page of people, filtered by name, login or phone."""
    text, number = request.args.get("text", "").strip(), max(request.args.get("page", 1, int), 1)
    found, total = administration.people(g.session, actor(), text, number)
    page = Page(found, total, number, administration.PER_PAGE)
    return render_template("people/index.html", page=page, text=text, address=url_for("people.index"))


@blueprint.get("/new")
@policy(Verb.PEOPLE_MANAGE)
def new() -> ResponseReturnValue:
    """The empty form."""
    return render_template("people/new.html", form=PersonForm("", ""), errors={})


@blueprint.post("")
@policy(Verb.PEOPLE_MANAGE)
def add() -> ResponseReturnValue:
    """Add; the link for the first password is shown once, here and never again."""
    form = person_form()
    try:
        with g.session.begin_nested():
            person, secret = administration.add_person(g.session, actor(), form)
    except Invalid as refusal:
        return render_template("people/new.html", form=form, errors=refusal.errors, refusal=refusal.message), 422
    return _link(person.id, secret, f"已添加{person.name}。")


@blueprint.get("/<int:person_id>")
@policy(Verb.PEOPLE_MANAGE)
def show(person_id: int) -> ResponseReturnValue:
    """The person, all posts ever held, and organisations to choose a new one from."""
    return _page(person_id)


@blueprint.post("/<int:person_id>")
@policy(Verb.PEOPLE_MANAGE)
def change(person_id: int) -> ResponseReturnValue:
    """Correct what is entered."""
    form = person_form()
    try:
        with g.session.begin_nested():
            person = administration.change_person(g.session, actor(), person_id, form)
    except Invalid as refusal:
        return _page(person_id, form=form, errors=refusal.errors, refusal=refusal.message), 422
    flash(f"{person.name}的信息已保存。")
    return redirect(url_for("people.show", person_id=person_id))


@blueprint.post("/<int:person_id>/disable")
@policy(Verb.PEOPLE_MANAGE)
def disable(person_id: int) -> ResponseReturnValue:
    """停用."""
    try:
        with g.session.begin_nested():
            person = administration.disable_person(g.session, actor(), person_id)
    except Conflict as refusal:
        return _page(person_id, refusal=refusal.message), 409
    flash(f"{person.name}已停用，所有登录已失效；办理记录保留。")
    return redirect(url_for("people.show", person_id=person_id))


@blueprint.post("/<int:person_id>/enable")
@policy(Verb.PEOPLE_MANAGE)
def enable(person_id: int) -> ResponseReturnValue:
    """恢复."""
    person = administration.enable_person(g.session, actor(), person_id)
    flash(f"{person.name}已恢复，可以登录。")
    return redirect(url_for("people.show", person_id=person_id))


@blueprint.post("/<int:person_id>/password-link")
@policy(Verb.PEOPLE_MANAGE)
def password_link(person_id: int) -> ResponseReturnValue:
    """A one-time link, shown once; an earlier unused one is void."""
    secret = administration.reset_password(g.session, actor(), person_id)
    return _link(person_id, secret, "已生成新的链接，以前未使用的链接作废。")


@blueprint.post("/<int:person_id>/posts")
@policy(Verb.PEOPLE_MANAGE)
def appoint(person_id: int) -> ResponseReturnValue:
    """任职: a duty in an organisation from a day on."""
    try:
        with g.session.begin_nested():
            organisation_id = request.form.get("organisation_id", 0, int)
            starts_on = day_of("starts_on", "任职日期")
            administration.appoint(
                g.session, actor(), person_id, organisation_id, request.form.get("duty", ""), starts_on
            )
    except (Invalid, Conflict) as refusal:
        return _page(person_id, refusal=refusal.message), 422
    flash("任职已登记。")
    return redirect(url_for("people.show", person_id=person_id))


@blueprint.post("/<int:person_id>/posts/<int:post_id>/end")
@policy(Verb.PEOPLE_MANAGE)
def end_post(person_id: int, post_id: int) -> ResponseReturnValue:
    """离任: the last day of a duty."""
    try:
        with g.session.begin_nested():
            administration.end_post(g.session, actor(), post_id, day_of("last_day", "离任日期"))
    except (Invalid, Conflict) as refusal:
        return _page(person_id, refusal=refusal.message), 422
    flash("离任已登记，办理记录保留。")
    return redirect(url_for("people.show", person_id=person_id))


def day_of(name: str, label: str) -> date:
    """A date field of the request; raises Invalid."""
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        raise Invalid(f"请填写{label}，例如 {clock.today():%Y-%m-%d}。", {name: f"请填写{label}。"}) from None


def _page(
    person_id: int, form: PersonForm | None = None, errors: dict[str, str] | None = None, refusal: str = ""
) -> str:
    view = administration.person(g.session, actor(), person_id)
    person = view.person
    wanted = request.values.get("organisation", "").strip()
    matches = administration.organisations(g.session, actor(), wanted)[0][:MATCHES] if wanted else ()
    return render_template(
        "people/show.html", view=view, form=form or PersonForm(person.login, person.name, person.phone, person.email),
        errors=errors or {}, refusal=refusal, wanted=wanted, matches=matches, duties_of=DUTIES_OF_KIND,
        today=clock.today(),
    )  # fmt: skip


def _link(person_id: int, secret: str, said: str) -> str:
    person = administration.person(g.session, actor(), person_id).person
    address = url_for("setup_page.password", secret=secret, _external=True)
    return render_template("people/link.html", person=person, address=address, said=said)
