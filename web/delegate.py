"""The delegate's page, made for a phone: what waits for me, what was sent to me, my cases with their countdown and the
督办意见 (D1, R74)."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from engine import casefile, desk, supervising
from engine.access import Verb
from engine.cases.models import Case
from engine.desk.rows import Item, Page, Row, rows
from engine.errors import Conflict, Invalid
from engine.organisation import queries as organisation
from engine.work.models import Task
from web.policy import policy
from web.session import actor

blueprint = Blueprint("delegate", __name__, url_prefix="/delegate")
SHOWN = 30
WORKING = frozenset({"awaiting_receipt", "handling", "extended"})  # a unit has it: there is somebody to urge
USUAL = "请承办单位抓紧办理，按期书面反馈，并说明目前进展。"
# what a card's button says, by the role of the step in the diagram
ACTS = {"signature": "核对签名", "extension_consent": "答复延期", "rating_delegate": "评议"}


@blueprint.get("")
@policy(Verb.EXTENSION_CONSENT)
def index() -> ResponseReturnValue:
    """Cards: open tasks first, then copies to read, then all my cases by pages."""
    me, number = actor(), max(request.args.get("page", 1, int), 1)
    opened = desk.inbox(g.session, me, "todo", per_page=SHOWN)
    copies = desk.inbox(g.session, me, "unread", per_page=SHOWN)
    communities = organisation.communities_of(g.session, me.delegate_id) if me.delegate_id else []
    return render_template(
        "delegate/index.html", opened=opened, copies=copies, cases=_cases(me.person_id, number),
        communities=communities, acts=ACTS, roles=_roles(opened), working=WORKING, usual=USUAL,
    )  # fmt: skip


def _roles(opened: Page[Row]) -> dict[int, str]:
    ids = [row.task_id for row in opened.rows if row.task_id is not None]
    return {row.id: row.role for row in g.session.execute(select(Task.id, Task.role).where(Task.id.in_(ids)))}


def _cases(person_id: int, number: int) -> Page[Row]:
    """The cases this delegate signs or signed: the open ones first, newest first."""
    mine = Case.delegate_person_id == person_id
    total = g.session.scalar(select(func.count()).select_from(Case).where(mine)) or 0
    query = select(Case.id).where(mine).order_by(Case.closed_at.is_not(None), Case.registered_at.desc(), Case.id.desc())
    found = [Item(case_id) for case_id in g.session.scalars(query.limit(SHOWN).offset((number - 1) * SHOWN))]
    return Page(rows(g.session, found), total, number, SHOWN)


@blueprint.get("/cases/<int:case_id>/opinion")
@policy(Verb.SUPERVISION_OPINE)
def opinion(case_id: int) -> ResponseReturnValue:
    """The page of a 督办意见, from the page of a case."""
    return _opinion(case_id, USUAL)


@blueprint.post("/cases/<int:case_id>/opinion")
@policy(Verb.SUPERVISION_OPINE)
def opine(case_id: int) -> ResponseReturnValue:
    """督办意见: to the unit and its organisation department, in the history (R74)."""
    typed = request.form.get("text", "")
    try:
        with g.session.begin_nested():
            supervising.opine(g.session, actor(), case_id, typed)
    except (Invalid, Conflict) as refusal:
        return _opinion(case_id, typed, refusal), 422 if isinstance(refusal, Invalid) else 409
    flash("督办意见已送承办单位和组织部门。")
    return redirect(url_for("delegate.index"))


def _opinion(case_id: int, typed: str, refusal: Invalid | Conflict | None = None) -> str:
    file = casefile.load(g.session, actor(), case_id)
    return render_template("delegate/opinion.html", file=file, typed=typed, refusal=refusal)
