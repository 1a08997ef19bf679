"""推演: a procedure tried out in a sandbox, scenarios that guard its publishing, past cases gone through again."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import access, bpmn, clock, definitions, drafting, dryrun
from engine.access import Verb
from engine.errors import Conflict, Invalid, NotFound
from engine.parameters.rules import RULES
from engine.scenarios.models import DryRun
from web.forms import Filled
from web.policy import policy
from web.session import actor

blueprint = Blueprint("dryrun", __name__, url_prefix="/procedures/<key>/dry-run")
EXTRA = {"extend": ("extension_request", "申请延期"), "terminate": ("terminate", "终止")}


# ------------------------------------------------------------------------------------------------ what is tried out


def forbidding(refused: bpmn.Refused) -> list[bpmn.Finding]:
    """What keeps the files from running."""
    return [finding for finding in refused.findings if finding.severity == "error"]


def files_of(key: str, version: int | None) -> dict[str, bytes]:
    """The files of the draft (the newest version where there is none), or of a version."""
    if version is None:
        return drafting.files(g.session, actor(), key)
    found = [row.package for row in definitions.versions(g.session, actor(), key) if row.package.version == version]
    if not found:
        raise NotFound
    return dict(definitions.files(g.session, found[0].id))


def stage_of(key: str, version: int | None) -> dryrun.Stage:
    """These files in the sandbox's world; Refused when they cannot run."""
    return dryrun.stage(g.session, key, files_of(key, version))


def frame(key: str, **values: Any) -> dict[str, Any]:
    """What every page of this folder shows."""
    versions = definitions.versions(g.session, actor(), key)
    return {
        "key": key, "name": definitions.name(g.session, versions[0].package.id), "versions": versions,
        "draft": drafting.look(g.session, actor(), key),
        "editable": access.may(actor(), Verb.DEFINITION_PUBLISH), **values,
    }  # fmt: skip


