"""情景: walks that guard the publishing of a procedure, what they cover, and past cases gone through again (推演)."""

import time
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import bpmn, dryrun
from engine.access import Verb
from engine.errors import Invalid, NotFound
from engine.scenarios.models import Scenario
from web.dryrun import chosen, forbidding, frame, stage_of
from web.policy import policy
from web.session import actor

blueprint = Blueprint("scenarios", __name__, url_prefix="/procedures/<key>/dry-run")
CHUNK = 1.0  # seconds one request of a long list may take
AMOUNTS = (20, 50, 100, 200)


@blueprint.get("/scenarios/<int:scenario_id>")
@policy(Verb.DEFINITION_READ)
def show(key: str, scenario_id: int) -> ResponseReturnValue:
    """One scenario: its acts, and each expectation with what becomes of it on the draft."""
    return _scenario(dryrun.scenario(g.session, actor(), key, scenario_id))


def _scenario(kept: Scenario, refusal: Invalid | None = None) -> ResponseReturnValue:
    shell = frame(kept.key, scenario=kept, refusal=refusal)
    try:
        outcome = dryrun.run(stage_of(kept.key, None), kept)
    except bpmn.Refused as refused:
        return render_template("dryrun/unplayable.html", findings=forbidding(refused), **shell), 422
    labels = [done.label for done in outcome.play.done]
    page = render_template("scenarios/show.html", outcome=outcome, labels=labels, **shell)
    return page, 422 if refusal else 200


@blueprint.post("/scenarios/<int:scenario_id>")
@policy(Verb.DEFINITION_PUBLISH)
def change(key: str, scenario_id: int) -> ResponseReturnValue:
    """Another name, fewer expectations, or those of the draft from now on."""
    kept = dryrun.scenario(g.session, actor(), key, scenario_id)
    try:
        with g.session.begin_nested():
            if request.form.get("renew"):
                expected = dryrun.proposals(dryrun.run(stage_of(key, None), kept).play)
            else:
                expected = chosen(dryrun.read(kept.expectations))
            dryrun.change(g.session, actor(), kept, request.form.get("name", ""), expected)
    except Invalid as refusal:
        return _scenario(kept, refusal)
    flash(f"情景“{kept.name}”已保存。")
    return redirect(url_for("scenarios.show", key=key, scenario_id=scenario_id))


@blueprint.post("/scenarios/<int:scenario_id>/delete")
@policy(Verb.DEFINITION_PUBLISH)
def delete(key: str, scenario_id: int) -> ResponseReturnValue:
    """The scenario guards nothing any more."""
    kept = dryrun.scenario(g.session, actor(), key, scenario_id)
    name = kept.name
    dryrun.delete(g.session, actor(), kept)
    flash(f"情景“{name}”已删除，发布前不再按它推演。")
    return redirect(url_for("dryrun.index", key=key))


@blueprint.post("/renew")
@policy(Verb.DEFINITION_PUBLISH)
def renew(key: str) -> ResponseReturnValue:
    """What the draft does is what is wanted: every scenario that differs expects it from now on. One whose walk cannot
    be gone any more stays as it is, for a person to change or delete."""
    on = stage_of(key, None)
    outcomes = [dryrun.run(on, one) for one in dryrun.scenarios(g.session, key)]
    differing = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in differing:
        if not outcome.play.failed:
            dryrun.change(g.session, actor(), outcome.scenario, outcome.scenario.name, dryrun.proposals(outcome.play))
    stuck = [f"“{outcome.scenario.name}”" for outcome in differing if outcome.play.failed]
    flash(f"{len(differing) - len(stuck)} 个情景的期望已改为草稿的结果。")
    if stuck:
        flash(f"{len(stuck)} 个情景在草稿上走不通，请逐个修改或删除：{'、'.join(stuck)}。")
    return redirect(url_for("dryrun.index" if stuck else "publishing.show", key=key))


@blueprint.get("/results")
@policy(Verb.DEFINITION_READ)
def results(key: str) -> ResponseReturnValue:
    """The next scenarios' results, as many as a second allows; the last part brings the coverage."""
    known, first = dryrun.scenarios(g.session, key), max(request.args.get("first", 0, int), 0)
    try:
        on = stage_of(key, None)
    except bpmn.Refused as refused:
        return render_template("dryrun/_unplayable.html", findings=forbidding(refused))
    outcomes = list(for_a_second(dryrun.run(on, one) for one in known[first:]))
    following = first + len(outcomes)
    covered = dryrun.coverage(on, [dryrun.run(on, one) for one in known]) if following >= len(known) else None
    return render_template(
        "scenarios/_results.html", key=key, outcomes=outcomes, following=following, total=len(known), covered=covered
    )


