"""Case numbers: street + community + year + three digits or more, gap-free per studio and year (填表须知1, R29–R34)."""

from datetime import date

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from engine.cases.models import NumberCounter


def issue(session: Session, studio_id: int, on: date) -> tuple[int, int]:
    """The next (year, sequence) of the studio; the counter row stays locked until this transaction ends, so that a
    rolled-back registration leaves no gap and two never get the same number (R31)."""
    make = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    session.execute(make(NumberCounter).values(studio_id=studio_id, year=on.year, last=0).on_conflict_do_nothing())
    query = (
        update(NumberCounter)
        .where(NumberCounter.studio_id == studio_id, NumberCounter.year == on.year)
        .values(last=NumberCounter.last + 1)
        .returning(NumberCounter.last)
        .execution_options(synchronize_session=False)
    )
    return on.year, session.scalars(query).one()


def set_next(session: Session, studio_id: int, year: int, following: int) -> None:
    """Starting mid-year: the next number is `following`; only ever upwards (§0)."""
    last = session.scalar(
        select(NumberCounter.last).where(NumberCounter.studio_id == studio_id, NumberCounter.year == year)
    )
    if last is None:
        session.execute(insert(NumberCounter).values(studio_id=studio_id, year=year, last=following - 1))
    elif following <= last:
        raise ValueError(f"{following} is not above the last used number {last}")
    else:
        session.execute(
            update(NumberCounter)
            .where(NumberCounter.studio_id == studio_id, NumberCounter.year == year)
            .values(last=following - 1)
        )


def text(street: str, community: str, year: int, sequence: int) -> str:
    """The number as printed: 沙头角街道沙头角社区2010001; a fourth digit from 1000 on (R33)."""
    return f"{street}{community}{year}{sequence:03d}"