def _version(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


@blueprint.get("")
@policy(Verb.DEFINITION_READ)
def index(key: str) -> ResponseReturnValue:
    """Begin a dry run, go on with one, and the scenarios with what becomes of them on the draft."""
    return render_template("dryrun/index.html", **_index(key))


def _index(key: str) -> dict[str, Any]:
    return frame(
        key, runs=dryrun.mine(g.session, actor(), key), scenarios=dryrun.scenarios(g.session, key),
        presets=dryrun.PRESETS, first=clock.local(dryrun.first_moment(g.session)).date(), titles=_title,
    )  # fmt: skip


def _title(version: int | None) -> str:
    return "草稿" if version is None else f"第{version}版"


@blueprint.post("")
@policy(Verb.DEFINITION_PUBLISH)
def begin(key: str) -> ResponseReturnValue:
    """A new dry run, from a starting point or from a scenario."""
    form, wanted = request.form, request.form.get("start", "")
    version = _version(form.get("version"))
    files_of(key, version)
    starts_at = dryrun.first_moment(g.session, _day(form.get("day", "")))
    title, walk = next(((words, walk) for name, words, walk in dryrun.PRESETS if name == wanted), ("", ()))
    if wanted.startswith("scenario-"):
        kept = dryrun.scenario(g.session, actor(), key, int(wanted.removeprefix("scenario-") or 0))
        title, walk, starts_at = kept.name, kept.acts, kept.starts_at
    run = dryrun.begin(g.session, actor(), key, version=version, starts_at=starts_at, walk=walk, title=title)
    return redirect(url_for("dryrun.show", key=key, run_id=run.id))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("请填写登记日期。", errors={"day": "请选择一个日期。"}) from None


# ------------------------------------------------------------------------------------------------ one dry run


@blueprint.get("/walks/<int:run_id>")
@policy(Verb.DEFINITION_READ)
def show(key: str, run_id: int) -> ResponseReturnValue:
    """Where the sandbox stands, who may act, and what has happened."""
    run = dryrun.load(g.session, actor(), key, run_id)
    return _show(run, request.args.get("task", ""))


def _show(run: DryRun, task: str, refusal: Invalid | Conflict | None = None) -> ResponseReturnValue:
    status = 200 if refusal is None else 422 if isinstance(refusal, Invalid) else 409
    shell = frame(run.key, run=run, title=_title(run.version), refusal=refusal)
    try:
        on = stage_of(run.key, run.version)
    except bpmn.Refused as refused:
        return render_template("dryrun/unplayable.html", findings=forbidding(refused), **shell), 422
    play = dryrun.play(on, run.starts_at, run.acts)
    sight = dryrun.see(play)
    task = task or (sight.waiting[0].key if len(sight.waiting) == 1 else "")
    page = render_template(
        "dryrun/show.html", play=play, sight=sight, task=task, filled=_filled(play, sight, task, refusal),
        findings=on.laid.findings, extra=EXTRA, parameters=RULES, units=_units(play, sight), drawings=_drawings(play),
        left=len(run.acts) - len(play.done), **shell,
    )  # fmt: skip
    return page, status


def _units(play: dryrun.Play, sight: dryrun.Sight) -> Sequence[tuple[str, str]]:
    """The units of the tier that reviews, for 分项转交."""
    reviews = [item for item in sight.waiting if item.role == "tier_review" and not item.of and item.seats]
    return dryrun.sheet(play, reviews[0].key).choices.get("units", ()) if reviews and not play.failed else ()


def _drawings(play: dryrun.Play) -> dict[str, Any] | None:
    try:
        drawn = dryrun.drawing(play, request.args.get("process"))
    except NotFound:
        return None
    return {"tabs": drawn["tabs"], "process": drawn["process"]}


def _filled(play: dryrun.Play, sight: dryrun.Sight, task: str, refusal: Invalid | Conflict | None) -> Filled | None:
    """The form that is open, with what was typed when it was refused."""
    if play.failed:
        return None
    if sight.case is None:
        sheet = dryrun.registration(play)
    elif task in EXTRA:
        sheet = dryrun.extra_sheet(play, EXTRA[task][0])
    elif task in {item.key for item in sight.waiting if item.seats}:
        sheet = dryrun.sheet(play, task)
    else:
        return None
    if sheet.form is None:
        return None
    values = sheet.values if refusal is None else _typed()
    wrong = refusal if isinstance(refusal, Invalid) else None
    return Filled(sheet.form, values, wrong, lambda source: sheet.choices.get(source, ()))


def _typed() -> dict[str, str]:
    return {name: value for name, value in request.form.items() if name != "csrf_token" and not name.startswith("_")}


@blueprint.post("/walks/<int:run_id>")
@policy(Verb.DEFINITION_PUBLISH)
def perform(key: str, run_id: int) -> ResponseReturnValue:
    """One act in the sandbox; what it refuses stands beside what was typed."""
    run = dryrun.load(g.session, actor(), key, run_id, writing=True)
    act: dict[str, Any] = {name[1:]: value for name, value in request.form.items() if name.startswith("_") and value}
    step = act.pop("step", "")
    if act.get("do") not in ("claim", "wait", "withdraw"):
        act["form"] = _typed()
    try:
        dryrun.perform(actor(), run, stage_of(key, run.version), act, int(step) if step.isdigit() else -1)
    except (Invalid, Conflict) as refusal:
        key = "~".join(filter(None, (act.get("element"), act.get("of"))))
        opened = act["do"] if act.get("do") in EXTRA else key
        return _show(run, str(opened), refusal)
    return redirect(url_for("dryrun.show", key=key, run_id=run_id, process=request.args.get("process")))


@blueprint.post("/walks/<int:run_id>/undo")
@policy(Verb.DEFINITION_PUBLISH)
def undo(key: str, run_id: int) -> ResponseReturnValue:
    """Back to after `keep` acts (0: from the start)."""
    run = dryrun.load(g.session, actor(), key, run_id, writing=True)
    keep = _version(request.form.get("keep"))
    dryrun.undo(actor(), run, len(run.acts) - keep if keep is not None else 1)
    return redirect(url_for("dryrun.show", key=key, run_id=run_id))


@blueprint.post("/walks/<int:run_id>/delete")
@policy(Verb.DEFINITION_PUBLISH)
def remove(key: str, run_id: int) -> ResponseReturnValue:
    """Throw a dry run away."""
    dryrun.remove(g.session, actor(), dryrun.load(g.session, actor(), key, run_id, writing=True))
    flash("这次推演已删除。")
    return redirect(url_for("dryrun.index", key=key))


@blueprint.get("/walks/<int:run_id>/diagram.json")
@policy(Verb.DEFINITION_READ)
def diagram(key: str, run_id: int) -> ResponseReturnValue:
    """The drawing with its tokens, for viewer.js."""
    run = dryrun.load(g.session, actor(), key, run_id)
    play = dryrun.play(stage_of(key, run.version), run.starts_at, run.acts)
    drawn = dryrun.drawing(play, request.args.get("process"))
    links = {
        element: url_for("dryrun.show", key=key, run_id=run_id, process=process)
        for element, process in drawn["links"].items()
    }
    return drawn | {"links": links}


# ------------------------------------------------------------------------------------------------ scenarios


@blueprint.get("/walks/<int:run_id>/scenario")
@policy(Verb.DEFINITION_PUBLISH)
def propose(key: str, run_id: int) -> ResponseReturnValue:
    """The walk as a scenario: its name and what it is to lead to, each line removable."""
    run = dryrun.load(g.session, actor(), key, run_id)
    return _propose(run)


def _propose(run: DryRun, refusal: Invalid | None = None) -> ResponseReturnValue:
    play = dryrun.play(stage_of(run.key, run.version), run.starts_at, run.acts)
    proposed = [(item, dryrun.text(item)) for item in dryrun.proposals(play)]
    kept = request.form.getlist("keep") if refusal else [str(number) for number in range(len(proposed))]
    shell = frame(run.key, run=run, play=play, proposed=proposed, kept=kept, refusal=refusal, title=_title(run.version))
    return render_template("dryrun/save.html", **shell), 422 if refusal else 200


@blueprint.post("/walks/<int:run_id>/scenario")
@policy(Verb.DEFINITION_PUBLISH)
def keep(key: str, run_id: int) -> ResponseReturnValue:
    """保存为情景."""
    run = dryrun.load(g.session, actor(), key, run_id)
    play = dryrun.play(stage_of(key, run.version), run.starts_at, run.acts)
    try:
        if play.failed:
            raise Invalid(f"“{play.failed.label}”走不通，请先撤销这一步，再保存为情景。")
        with g.session.begin_nested():
            kept = dryrun.keep(g.session, actor(), run, request.form.get("name", ""), chosen(dryrun.proposals(play)))
    except Invalid as refusal:
        return _propose(run, refusal)
    flash(f"已保存为情景“{kept.name}”。以后发布前都会按它推演一遍。")
    return redirect(url_for("dryrun.index", key=key))


def chosen(items: list[dryrun.Observation]) -> list[dryrun.Observation]:
    """What is ticked, by position."""
    ticked = set(request.form.getlist("keep"))
    return [item for number, item in enumerate(items) if str(number) in ticked]
