"""Messages of a person, and the posts shown in the header."""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor
from engine.desk import conditions
from engine.desk.rows import Page
from engine.errors import NotFound
from engine.notices.models import Notice
from engine.organisation.models import Organisation


def posts(session: Session, actor: Actor) -> list[tuple[str, str]]:
    """(organisation, duty) of each own post held today, in the order of the posts."""
    own = [post for post in actor.posts if post.deputy_for is None]
    ids = {post.organisation_id for post in own}
    names = dict(session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids))).all())
    return [(names[post.organisation_id], post.duty) for post in own]


def unread_messages(session: Session, actor: Actor) -> int:
    """How many messages nobody has read yet."""
    query = select(func.count()).select_from(Notice).where(conditions.messages(actor), Notice.read_at.is_(None))
    return session.scalar(query) or 0


def messages(session: Session, actor: Actor, *, unread: bool, page: int = 1, per_page: int = 30) -> Page[Notice]:
    """A page of unread or read messages, newest first."""
    state = Notice.read_at.is_(None) if unread else Notice.read_at.is_not(None)
    mine = select(Notice).where(conditions.messages(actor), state)
    total = session.scalar(select(func.count()).select_from(mine.subquery())) or 0
    page = max(page, 1)
    found = mine.order_by(Notice.created_at.desc(), Notice.id.desc()).limit(per_page).offset((page - 1) * per_page)
    return Page(session.scalars(found).all(), total, page, per_page)


def read_message(session: Session, actor: Actor, notice_id: int) -> Notice:
    """Mark one message as read; NotFound when it is not the actor's."""
    notice = session.scalar(select(Notice).where(Notice.id == notice_id, conditions.messages(actor)))
    if notice is None:
        raise NotFound
    notice.read_at = notice.read_at or clock.now()
    return notice


def read_all_messages(session: Session, actor: Actor) -> None:
    """Mark every unread message of the actor as read."""
    unread = update(Notice).where(conditions.messages(actor), Notice.read_at.is_(None)).values(read_at=clock.now())
    session.execute(unread.execution_options(synchronize_session=False))
