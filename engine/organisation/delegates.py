"""The delegates and the communities they are in contact with (article 2)."""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.access import ADMINISTRATORS
from engine.errors import Conflict, Invalid, NotFound
from engine.organisation.models import Delegate, Place, Placement, Post
from engine.organisation.operations import get_person, is_delegate
from engine.organisation.queries import adjacent, path


def add_delegate(session: Session, person_id: int, code: str, title: str, contact: str) -> Delegate:
    """Record that the person is a delegate to the city's Party congress; raises Conflict."""
    get_person(session, person_id)
    if is_delegate(session, person_id):
        raise Conflict("此人已经登记为市党代表。")
    held = set(session.scalars(select(Post.duty).where(Post.person_id == person_id, Post.ends_on.is_(None))))
    if held & ADMINISTRATORS:
        raise Conflict("管理员不能同时是市党代表的登录身份，请另设登录名。")
    delegate = Delegate(person_id=person_id, code=code, title=title.strip(), contact=contact.strip())
    session.add(delegate)
    session.flush()
    return delegate


def place_delegate(session: Session, delegate_id: int, community_ids: list[int], starts_on: date) -> None:
    """Article 2 「固定联系一个社区或两个相邻的社区」 (R4, R5, A25): the placement from a day on; raises Invalid.

    What was in force ends the day before; a placement that stays is left as it is.
    """
    delegate = session.get(Delegate, delegate_id)
    if delegate is None:
        raise NotFound
    if problem := placement_problem(session, delegate.category, community_ids):
        raise Invalid(problem)
    current = session.scalars(
        select(Placement).where(Placement.delegate_id == delegate_id, Placement.ends_on.is_(None))
    ).all()
    for placement in current:
        if placement.community_id not in community_ids:
            placement.ends_on = max(starts_on - timedelta(days=1), placement.starts_on)
    kept = {placement.community_id for placement in current}
    session.add_all(
        Placement(delegate_id=delegate_id, community_id=community_id, starts_on=starts_on)
        for community_id in community_ids
        if community_id not in kept
    )
    session.flush()


def placement_problem(session: Session, category: str, community_ids: list[int]) -> str:
    """What article 2 has against these communities, as a sentence; empty when they are in order."""
    if not 1 <= len(set(community_ids)) <= 2 or len(set(community_ids)) != len(community_ids):
        return "每名代表固定联系一个社区或两个相邻的社区，请选择1个或2个社区。"
    places = [session.get(Place, community_id) for community_id in community_ids]
    if any(place is None or place.tier != "community" or place.zone for place in places):
        return "只能选择社区（保税区、机场等区域不是社区）。"
    if len(community_ids) == 1:
        return ""
    if category == "leader":
        return "市领导成员到联系点街道内的一个社区，只能选择1个社区。"
    first, second = community_ids
    names = "和".join(place.name for place in places if place)
    if path(session, first).district != path(session, second).district:
        return f"{names}不在同一个区，请重新选择。"
    return "" if adjacent(session, first, second) else f"{names}不相邻，请选择两个相邻的社区。"
