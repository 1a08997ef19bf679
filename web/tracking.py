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
    session["tracked"] = [case_id, (clock.now() + KEPT_OPEN).isoformat()]
    return redirect(url_for("tracking.show"))


@blueprint.get("/case")
@public(OPEN_TO_ALL)
def show() -> ResponseReturnValue:
    """The case that number and code opened; for half an hour, in this browser."""
    case_id = _opened()
    if case_id is None:
        return redirect(url_for("tracking.index"))
    return _page(case_id)


@blueprint.post("/case")
@public(OPEN_TO_ALL)
def rate() -> ResponseReturnValue:
    """评议 by the reporter: one of the four grades."""
    case_id = _opened()
    if case_id is None:
        return redirect(url_for("tracking.index"))
    typed = {name: request.form.get(name, "").strip() for name in ("grade", "remark")}
    try:
        with g.session.begin_nested():
            if not typed["grade"]:
                raise Invalid("请先选择一个评价等级。", {"grade": "请在四个等级中选择一个。"})
            case = tracking.case_of(g.session, case_id)
            tasks.complete_as_reporter(g.session, case, typed | {"method": "online"})
    except (Invalid, Conflict) as refusal:
        return _page(case_id, refusal.message, typed), 422 if isinstance(refusal, Invalid) else 409
    session["rated"] = case_id
    return redirect(url_for("tracking.show"))


def _page(case_id: int, refusal: str = "", typed: dict[str, str] | None = None) -> str:
    thanks = session.pop("rated", None) == case_id
    tracked = tracking.view(g.session, case_id)
    return render_template("tracking/show.html", tracked=tracked, refusal=refusal, typed=typed or {}, thanks=thanks)


def _opened() -> int | None:
    kept = session.get("tracked")
    if not kept or datetime.fromisoformat(kept[1]) < clock.now():
        return None
    return int(kept[0])