def for_a_second(items: Iterable[Any]) -> Iterable[Any]:
    """The items that are made within CHUNK seconds, at least one."""
    until = time.monotonic() + CHUNK
    for item in items:
        yield item
        if time.monotonic() > until:
            return


@blueprint.get("/coverage")
@policy(Verb.DEFINITION_READ)
def coverage(key: str) -> ResponseReturnValue:
    """What the scenarios come to, painted on the diagrams."""
    try:
        package = stage_of(key, None).laid.package
    except bpmn.Refused as refused:
        return render_template("dryrun/unplayable.html", findings=forbidding(refused), **frame(key)), 422
    drawings = [(one, package.names[one]) for one in sorted(package.processes, key=lambda one: one != key)]
    process = request.args.get("process") or drawings[0][0]
    if process not in package.processes:
        raise NotFound
    return render_template("scenarios/coverage.html", drawings=drawings, process=process, **frame(key))


@blueprint.get("/coverage.json")
@policy(Verb.DEFINITION_READ)
def covered(key: str) -> ResponseReturnValue:
    """One drawing with what scenarios come to, for viewer.js."""
    on = stage_of(key, None)
    process = request.args.get("process") or on.laid.package.processes[0]
    found, package = _coverage(key, on, process), on.laid.package
    return {
        "xml": on.laid.files[package.diagrams[process]].decode(),
        "covered": [element for element, *_, names in found.elements if names],
        "missing": [element for element, *_, names in found.elements if not names],
        "done": [
            {"element": element, "who": name, "when": "", "what": ""}
            for element, *_, names in found.elements for name in names
        ],
        "links": {
            item.id: url_for("scenarios.coverage", key=key, process=item.called)
            for item in package.elements(process) if item.called in package.processes
        },
    }  # fmt: skip


@blueprint.get("/coverage/uncovered")
@policy(Verb.DEFINITION_READ)
def uncovered(key: str) -> ResponseReturnValue:
    """What of one drawing no scenario comes to, in words."""
    one = _coverage(key, stage_of(key, None), request.args.get("process", ""))
    return render_template("scenarios/_uncovered.html", one=one)


def _coverage(key: str, on: dryrun.Stage, process: str) -> dryrun.Coverage:
    known = dryrun.scenarios(g.session, key)
    found = {one.process_id: one for one in dryrun.coverage(on, [dryrun.run(on, one) for one in known])}
    process = process or next(iter(found))
    if process not in found:
        raise NotFound
    return found[process]


# ------------------------------------------------------------------------------------------------ past cases


@blueprint.get("/replay")
@policy(Verb.INSTANCE_OPERATE)
def replay(key: str) -> ResponseReturnValue:
    """历史重走: the last cases gone through again on the draft; only numbers, steps and dates are shown."""
    amount = request.args.get("amount", 0, int)
    found = dryrun.candidates(g.session, actor(), key, amount) if amount in AMOUNTS else []
    return render_template("scenarios/replay.html", found=found, amount=amount, amounts=AMOUNTS, **frame(key))


@blueprint.get("/replay/rows")
@policy(Verb.INSTANCE_OPERATE)
def replayed(key: str) -> ResponseReturnValue:
    """The next past cases, as many as a second allows."""
    amount, first = request.args.get("amount", AMOUNTS[0], int), max(request.args.get("first", 0, int), 0)
    if amount not in AMOUNTS:
        abort(404)
    try:
        on = stage_of(key, None)
    except bpmn.Refused as refused:
        return render_template("dryrun/_unplayable.html", findings=forbidding(refused))
    ids = dryrun.candidates(g.session, actor(), key, amount)[first:]
    made = list(for_a_second(dryrun.replay(g.session, actor(), on, instance_id) for instance_id in ids))
    return render_template(
        "scenarios/_replayed.html", key=key, rows=[row for row in made if row is not None], amount=amount,
        following=first + len(made), total=first + len(ids),
    )  # fmt: skip
