"""Starting mid-year: a studio's next number, set once a year by an administrator, above every used one (§0)."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock
from engine.access import Actor, Verb, require
from engine.cases import numbering
from engine.cases.models import Case, NumberCounter, NumberStart
from engine.errors import Conflict, Invalid, NotFound
from engine.organisation.models import Organisation

HIGHEST = 9999


@dataclass(frozen=True)
class Numbering:
    """A studio's numbers this year. `last`: the highest used; `start`: what an administrator set, None if nothing."""

    studio: Organisation
    year: int
    last: int
    start: NumberStart | None


def numbering_of(session: Session, actor: Actor, studio_id: int) -> Numbering:
    """How far a studio's numbers of this year have come; NotFound for anything but a studio."""
    require(actor, Verb.ORGANISATION_MANAGE)
    studio = session.get(Organisation, studio_id)
    if studio is None or studio.kind != "studio":
        raise NotFound
    year = clock.today().year
    return Numbering(studio, year, highest(session, studio_id, year), session.get(NumberStart, (studio_id, year)))


def start_numbering(session: Session, actor: Actor, studio_id: int, following: str, reason: str) -> NumberStart:
    """The next number of this year is `following`. Once only; Conflict afterwards, Invalid unless above every used
    number and with a reason. Who set it, when and why stays (audited)."""
    now = numbering_of(session, actor, studio_id)
    if now.start is not None:
        raise Conflict(f"{now.year}年的起始编号已由{now.start.by_name}设为{now.start.following}，每年只能设置一次。")
    errors = {}
    number = int(following) if following.isascii() and following.isdigit() and len(following) < 6 else 0
    if not now.last < number <= HIGHEST:
        errors["following"] = f"请填写大于 {now.last} 的整数，本年度已用到 {now.last} 号，最大 {HIGHEST}。"
    if not reason.strip() or len(reason) > 300:
        errors["reason"] = "请写明理由，例如“纸质登记表已用到第57号”，不超过300字。"
    if errors:
        raise Invalid("起始编号没有设置，请看标红的栏目。", errors=errors)
    numbering.set_next(session, studio_id, now.year, number)
    row = NumberStart(
        studio_id=studio_id, year=now.year, following=number, reason=reason.strip(), by_id=actor.person_id,
        by_name=actor.name, at=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def highest(session: Session, studio_id: int, year: int) -> int:
    """The highest number a studio has used in a year, issued or entered from paper; 0 for none."""
    mine = NumberCounter.studio_id == studio_id, NumberCounter.year == year
    issued = session.scalar(select(NumberCounter.last).where(*mine)) or 0
    entered = session.scalar(select(func.max(Case.sequence)).where(Case.studio_id == studio_id, Case.year == year)) or 0
    return max(issued, entered)
