"""换版: running cases carried over to another version: compare, preview each case, carry over in a batch, take back."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import bpmn, db, definitions, instances, migration
from engine.access import Verb
from engine.desk import Page
from engine.errors import Conflict, Invalid, LianxinError, NotFound
from web.policy import policy, reading
from web.session import actor, house, is_fragment

blueprint = Blueprint("migration", __name__, url_prefix="/procedures/<key>/migration")
PIECE = 50  # cases looked at in one request
STEP = 15  # cases carried over in one request
OUTCOMES = {"waiting": "等待", "moved": "已换用", "refused": "不能换用", "failed": "出错", "undone": "已换回"}
FATES = {"stays": "截止日不变", "moved": "截止日改变", "new": "新增", "gone": "不再有"}
VERDICTS = {"green": "绿", "yellow": "黄", "red": "红"}


@blueprint.get("")
@policy(Verb.INSTANCE_MIGRATE)
def index(key: str) -> ResponseReturnValue:
    """Choose two versions; the batches so far."""
    versions = definitions.versions(g.session, actor(), key)
    return render_template(
        "migration/index.html", key=key, name=_name(key), versions=versions,
        batches=migration.batches(g.session, actor(), key), outcomes=OUTCOMES,
    )  # fmt: skip


def _name(key: str) -> str:
    return definitions.name(g.session, definitions.newest(g.session, key).id)


def _pair(key: str) -> tuple[Any, Any] | None:
    """The two versions asked for; None while they are not chosen."""
    chosen = [request.values.get(name, 0, int) for name in ("from", "to")]
    rows = {row.package.id: row for row in definitions.versions(g.session, actor(), key)}
    if chosen[0] not in rows or chosen[1] not in rows:
        return None
    return rows[chosen[0]], rows[chosen[1]]


def _own() -> dict[str, str]:
    """The mapping in the address: each `m` is process/element=target."""
    return dict(text.split("=", 1) for text in request.values.getlist("m")[:400] if "=" in text)


@blueprint.get("/mapping")
@policy(Verb.INSTANCE_MIGRATE)
def mapping(key: str) -> ResponseReturnValue:
    """Element by element what it becomes, beside both drawings."""
    pair = _pair(key)
    if pair is None:
        return redirect(url_for("migration.index", key=key))
    old, new = pair
    try:
        fits = migration.fits(g.session, actor(), old.package.id, new.package.id, _own())
    except Invalid as refused:
        flash(refused.message)
        return redirect(url_for("migration.index", key=key))
    names, there = (definitions.compiled(g.session, row.package.id).names for row in (old, new))
    process = request.args.get("process", "")
    process = process if process in names else _first(fits, list(names))
    return render_template(
        "migration/mapping.html", key=key, name=_name(key), old=old, new=new, fits=fits, names=names, process=process,
        verdicts=VERDICTS, counts=_verdicts(fits), has_new=process in there,
    )  # fmt: skip


def _first(fits: list[migration.Fit], names: list[str]) -> str:
    """The process one has to look at first."""
    for verdict in ("red", "yellow"):
        for fit in fits:
            if fit.verdict == verdict:
                return fit.process_id
    return names[0]


def _verdicts(fits: list[migration.Fit]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for fit in fits:
        row = found.setdefault(fit.process_id, dict.fromkeys(VERDICTS, 0))
        row[fit.verdict] += 1
    return found


@blueprint.get("/diagram.json")
@policy(Verb.INSTANCE_MIGRATE)
def diagram(key: str) -> ResponseReturnValue:
    """One drawing of a version, for the viewer."""
    package = request.args.get("package", 0, int) or definitions.newest(g.session, key).id
    return migration.drawing(g.session, actor(), key, package, request.args.get("process", key))


@blueprint.get("/preview")
@policy(Verb.INSTANCE_MIGRATE)
def preview(key: str) -> ResponseReturnValue:
    """What would become of each case, piece by piece; htmx asks for the next piece alone."""
    pair = _pair(key)
    if pair is None:
        return redirect(url_for("migration.index", key=key))
    return _preview(key, pair)


def _preview(key: str, pair: tuple[Any, Any], refusal: str = "", typed: Mapping[str, str] | None = None) -> str:
    old, new = pair
    ids, after = (old.package.id, new.package.id), request.args.get("after", 0, int)
    whole = migration.chosen(g.session, actor(), *ids, _own())
    rows = migration.forecast(g.session, actor(), *ids, whole, after=after, limit=PIECE)
    steps = instances.standing(g.session, [row.instance_id for row in rows])
    last = rows[-1].instance_id if len(rows) == PIECE else 0
    kept = [text for text in request.values.getlist("m") if "=" in text]
    template = "migration/_piece.html" if is_fragment() else "migration/preview.html"
    return render_template(
        template, key=key, name=_name(key), old=old, new=new, rows=rows, steps=steps, last=last, fates=FATES,
        kept=kept, shown=_shown, refusal=refusal, typed=typed or {}, after=after,
    )  # fmt: skip


def _shown(fates: tuple[bpmn.TimerFate, ...]) -> list[tuple[str, bpmn.TimerFate]]:
    """What changes about deadlines first, what stays after it."""
    order = {"moved": 0, "new": 1, "gone": 2, "stays": 3}
    return [(FATES[fate.what], fate) for fate in sorted(fates, key=lambda fate: order[fate.what])]


@blueprint.post("")
@policy(Verb.INSTANCE_MIGRATE)
def start(key: str) -> ResponseReturnValue:
    """Decide: the batch is written down, its page carries it out."""
    pair = _pair(key)
    if pair is None:
        raise NotFound
    ids = (pair[0].package.id, pair[1].package.id)
    reason = request.form.get("reason", "").strip()[:300]
    some = request.form.get("which") == "some"
    only = {int(text) for text in request.form.getlist("case") if text.isdigit()} if some else None
    try:
        with g.session.begin_nested():
            whole = migration.chosen(g.session, actor(), *ids, _own())
            batch = migration.prepare(g.session, actor(), *ids, reason, whole, only)
    except Invalid as refused:
        return _preview(key, pair, refused.message, {"reason": reason}), 422
    return redirect(url_for("migration.show", key=key, batch_id=batch.id, go=1))


# ------------------------------------------------------------------------------------------------ a batch


@blueprint.get("/<int:batch_id>")
@policy(Verb.INSTANCE_MIGRATE)
def show(key: str, batch_id: int) -> ResponseReturnValue:
    """How far a batch is and what became of each case."""
    return _page(key, batch_id)


def _page(key: str, batch_id: int, refusal: str = "") -> str:
    view = _view(key, batch_id)
    outcome, number = request.args.get("outcome", ""), max(request.args.get("page", 1, int), 1)
    outcome = outcome if outcome in OUTCOMES else ""
    rows, total = migration.results(g.session, actor(), batch_id, outcome, number)
    return render_template(
        "migration/show.html", key=key, name=_name(key), view=view, outcomes=OUTCOMES, outcome=outcome, fates=FATES,
        page=Page(rows, total, number, migration.PER_PAGE), going="go" in request.args, refusal=refusal,
        address=url_for("migration.show", key=key, batch_id=batch_id),
    )  # fmt: skip


def _view(key: str, batch_id: int) -> migration.BatchView:
    view = migration.batch(g.session, actor(), batch_id)
    if view.new.key != key:
        raise NotFound
    return view


@blueprint.post("/<int:batch_id>/run")
@policy(Verb.INSTANCE_MIGRATE)
@reading
def run(key: str, batch_id: int) -> ResponseReturnValue:
    """Carry the next few cases over, each in a transaction of its own; the page asks again until all are done."""
    _view(key, batch_id)
    here = partial(db.transaction, house().engine)
    migration.run(here, actor(), batch_id, STEP)
    with here() as session:
        view = migration.batch(session, actor(), batch_id)
    whole = url_for("migration.show", key=key, batch_id=batch_id)
    if not is_fragment():
        return redirect(whole)
    if not view.outcomes["waiting"]:  # the list below the bar shows what became of each case
        return Response(status=204, headers={"HX-Redirect": whole})
    return render_template("migration/_progress.html", key=key, view=view, outcomes=OUTCOMES, going=True)


@blueprint.post("/<int:batch_id>/undo")
@policy(Verb.INSTANCE_MIGRATE)
@reading
def undo(key: str, batch_id: int) -> ResponseReturnValue:
    """Take the next few cases back, each in a transaction of its own; asked again until all were looked at."""
    _view(key, batch_id)
    form = request.form
    reason, after = form.get("reason", "").strip()[:300], form.get("after", 0, int)
    here = partial(db.transaction, house().engine)
    piece = STEP if is_fragment() else None
    try:
        done = migration.undo_some(here, actor(), batch_id, reason, after=after, limit=piece)
    except Invalid as refused:
        if is_fragment():
            raise
        return _page(key, batch_id, refused.message), 422
    back, stayed = form.get("back", 0, int) + done.back, form.get("stayed", 0, int) + len(done.stayed)
    if is_fragment():
        return render_template(
            "migration/_undoing.html", key=key, batch_id=batch_id, reason=reason, last=done.last, back=back,
            stayed=stayed, total=form.get("total", 0, int),
        )  # fmt: skip
    flash(f"已换回{back}件" + (f"，{stayed}件已有新的办理动作，留在新版本" if stayed else "") + "。")
    return redirect(url_for("migration.show", key=key, batch_id=batch_id))


@blueprint.post("/<int:batch_id>/results/<int:result_id>/undo")
@policy(Verb.INSTANCE_MIGRATE)
def undo_one(key: str, batch_id: int, result_id: int) -> ResponseReturnValue:
    """Take one case back."""
    _view(key, batch_id)
    try:
        with g.session.begin_nested():
            migration.undo(g.session, actor(), result_id, request.form.get("reason", "").strip()[:300])
    except (Invalid, Conflict) as refused:
        return _page(key, batch_id, refused.message), _status(refused)
    flash("已换回原版流程，理由已记入办理过程。")
    return redirect(url_for("migration.show", key=key, batch_id=batch_id))


def _status(refused: LianxinError) -> int:
    return 422 if isinstance(refused, Invalid) else 409
