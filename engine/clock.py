"""The only source of time. Aware datetimes in UTC; dates of law are Asia/Shanghai calendar dates.

The demo and the tests move the clock; production never does. Nothing else in the house may read the wall clock
(guarded by tests/guards).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
MEASURES_IN_FORCE = date(2010, 11, 24)  # article 14

_offset: ContextVar[timedelta] = ContextVar("clock_offset", default=timedelta(0))
_frozen: ContextVar[datetime | None] = ContextVar("clock_frozen", default=None)


def now() -> datetime:
    """This moment, aware, in UTC."""
    frozen = _frozen.get()
    return frozen if frozen is not None else datetime.now(UTC) + _offset.get()


def today() -> date:
    """This calendar date in Asia/Shanghai."""
    return local(now()).date()


def local(moment: datetime) -> datetime:
    """The same moment read off a clock in Shenzhen."""
    return moment.astimezone(SHANGHAI)


def at(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """The moment `hour:minute` of `day` in Shenzhen, in UTC."""
    return datetime.combine(day, time(hour, minute), SHANGHAI).astimezone(UTC)


def end_of(day: date) -> datetime:
    """24:00 of `day` in Shenzhen, in UTC (article 11: a limit ends at 24:00 of its last day)."""
    return at(day + timedelta(days=1))


def shift(offset: timedelta) -> None:
    """Run this context's clock `offset` ahead of the wall clock (demo only; the offset itself is a database row)."""
    _offset.set(offset)


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """Hold the clock of this context at `moment` (tests, demo building, dry runs)."""
    if moment.tzinfo is None:
        raise ValueError("the clock takes aware datetimes only")
    token = _frozen.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)
