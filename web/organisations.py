"""机构管理: studios, organisation departments and handling units; liaison terms of a studio (article 7, R11, R14)."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import clock
from engine.access import Verb
from engine.desk import Page
from engine.errors import Conflict, Invalid
from engine.organisation import queries as organisation
from engine.organisation.labels import KINDS
from engine.organisation.models import Place
from engine.setup import administration
from web.people import MATCHES, day_of
from web.policy import policy
from web.session import actor
from web.words import MATTERS

blueprint = Blueprint("organisations", __name__, url_prefix="/organisations")


@blueprint.get("")
@policy(Verb.ORGANISATION_MANAGE)
def index() -> ResponseReturnValue:
    """One page of organisations, by kind and part of the name."""
    text, number = request.args.get("text", "").strip(), max(request.args.get("page", 1, int), 1)
    kind = request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    found, total = administration.organisations(g.session, actor(), text, kind, number)
    page = Page(found, total, number, administration.PER_PAGE)
    return render_template(
        "organisations/index.html", page=page, text=text, kind=kind, kinds=KINDS, address=url_for("organisations.index")
    )


@blueprint.get("/new")
@policy(Verb.ORGANISATION_MANAGE)
def new() -> ResponseReturnValue:
    """The form of a new handling unit."""
    return _new({}, {}, "")


@blueprint.post("")
@policy(Verb.ORGANISATION_MANAGE)
def add() -> ResponseReturnValue:
    """Add a handling unit."""
    try:
        with g.session.begin_nested():
            place_id = request.form.get("place_id", 0, int)
            unit = administration.add_unit(g.session, actor(), place_id, request.form.get("name", ""), _matters())
    except Invalid as refusal:
        return _new(request.form.to_dict() | {"matters": _matters()}, refusal.errors, refusal.message), 422
    flash(f"已添加{unit.name}。请为其登记负责人和经办人，没有人员的单位收不到来文。")
    return redirect(url_for("organisations.show", organisation_id=unit.id))


@blueprint.get("/<int:organisation_id>")
@policy(Verb.ORGANISATION_MANAGE)
def show(organisation_id: int) -> ResponseReturnValue:
    """The organisation, who holds or held a post there."""
    return _page(organisation_id)


@blueprint.post("/<int:organisation_id>")
@policy(Verb.ORGANISATION_MANAGE)
def change(organisation_id: int) -> ResponseReturnValue:
    """Name, matters handled, whether the studio is established."""
    row = administration.organisation(g.session, actor(), organisation_id)
    try:
        with g.session.begin_nested():
            administration.change_organisation(
                g.session, actor(), organisation_id, request.form.get("name", ""),
                _matters() if row.kind == "unit" else None,
                "established" in request.form if row.kind == "studio" else None,
            )  # fmt: skip
    except Invalid as refusal:
        return _page(organisation_id, refusal.message, refusal.errors, request.form.get("name", "")), 422
    flash("已保存。")
    return redirect(url_for("organisations.show", organisation_id=organisation_id))


@blueprint.post("/<int:organisation_id>/disable")
@policy(Verb.ORGANISATION_MANAGE)
def disable(organisation_id: int) -> ResponseReturnValue:
    """停用 a unit."""
    try:
        with g.session.begin_nested():
            row = administration.disable_organisation(g.session, actor(), organisation_id)
    except Conflict as refusal:
        return _page(organisation_id, refusal.message), 409
    flash(f"{row.name}已停用，不再接收新的来文。")
    return redirect(url_for("organisations.show", organisation_id=organisation_id))


@blueprint.post("/<int:organisation_id>/enable")
@policy(Verb.ORGANISATION_MANAGE)
def enable(organisation_id: int) -> ResponseReturnValue:
    """恢复."""
    row = administration.enable_organisation(g.session, actor(), organisation_id)
    flash(f"{row.name}已恢复。")
    return redirect(url_for("organisations.show", organisation_id=organisation_id))


@blueprint.post("/<int:organisation_id>/liaison")
@policy(Verb.LIAISON_APPOINT)
def appoint_liaison(organisation_id: int) -> ResponseReturnValue:
    """指定联络员: the term before ends the day before (R11)."""
    try:
        with g.session.begin_nested():
            person_id, starts_on = request.form.get("person_id", 0, int), day_of("starts_on", "任期开始日期")
            administration.appoint_liaison(g.session, actor(), organisation_id, person_id, starts_on)
    except (Invalid, Conflict) as refusal:
        return _page(organisation_id, refusal.message), 422
    flash("已指定联络员，原任期于前一天结束。")
    return redirect(url_for("organisations.show", organisation_id=organisation_id))


def _matters() -> str:
    return " ".join(code for code in MATTERS if code in request.form.getlist("matters"))


def _new(values: dict[str, str], errors: dict[str, str], refusal: str) -> str:
    city = organisation.city(g.session)
    areas: list[tuple[Place, list[Place]]] = [(city, [])]
    areas += [
        (district, [street for street in organisation.children(g.session, district.id) if not street.zone])
        for district in organisation.children(g.session, city.id)
    ]
    return render_template(
        "organisations/new.html", values=values, errors=errors, refusal=refusal, areas=areas, matters=MATTERS
    )


def _page(organisation_id: int, refusal: str = "", errors: dict[str, str] | None = None, name: str = "") -> str:
    row = administration.organisation(g.session, actor(), organisation_id)
    holders = administration.holders(g.session, actor(), organisation_id)
    wanted = request.values.get("person", "").strip()
    matches = administration.people(g.session, actor(), wanted)[0][:MATCHES] if wanted else ()
    path = organisation.path(g.session, row.place_id)
    above = [
        place.name for place in (path.city, path.district, path.street, path.community) if isinstance(place, Place)
    ]
    acting = organisation.liaison_of(g.session, row.id) if row.kind == "studio" else None
    return render_template(
        "organisations/show.html", row=row, holders=holders, above=above, acting=acting, matters=MATTERS,
        refusal=refusal, errors=errors or {}, name=name or row.name, wanted=wanted,
        matches=[person for person in matches if person.active], today=clock.today(), kinds=KINDS,
    )  # fmt: skip
