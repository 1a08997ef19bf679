"""The delegate's page, made for a phone: what waits for me, what was sent to me, my cases with their countdown (D1)."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from engine import desk
from engine.access import Verb
from engine.cases.models import Case
from engine.desk.rows import Item, Page, Row, rows
from engine.organisation import queries as organisation
from engine.work.models import Task
from web.policy import policy
from web.session import actor

blueprint = Blueprint("delegate", __name__, url_prefix="/delegate")
SHOWN = 30
# what a card's button says, by the role of the step in the diagram
ACTS = {"signature": "核对签名", "extension_consent": "答复延期", "rating_delegate": "评议"}


@blueprint.get("")
@policy(Verb.EXTENSION_CONSENT)
def index() -> ResponseReturnValue:
    """Cards: open tasks first, then copies to read, then my cases."""
    me = actor()
    opened = desk.inbox(g.session, me, "todo", per_page=SHOWN)
    copies = desk.inbox(g.session, me, "unread", per_page=SHOWN)
    communities = organisation.communities_of(g.session, me.delegate_id) if me.delegate_id else []
    return render_template(
        "delegate/index.html", opened=opened, copies=copies, cases=_cases(me.person_id), communities=communities,
        acts=ACTS, roles=_roles(opened),
    )  # fmt: skip


def _roles(opened: Page[Row]) -> dict[int, str]:
    ids = [row.task_id for row in opened.rows if row.task_id is not None]
    return {row.id: row.role for row in g.session.execute(select(Task.id, Task.role).where(Task.id.in_(ids)))}


def _cases(person_id: int) -> Page[Row]:
    """The cases this delegate signs or signed: the open ones first, newest first."""
    mine = Case.delegate_person_id == person_id
    total = g.session.scalar(select(func.count()).select_from(Case).where(mine)) or 0
    query = select(Case.id).where(mine).order_by(Case.closed_at.is_not(None), Case.registered_at.desc(), Case.id.desc())
    found = [Item(case_id) for case_id in g.session.scalars(query.limit(SHOWN))]
    return Page(rows(g.session, found), total, 1, SHOWN)
