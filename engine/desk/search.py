"""Search by part of a number, a name or content, among the cases one may read (R54)."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import access
from engine.access import Actor, Verb
from engine.cases.models import Case
from engine.desk import conditions
from engine.desk.inbox import PER_PAGE, matches
from engine.desk.rows import Item, Page, Row, rows


def search(session: Session, actor: Actor, text: str, page: int = 1, per_page: int = PER_PAGE) -> Page[Row]:
    """Cases within reach that match, newest first; an empty text finds nothing."""
    access.require(actor, Verb.CASE_SEARCH)
    words, page = text.split()[:5], max(page, 1)
    if not words:
        return Page([], 0, page, per_page)
    found = select(Case.id).where(conditions.readable(actor), *(matches(word) for word in words))
    total = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    ordered = found.order_by(Case.registered_at.desc(), Case.id.desc())
    ids = session.scalars(ordered.limit(per_page).offset((page - 1) * per_page))
    return Page(rows(session, [Item(case_id) for case_id in ids]), total, page, per_page)
