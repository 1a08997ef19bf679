"""工作日历: the year with its days off and make-up days, notices entered or imported, previewed, released by a second
person (R72, R73). Proposals of parameters are shown here too: they move limits in the same way."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import access, amending, clock
from engine.access import Verb
from engine.amending import desk, reading
from engine.amending.checking import Draft
from engine.errors import Conflict, Invalid
from web.policy import policy
from web.session import actor

blueprint = Blueprint("workdays", __name__, url_prefix="/workdays")
FIRST, LAST = 2010, 2099
STATES = {"proposed": "待发布", "released": "正在重算", "done": "已发布", "withdrawn": "已撤回"}
SCOPES = {"national": "全国", "city": "本市"}


@blueprint.get("")
@policy(Verb.CALENDAR_READ)
def index() -> ResponseReturnValue:
    """A year in twelve months, the notices it rests on, and what waits for release."""
    number = min(max(request.args.get("year", clock.today().year, int), FIRST), LAST)
    return render_template(
        "workdays/index.html", year=desk.year(g.session, actor(), number), notices=desk.notices(g.session, actor()),
        amendments=desk.amendments(g.session, actor(), "notice"), missing=amending.missing.years(g.session),
        may_propose=access.may(actor(), Verb.CALENDAR_PROPOSE), states=STATES, scopes=SCOPES, bounds=(FIRST, LAST),
    )  # fmt: skip


@blueprint.get("/new")
@policy(Verb.CALENDAR_PROPOSE)
def new() -> ResponseReturnValue:
    """The empty form, for the year that is missing."""
    missing = amending.missing.years(g.session)
    year = request.args.get("year", missing[0][0] if missing else clock.today().year, int)
    scope = "city" if request.args.get("scope") == "city" else "national"
    return _form({"year": str(year), "scope": scope})


@blueprint.post("/new")
@policy(Verb.CALENDAR_PROPOSE)
def enter() -> ResponseReturnValue:
    """Read what was typed, pasted or uploaded and show it with its remarks; `save` keeps it as a proposal."""
    form = {
        name: request.form.get(name, "").strip() for name in ("year", "number", "issued", "scope", "text", "reason")
    }
    form["number"] = form["number"][:100]
    try:
        year = int(form["year"]) if form["year"].isdigit() and FIRST <= int(form["year"][:5]) <= LAST else 0
        if not year:
            raise Invalid("请填写年度。", {"year": f"请填写{FIRST}至{LAST}之间的年份。"})
        upload = request.files.get("file")
        if upload and upload.filename:
            form["text"] = reading.decoded(upload.read(reading.MAX_BYTES + 1))
        found = reading.read(form["text"], year)
        if upload and upload.filename and not found.wrong:
            form["text"] = reading.written(found.days.items())
        form["number"] = form["number"] or found.number
        form["issued"] = form["issued"] or (found.issued.isoformat() if found.issued else "")
        return _entered(form, found)
    except Invalid as refusal:
        return _form(form, refusal=refusal), 422


def _entered(form: dict[str, str], found: reading.Read) -> ResponseReturnValue:
    if not form["issued"]:
        raise Invalid("请填写印发日期。", {"issued": "通知的印发日期，决定与其他通知冲突时以哪份为准。"})
    try:
        issued = date.fromisoformat(form["issued"])
    except ValueError as error:
        raise Invalid("请检查印发日期。", {"issued": "日期请写作 2026-03-04 的形式。"}) from error
    draft = Draft(form["number"], issued, "city" if form["scope"] == "city" else "national", found.days)
    if found.wrong or "save" not in request.form:
        return _form(form, found=found, draft=draft), 422 if found.wrong else 200
    with g.session.begin_nested():
        proposed = amending.propose_notice(g.session, actor(), draft, form["reason"])
    flash("草案已保存。请核对影响，由另一人发布。")
    return redirect(url_for("workdays.show", amendment_id=proposed.id))


def _form(form: dict[str, str], **shown: Any) -> str:
    draft = shown.get("draft")
    remarks = amending.check_notice(g.session, actor(), draft) if draft else []
    year = desk.preview(g.session, actor(), draft) if draft and draft.days else None
    return render_template("workdays/new.html", form=form, remarks=remarks, year=year, scopes=SCOPES, **shown)


@blueprint.get("/<int:amendment_id>")
@policy(Verb.CALENDAR_READ)
def show(amendment_id: int) -> ResponseReturnValue:
    """A proposal or a release: its days or value, the limits it moves, who proposed and who released."""
    return _page(amendment_id)


def _page(amendment_id: int, refusal: str = "") -> str:
    shown = desk.amendment(g.session, actor(), amendment_id)
    row, year, remarks = shown.amendment, None, []
    if row.kind == "notice":
        draft = Draft.of(row.content)
        year = desk.preview(g.session, actor(), draft)
        remarks = amending.check_notice(g.session, actor(), draft) if row.state == "proposed" else []
    verb = Verb.CALENDAR_RELEASE if row.kind == "notice" else Verb.PARAMETERS_CHANGE
    return render_template(
        "workdays/show.html", shown=shown, row=row, year=year, remarks=remarks, states=STATES, scopes=SCOPES,
        may_act=access.may(actor(), verb), mine=row.proposed_by_id == actor().person_id, refusal=refusal,
    )  # fmt: skip


@blueprint.post("/<int:amendment_id>/release")
@policy(Verb.CALENDAR_READ)
def release(amendment_id: int) -> ResponseReturnValue:
    """发布, by another person than who proposed it."""
    try:
        with g.session.begin_nested():
            row = amending.release(g.session, actor(), amendment_id)
    except (Conflict, Invalid) as refusal:
        return _page(amendment_id, refusal.message), 409
    flash("已发布，在办件的截止日已重算。" if row.state == "done" else "已发布，在办件的截止日正在后台重算。")
    return redirect(url_for("workdays.show", amendment_id=amendment_id))


@blueprint.post("/<int:amendment_id>/withdraw")
@policy(Verb.CALENDAR_READ)
def withdraw(amendment_id: int) -> ResponseReturnValue:
    """撤回 a proposal."""
    amending.withdraw(g.session, actor(), amendment_id)
    flash("草案已撤回，没有任何截止日改变。")
    return redirect(url_for("workdays.show", amendment_id=amendment_id))
