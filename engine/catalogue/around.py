"""The organisations a case may be handed to or that an act names, read in one statement (docs/decisions/0017)."""

from dataclasses import dataclass
from functools import cache
from itertools import compress
from typing import Any, cast

from sqlalchemy import Select, Table, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from engine import clock
from engine.batch import rows
from engine.cases.models import Case
from engine.catalogue.tiers import ladder
from engine.organisation import staffing
from engine.organisation.models import Organisation

PLACES = ("community", "street", "district")  # above the district there is one of each in the city
DUTIES = ("", "head", "liaison")  # those the pools of a diagram ask for
NAMED = 4

organisations = cast(Table, Organisation.__table__)


@dataclass(frozen=True)
class Acting:
    """An organisation as an act sees it; `held`: the DUTIES somebody active holds there today ("" = any)."""

    id: int
    kind: str
    tier: str
    place_id: int
    name: str
    active: bool
    held: frozenset[str]


@cache
def _statement() -> Select[Any]:
    """Those of the ladder for the case's place, and up to NAMED others by id."""
    table = organisations.c
    rungs = [
        and_(
            table.tier == rung.code,
            table.kind == rung.kind,
            *([table.place_id == bindparam(rung.code)] if rung.code in PLACES else []),
        )
        for rung in ladder().values()
    ]
    named = [table.id == bindparam(f"id_{number}") for number in range(NAMED)]
    held = [staffing.holders(table.id, duty).label(f"held_{duty}") for duty in DUTIES]
    columns = (table.id, table.kind, table.tier, table.place_id, table.name, table.active)
    return select(*columns, *held).where(or_(*named, *rungs)).order_by(table.id)


def around(session: Session, case: Case, *named: int | None) -> list[Acting]:
    """The organisations acting on the ladder for this case's place, and those named; by id."""
    asked: dict[str, Any] = {rung: getattr(case, f"{rung}_id") for rung in PLACES}
    ids = [*named, *([None] * NAMED)][:NAMED]
    asked |= {f"id_{number}": organisation_id for number, organisation_id in enumerate(ids)}
    asked["today"] = clock.today()
    return [
        Acting(id_, kind, tier, place_id, name, bool(active), frozenset(compress(DUTIES, held)))
        for id_, kind, tier, place_id, name, active, *held in rows(session, _statement(), asked)
    ]
