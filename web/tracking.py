"""办理进度查询: a resident without account, by number and code; and the reporter's grade (R92, R79)."""

from datetime import datetime, timedelta

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from engine import clock, tasks, tracking
from engine.errors import Conflict, Invalid
from web import large_type
from web.policy import public
from web.session import keep_writes

blueprint = Blueprint("tracking", __name__, url_prefix="/track")
OPEN_TO_ALL = "residents follow their own opinion with its number and code"
large_type.offer(blueprint)
KEPT_OPEN = timedelta(minutes=30)


@blueprint.get("")
@public(OPEN_TO_ALL)
def index() -> ResponseReturnValue:
    """The two fields."""
    session.pop("tracked", None)
    return render_template("tracking/index.html", number=request.args.get("number", ""))


@blueprint.post("")
@public(OPEN_TO_ALL)
def find() -> ResponseReturnValue:
    """Look; a wrong attempt is counted in the database although nothing else happens."""
    number, code = request.form.get("number", ""), request.form.get("code", "")
    case_id = tracking.find(g.session, number, code, request.remote_addr or "")
    if case_id is None:
        keep_writes()
        return render_template("tracking/index.html", number=number, refusal=tracking.REFUSED), 422
    _keep_open(case_id, tracking.shows_code(g.session, case_id, code))
    return redirect(url_for("tracking.show"))


@blueprint.get("/case")
@public(OPEN_TO_ALL)
def show() -> ResponseReturnValue:
    """The case that number and code opened; for half an hour, in this browser."""
    case_id, proved = _opened()
    if case_id is None:
        return redirect(url_for("tracking.index"))
    return _page(case_id, proved)


@blueprint.post("/case")
@public(OPEN_TO_ALL)
def rate() -> ResponseReturnValue:
    """评议 by the reporter: one of the four grades. The telephone's last four digits open the page, but stand in every
    masked number: who rates shows the code of copy 1 (R99)."""
    case_id, proved = _opened()
    if case_id is None:
        return redirect(url_for("tracking.index"))
    typed = {name: request.form.get(name, "").strip() for name in ("grade", "remark", "code")}
    if typed["grade"] and not proved:
        if not tracking.prove(g.session, case_id, typed["code"], request.remote_addr or ""):
            keep_writes()
            return _page(case_id, False, tracking.UNPROVED, typed), 422
        proved = True
    try:
        with g.session.begin_nested():
            if not typed["grade"]:
                raise Invalid("请先选择一个评价等级。", {"grade": "请在四个等级中选择一个。"})
            case = tracking.case_of(g.session, case_id)
            said = {"grade": typed["grade"], "remark": typed["remark"], "method": "online"}
            tasks.complete_as_reporter(g.session, case, said)
    except (Invalid, Conflict) as refusal:
        return _page(case_id, proved, refusal.message, typed), 422 if isinstance(refusal, Invalid) else 409
    _keep_open(case_id, proved)
    session["rated"] = case_id
    return redirect(url_for("tracking.show"))


def _page(case_id: int, proved: bool, refusal: str = "", typed: dict[str, str] | None = None) -> str:
    thanks = session.pop("rated", None) == case_id
    tracked = tracking.view(g.session, case_id)
    shown = {"tracked": tracked, "proved": proved, "refusal": refusal, "typed": typed or {}, "thanks": thanks}
    return render_template("tracking/show.html", **shown)


def _keep_open(case_id: int, proved: bool) -> None:
    session["tracked"] = [case_id, (clock.now() + KEPT_OPEN).isoformat(), proved]


def _opened() -> tuple[int | None, bool]:
    """The case that is open in this browser, and whether the code of copy 1 was shown for it."""
    kept = session.get("tracked")
    if not kept or len(kept) != 3 or datetime.fromisoformat(kept[1]) < clock.now():
        return None, False
    return int(kept[0]), bool(kept[2])
