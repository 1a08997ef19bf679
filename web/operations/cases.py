"""Finding running cases: by list, by drawing, one by one. Steps, dates and numbers; never what a case says."""

from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import operate
from engine.access import Verb
from engine.desk import Page
from engine.operate.looking import PER_PAGE
from web.operations.desk import STATES, STATUS, blueprint
from web.policy import policy
from web.session import actor


@blueprint.get("")
@policy(Verb.INSTANCE_OPERATE)
def index() -> ResponseReturnValue:
    """All running cases, filtered."""
    wanted, number = _wanted(), max(request.args.get("page", 1, int), 1)
    found = operate.cases(g.session, actor(), wanted, number)
    versions = operate.running_versions(g.session, actor())
    return render_template(
        "operations/index.html", page=Page(found.rows, found.total, number, PER_PAGE), more=found.more, wanted=wanted,
        versions=versions, states=STATES, status=STATUS, step_name=_step_name(wanted), query=_query(wanted),
        address=url_for("operations.index"),
    )  # fmt: skip


def _wanted() -> operate.Wanted:
    state = request.args.get("state", "")
    return operate.Wanted(
        text=request.args.get("text", "").strip()[:60],
        package_id=request.args.get("package", 0, int),
        step=request.args.get("step", "")[:150],
        state=state if state in STATES else "",
        age=min(max(request.args.get("age", 0, int), 0), 1000),
        incident="incident" in request.args,
    )


def _query(wanted: operate.Wanted) -> dict[str, Any]:
    """The filter as it stands in addresses."""
    values = {"text": wanted.text, "package": wanted.package_id, "step": wanted.step, "state": wanted.state,
              "age": wanted.age, "incident": "1" if wanted.incident else ""}  # fmt: skip
    return {name: value for name, value in values.items() if value}


def _step_name(wanted: operate.Wanted) -> str:
    if not (wanted.step and wanted.package_id):
        return wanted.step.partition("/")[2] and "所选环节"
    process, _, element = wanted.step.partition("/")
    drawn = operate.heat(g.session, actor(), wanted.package_id, process)
    return next((place.name for place in drawn.places if place.element_id == element), "所选环节")


@blueprint.get("/diagram")
@policy(Verb.INSTANCE_OPERATE)
def diagram() -> ResponseReturnValue:
    """The drawing of a version with what stands where; the busiest version first."""
    versions = operate.running_versions(g.session, actor())
    chosen = request.args.get("package", 0, int) or _busiest(versions)
    if not chosen:
        return redirect(url_for("operations.index"))
    drawn = operate.heat(g.session, actor(), chosen, request.args.get("process", ""))
    return render_template("operations/diagram.html", drawn=drawn, versions=versions, legend=operate.legend())


def _busiest(versions: list[Any]) -> int:
    return max(versions, key=lambda row: (row[2], row[0].version))[0].id if versions else 0


@blueprint.get("/diagram.json")
@policy(Verb.INSTANCE_OPERATE)
def diagram_data() -> ResponseReturnValue:
    """The drawing and the badges on it, for the viewer."""
    package = request.args.get("package", 0, int) or _busiest(operate.running_versions(g.session, actor()))
    drawn = operate.heat(g.session, actor(), package, request.args.get("process", ""))
    links = {
        element: url_for("operations.diagram", package=package, process=process)
        for element, process in drawn.links.items()
    }
    badges = [
        {
            "element": place.element_id, "count": place.count, "overdue": place.overdue, "heat": place.heat,
            "words": _words(place), "address": _list_of(package, drawn.process_id, place.element_id),
        }
        for place in drawn.places
    ]  # fmt: skip
    return {"xml": drawn.xml, "links": links, "badges": badges}


def _words(place: Any) -> str:
    late = f"，逾期{place.overdue}件" if place.overdue else ""
    return f"{place.name}：{place.count}件，{place.word}（平均停留{place.days:.0f}个工作日）{late}，查看清单"


def _list_of(package: int, process: str, element: str) -> str:
    return url_for("operations.index", package=package, step=f"{process}/{element}")


@blueprint.get("/<int:instance_id>")
@policy(Verb.INSTANCE_OPERATE)
def show(instance_id: int) -> ResponseReturnValue:
    """One case: drawing, steps, deadlines, incidents, interventions, and what may be done."""
    return page(instance_id)


def page(instance_id: int, refusal: str = "", typed: dict[str, str] | None = None) -> str:
    """The page of one case, with what was typed when an act was refused."""
    found = operate.dossier(g.session, actor(), instance_id)
    targets = {} if found.instance.status != "open" else _targets(found)
    process = request.args.get("process", "") or found.instance.process_id
    return render_template(
        "operations/show.html", found=found, targets=targets, status=STATUS, refusal=refusal, typed=typed or {},
        process=process, kind_of=operate.kind_of,
    )  # fmt: skip


def _targets(found: operate.Dossier) -> dict[str, Any]:
    return {
        position.token: operate.places(g.session, actor(), found.instance.id, position.token)
        for position in found.positions
    }


@blueprint.get("/<int:instance_id>/diagram.json")
@policy(Verb.INSTANCE_OPERATE)
def drawing(instance_id: int) -> ResponseReturnValue:
    """The drawing of one case with its tokens, for the viewer."""
    drawn = operate.drawing(g.session, actor(), instance_id, request.args.get("process", ""))
    links = {
        element: url_for("operations.show", instance_id=instance_id, process=process)
        for element, process in drawn["links"].items()
    }
    return drawn | {"links": links}
