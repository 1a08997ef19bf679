"""The ledgers: which there are, and one of them whole (R78, R115)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from engine import access
from engine.access import Actor, Verb
from engine.cases.models import Case
from engine.organisation import queries as organisation
from engine.organisation.models import Organisation
from engine.printing.annex2 import Annex2, pages

PER_PAGE = 30


@dataclass(frozen=True)
class Shelf:
    """A studio's ledger of a year, as it stands on the shelf."""

    studio_id: int
    studio: str
    year: int
    cases: int
    open: int


@dataclass(frozen=True)
class Book:
    """A studio's ledger of a year: every number that was used, in order, void ones too (R32)."""

    studio_id: int
    studio: str
    year: int
    years: Sequence[int]
    pages: Sequence[Annex2]
    total: int  # numbers of the year, also those on other pages of the list


def shelves(session: Session, actor: Actor, text: str = "", page: int = 1) -> tuple[list[Shelf], int]:
    """The ledgers the actor may read, newest year first, and how many there are: a studio its own, an organisation
    department those of its area (R76, R78)."""
    access.require(actor, Verb.LEDGER_READ)
    seen = access.reach(actor)
    where = [] if seen.city else [
        or_(
            Case.studio_id.in_(seen.organisation_ids), Case.street_id.in_(seen.street_ids),
            Case.district_id.in_(seen.district_ids),
        )
    ]  # fmt: skip
    if text.strip():
        where.append(Organisation.name.contains(text.strip(), autoescape=True))
    query = (
        select(
            Case.studio_id, Organisation.name, Case.year, func.count().label("cases"),
            func.count().filter(Case.closed_at.is_(None)).label("open"),
        )
        .join(Organisation, Organisation.id == Case.studio_id)
        .where(*where)
        .group_by(Case.studio_id, Organisation.name, Case.year)
    )  # fmt: skip
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    query = query.order_by(Case.year.desc(), Organisation.name).limit(PER_PAGE).offset((max(page, 1) - 1) * PER_PAGE)
    return [Shelf(*row) for row in session.execute(query)], total


def book(session: Session, actor: Actor, studio_id: int, year: int, first: int = 0, count: int | None = None) -> Book:
    """One ledger in number order, or `count` of its lines from the `first` (0) on; NotFound for a studio outside the
    actor's reach."""
    access.require(actor, Verb.LEDGER_READ, organisation.organisation_scope(session, studio_id))
    whole = (Case.studio_id == studio_id, Case.year == year)
    cases = session.scalars(select(Case).where(*whole).order_by(Case.sequence).offset(first).limit(count)).all()
    total = session.scalar(select(func.count()).where(*whole)) or 0 if count is not None else len(cases)
    years = session.scalars(
        select(Case.year).where(Case.studio_id == studio_id).distinct().order_by(Case.year.desc())
    ).all()
    name = session.get_one(Organisation, studio_id).name
    return Book(studio_id, name, year, years, pages(session, actor, cases), total)
